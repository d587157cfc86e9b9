"""Orders to a model, in what people say of films.

Titles, directors, genres and the texts of people are told to a model as data, and it is told that they are
data. What reads like an order to it is refused all the same, before anything is decided: nobody needs it to
name a film, and a model may be weak. Phrases are matched, never words: "reveal", "override" and "ignore" are
in the titles of real films.

This finds the phrases that are known, however they are spelt. It cannot find all there are.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from domain.errors import ReadsLikeAnOrder
from domain.order_phrases import ANYWHERE, IN_NAMES
from domain.values import hyphenated

NAMES = ("title", "director", "genres")
SHOWN = 60
"""Characters of a phrase that are told to whoever sent it."""

_SOME_WORDS = "(?:[a-z0-9]-?){0,40}?"
_NUMBER_GROUP = re.compile(r"(?<![a-z0-9])[0-9]+(-|$)")
# What marks the parts of a conversation in the formats of models; spaces are taken out before.
_MARKUP = re.compile(
    r"<\||\|>|\[/?inst\]|<</?sys>>|</?s>|</?(?:system|user|assistant|human|prompt|instructions?)[^<>]*>"
    r"|<(?:start|end)_of_turn>|#{2,}(?:system|instruction|prompt|response|assistant|human)"
)
_WITH_COLON = re.compile(
    r"\b(?:system|assistant|developer|user|human) ?: ?(?:you (?:are|must|will)|ignore|disregard|forget)\b"
    r"|\bnew instructions? ?:"
)
# Letters that look like Latin ones and are spelt by their sound otherwise; digits that stand for letters.
_LOOK_LIKE = str.maketrans(
    "рсухнѕԁԛԝһηνρχωոսᴀʙᴄᴅᴇғɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ0134579@$",  # noqa: RUF001
    "pcyxhsdqwhnvpxwnuabcdefghijklmnoprstuvwyzoieastgas",
)


def reads_like_an_order(name: str) -> bool:
    """Whether a name, such as a title or a slug, holds an order."""
    return _phrase(_in_a_name(), name) is not None


def check_names(slug: str, given: Mapping[str, Any]) -> None:
    """What a request says of a film, by the names of MovieFacts. Raises ReadsLikeAnOrder."""
    for field in NAMES:
        value = given.get(field) or ""
        _refuse(slug, field, _in_a_name(), value if isinstance(value, str) else ", ".join(value))


def check_text(slug: str, text: str) -> None:
    """A description by a person, which a model may be shown later. Raises ReadsLikeAnOrder."""
    _refuse(slug, "text", _in_a_text(), text)


def _refuse(slug: str, field: str, orders: re.Pattern[str], text: str) -> None:
    phrase = _phrase(orders, text)
    if phrase is not None:
        shown = phrase if len(phrase) <= SHOWN else phrase[:SHOWN] + "…"
        raise ReadsLikeAnOrder(slug, field, shown)


def _phrase(orders: re.Pattern[str], text: str) -> str | None:
    """The first order in a text, as it was read."""
    plain = " ".join(unicodedata.normalize("NFKC", _visible(text)).casefold().split())
    if found := _MARKUP.search(plain.replace(" ", "")) or _WITH_COLON.search(plain):
        return found[0]
    for read in _readings(plain):
        if found := orders.search(read):
            return found[0].replace("-", " ")
    return None


def _readings(text: str) -> Iterator[str]:
    """By the sound of its letters, without the numbers between words; and by their looks."""
    yield _NUMBER_GROUP.sub("", hyphenated(text))
    yield hyphenated(text.translate(_LOOK_LIKE))


def _visible(text: str) -> str:
    """Without characters of no width, which split words for nobody but us."""
    return "".join(character for character in text if unicodedata.category(character) != "Cf")


def _compiled(phrases: tuple[str, ...]) -> re.Pattern[str]:
    """Splitting a word or joining two does not hide an order: a hyphen may stand behind every letter, or not.

    What may stand there often is bounded, so that no text takes long.
    """
    letters = "|".join("".join(phrase.split()) for phrase in phrases)
    letters = letters.replace("(", "(?:").replace(")*", "){0,9}")
    loose = re.sub("[a-z]", r"\g<0>-?", letters).replace("…", _SOME_WORDS).replace("·", "(?<![a-z0-9])")
    return re.compile(f"(?<![a-z0-9])(?:{loose})(?![a-z0-9])")


# Compiled when first needed: it takes a fifth of a second, and every process and command imports this.
@cache
def _in_a_text() -> re.Pattern[str]:
    return _compiled(ANYWHERE)


@cache
def _in_a_name() -> re.Pattern[str]:
    return _compiled((*ANYWHERE, *IN_NAMES))
