"""The movies view on PostgreSQL: one row per film, its descriptions in it as a document.

The document is `json`, which keeps every text as it is; `jsonb` would refuse one with a NUL in it. Nothing
looks inside: what is looked for stands in columns of its own. Words are a `tsvector` for its index, which
finds what a word begins; they come as plain words, so that no language or dictionary has a say.
"""

from collections.abc import Sequence
from typing import Any

from psycopg.rows import DictRow

from application.movie_listing import MoviePlace, MovieSearch, title_key
from application.read_models import MovieRow, MoviesView
from infrastructure.postgres.view_table import PostgresView, ViewTable
from infrastructure.views import DESCRIPTIONS, listed, searched, whole, words

SCHEMA = """
CREATE TABLE {table} (
    slug text COLLATE "C" PRIMARY KEY, movie_id uuid NOT NULL, title text NOT NULL, release_year integer,
    director text, genres text[] NOT NULL, default_description_id uuid, descriptions json NOT NULL,
    visible_version integer NOT NULL, listed_position bigint, created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    is_shown boolean NOT NULL, description_ids uuid[] NOT NULL, sorted_title text COLLATE "C" NOT NULL,
    searched_words tsvector NOT NULL, searched_directors tsvector NOT NULL,
    searched_genres text[] COLLATE "C" NOT NULL
);
-- A film whose texts are all withdrawn keeps its position for the next one.
CREATE INDEX {table}_listed ON {table} (listed_position);
CREATE INDEX {table}_titled ON {table} (sorted_title, listed_position) WHERE is_shown;
CREATE INDEX {table}_released ON {table} (coalesce(release_year, 10000), listed_position)
    WHERE is_shown;
CREATE INDEX {table}_searched ON {table}
    USING gin (searched_words, searched_directors, searched_genres) WITH (fastupdate = off);
CREATE INDEX {table}_described ON {table} USING gin (description_ids) WITH (fastupdate = off);
-- A row of some kilobytes stays as it is: to compress its texts took a third of the time to write it.
ALTER TABLE {table} SET (toast_tuple_target = 8160);
"""


_COLUMNS = MovieRow._fields
_SEARCHED = (
    "is_shown",
    "description_ids",
    "sorted_title",
    "searched_words",
    "searched_directors",
    "searched_genres",
)
_READ = ", ".join("descriptions::text" if name == "descriptions" else name for name in _COLUMNS)
_SELECT = f"SELECT {_READ} FROM movies"


def _values(row: MovieRow) -> tuple[Any, ...]:
    found = searched(row)
    return (
        *row._replace(descriptions=DESCRIPTIONS.dump_json(row.descriptions).decode()),  # type: ignore[arg-type]
        bool(row.shown),
        tuple(text.description_id for text in row.descriptions),
        title_key(row.title),
        " ".join(found.words),
        " ".join(found.directors),
        tuple(found.genres),
    )


def _movie_row(row: DictRow) -> MovieRow:
    typed = {
        "genres": tuple(row["genres"]),
        "descriptions": DESCRIPTIONS.validate_json(row["descriptions"]),
    }
    return MovieRow(**row | typed)


class PostgresMoviesView(PostgresView[str, MovieRow], MoviesView):
    table = ViewTable(
        schema=SCHEMA,
        columns=(*_COLUMNS, *_SEARCHED),
        key={"slug": "text"},
        key_of=lambda row: row.slug,
        values=_values,
        row=_movie_row,
        selected=_READ,
    )

    def get(self, slug: str) -> MovieRow | None:
        with self._store.reading() as cursor:
            cursor.execute(f"{_SELECT} WHERE slug = %s", (slug,))
            row = cursor.fetchone()
            return None if row is None else _movie_row(row)

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
