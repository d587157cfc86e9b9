"""The mutants of the mutation proof: event stores that append wherever the stream ends.

They stand for every way to lose the version check. `pytest --without-version-check` runs any test on that of
SQLite; the lock lab is run on that of PostgreSQL.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteCursor
from psycopg import Cursor
from psycopg.rows import DictRow

from infrastructure.postgres.positions import TABLE
from infrastructure.postgres.recorder import TransactionOrderedRecorder


def remove_version_check() -> None:
    insert = SQLiteApplicationRecorder._insert_events

    def insert_at_the_end(
        self: SQLiteApplicationRecorder, cursor: SQLiteCursor, events: Sequence[StoredEvent], **more: Any
    ) -> Sequence[int] | None:
        cursor.execute("SELECT 1 FROM stored_events LIMIT 1")
        ends: dict[str, int] = {}
        moved = []
        for event in events:
            stream = event.originator_id.hex  # type: ignore[union-attr]
            if stream not in ends:
                cursor.execute(
                    "SELECT coalesce(max(originator_version), 0) FROM stored_events WHERE originator_id = ?",
                    (stream,),
                )
                ends[stream] = cursor.fetchone()[0]
            ends[stream] += 1
            moved.append(replace(event, originator_version=ends[stream]))
        return insert(self, cursor, moved, **more)

    SQLiteApplicationRecorder._insert_events = insert_at_the_end  # type: ignore[assignment, method-assign]


def remove_version_check_on_postgres() -> None:
    append = TransactionOrderedRecorder._append

    def append_at_the_end(
        self: TransactionOrderedRecorder, cursor: Cursor[DictRow], stored_events: Sequence[StoredEvent]
    ) -> Sequence[int]:
        cursor.execute("SELECT pg_advisory_lock(1)")  # or two would find the same end, and the key refuse one
        try:
            moved = [replace(event, originator_version=end) for event, end in ends(cursor, stored_events)]
            return append(self, cursor, moved)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(1)")

    def ends(cursor: Cursor[DictRow], events: Sequence[StoredEvent]) -> Iterator[tuple[StoredEvent, int]]:
        """Each with the place it gets."""
        found: Counter[Any] = Counter()
        for event in events:
            stream = event.originator_id
            if stream not in found:
                cursor.execute(
                    f"SELECT coalesce(max(originator_version), 0) AS place FROM {TABLE}"
                    " WHERE originator_id = %s",
                    (stream,),
                )
                row = cursor.fetchone()
                assert row is not None
                found[stream] = row["place"]
            found[stream] += 1
            yield event, found[stream]

    TransactionOrderedRecorder._append = append_at_the_end  # type: ignore[method-assign]
