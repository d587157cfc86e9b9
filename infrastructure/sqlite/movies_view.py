"""The movies view on SQLite: one row per film, its descriptions in it as a document."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from application.movie_listing import MoviePlace, MovieSearch, title_key
from application.read_models import MovieRow, MoviesView
from infrastructure.sqlite.columns import column, uuid
from infrastructure.sqlite.view_table import Beside, SqliteView, ViewTable
from infrastructure.views import DESCRIPTIONS, listed, searched, whole, words

SCHEMA = """
CREATE TABLE {table} (
    slug TEXT PRIMARY KEY, movie_id TEXT NOT NULL, title TEXT NOT NULL, release_year INTEGER,
    director TEXT, genres TEXT NOT NULL, default_description_id TEXT, descriptions TEXT NOT NULL,
    visible_version INTEGER NOT NULL, listed_position INTEGER, created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    is_shown INTEGER NOT NULL, sorted_title TEXT NOT NULL,
    searched_words TEXT NOT NULL, searched_directors TEXT NOT NULL, searched_genres TEXT NOT NULL
);
-- A film whose texts are all withdrawn keeps its position for the next one.
CREATE INDEX {table}_listed ON {table} (listed_position);
CREATE INDEX {table}_titled ON {table} (sorted_title, listed_position) WHERE is_shown;
CREATE INDEX {table}_released ON {table} (coalesce(release_year, 10000), listed_position) WHERE is_shown;
CREATE TABLE {table}_described (description_id TEXT PRIMARY KEY, slug TEXT NOT NULL);
"""


_COLUMNS = MovieRow._fields
_SEARCHED = ("is_shown", "sorted_title", "searched_words", "searched_directors", "searched_genres")


def _values(row: MovieRow) -> tuple[Any, ...]:
    as_json = {
        "genres": json.dumps(row.genres, ensure_ascii=False),
        "descriptions": DESCRIPTIONS.dump_json(row.descriptions).decode(),
    }
    return (*(as_json.get(name) or column(getattr(row, name)) for name in _COLUMNS), *_searched(row))


def _searched(row: MovieRow) -> tuple[Any, ...]:
    """Words begin with a space, genres stand between bars."""
    found = searched(row)
    return (
        bool(row.shown),
        title_key(row.title),
        "".join(f" {word}" for word in found.words),
        "".join(f" {word}" for word in found.directors),
        "|".join(["", *found.genres, ""]),
    )


def _movie_row(row: sqlite3.Row) -> MovieRow:
    typed = {
        "movie_id": UUID(row["movie_id"]),
        "genres": tuple(json.loads(row["genres"])),
        "default_description_id": uuid(row["default_description_id"]),
        "descriptions": DESCRIPTIONS.validate_json(row["descriptions"]),
        "created_at": datetime.fromisoformat(row["created_at"]),
        "updated_at": datetime.fromisoformat(row["updated_at"]),
    }
    return MovieRow(**{name: row[name] for name in _COLUMNS} | typed)


class SqliteMoviesView(SqliteView[str, MovieRow], MoviesView):
    table = ViewTable(
        schema=SCHEMA,
        columns=(*_COLUMNS, *_SEARCHED),
        key=("slug",),
        key_of=lambda row: row.slug,
        values=_values,
        row=_movie_row,
        beside=Beside(
            "described",
            ("description_id", "slug"),
            lambda row: [(str(text.description_id), row.slug) for text in row.descriptions],
        ),
    )

    def get(self, slug: str) -> MovieRow | None:
        with self._store.reading() as cursor:
            cursor.execute("SELECT * FROM movies WHERE slug = ?", (slug,))
            row = cursor.fetchone()
            return None if row is None else _movie_row(row)

    def list(self, search: MovieSearch, *, after: MoviePlace | None, limit: int) -> Sequence[MovieRow]:
        is_behind, place, order = listed(search, after, "?")
        conditions = _conditions(search)
        where = " AND ".join([is_behind, *(condition for condition, *_ in conditions)])
        with self._store.reading() as cursor:
            cursor.execute(
                f"SELECT * FROM movies WHERE {where} ORDER BY {order} LIMIT ?",
                (*place, *(value for _, *values in conditions for value in values), limit),
            )
            return [_movie_row(row) for row in cursor.fetchall()]

    def between(self, first: str, last: str, *, limit: int) -> Sequence[MovieRow]:
        with self._store.reading() as cursor:
            cursor.execute(
                "SELECT * FROM movies WHERE slug > ? AND slug < ? ORDER BY slug LIMIT ?", (first, last, limit)
            )
            return [_movie_row(row) for row in cursor.fetchall()]


def _conditions(search: MovieSearch) -> list[tuple[Any, ...]]:
    """Each with its values. Words are plain ASCII letters and digits, so that none is a wildcard of LIKE."""
    conditions: list[tuple[Any, ...]] = []
    for column_name, text in (("searched_words", search.q), ("searched_directors", search.director)):
        conditions += [(f"{column_name} LIKE ?", f"% {word}%") for word in set(words(text))]
    if search.genre:
        conditions.append(("searched_genres LIKE ?", f"%|{whole(search.genre)}|%"))
    if search.slug is not None:
        conditions.append(("slug = ?", search.slug))
    if search.year is not None:
        conditions.append(("release_year = ?", search.year))
    if search.description_id is None:
        conditions.append(("is_shown",))
    else:  # who names a withdrawn text shall be told that it is withdrawn
        conditions.append(
            (
                "slug = (SELECT slug FROM movies_described WHERE description_id = ?)",
                str(search.description_id),
            )
        )
    return conditions
