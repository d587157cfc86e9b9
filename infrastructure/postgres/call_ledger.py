"""The ledger of paid calls on PostgreSQL. The row of the circuit breaker is the lock of all decisions."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from application.call_ledger import Account, CallLedger, LedgerFacts, LedgerRows, PlannedCall, Reservation
from application.circuit_breaker import CircuitBreaker
from application.errors import StoreUnavailable
from infrastructure.postgres.datastore import Datastore

SCHEMA = """
CREATE TABLE IF NOT EXISTS circuit_breakers (
    failures integer NOT NULL, openings integer NOT NULL, opened_ever bigint NOT NULL,
    open_until timestamptz, reason text NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS circuit_breakers_has_one_row ON circuit_breakers ((true));
INSERT INTO circuit_breakers SELECT 0, 0, 0, NULL, '' WHERE NOT EXISTS (SELECT 1 FROM circuit_breakers);
"""
CALLS_SCHEMA = """
CREATE TABLE IF NOT EXISTS paid_calls (
    job_id uuid NOT NULL, attempt integer NOT NULL, slug text NOT NULL, requester text NOT NULL,
    model text NOT NULL, at_most_microusd bigint, admitted_at timestamptz NOT NULL, settled_at timestamptz,
    cost_microusd bigint, PRIMARY KEY (job_id, attempt)
);
CREATE INDEX IF NOT EXISTS paid_calls_under_way ON paid_calls (admitted_at) WHERE settled_at IS NULL;
CREATE INDEX IF NOT EXISTS paid_calls_by_time ON paid_calls (admitted_at);
"""
ACCOUNTS_SCHEMA = """
CREATE TABLE IF NOT EXISTS call_accounts (
    day date NOT NULL, scope text NOT NULL, spent bigint NOT NULL, reserved bigint NOT NULL,
    refused bigint, PRIMARY KEY (day, scope)
);
"""

_PUT_CALL = """
INSERT INTO paid_calls (job_id, attempt, slug, requester, model, at_most_microusd, admitted_at, settled_at,
  cost_microusd) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (job_id, attempt) DO UPDATE SET slug = excluded.slug, requester = excluded.requester,
  model = excluded.model, at_most_microusd = excluded.at_most_microusd, admitted_at = excluded.admitted_at,
  settled_at = excluded.settled_at, cost_microusd = excluded.cost_microusd
"""
_FORGET = """
DELETE FROM paid_calls WHERE ctid IN (
  SELECT ctid FROM paid_calls WHERE settled_at IS NOT NULL AND admitted_at < %s LIMIT 1000)
"""
_ACCOUNT = "SELECT spent, reserved, refused FROM call_accounts WHERE day = %s AND scope = %s"
_PUT_ACCOUNT = """
INSERT INTO call_accounts (day, scope, spent, reserved, refused) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (day, scope) DO UPDATE SET spent = excluded.spent, reserved = excluded.reserved,
  refused = excluded.refused
"""


class PostgresCallLedger(CallLedger):
    def __init__(self, datastore: Datastore) -> None:
        self._datastore = datastore

    @contextmanager
    def deciding(self) -> Iterator[LedgerRows]:
        with self._datastore.writing() as cursor:
            cursor.execute("SELECT FROM circuit_breakers FOR UPDATE")
            yield _Rows(cursor)

    def forget_settled(self, *, admitted_before: datetime) -> int:
        with self._datastore.writing() as cursor:
            cursor.execute(_FORGET, (admitted_before,))
            return cursor.rowcount

    @contextmanager
    def looking(self) -> Iterator[LedgerFacts]:
        with self._datastore.reading() as cursor:
            yield _Rows(cursor)


class _Rows(LedgerRows):
    def __init__(self, cursor: Cursor[DictRow]) -> None:
        self._cursor = cursor

    def breaker(self) -> CircuitBreaker:
        row = self._one("SELECT * FROM circuit_breakers")
        if row is None:
            raise StoreUnavailable("its table circuit_breakers is empty; run: moviemind schema create")
        return CircuitBreaker(**row)

    def put_breaker(self, breaker: CircuitBreaker) -> None:
        self._run(
            "UPDATE circuit_breakers SET failures = %s, openings = %s, opened_ever = %s, open_until = %s,"
            " reason = %s",
            *asdict(breaker).values(),
        )

    def reservation(self, job_id: UUID, attempt: int) -> Reservation | None:
        row = self._one("SELECT * FROM paid_calls WHERE job_id = %s AND attempt = %s", job_id, attempt)
        return None if row is None else _reservation(row)

    def put_reservation(self, reservation: Reservation) -> None:
        values = asdict(reservation)
        self._run(_PUT_CALL, *values.pop("call").values(), *values.values())

    def remove_reservation(self, job_id: UUID, attempt: int) -> None:
        self._run("DELETE FROM paid_calls WHERE job_id = %s AND attempt = %s", job_id, attempt)

    def under_way(self, *, since: datetime | None = None) -> int:
        return self._count(
            "settled_at IS NULL AND admitted_at >= coalesce(%s::timestamptz, '-infinity')", since
        )

    def admitted(self, *, since: datetime) -> int:
        return self._count("admitted_at >= %s", since)

    def unsettled(self, *, admitted_before: datetime) -> Sequence[Reservation]:
        self._run(
            "SELECT * FROM paid_calls WHERE settled_at IS NULL AND admitted_at < %s ORDER BY admitted_at",
            admitted_before,
        )
        return [_reservation(row) for row in self._cursor.fetchall()]

    def accounts(self, day: date) -> dict[str, Account]:
        self._run("SELECT scope, spent, reserved, refused FROM call_accounts WHERE day = %s", day)
        return {row.pop("scope"): Account(**row) for row in self._cursor.fetchall()}

    def account(self, day: date, scope: str) -> Account:
        row = self._one(_ACCOUNT, day, scope)
        return Account() if row is None else Account(**row)

    def put_account(self, day: date, scope: str, account: Account) -> None:
        self._run(_PUT_ACCOUNT, day, scope, *asdict(account).values())

    def _count(self, condition: str, *values: Any) -> int:
        row = self._one(f"SELECT count(*) AS calls FROM paid_calls WHERE {condition}", *values)
        assert row is not None
        return int(row["calls"])

    def _one(self, statement: str, *values: Any) -> DictRow | None:
        self._run(statement, *values)
        return self._cursor.fetchone()

    def _run(self, statement: str, *values: Any) -> None:
        self._cursor.execute(statement, values)


def _reservation(row: DictRow) -> Reservation:
    call = {name: row.pop(name) for name in PlannedCall.__dataclass_fields__}
    return Reservation(call=PlannedCall(**call), **row)
