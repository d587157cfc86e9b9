"""The throughput view on SQLite."""

from collections.abc import Mapping
from datetime import date

from application.throughput import Span, Throughput, ThroughputRow, ThroughputView
from infrastructure.sqlite.view_table import SqliteView, ViewTable
from infrastructure.throughput_sums import sums, throughput

SCHEMA = """
CREATE TABLE {table} (
    minute TEXT PRIMARY KEY, jobs_requested INTEGER NOT NULL, attempts_started INTEGER NOT NULL,
    texts_accepted INTEGER NOT NULL, attempts_failed INTEGER NOT NULL, jobs_failed INTEGER NOT NULL,
    results_refused INTEGER NOT NULL, jobs_cancelled INTEGER NOT NULL
);
"""


class SqliteThroughputView(SqliteView[str, ThroughputRow], ThroughputView):
    table = ViewTable(
        schema=SCHEMA,
        columns=ThroughputRow._fields,
        key=("minute",),
        key_of=lambda row: row.minute,
        values=lambda row: row,
        row=lambda row: ThroughputRow(*row),
    )

    def between(self, first: date, last: date, span: Span) -> Mapping[str, Throughput]:
        with self._store.reading() as cursor:
            cursor.execute(*sums(first, last, span, "?"))
            return throughput(cursor.fetchall())
