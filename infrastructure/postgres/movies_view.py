"""The movies view on PostgreSQL: one row per film, its descriptions in it as a document.

The document is `json`, which keeps every text as it is; `jsonb` would refuse one with a NUL in it. Nothing
looks inside: what is looked for stands in columns of its own. Words are a `tsvector` for its index, which
finds what a word begins; they come as plain words, so that no language or dictionary has a say.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

from psycopg import Cursor
from psycopg.rows import DictRow

from application.movie_listing import MoviePlace, MovieSearch, title_key
from application.read_models import MovieRow, MovieRows, MoviesView
from infrastructure.postgres.columns import Insert, column
from infrastructure.postgres.view_store import ViewStore
from infrastructure.views import DESCRIPTIONS, ChangedRows, listed, searched, whole, words

SCHEMA = """
CREATE TABLE IF NOT EXISTS movies (
    slug text COLLATE "C" PRIMARY KEY, movie_id uuid NOT NULL, title text NOT NULL, release_year integer,
    director text, genres text[] NOT NULL, default_description_id uuid, descriptions json NOT NULL,
    visible_version integer NOT NULL, listed_position bigint, created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    is_shown boolean NOT NULL, description_ids uuid[] NOT NULL, sorted_title text COLLATE "C" NOT NULL,
    searched_words tsvector NOT NULL, searched_directors tsvector NOT NULL,
    searched_genres text[] COLLATE "C" NOT NULL
);
-- A film whose texts are all withdrawn keeps its position for the next one.
CREATE INDEX IF NOT EXISTS movies_listed ON movies (listed_position);
CREATE INDEX IF NOT EXISTS movies_titled ON movies (sorted_title, listed_position) WHERE is_shown;
CREATE INDEX IF NOT EXISTS movies_released ON movies (coalesce(release_year, 10000), listed_position)
    WHERE is_shown;
CREATE INDEX IF NOT EXISTS movies_searched ON movies
    USING gin (searched_words, searched_directors, searched_genres) WITH (fastupdate = off);
CREATE INDEX IF NOT EXISTS movies_described ON movies USING gin (description_ids) WITH (fastupdate = off);
"""


class PostgresMoviesView(MoviesView):
    _COLUMNS = tuple(field.name for field in fields(MovieRow))
    _SEARCHED = (
        "is_shown",
        "description_ids",
        "sorted_title",
        "searched_words",
        "searched_directors",
        "searched_genres",
    )
    _UPSERT = Insert("movies", (*_COLUMNS, *_SEARCHED), key="slug")

    def __init__(self, store: ViewStore) -> None:
        self._store = store

    def position(self) -> int:
        return self._store.position(self.name)

    @contextmanager
    def writing(self, *, after: int, up_to: int) -> Iterator[MovieRows]:
        with self._store.folding(self.name, after=after, up_to=up_to) as cursor:
            changed = ChangedRows[str, MovieRow](lambda slug: _movie(cursor, slug), lambda row: row.slug)
            yield changed
            self._UPSERT.run(cursor, [self._values(row) + _searched(row) for row in changed.all()])

    def get(self, slug: str) -> MovieRow | None:
        with self._store.reading() as cursor:
            return _movie(cursor, slug)

    def list(self, search: MovieSearch, *, after: MoviePlace | None, limit: int) -> Sequence[MovieRow]:
        is_behind, place, order = listed(search, after, "%s")
        conditions = _conditions(search)
        where = " AND ".join([is_behind, *(condition for condition, *_ in conditions)])
        with self._store.reading() as cursor:
            cursor.execute(
                f"{_SELECT} WHERE {where} ORDER BY {order} LIMIT %s",
                (*place, *(value for _, *values in conditions for value in values), limit),
            )
            return [_movie_row(row) for row in cursor.fetchall()]

    def between(self, first: str, last: str, *, limit: int) -> Sequence[MovieRow]:
        with self._store.reading() as cursor:
            cursor.execute(
                f"{_SELECT} WHERE slug > %s AND slug < %s ORDER BY slug LIMIT %s", (first, last, limit)
            )
            return [_movie_row(row) for row in cursor.fetchall()]

    def _values(self, row: MovieRow) -> tuple[Any, ...]:
        document = DESCRIPTIONS.dump_json(row.descriptions).decode()
        return tuple(
            document if name == "descriptions" else column(getattr(row, name)) for name in self._COLUMNS
        )


def _searched(row: MovieRow) -> tuple[Any, ...]:
    found = searched(row)
    return (
        bool(row.shown),
        [description.description_id for description in row.descriptions],
        title_key(row.title),
        " ".join(found.words),
        " ".join(found.directors),
        list(found.genres),
    )


def _conditions(search: MovieSearch) -> list[tuple[Any, ...]]:
    """Each with its values. Words are plain ASCII letters and digits, so that none is an operator."""
    conditions: list[tuple[Any, ...]] = []
    for column_name, text in (("searched_words", search.q), ("searched_directors", search.director)):
        if sought := sorted(set(words(text))):
            conditions.append((f"{column_name} @@ %s::tsquery", " & ".join(f"{word}:*" for word in sought)))
    if search.genre:
        conditions.append(("searched_genres @> %s", [whole(search.genre)]))
    if search.slug is not None:
        conditions.append(("slug = %s", search.slug))
    if search.year is not None:
        conditions.append(("release_year = %s", search.year))
    if search.description_id is None:
        conditions.append(("is_shown",))
    else:  # who names a withdrawn text shall be told that it is withdrawn
        conditions.append(("description_ids @> %s", [search.description_id]))
    return conditions


_READ = ("descriptions::text" if name == "descriptions" else name for name in PostgresMoviesView._COLUMNS)
_SELECT = f"SELECT {', '.join(_READ)} FROM movies"


def _movie(cursor: Cursor[DictRow], slug: str) -> MovieRow | None:
    cursor.execute(f"{_SELECT} WHERE slug = %s", (slug,))
    row = cursor.fetchone()
    return None if row is None else _movie_row(row)


def _movie_row(row: DictRow) -> MovieRow:
    typed = {
        "genres": tuple(row["genres"]),
        "descriptions": DESCRIPTIONS.validate_json(row["descriptions"]),
    }
    return MovieRow(**row | typed)
