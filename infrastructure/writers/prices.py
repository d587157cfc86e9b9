"""What a model costs: from the operator's own table, or else from the one the model library keeps.

A table is a TOML file with a section per model, prices in US dollars for a million tokens:

    ["openai:gpt-4o-mini"]
    input_usd = 0.15
    output_usd = 0.60
"""

import tomllib
from collections.abc import Callable
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from infrastructure.errors import WrongSettings

Price = Callable[[int, int], int]
"""Tokens in and out to micro-USD, rounded up: what is reserved and accounted is never too little."""

TYPICAL_TOKENS_IN, TYPICAL_TOKENS_OUT = 900, 200
"""Of a call for one text: the prompt with the schema of the answer, and three sentences as JSON."""

_MICROS = Decimal(1_000_000)
_PRICED_AS = {"openai-chat": "openai", "openai-responses": "openai"}
_Dollars = Annotated[Decimal, Field(ge=0, le=100_000)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid")

    input_usd: _Dollars
    output_usd: _Dollars


_Table = TypeAdapter(dict[str, _Row])


def price_of(model: str, table: Path | None) -> Price | None:
    """None when neither table knows the model. Raises WrongSettings for a table that cannot be used."""
    row = _read(table).get(model) if table else None
    if row is not None:
        return lambda tokens_in, tokens_out: _whole(row.input_usd * tokens_in + row.output_usd * tokens_out)
    return _of_the_library(model)


def _of_the_library(model: str) -> Price | None:
    # Imported here: its table takes time and memory, which nobody pays who does not use it.
    from genai_prices import Usage, calc_price

    provider, _, name = model.partition(":")

    def library_price(tokens_in: int, tokens_out: int) -> int:
        usage = Usage(input_tokens=tokens_in, output_tokens=tokens_out)
        return _whole(
            calc_price(usage, name, provider_id=_PRICED_AS.get(provider, provider)).total_price * _MICROS
        )

    try:
        library_price(1, 1)
    except LookupError:
        return None
    return library_price


def _read(table: Path) -> dict[str, _Row]:
    try:
        return _Table.validate_python(tomllib.loads(table.read_text(encoding="utf-8"), parse_float=Decimal))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WrongSettings(f"MOVIEMIND_AI_PRICES_FILE ({table}) cannot be read: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = " → ".join(str(part) for part in first["loc"])
        raise WrongSettings(f"MOVIEMIND_AI_PRICES_FILE ({table}), {where}: {first['msg']}") from None


def _whole(microusd: Decimal) -> int:
    return int(microusd.to_integral_value(ROUND_CEILING))
