"""Slugs: a film's key, made from its title and year or chosen by a client, and how far we trust it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from domain.errors import FactsContradictSlug, SlugRefused, TitleMakesNoSlug
from domain.orders import reads_like_an_order
from domain.values import MovieFacts, hyphenated

MIN_LENGTH, MAX_LENGTH = 3, 255
MIN_LENGTH_WITHOUT_YEAR = 5
FIRST_FILM_YEAR = 1888
ANNOUNCED_AHEAD_YEARS = 2
LIKE_AN_ORDER = "it reads like an instruction to a model, not like a film"

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_YEAR_GROUP = re.compile(r"(?<![a-z0-9])\d{4}(?![a-z0-9])")

Level = Literal["high", "medium", "low", "very_low"]


@dataclass(frozen=True, slots=True)
class Assessment:
    """How sure we are that a slug names one film: a confidence of 0..1 and the year it carries."""

    confidence: float
    release_year: int | None


def assess(slug: str, *, current_year: int) -> Assessment:
    """Judge a slug chosen by a client. Raises SlugRefused, with the rule it breaks."""
    if not MIN_LENGTH <= len(slug) <= MAX_LENGTH:
        raise SlugRefused(_shortened(slug), f"it must have {MIN_LENGTH} to {MAX_LENGTH} characters")
    if not _SLUG.fullmatch(slug):
        raise SlugRefused(
            slug, "it must be lower case letters a-z and digits, in groups joined by single hyphens"
        )
    if slug.isdigit():
        raise SlugRefused(slug, "digits alone name no film; write title and year, such as 1917-2019")
    if reads_like_an_order(slug):
        raise SlugRefused(slug, LIKE_AN_ORDER)
    year = plausible_year(slug, current_year=current_year)
    if year is not None:
        return Assessment(0.9, year)
    if len(slug) < MIN_LENGTH_WITHOUT_YEAR:
        raise SlugRefused(slug, f"without a year it needs at least {MIN_LENGTH_WITHOUT_YEAR} characters")
    return Assessment(0.6, None)


def level(confidence: float) -> Level:
    """The confidence as a word."""
    if confidence >= 0.9:
        return "high"
    if confidence >= 0.7:
        return "medium"
    return "low" if confidence >= 0.5 else "very_low"


def plausible_year(slug: str, *, current_year: int) -> int | None:
    """The release year a slug carries: its last four-digit group, if a film can be of that year."""
    groups = _YEAR_GROUP.findall(slug)
    if groups and FIRST_FILM_YEAR <= int(groups[-1]) <= current_year + ANNOUNCED_AHEAD_YEARS:
        return int(groups[-1])
    return None


def is_of_title(slug: str, title: str, *, current_year: int) -> bool:
    """Whether a slug is a title followed by its year, and perhaps by what tells it from a namesake."""
    year = plausible_year(slug, current_year=current_year)
    return year is not None and f"{slug}-".startswith(f"{title}-{year}-")


def from_title(title: str, release_year: int | None) -> str:
    """`title-year` for a film. Raises TitleMakesNoSlug: a bare year would name every film of that year."""
    stem = hyphenated(title)
    if not stem:
        raise TitleMakesNoSlug(title)
    return f"{_cut(stem, MAX_LENGTH - 5)}-{release_year}" if release_year else _cut(stem, MAX_LENGTH)


def spells(title: str, release_year: int | None, slug: str) -> bool:
    """Whether a slug is the one that this title and year make."""
    try:
        return from_title(title, release_year) == slug
    except TitleMakesNoSlug:
        return False


def title_from(slug: str, *, current_year: int) -> str:
    """A readable title for a film of which only the slug is known: `the-matrix-1999` is "The Matrix"."""
    year = plausible_year(slug, current_year=current_year)
    return slug.removesuffix(f"-{year}").replace("-", " ").title()


def candidates(slug: str, director: str | None) -> Iterator[str]:
    """Slugs to try for a film, in order: its own, then with the director, then -2, -3 and so on.

    The later ones serve films that share title and year but not the director. Of several directors the
    first in the alphabet counts: sources list them in any order.
    """
    yield slug
    with_director = _followed_by(slug, _cut(_first_director(director or ""), 100), room=MAX_LENGTH - 5)
    if reads_like_an_order(with_director):
        with_director = slug  # a film under a refused slug could never be asked for again
    if with_director != slug:
        yield with_director
    for number in range(2, 1_000):
        numbered = _followed_by(with_director, str(number), room=MAX_LENGTH)
        if numbered != slug:
            yield numbered


def check_agreement(slug: str, assessment: Assessment, facts: MovieFacts) -> None:
    """Raises FactsContradictSlug when the supplied year is not the slug's."""
    if assessment.release_year and facts.release_year and assessment.release_year != facts.release_year:
        raise FactsContradictSlug(slug, assessment.release_year, facts.release_year)


def _first_director(directors: str) -> str:
    """Without years: the last one in a slug is taken for the film's."""
    names = (hyphenated(name).split("-") for name in directors.split(","))
    without_years = ("-".join(word for word in words if not _YEAR_GROUP.fullmatch(word)) for words in names)
    return min(filter(None, without_years), default="")


def _followed_by(slug: str, suffix: str, *, room: int) -> str:
    """Both, joined; where that is too long, the slug is cut and its year is kept."""
    if not suffix:
        return slug
    room -= len(suffix) + 1
    kept, year = _cut(slug, room), _YEAR_GROUP.findall(slug)[-1:]
    if _YEAR_GROUP.findall(kept)[-1:] != year:
        kept = f"{_cut(slug, room - 5)}-{year[0]}"
    return f"{kept}-{suffix}"


def _cut(slug: str, length: int) -> str:
    """As many whole words as fit: half a word could read as a year."""
    if len(slug) <= length:
        return slug
    return slug[: length + 1].rpartition("-")[0] or slug[:length]


def _shortened(slug: str) -> str:
    return slug if len(slug) <= 40 else slug[:40] + "…"
