"""A4 on three servers: Redlock with quorum, drift and validity time, extended while the text is written."""

from collections.abc import Sequence

import redis

from benchmarks.locking.extending_rival import ExtendingRival
from benchmarks.locking.redis_lock import connect
from benchmarks.locking.setup import Setup

PATIENCE, LEAST_SECONDS = 1 / 20, 0.05
"""With one server, in lifetimes of a lock: one that is away must not take the time of the others."""


class RedlockOnThree(ExtendingRival):
    def _connected(self, setup: Setup) -> Sequence[redis.Redis]:
        patience_seconds = max(setup.pace.ttl * PATIENCE, LEAST_SECONDS)
        return [connect(url, timeout_seconds=patience_seconds) for url in setup.redis_urls]
