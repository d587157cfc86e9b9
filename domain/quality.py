"""What a written text must be before it is accepted; the first flaw found is recorded as the reason.

These rules are for what a model wrote. They never change a text: one that needs mending is refused.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from domain.values import MovieFacts, hyphenated

SENTENCES = range(2, 4)
CHARACTERS = range(50, 5_001)
"""Of the text without any markup."""

NEAR_COPY = 0.8
"""Share of words, in order, from which two texts of a film count as one."""

SAME_TITLE = 0.75
"""Similarity from which two titles count as spellings of one."""

YEARS_MAY_DIFFER_BY = 1
"""A festival in December, the cinemas in January."""


class FlawReason(StrEnum):
    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    MARKUP = "markup"
    PLACEHOLDER = "placeholder"
    REFUSAL = "refusal"
    SENTENCES = "sentences"
    CUT_OFF = "cut-off"
    NEAR_COPY = "near-copy"
    OTHER_TITLE = "other-title"
    OTHER_YEAR = "other-year"
    WRONG_LANGUAGE = "wrong-language"
    NOT_THE_FORMAT = "not-the-format"


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a text is refused. `details` never quote it."""

    reason: FlawReason
    details: str

    def __str__(self) -> str:
        return f"{self.reason}: {self.details}"


_TAG = re.compile(r"<[a-z/!][^<>]*>", re.IGNORECASE)
_MARKUP = re.compile(
    r"&(?:[a-z]{2,8}|#\d{2,6});|```|\*\*|__|^\s*#{1,6}\s|^\s*[-*•]\s|\[[^\]]+\]\([^)]+\)|https?://|www\.",
    re.IGNORECASE | re.MULTILINE,
)
_PLACEHOLDER = re.compile(
    r"\[(?:insert|your|name|title|year|director|genre|film|movie)[^\]]*\]|\{\w+\}|\{\{"
    r"|\blorem ipsum\b|\bTBD\b|\bTODO:",
    re.IGNORECASE,
)
_OPENS_WITH_A_REFUSAL = re.compile(
    r"(?:i['\u2019]?m sorry|i am sorry|i apologi[sz]e|sorry,|i can(?:no|['\u2019])t"
    r"|i am unable|i['\u2019]m unable"
    r"|es tut mir leid|tut mir leid|ich kann (?:leider )?(?:nicht|keine)"
    r"|przepraszam|przykro mi|niestety nie (?:mogę|znam)|nie mogę"
    r"|je suis désolé|désolé|je ne peux pas|je ne suis pas en mesure"
    r"|lo siento|no puedo)\b",
    re.IGNORECASE,
)
_SPEAKS_OF_ITSELF = re.compile(
    r"\bas an ai\b[^.]*\bi\b|\bi(?:['\u2019]m| am) an ai\b|\bas a (?:large )?language model\b"
    r"|\bals (?:ki|sprachmodell)\b[^.]*\bich\b|\bich bin eine ki\b"
    r"|\bjako (?:model językowy|sztuczna inteligencja)\b[^.]*\bnie\b|\bjestem modelem językowym\b"
    r"|\ben tant qu['\u2019](?:ia|intelligence artificielle|un modèle de langage)\b[^.]*\bje\b"
    r"|\bcomo (?:modelo de lenguaje|una? ia)\b[^.]*\bno\b",
    re.IGNORECASE,
)
_COMPLETE = re.compile(r"""[.!?…][)\]"'\u2019\u201c\u201d»]*$""")


def flaw_in(sentences: Sequence[str], *, existing: Sequence[str]) -> Flaw | None:
    """What is wrong with a text, given the other accepted texts of its film."""
    text = joined(sentences)
    size = len(_TAG.sub("", text).strip())
    if size < CHARACTERS.start:
        return Flaw(FlawReason.TOO_SHORT, f"{size} characters, {CHARACTERS.start} at least")
    if size >= CHARACTERS.stop:
        return Flaw(FlawReason.TOO_LONG, f"{size} characters, {CHARACTERS.stop - 1} at most")
    if _TAG.search(text) or _MARKUP.search(text):
        return Flaw(FlawReason.MARKUP, "it holds markup or a link")
    if _PLACEHOLDER.search(text):
        return Flaw(FlawReason.PLACEHOLDER, "it holds a placeholder")
    if _OPENS_WITH_A_REFUSAL.match(text) or _SPEAKS_OF_ITSELF.search(text):
        return Flaw(FlawReason.REFUSAL, "it speaks of the model, not of the film")
    if len(sentences) not in SENTENCES:
        return Flaw(FlawReason.SENTENCES, f"{len(sentences)} sentences, 2 or 3 are wanted")
    if not all(_COMPLETE.search(sentence.strip()) for sentence in sentences):
        return Flaw(FlawReason.CUT_OFF, "a sentence has no end")
    likeness = max((_likeness(text, other) for other in existing), default=0.0)
    if likeness >= NEAR_COPY:
        return Flaw(FlawReason.NEAR_COPY, f"{likeness:.0%} like another text of the film")
    return None


def disagreement(facts: MovieFacts, *, title: str, release_year: int | None) -> Flaw | None:
    """Whether a model wrote about another film than the one that was asked for."""
    if not _could_be_one_title(facts.title, title):
        return Flaw(FlawReason.OTHER_TITLE, "the model names another title")
    known = facts.release_year
    if known and release_year and abs(known - release_year) > YEARS_MAY_DIFFER_BY:
        return Flaw(FlawReason.OTHER_YEAR, f"the model names {release_year}, known is {known}")
    return None


def joined(sentences: Sequence[str]) -> str:
    """The text readers get: the sentences as one paragraph."""
    return " ".join(" ".join(sentence.split()) for sentence in sentences)


def _could_be_one_title(known: str, named: str) -> bool:
    mine, other = hyphenated(known), hyphenated(named)
    if not mine or not other:
        return known.strip().casefold() == named.strip().casefold()
    shorter, longer = sorted((f"-{mine}-", f"-{other}-"), key=len)
    return shorter in longer or SequenceMatcher(None, mine, other, autojunk=False).ratio() >= SAME_TITLE


def _likeness(text: str, other: str) -> float:
    words, others = text.casefold().split(), other.casefold().split()
    return SequenceMatcher(None, words, others, autojunk=False).ratio()
