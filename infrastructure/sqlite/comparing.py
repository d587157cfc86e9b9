"""Rows of a live view on SQLite, held as they are by a snapshot, and compared by checksums."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256

from eventsourcing.sqlite import SQLiteCursor

from application.rebuild import Comparison, Difference
from infrastructure.comparing import Chunk, ComparedTable, Key, Record, first_difference
from infrastructure.sqlite.view_store import ViewStore


@contextmanager
def comparing(
    store: ViewStore, view: str, tables: Sequence[tuple[str, str, Sequence[str]]]
) -> Iterator[Comparison]:
    """The rows of a view, as they are now, with those of other tables: for each of its tables the other one,
    and the columns that are the key of both."""
    with store.reading() as live:
        # The transaction sees from its first statement to its end what was committed before that.
        live.execute("SELECT position FROM tracking WHERE view = ?", (view,))
        yield _Comparison(store, live, live.fetchone()[0], tables)


class _Comparison(Comparison):
    def __init__(
        self,
        store: ViewStore,
        live: SQLiteCursor,
        position: int,
        tables: Sequence[tuple[str, str, Sequence[str]]],
    ) -> None:
        self.position = position
        self._store = store
        self._live = live
        self._tables = tables

    def first_difference(self) -> Difference | None:
        with self._store.reading() as now:
            for live, folded, key in self._tables:
                found = first_difference(_Table(self._live, live, key), _Table(now, folded, key))
                if found is not None:
                    return found
        return None


class _Table(ComparedTable):
    def __init__(self, cursor: SQLiteCursor, name: str, key: Sequence[str]) -> None:
        self._cursor = cursor
        self._name = name
        self._key = key

    def chunk(self, after: Key | None, limit: int) -> Chunk:
        records = self.records(after, limit)
        checksum = sha256()
        for record in records.values():
            checksum.update(record.text.encode())
        return Chunk(len(records), checksum.hexdigest(), [*records][-1] if records else None)

    def records(self, after: Key | None, limit: int) -> Mapping[Key, Record]:
        columns = ", ".join(self._key)
        behind = "" if after is None else f"WHERE ({columns}) > ({', '.join('?' * len(self._key))})"
        self._cursor.execute(
            f"SELECT * FROM {self._name} {behind} ORDER BY {columns} LIMIT {limit}", after or ()
        )
        records = [dict(row) for row in self._cursor.fetchall()]
        return {tuple(record[name] for name in self._key): Record(repr(record), record) for record in records}
