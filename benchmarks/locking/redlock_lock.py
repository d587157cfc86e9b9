"""Redlock as https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/ describes it.

A lock is held by whoever has set the key on more than half of independent servers, for as long as it was set
for, less the time that took and what clocks may differ by. Its holder extends it while it works. It has lost
it when that comes too late, or when so many servers say that the key is not its own any more that the others
are no majority. With one server it is the lock that one server gives.
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
        """While the block runs, or until it is lost. Servers that cannot be asked are asked again."""
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
            _answer(server, lambda server: server.eval(RELEASE, 1, self._key, self._owner))

    def _extend_until(self, ending: threading.Event) -> None:
        ttl_ms = str(int(self._ttl * 1000))
        while not ending.wait(self._ttl * EXTENDS_EVERY) and self.is_valid():
            self._agreed(lambda server: bool(server.eval(_EXTEND, 1, self._key, self._owner, ttl_ms)))

    def _agreed(self, step: Callable[[redis.Redis], bool]) -> bool:
        """Whether more than half of the servers did it, and in time."""
        started = time.monotonic()
        answers = [_answer(server, step) for server in self._servers]
        if len(answers) - answers.count(False) < self._quorum:
            self._valid_until = 0.0
            return False
        valid_until = started + self._ttl * (1 - DRIFT_FACTOR) - DRIFT_SECONDS
        if answers.count(True) < self._quorum or time.monotonic() >= valid_until:
            return False
        self._valid_until = valid_until
        return True


def _answer(server: redis.Redis, step: Callable[[redis.Redis], object]) -> bool | None:
    """Whether it has agreed; None where it cannot be asked."""
    try:
        return bool(step(server))
    except (redis.ConnectionError, redis.TimeoutError):
        return None
