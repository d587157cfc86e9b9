"""Rows of the jobs view in Redis, never older than the view.

The cache is open or shut. Whoever folds the view shuts it before rows change, and opens it afterwards with
the rows as they are now; readers take nothing from a shut cache. Each opening has a name of its own, so what
somebody else has left, or a restart or a fail-over has brought back, is recognised: only who finds the
opening and the view as he has left them lets the entries count further. Otherwise they are of an old
edition, which nobody takes.

An open cache is good only under a lease. Whoever cannot shut it, because Redis is away, waits for the end of
the lease before rows change. The end is a moment on Redis' clock, not a span: a command that Redis carries
out late, when it comes to itself, gives no lease that its sender does not know of.

A status can be older than the view in two cases only, and for one lease at most: two processes fold, of
which one reaches Redis and the other does not; or a replica that lacks the last writes takes over within a
lease, to which the difference between the clocks of both machines must be added.

Readers fill nothing: what they have read may be old by the time they would write it.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import redis
from pydantic import TypeAdapter, ValidationError

from application.read_models import JobRow
from infrastructure.redis.optional import OptionalRedis

ENTRY_SECONDS = 15 * 60.0
LEASE_SECONDS = 0.75
"""Less than readers wait for a view: who folds may have to wait for the end of a lease."""

RENEW_SECONDS = 0.25

_ROW = TypeAdapter(JobRow)
_FIELDS = TypeAdapter(dict[str, Any])
"""By name: a version of the service that has others cannot take one for another."""

# KEYS: state, lease, entries. ARGV: the state it must be in, the one it gets, end of the lease in
# milliseconds of Redis' clock, how long entries are kept, entries (nothing: take it away).
_OPEN = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
for i = 3, #KEYS do
  if ARGV[i + 2] == '' then
    redis.call('DEL', KEYS[i])
  else
    redis.call('SET', KEYS[i], ARGV[i + 2], 'PX', ARGV[4])
  end
end
redis.call('SET', KEYS[2], ARGV[2], 'PXAT', ARGV[3])
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[4])
return 1
"""


class RedisStatusCache:
    """One object reads; one that folds shuts, opens and renews, the last in a thread of its own."""

    def __init__(
        self,
        server: OptionalRedis,
        *,
        log_epoch: Callable[[], str],
        lease_seconds: float = LEASE_SECONDS,
        entry_seconds: float = ENTRY_SECONDS,
    ) -> None:
        """Entries of another log, which may be an older copy of this one, are never seen."""
        self._server = server
        self._log_epoch = log_epoch
        self._lease_seconds = lease_seconds
        self.entry_seconds = entry_seconds
        self._changing = threading.Lock()
        self._opened: str | None = None
        self._leased_until = 0.0
        self._shut: str | None = None
        self._edition: str | None = None
        self._openings = 0
        self._redis_is_ahead = 0.0

    def get(self, job_id: UUID) -> JobRow | None:
        keys = (self._state, self._lease, self._key(job_id))
        answers: list[Any] | None = self._server.ask(lambda client: client.mget(keys))
        if answers is None:
            return None
        state, lease, entry = answers
        if state is None or state != lease or entry is None:
            return None
        edition, _, row = entry.partition(b" ")
        if state.split(b" ")[1:2] != [edition]:
            return None
        try:
            return _ROW.validate_json(row)
        except ValidationError:  # written by another version of the service
            return None

    def shut(self, *, is_as_left: bool) -> None:
        """When this returns nobody takes an entry any more, until the cache is opened again.

        `is_as_left`: nobody else has folded the view since we have, so that no lease is somebody else's.
        """
        with self._changing:
            ours, self._opened = self._opened, None
            leased_until = self._leased_until
        shut = f"shut {secrets.token_hex(8)}"
        answers = self._asked_with_the_time(
            lambda commands: commands.set(self._state, shut, get=True, px=self._entry_ms)
        )
        self._shut = None if answers is None else shut
        if answers is None:
            now = time.monotonic()
            time.sleep(max(0.0, leased_until - now) if is_as_left else self._lease_seconds)
        is_as_opened = answers is not None and ours is not None and answers[0] == ours.encode()
        if not (is_as_left and is_as_opened):
            self._edition = None

    def open(self, rows: Iterable[JobRow], *, without: Iterable[UUID] = ()) -> None:
        """Let entries count again, those of changed rows as they are now; to be called with all of them.

        `without` are jobs whose rows have changed too and are to have no entry.
        """
        if self._shut is None:
            return
        shut, self._shut = self._shut, None
        edition = self._edition or secrets.token_hex(4)
        self._edition, self._openings = None, self._openings + 1
        opened = f"open {edition} {self._openings}.{secrets.token_hex(4)}"
        entries = {self._key(job_id): b"" for job_id in without} | {
            self._key(row.job_id): f"{edition} ".encode() + _FIELDS.dump_json(row._asdict()) for row in rows
        }
        keys = (self._state, self._lease, *entries)
        with self._changing:
            until = self._lease_from_now()
        times = (str(self._on_redis_clock(until)), str(self._entry_ms))
        given: tuple[str | bytes, ...] = (shut, opened, *times, *entries.values())
        if self._server.ask(lambda client: client.eval(_OPEN, len(keys), *keys, *given)):
            self._edition = edition
            with self._changing:
                self._opened = opened

    def renew(self, is_as_left: Callable[[], bool]) -> None:
        """Lengthen the lease of what we have opened, as long as the view is as we have left it. Where
        somebody else has opened or shut the cache it is a lease of nothing."""
        with self._changing:
            if (opened := self._opened) is None:
                return
            until = self._lease_from_now()  # from before the view was looked at
        if is_as_left():
            end = self._on_redis_clock(until)
            self._asked_with_the_time(lambda commands: commands.set(self._lease, opened, pxat=end))
            return
        with self._changing:
            if self._opened == opened:
                self._opened = None

    def _lease_from_now(self) -> float:
        self._leased_until = time.monotonic() + self._lease_seconds
        return self._leased_until

    def _on_redis_clock(self, end: float) -> int:
        """In milliseconds. For Redis a key still stands in the last one."""
        return int((end + self._redis_is_ahead) * 1000) - 1

    def _asked_with_the_time(self, add: Callable[[Any], object]) -> list[Any] | None:
        """Also learns by how much Redis' clock is ahead of ours: at least, so that no lease is too long."""

        def question(client: redis.Redis) -> list[Any]:
            with client.pipeline(transaction=False) as commands:
                add(commands)
                commands.time()
                return commands.execute()

        answers = self._server.ask(question)
        if answers is not None:
            seconds, microseconds = answers.pop()
            self._redis_is_ahead = seconds + microseconds / 1e6 - time.monotonic()
        return answers

    @property
    def _entry_ms(self) -> int:
        return int(self.entry_seconds * 1000)

    @property
    def _prefix(self) -> str:
        return f"moviemind:{self._log_epoch()}"

    @property
    def _state(self) -> str:
        return f"{self._prefix}:job-cache"

    @property
    def _lease(self) -> str:
        return f"{self._prefix}:job-cache-lease"

    def _key(self, job_id: UUID) -> str:
        return f"{self._prefix}:job:{job_id}"
