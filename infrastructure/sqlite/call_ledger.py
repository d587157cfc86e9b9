"""The ledger of paid calls on SQLite, in the file of the events: a view store can be thrown away."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from eventsourcing.sqlite import SQLiteCursor

from application.call_ledger import Account, CallLedger, LedgerFacts, LedgerRows, PlannedCall, Reservation
from application.circuit_breaker import CircuitBreaker
from application.errors import store_errors
from infrastructure.sqlite.columns import column, insert, moment
from infrastructure.sqlite.datastore import WalDatastore

SCHEMA = """
CREATE TABLE IF NOT EXISTS circuit_breakers (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1), failures INTEGER NOT NULL, openings INTEGER NOT NULL,
    opened_ever INTEGER NOT NULL, open_until TEXT, reason TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS paid_calls (
    job_id TEXT NOT NULL, attempt INTEGER NOT NULL, slug TEXT NOT NULL, requester TEXT NOT NULL,
    model TEXT NOT NULL, at_most_microusd INTEGER, admitted_at TEXT NOT NULL, settled_at TEXT,
    cost_microusd INTEGER, PRIMARY KEY (job_id, attempt)
);
CREATE INDEX IF NOT EXISTS paid_calls_under_way ON paid_calls (admitted_at) WHERE settled_at IS NULL;
CREATE INDEX IF NOT EXISTS paid_calls_by_time ON paid_calls (admitted_at);
CREATE TABLE IF NOT EXISTS call_accounts (
    day TEXT NOT NULL, scope TEXT NOT NULL, spent INTEGER NOT NULL, reserved INTEGER NOT NULL,
    refused INTEGER, PRIMARY KEY (day, scope)
);
"""
FIRST_ROW = "INSERT OR IGNORE INTO circuit_breakers VALUES (1, 0, 0, 0, NULL, '')"

_COLUMNS = (
    *PlannedCall.__dataclass_fields__,
    "admitted_at",
    "settled_at",
    "cost_microusd",
)
_FORGET = """
DELETE FROM paid_calls WHERE rowid IN (
  SELECT rowid FROM paid_calls WHERE settled_at IS NOT NULL AND admitted_at < ? LIMIT 1000)
"""
_PUT_CALL = insert("paid_calls", _COLUMNS, or_replace=True)


class SqliteCallLedger(CallLedger):
    def __init__(self, datastore: WalDatastore) -> None:
        self._datastore = datastore

    @contextmanager
    def deciding(self) -> Iterator[LedgerRows]:
        with store_errors(), self._datastore.immediate() as cursor:
            yield _Rows(cursor)

    def forget_settled(self, *, admitted_before: datetime) -> int:
        with store_errors(), self._datastore.transaction(commit=True) as cursor:
            cursor.execute(_FORGET, (column(admitted_before),))
            cursor.execute("SELECT changes() AS calls")
            return int(cursor.fetchone()["calls"])

    @contextmanager
    def looking(self) -> Iterator[LedgerFacts]:
        with store_errors(), self._datastore.transaction(commit=False) as cursor:
            yield _Rows(cursor)


class _Rows(LedgerRows):
    def __init__(self, cursor: SQLiteCursor) -> None:
        self._cursor = cursor

    def breaker(self) -> CircuitBreaker:
        row = self._one("SELECT * FROM circuit_breakers")
        return CircuitBreaker(
            failures=row["failures"],
            openings=row["openings"],
            opened_ever=row["opened_ever"],
            open_until=moment(row["open_until"]),
            reason=row["reason"],
        )

    def put_breaker(self, breaker: CircuitBreaker) -> None:
        self._run(
            "UPDATE circuit_breakers"
            " SET failures = ?, openings = ?, opened_ever = ?, open_until = ?, reason = ?",
            *asdict(breaker).values(),
        )

    def reservation(self, job_id: UUID, attempt: int) -> Reservation | None:
        self._run("SELECT * FROM paid_calls WHERE job_id = ? AND attempt = ?", job_id, attempt)
        row = self._cursor.fetchone()
        return None if row is None else _reservation(row)

    def put_reservation(self, reservation: Reservation) -> None:
        values = asdict(reservation)
        self._run(_PUT_CALL, *values.pop("call").values(), *values.values())

    def remove_reservation(self, job_id: UUID, attempt: int) -> None:
        self._run("DELETE FROM paid_calls WHERE job_id = ? AND attempt = ?", job_id, attempt)

    def under_way(self, *, since: datetime | None = None) -> int:
        return self._count("settled_at IS NULL AND admitted_at >= ?", since or "")

    def admitted(self, *, since: datetime) -> int:
        return self._count("admitted_at >= ?", since)

    def unsettled(self, *, admitted_before: datetime) -> Sequence[Reservation]:
        self._run(
            "SELECT * FROM paid_calls WHERE settled_at IS NULL AND admitted_at < ? ORDER BY admitted_at",
            admitted_before,
        )
        return [_reservation(row) for row in self._cursor.fetchall()]

    def accounts(self, day: date) -> dict[str, Account]:
        self._run("SELECT scope, spent, reserved, refused FROM call_accounts WHERE day = ?", day)
        rows = [dict(row) for row in self._cursor.fetchall()]
        return {row.pop("scope"): Account(**row) for row in rows}

    def account(self, day: date, scope: str) -> Account:
        self._run(
            "SELECT spent, reserved, refused FROM call_accounts WHERE day = ? AND scope = ?", day, scope
        )
        row = self._cursor.fetchone()
        return Account() if row is None else Account(**dict(row))

    def put_account(self, day: date, scope: str, account: Account) -> None:
        self._run(
            "INSERT OR REPLACE INTO call_accounts (day, scope, spent, reserved, refused)"
            " VALUES (?, ?, ?, ?, ?)",
            day,
            scope,
            *asdict(account).values(),
        )

    def _count(self, condition: str, *values: Any) -> int:
        return int(self._one(f"SELECT count(*) AS calls FROM paid_calls WHERE {condition}", *values)["calls"])

    def _one(self, statement: str, *values: Any) -> Any:
        self._run(statement, *values)
        return self._cursor.fetchone()

    def _run(self, statement: str, *values: Any) -> None:
        self._cursor.execute(statement, [column(value) for value in values])


def _reservation(row: Any) -> Reservation:
    settled_at, admitted_at = moment(row["settled_at"]), moment(row["admitted_at"])
    assert admitted_at is not None
    return Reservation(
        call=PlannedCall(
            job_id=UUID(row["job_id"]),
            attempt=row["attempt"],
            slug=row["slug"],
            requester=row["requester"],
            model=row["model"],
            at_most_microusd=row["at_most_microusd"],
        ),
        admitted_at=admitted_at,
        settled_at=settled_at,
        cost_microusd=row["cost_microusd"],
    )
