"""Rate limits counted in Redis for all processes, or in each process where there is no Redis to be had."""

import math
import time
from collections.abc import Mapping

import redis
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from application.rate_limits import WINDOW_SECONDS, RateLimits, RequestKind, Spent
from infrastructure.redis.optional import OptionalRedis

Limiter = SlidingWindowCounterRateLimiter
"""What is left of the minute before the running one counts too, so that nobody has twice as much around
the turn of a minute. https://limits.readthedocs.io/en/stable/strategies.html"""


class ProcessRateLimits(RateLimits):
    """Every process counts for itself: several of them let through as many times as much."""

    def __init__(self, per_minute: Mapping[RequestKind, int]) -> None:
        self._items = {
            kind: RateLimitItemPerSecond(limit, WINDOW_SECONDS, namespace=kind.value)
            for kind, limit in per_minute.items()
        }
        self._here = Limiter(MemoryStorage())

    def spend(self, key_id: str, kind: RequestKind) -> Spent:
        return self._spend(self._here, key_id, kind)

    def _spend(self, limiter: Limiter, key_id: str, kind: RequestKind) -> Spent:
        item = self._items[kind]
        is_allowed = limiter.hit(item, key_id)
        reset_at, remaining = limiter.get_window_stats(item, key_id)
        return Spent(
            kind=kind,
            is_allowed=is_allowed,
            limit=item.amount,
            remaining=remaining if is_allowed else 0,
            reset_seconds=max(1, math.ceil(reset_at - time.time())),
        )


class RedisRateLimits(ProcessRateLimits):
    """All processes count together in Redis. While it is away each counts for itself, from nothing."""

    def __init__(self, per_minute: Mapping[RequestKind, int], client: redis.Redis, *, namespace: str) -> None:
        super().__init__(per_minute)
        self._server = OptionalRedis(client, instead="each process counts requests for itself")
        pool, prefix = client.connection_pool, f"{namespace}:requests"
        self._shared = Limiter(RedisStorage("redis://", connection_pool=pool, key_prefix=prefix))

    def spend(self, key_id: str, kind: RequestKind) -> Spent:
        together = self._server.ask(lambda _: self._spend(self._shared, key_id, kind))
        return together or super().spend(key_id, kind)
