"""Tallies on PostgreSQL."""

from datetime import date

from application.tallies import Counts, Tally, TallyBook
from infrastructure.postgres.datastore import Datastore

SCHEMA = """
CREATE TABLE IF NOT EXISTS tallies (
    day date NOT NULL, name text NOT NULL, count bigint NOT NULL, PRIMARY KEY (day, name)
);
"""

_ADD = """
INSERT INTO tallies SELECT * FROM unnest(%s::date[], %s::text[], %s::bigint[])
ON CONFLICT (day, name) DO UPDATE SET count = tallies.count + excluded.count
"""

_TOTALS = "SELECT name, sum(count)::bigint AS count FROM tallies WHERE day BETWEEN %s AND %s GROUP BY name"


class PostgresTallyBook(TallyBook):
    def __init__(self, datastore: Datastore) -> None:
        self._datastore = datastore

    def add(self, counts: Counts) -> None:
        """Rows in one order for all processes: two that add at once would wait for each other otherwise."""
        rows = sorted((day, tally.value, count) for (day, tally), count in counts.items())
        with self._datastore.writing() as cursor:
            cursor.execute(_ADD, [list(column) for column in zip(*rows, strict=True)])

    def totals(self, *, first: date = date.min, last: date = date.max) -> dict[Tally, int]:
        with self._datastore.reading() as cursor:
            cursor.execute(_TOTALS, (first, last))
            found = {row["name"]: row["count"] for row in cursor.fetchall()}
            return {tally: found.get(tally, 0) for tally in Tally}
