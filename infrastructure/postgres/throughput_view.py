"""The throughput view on PostgreSQL."""

from collections.abc import Mapping
from datetime import date

from application.throughput import Span, Throughput, ThroughputRow, ThroughputView
from infrastructure.postgres.view_table import PostgresView, ViewTable
from infrastructure.throughput_sums import sums, throughput

SCHEMA = """
CREATE TABLE {table} (
    minute text COLLATE "C" PRIMARY KEY, jobs_requested integer NOT NULL, attempts_started integer NOT NULL,
    texts_accepted integer NOT NULL, attempts_failed integer NOT NULL, jobs_failed integer NOT NULL,
    results_refused integer NOT NULL, jobs_cancelled integer NOT NULL
);
"""


class PostgresThroughputView(PostgresView[str, ThroughputRow], ThroughputView):
    table = ViewTable(
        schema=SCHEMA,
        columns=ThroughputRow._fields,
        key={"minute": "text"},
        key_of=lambda row: row.minute,
        values=lambda row: row,
        row=lambda row: ThroughputRow(**row),
    )

    def between(self, first: date, last: date, span: Span) -> Mapping[str, Throughput]:
        with self._store.reading() as cursor:
            cursor.execute(*sums(first, last, span, "%s"))
            return throughput(cursor.fetchall())
