"""Redlock as https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/ describes it.

A lock is held by whoever has set the key on more than half of independent servers, for as long as it was set
for, less the time that took and what clocks may differ by. Its holder extends it while it works, and must
stop when that comes too late.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import redis

from benchmarks.locking.redis_lock import RELEASE

DRIFT_FACTOR, DRIFT_SECONDS = 0.01, 0.002
EXTENDS_EVERY = 1 / 3
"""Of a lifetime."""

_EXTEND = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
"""


class Redlock:
    def __init__(self, servers: Sequence[redis.Redis], name: str, *, ttl: float) -> None:
        self._servers = servers
        self._quorum = len(servers) // 2 + 1
        self._key = f"lock:{name}"
        self._ttl = ttl
        self._owner = secrets.token_hex(16)
        self._valid_until = 0.0

    def acquire(self) -> bool:
        """Nothing is left of it where that fails."""
        ttl_ms = int(self._ttl * 1000)
        if self._agreed(lambda server: bool(server.set(self._key, self._owner, nx=True, px=ttl_ms))):
            return True
        self.release()
        return False

    def is_valid(self) -> bool:
        return time.monotonic() < self._valid_until

    @contextmanager
    def extended(self) -> Iterator[None]:
        """While the block runs, or until an extension fails."""
        ending = threading.Event()
        thread = threading.Thread(target=self._extend_until, args=(ending,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ending.set()
            thread.join()

    def release(self) -> None:
        for server in self._servers:
            _has_agreed(server, lambda server: server.eval(RELEASE, 1, self._key, self._owner))

    def _extend_until(self, ending: threading.Event) -> None:
        ttl_ms = str(int(self._ttl * 1000))
        while not ending.wait(self._ttl * EXTENDS_EVERY) and self.is_valid():
            if not self._agreed(lambda server: bool(server.eval(_EXTEND, 1, self._key, self._owner, ttl_ms))):
                return

    def _agreed(self, step: Callable[[redis.Redis], bool]) -> bool:
        """Whether more than half of the servers did it, and in time."""
        started = time.monotonic()
        agreed = sum(_has_agreed(server, step) for server in self._servers)
        valid_until = started + self._ttl * (1 - DRIFT_FACTOR) - DRIFT_SECONDS
        if agreed < self._quorum or time.monotonic() >= valid_until:
            return False
        self._valid_until = valid_until
        return True


def _has_agreed(server: redis.Redis, step: Callable[[redis.Redis], object]) -> bool:
    """One that cannot be asked has not."""
    try:
        return bool(step(server))
    except (redis.ConnectionError, redis.TimeoutError):
        return False
