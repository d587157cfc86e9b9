"""Tallies on SQLite, in the file of the events: a view store can be thrown away, these cannot."""

from datetime import date

from application.errors import store_errors
from application.tallies import Counts, Tally, TallyBook
from infrastructure.sqlite.datastore import WalDatastore

SCHEMA = """
CREATE TABLE IF NOT EXISTS tallies (
    day TEXT NOT NULL, name TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (day, name)
);
"""

_ADD = (
    "INSERT INTO tallies VALUES (?, ?, ?)"
    " ON CONFLICT (day, name) DO UPDATE SET count = tallies.count + excluded.count"
)

_TOTALS = "SELECT name, sum(count) AS count FROM tallies WHERE day BETWEEN ? AND ? GROUP BY name"


class SqliteTallyBook(TallyBook):
    def __init__(self, datastore: WalDatastore) -> None:
        self._datastore = datastore

    def add(self, counts: Counts) -> None:
        rows = [(day.isoformat(), tally.value, count) for (day, tally), count in counts.items()]
        with store_errors(), self._datastore.transaction(commit=True) as cursor:
            cursor.executemany(_ADD, rows)

    def totals(self, *, first: date = date.min, last: date = date.max) -> dict[Tally, int]:
        with store_errors(), self._datastore.transaction(commit=False) as cursor:
            cursor.execute(_TOTALS, (first.isoformat(), last.isoformat()))
            found = {row["name"]: row["count"] for row in cursor.fetchall()}
            return {tally: found.get(tally, 0) for tally in Tally}
