"""The movies view on SQLite: one row per film, its descriptions in it as a document."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from eventsourcing.sqlite import SQLiteCursor

from application.movie_listing import MoviePlace, MovieSearch, title_key
from application.read_models import MovieRow, MovieRows, MoviesView
from infrastructure.sqlite.columns import column, insert, uuid
from infrastructure.sqlite.view_store import ViewStore
from infrastructure.views import DESCRIPTIONS, ChangedRows, listed, searched, whole, words

SCHEMA = """
CREATE TABLE movies (
    slug TEXT PRIMARY KEY, movie_id TEXT NOT NULL, title TEXT NOT NULL, release_year INTEGER,
    director TEXT, genres TEXT NOT NULL, default_description_id TEXT, descriptions TEXT NOT NULL,
    visible_version INTEGER NOT NULL, listed_position INTEGER, created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    is_shown INTEGER NOT NULL, sorted_title TEXT NOT NULL,
    searched_words TEXT NOT NULL, searched_directors TEXT NOT NULL, searched_genres TEXT NOT NULL
);
-- A film whose texts are all withdrawn keeps its position for the next one.
CREATE INDEX movies_listed ON movies (listed_position);
CREATE INDEX movies_titled ON movies (sorted_title, listed_position) WHERE is_shown;
CREATE INDEX movies_released ON movies (coalesce(release_year, 10000), listed_position) WHERE is_shown;
CREATE TABLE described_movies (description_id TEXT PRIMARY KEY, slug TEXT NOT NULL) WITHOUT ROWID;
"""


class SqliteMoviesView(MoviesView):
    _COLUMNS = tuple(field.name for field in fields(MovieRow))
    _SEARCHED = ("is_shown", "sorted_title", "searched_words", "searched_directors", "searched_genres")
    _UPSERT = insert("movies", (*_COLUMNS, *_SEARCHED), or_replace=True)
    _NAME = insert("described_movies", ("description_id", "slug"), or_replace=True)

    def __init__(self, store: ViewStore) -> None:
        self._store = store

    def position(self) -> int:
        return self._store.position(self.name)

    @contextmanager
    def writing(self, *, after: int, up_to: int) -> Iterator[MovieRows]:
        with self._store.folding(self.name, after=after, up_to=up_to) as cursor:
            changed = ChangedRows[str, MovieRow](lambda slug: _movie(cursor, slug), lambda row: row.slug)
            yield changed
            cursor.executemany(self._UPSERT, [self._values(row) + _searched(row) for row in changed.all()])
            named = [(str(d.description_id), row.slug) for row in changed.all() for d in row.descriptions]
            cursor.executemany(self._NAME, named)

    def get(self, slug: str) -> MovieRow | None:
        with self._store.reading() as cursor:
            return _movie(cursor, slug)

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

    def _values(self, row: MovieRow) -> tuple[Any, ...]:
        as_json = {
            "genres": json.dumps(row.genres, ensure_ascii=False),
            "descriptions": DESCRIPTIONS.dump_json(row.descriptions).decode(),
        }
        return tuple(as_json.get(name) or column(getattr(row, name)) for name in self._COLUMNS)


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
                "slug = (SELECT slug FROM described_movies WHERE description_id = ?)",
                str(search.description_id),
            )
        )
    return conditions


def _movie(cursor: SQLiteCursor, slug: str) -> MovieRow | None:
    cursor.execute("SELECT * FROM movies WHERE slug = ?", (slug,))
    row = cursor.fetchone()
    return None if row is None else _movie_row(row)


def _movie_row(row: sqlite3.Row) -> MovieRow:
    typed = {
        "movie_id": UUID(row["movie_id"]),
        "genres": tuple(json.loads(row["genres"])),
        "default_description_id": uuid(row["default_description_id"]),
        "descriptions": DESCRIPTIONS.validate_json(row["descriptions"]),
        "created_at": datetime.fromisoformat(row["created_at"]),
        "updated_at": datetime.fromisoformat(row["updated_at"]),
    }
    return MovieRow(**{name: row[name] for name in SqliteMoviesView._COLUMNS} | typed)
