"""The mutant of the mutation proof: an event store that appends wherever the stream ends.

It stands for every way to lose the version check. `pytest --without-version-check` runs any test on it.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteCursor


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
