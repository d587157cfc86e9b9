"""What a model costs, from the table of the operator or of the library."""

from pathlib import Path

import pytest

from infrastructure.errors import WrongSettings
from infrastructure.writers.prices import price_of


def _table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "prices.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_model_that_is_known_has_its_price() -> None:
    price = price_of("openai:gpt-4o-mini", None)

    assert price is not None
    assert price(1_000_000, 0) == 150_000
    assert price(0, 1_000_000) == 600_000


@pytest.mark.parametrize("name", ["openai-chat:gpt-4o-mini", "openai-responses:gpt-4o-mini"])
def test_ways_to_speak_to_one_provider_have_one_price(name: str) -> None:
    price = price_of(name, None)

    assert price is not None
    assert price(1_000, 100) == 210


@pytest.mark.parametrize("name", ["openai:of-tomorrow", "nobody:knows", "llama3.2"])
def test_a_model_that_nobody_knows_has_none(name: str) -> None:
    assert price_of(name, None) is None


def test_the_operators_table_wins(tmp_path: Path) -> None:
    table = _table(
        tmp_path,
        '["openai:gpt-4o-mini"]\ninput_usd = 0.1\noutput_usd = 1\n["llama3.2"]\n'
        "input_usd = 0\noutput_usd = 0\n",
    )
    dear, free = price_of("openai:gpt-4o-mini", table), price_of("llama3.2", table)

    assert dear is not None
    assert dear(10, 1) == 2
    assert free is not None
    assert free(10, 1) == 0
    assert price_of("nobody:knows", table) is None


def test_a_part_of_a_micro_dollar_is_a_whole_one(tmp_path: Path) -> None:
    price = price_of("m", _table(tmp_path, "[m]\ninput_usd = 0.0000001\noutput_usd = 0\n"))

    assert price is not None
    assert price(1, 0) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[m\n", "cannot be read: "),
        ("[m]\ninput_usd = 1\n", "m → output_usd: Field required"),
        ("[m]\ninput_usd = -1\noutput_usd = 1\n", "m → input_usd: "),
        ("[m]\ninput_usd = nan\noutput_usd = 1\n", "m → input_usd: "),
        ("[m]\ninput_usd = 1\noutput_usd = 1\ncached_usd = 1\n", "m → cached_usd: Extra inputs"),
        ("m = 1\n", "m: Input should be"),
    ],
)
def test_a_table_that_is_wrong_is_named_with_the_place(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(WrongSettings) as refused:
        price_of("m", _table(tmp_path, text))

    assert "MOVIEMIND_AI_PRICES_FILE" in str(refused.value)
    assert said in str(refused.value)


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongSettings, match=r"MOVIEMIND_AI_PRICES_FILE \(.*nowhere.toml\) cannot be read"):
        price_of("m", tmp_path / "nowhere.toml")
