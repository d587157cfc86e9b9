"""Views whose rows stand in a table, as far as all dialects do the same: where it is, how it is folded."""

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from application.view import BatchRows, Key, Row, View, ViewStatus


class TrackedStore(Protocol):
    """Tables, and how far each has followed the log, by their names."""

    def position(self, view: str) -> int: ...
    def status(self, view: str, *, needed_version: int) -> ViewStatus: ...
    def stop(self, view: str, *, at: int, because: str) -> None: ...
    def folding(self, view: str, *, after: int, up_to: int, version: int) -> AbstractContextManager[Any]: ...


class TableView(View[Key, Row]):
    """`place` is the name of the table; `table`, the ViewTable of a dialect, is how rows stand in it."""

    def __init__(self, store: TrackedStore, place: str, table: Any) -> None:
        self.place = place
        self._tracked = store
        self._table = table

    def position(self) -> int:
        return self._tracked.position(self.place)

    def status(self) -> ViewStatus:
        return self._tracked.status(self.place, needed_version=self.version)

    @contextmanager
    def writing(self, keys: Collection[Key] = (), *, after: int, up_to: int) -> Iterator[BatchRows[Key, Row]]:
        with self._tracked.folding(self.place, after=after, up_to=up_to, version=self.version) as cursor:
            found = self._table.read(cursor, self.place, keys)
            rows = BatchRows[Key, Row](found, key_of=self._table.key_of)
            yield rows
            self._write(cursor, rows)

    def stop(self, *, at: int, because: str) -> None:
        self._tracked.stop(self.place, at=at, because=because)

    def _write(self, cursor: Any, rows: BatchRows[Key, Row]) -> None:
        self._table.put(cursor, self.place, [*rows.new, *rows.changed])
