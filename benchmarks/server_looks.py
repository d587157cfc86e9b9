"""What the sessions of a PostgreSQL were doing while something was measured, looked at from outside."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import psycopg

from interfaces.loops import Loop, running

LOOK_SECONDS = 0.01
"""Between two looks, or more where the machine is busy."""

TOLD = 4
"""Of all that was seen, that which was seen most often."""

_BUSY = """
SELECT extract(epoch FROM clock_timestamp())::float8, application_name, pid, backend_xid::text,
    concat_ws(' ', state, wait_event_type, wait_event, left(query, 60))
FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
    AND (backend_xid IS NOT NULL OR state = 'active')
"""
"""Little of each, for the looks take their time from what is looked at."""


class Look(NamedTuple):
    """At a session with something to do. `at` is a Unix time; a transaction has an id from its first write
    on."""

    at: float
    name: str
    pid: int
    id: str | None
    doing: str


@dataclass(slots=True)
class Transaction:
    """The first and the last look at one that has written. Both of its ends fall between two looks."""

    first: float
    last: float
    doing: Counter[str] = field(default_factory=Counter)

    @property
    def seconds(self) -> float:
        """At the most, on a machine that is not busy."""
        return self.last - self.first + 2 * LOOK_SECONDS

    def __str__(self) -> str:
        return f"{self.seconds * 1e3:.0f} ms: {_most(self.doing)}"


class Looks:
    """At all sessions, in the order of time."""

    def __init__(self) -> None:
        self.all: list[Look] = []

    def longest_transaction(self, name: str) -> Transaction:
        """Of the sessions that are called so."""
        found: dict[tuple[int, str], Transaction] = {}
        for look in self.all:
            if look.name == name and look.id is not None:
                transaction = found.setdefault((look.pid, look.id), Transaction(look.at, look.at))
                transaction.last = look.at
                transaction.doing[look.doing] += 1
        return max(found.values(), key=lambda one: one.seconds)

    def between(self, start: float, end: float) -> str:
        """What the sessions did between two Unix times."""
        return _most(Counter(f"{look.name} {look.doing}" for look in self.all if start <= look.at <= end))


@contextmanager
def looking(url: str) -> Iterator[Looks]:
    """As often as LOOK_SECONDS say, while the block runs."""
    looks = Looks()
    with psycopg.connect(url, autocommit=True) as session:

        def look() -> None:
            looks.all.extend(Look(*row) for row in session.execute(_BUSY))

        with running([Loop("looks", look, every_seconds=LOOK_SECONDS)]):
            yield looks


def _most(seen: Counter[str]) -> str:
    return "; ".join(f"{times} times {' '.join(doing.split())}" for doing, times in seen.most_common(TOLD))
