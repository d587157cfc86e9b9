"""The prompts of the model writer: one folder of text files per version, put together per language and style.

A published version never changes, because texts in the store name it and its hash; what shall read
differently becomes a new folder.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from domain.values import ContextTag, Locale, MovieFacts, Variant

CURRENT = "describe-1"

TEXTS_SHOWN = 3
"""How many of a film's texts a model is shown, so that it writes another one; the newest."""

_ESCAPED = {ord(character): f"\\u{ord(character):04x}" for character in "<\x7f\x85\u2028\u2029"}

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What a model is told in one language and style; `{film}` and `{others}` are filled for each film."""

    prompt_id: str
    system: str
    user: str
    others: str

    @property
    def content_hash(self) -> str:
        """Hex SHA-256 of all its texts."""
        return sha256("\0".join((self.system, self.user, self.others)).encode()).hexdigest()

    def about(self, facts: MovieFacts, existing: Sequence[str]) -> str:
        """The user's part for a film: what is known of it, and its other texts, as JSON data."""
        newest = list(existing[-TEXTS_SHOWN:])
        others = self.others.replace("{texts}", _as_data(newest)) if newest else ""
        values = {"{film}": _as_data(facts.as_payload()), "{others}": others}
        # In one pass: a title may hold the name of a place.
        return re.sub(r"\{film\}|\{others\}", lambda place: values[place[0]], self.user).strip()


def prompt_for(variant: Variant) -> Prompt:
    folder = _HERE / CURRENT
    system = (
        _read(folder / "system.md")
        .replace("{locale}", _read(folder / "locales" / f"{variant.locale}.md"))
        .replace("{style}", _read(folder / "styles" / f"{variant.context_tag}.md"))
    )
    return Prompt(
        prompt_id=f"{CURRENT}/{variant}",
        system=system,
        user=_read(folder / "user.md"),
        others=_read(folder / "others.md"),
    )


def all_prompts() -> list[Prompt]:
    return [prompt_for(Variant(locale, tag)) for locale in Locale for tag in ContextTag]


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip("\n")


def _as_data(value: object) -> str:
    """One line: a line break in a title cannot begin a line of the prompt. Nor can a text end it by a mark of
    a model's format for conversations, such as `<|im_end|>`, which servers read wherever it stands."""
    return json.dumps(value, ensure_ascii=False).translate(_ESCAPED)
