"""A lock on one Redis server: SET NX PX, released by a script that takes away nobody else's."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from benchmarks.locking.setup import Pace
from benchmarks.locking.strategy import NotNow

RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


def connect(url: str, *, timeout_seconds: float = 2.0) -> redis.Redis:
    """Tries nothing twice by itself: a SET NX whose answer was lost would find its own key."""
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        retry=Retry(NoBackoff(), 0),
    )


class RedisLock:
    def __init__(self, client: redis.Redis, name: str, pace: Pace) -> None:
        self._client = client
        self._key = f"lock:{name}"
        self._pace = pace
        self._owner = secrets.token_hex(16)

    def acquire(self) -> bool:
        ttl_ms = int(self._pace.ttl * 1000)
        return bool(self._client.set(self._key, self._owner, nx=True, px=ttl_ms))

    def release(self) -> None:
        """One that has expired meanwhile, or is somebody else's by now, is left alone. A server that cannot
        be asked does not matter any more: what the lock was for has been done, and it ends by itself."""
        with suppress(redis.ConnectionError, redis.TimeoutError):
            self._client.eval(RELEASE, 1, self._key, self._owner)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Waits for it, as Laravel's `Cache::lock()->block()` does. Raises NotNow, redis.RedisError."""
        waits_until = time.monotonic() + self._pace.block
        while not self.acquire():
            if time.monotonic() >= waits_until:
                raise NotNow(self._key)
            time.sleep(self._pace.poll)
        try:
            yield
        finally:
            self.release()
