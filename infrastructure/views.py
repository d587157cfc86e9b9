"""What views have in common on every store: documents in a row, and what a search compares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import to_json

from application.movie_listing import UNKNOWN_YEAR, MovieOrder, MoviePlace, MovieSearch, search_words
from application.read_models import AuditSearch, DescriptionRow, MovieRow
from application.texts import TextSearch
from application.view import Place

DESCRIPTIONS = TypeAdapter(tuple[DescriptionRow, ...])
"""A film's descriptions as the document that stands in its row."""


COMPARED = 1_000
"""Letters of a word, more of which no index need take: names of 1,000 letters are allowed, and one letter
of another script may be four in ours."""


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search compares: words that the words of a search begin, and whole genres."""

    words: Sequence[str]
    directors: Sequence[str]
    genres: Sequence[str]


def searched(row: MovieRow) -> Searched:
    directors, year = row.director or "", str(row.release_year or "")
    return Searched(
        words=[word for text in (row.title, directors, *row.genres, year) for word in words(text)],
        directors=words(directors),
        genres=[whole(genre) for genre in row.genres],
    )


def listed(search: MovieSearch, after: MoviePlace | None, placeholder: str) -> tuple[str, list[Any], str]:
    """Of films behind a place: a condition, its values, and their order.

    Positions are unique, so films that are equal in what they are sorted by have an order too.
    """
    way, is_behind = ("DESC", "<") if search.is_descending else ("ASC", ">")
    columns = [*_SORTED_BY[search.order], "listed_position"]
    order = ", ".join(f"{column} {way}" for column in columns)
    if after is None:
        return "listed_position > 0", [], order
    place = [after.position] if after.key is None else [after.key, after.position]
    placeholders = ", ".join([placeholder] * len(place))
    return f"({', '.join(columns)}) {is_behind} ({placeholders})", place, order


_SORTED_BY: dict[MovieOrder, list[str]] = {
    MovieOrder.LISTED: [],
    MovieOrder.TITLE: ["sorted_title"],
    MovieOrder.YEAR: [f"coalesce(release_year, {UNKNOWN_YEAR})"],
}


def as_json(data: Mapping[str, Any]) -> str:
    """A document of plain values, in the order they have."""
    return to_json(data).decode()


def words(text: str) -> list[str]:
    """In plain lower case ASCII, as they are in an index and as they are looked for there."""
    return [word[:COMPARED] for word in search_words(text)]


def whole(genre: str) -> str:
    return " ".join(search_words(genre))[:COMPARED]


def audited(search: AuditSearch, placeholder: str) -> tuple[list[str], list[Any]]:
    """Conditions on rows of the history, and their values."""
    wanted = {"slug =": search.slug, "actor =": search.actor, "event =": search.event, "at >=": search.since}
    return _given(wanted, placeholder)


def first_since(hour: str, placeholder: str) -> str:
    """The statement that finds a position before which no event was recorded at or after a moment, null where
    none was at all. `hour` is how the dialect spells that of {at}.

    Positions are not in the order of moments: clocks differ. So it is the least of those that are the first
    of an hour, from the hour of the moment on; an index has them, and nothing else is read.
    """
    return _FIRST_SINCE.format(
        hour=hour.format(at="at"), later=hour.format(at="later.at"), since=hour.format(at=placeholder)
    )


_FIRST_SINCE = """
WITH RECURSIVE hours AS (
  SELECT * FROM (SELECT {hour} AS hour, position FROM history WHERE {hour} >= {since} ORDER BY 1, 2 LIMIT 1)
    AS first
  UNION ALL
  SELECT {hour}, history.position FROM hours JOIN history ON history.position = (
    SELECT later.position FROM history AS later WHERE {later} > hours.hour
    ORDER BY {later}, later.position LIMIT 1))
SELECT min(position) AS first FROM hours
"""

NEWEST_FIRST = "at DESC, position DESC"


def newest_first(
    wanted: Mapping[str, Any], before: Place | None, placeholder: str
) -> tuple[str, Sequence[Any]]:
    """A condition on rows behind a place in that order, and its values. `wanted` are comparisons, and what to
    compare with, None where nothing is wanted."""
    conditions, values = _given(wanted, placeholder)
    if before is not None:
        conditions.append(f"(at, position) < ({placeholder}, {placeholder})")
        values += before
    return " AND ".join(conditions) or "TRUE", values


def wanted_texts(search: TextSearch) -> Mapping[str, Any]:
    return {
        "ai_model =": search.ai_model,
        "prompt_version =": search.prompt_version,
        "locale =": search.locale,
        "at >=": search.since,
    }


def _given(wanted: Mapping[str, Any], placeholder: str) -> tuple[list[str], list[Any]]:
    given = {condition: value for condition, value in wanted.items() if value is not None}
    return [f"{condition} {placeholder}" for condition in given], list(given.values())
