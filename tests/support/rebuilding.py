"""A store of either kind, what stands in its views, and what happens while they are rebuilt."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from application.rebuild import Comparison, Rebuilt, SecondSet, rebuild
from application.view import View
from infrastructure.store import Store
from interfaces.bootstrap import build_projector, projections_of

NAMES = ("movies", "history", "spending", "texts", "throughput", "jobs")
LIVE = {*NAMES, "tracking", "dispatches"}


def follow(store: Store) -> None:
    projector = build_projector(store)
    while projector.step():
        pass


def rebuilt(store: Store, **more: Any) -> list[Rebuilt]:
    return rebuild(projections_of(store), log=store.log, second_sets=store.second_sets, **more)


def everything(store: Store) -> dict[str, list[Any]]:
    """All rows of the views, of the tracking, and of the dispatcher's memory."""
    return {name: select(store, f"SELECT * FROM {name} ORDER BY 1, 2") for name in sorted(LIVE)}


def views_of(store: Store) -> dict[str, list[Any]]:
    return {name: rows for name, rows in everything(store).items() if name in NAMES}


def tables(store: Store) -> set[str]:
    """Those of the views and of what a rebuild may have left."""
    catalogue = "sqlite_schema WHERE type = 'table'" if is_sqlite(store) else "pg_tables"
    column = "name" if is_sqlite(store) else "tablename"
    found = select(store, f"SELECT {column} AS name FROM {catalogue}")
    return {row["name"] for row in found if row["name"].startswith((*NAMES, "tracking", "dispatches"))}


def select(store: Store, statement: str) -> list[Any]:
    with store.movies._store.reading() as cursor:  # type: ignore[attr-defined]
        cursor.execute(statement)
        return [dict(row) for row in cursor.fetchall()]


def change(store: Store, *statements: str) -> None:
    with store.movies._store.writing() as cursor:  # type: ignore[attr-defined]
        for statement in statements:
            cursor.execute(statement)


def is_sqlite(store: Store) -> bool:
    return "sqlite" in type(store.movies).__module__


class Meanwhile:
    """Second sets beside which something happens: before each try to swap, and while rows are compared."""

    def __init__(self, store: Store, step: Callable[[View[Any, Any]], object]) -> None:
        self._store = store
        self._step = step

    @contextmanager
    def __call__(self, views: Sequence[View[Any, Any]]) -> Iterator[SecondSet]:
        with self._store.second_sets(views) as second_set:
            swap, comparing = second_set.swap, second_set.comparing

            def swap_later(view: View[Any, Any]) -> bool:
                self._step(view)
                return swap(view)

            @contextmanager
            def comparing_later(view: View[Any, Any]) -> Iterator[Comparison]:
                with comparing(view) as comparison:
                    self._step(view)
                    yield comparison

            second_set.swap = swap_later  # type: ignore[method-assign]
            second_set.comparing = comparing_later  # type: ignore[method-assign]
            yield second_set
