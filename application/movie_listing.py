"""What films are looked for, what they are sorted by, and where a listing of them goes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Self
from uuid import UUID

from domain.values import hyphenated

if TYPE_CHECKING:
    from application.read_models import MovieRow

UNKNOWN_YEAR = 10_000
_SORTED_CHARACTERS = 80
"""Of a title; those that have all of them in common are listed by when they got their first description."""


class MovieOrder(StrEnum):
    """What films are listed by; those that are equal in it, by when they got their first description."""

    LISTED = "listed"
    TITLE = "title"
    YEAR = "year"
    """A film of an unknown year stands behind those of all years."""


@dataclass(frozen=True, slots=True)
class MoviePlace:
    """Where a film stood in an order when it was listed; `key` is what it was sorted by, None for LISTED.

    Its title or year may be corrected since: whoever goes on from here goes on from where it stood.
    """

    position: int
    key: str | int | None = None

    @classmethod
    def of(cls, row: "MovieRow", order: MovieOrder) -> Self:
        assert row.listed_position is not None, "it was listed"
        match order:
            case MovieOrder.LISTED:
                return cls(row.listed_position)
            case MovieOrder.TITLE:
                return cls(row.listed_position, title_key(row.title))
            case MovieOrder.YEAR:
                return cls(row.listed_position, year_key(row.release_year))


@dataclass(frozen=True, slots=True, kw_only=True)
class MovieSearch:
    """What films are looked for; everything given must hold. Case, accents and punctuation do not count.

    Every word of `q` must begin a word of the title, a director, a genre or the year; those of `director`
    a word of the directors. `genre` is one whole genre.
    """

    slug: str | None = None
    q: str = ""
    year: int | None = None
    director: str = ""
    genre: str = ""
    description_id: UUID | None = None
    order: MovieOrder = MovieOrder.LISTED
    is_descending: bool = False


def title_key(title: str) -> str:
    """What a title is sorted by: as it is searched, and the same in every store."""
    return " ".join(search_words(title))[:_SORTED_CHARACTERS]


def year_key(release_year: int | None) -> int:
    return UNKNOWN_YEAR if release_year is None else release_year


@lru_cache(maxsize=4_096)
def search_words(text: str) -> Sequence[str]:
    """A text as it is searched: its words in plain lower case ASCII. Genres and directors come often."""
    plain = hyphenated(text)
    return tuple(plain.split("-")) if plain else ()
