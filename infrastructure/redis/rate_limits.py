"""Rate limits counted in Redis, for all processes together."""

import redis

from application.rate_limits import (
    WINDOW_SECONDS,
    Counter,
    PerMinute,
    ProcessRateLimits,
    RateLimits,
    RequestKind,
    Spent,
)
from infrastructure.redis.optional import OptionalRedis

# KEYS: a list of when requests passed, in microseconds of Redis' clock. ARGV: the limit, and the window in
# microseconds. Returns whether this one passed, how many have within the window, and the age of the oldest.
_SPEND = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local oldest = redis.call('LINDEX', KEYS[1], 0)
while oldest and tonumber(oldest) <= now - tonumber(ARGV[2]) do
  redis.call('LPOP', KEYS[1])
  oldest = redis.call('LINDEX', KEYS[1], 0)
end
local counted = redis.call('LLEN', KEYS[1])
local passes = counted < tonumber(ARGV[1])
if passes then
  counted = redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
  redis.call('PEXPIRE', KEYS[1], ARGV[2] / 1000)
end
return {passes and 1 or 0, counted, now - tonumber(oldest or now)}
"""


class RedisRateLimits(RateLimits):
    """While Redis is away each process counts for itself, from nothing."""

    def __init__(self, per_minute: PerMinute, client: redis.Redis, *, namespace: str) -> None:
        self._per_minute = per_minute
        self._server = OptionalRedis(client, instead="each process counts requests for itself")
        self._namespace = namespace
        self._here = ProcessRateLimits(per_minute)

    @property
    def counter(self) -> Counter:
        return Counter.PROCESS if self._server.is_away else Counter.REDIS

    def spend(self, key_id: str, kind: RequestKind) -> Spent:
        name, limit = f"{self._namespace}:requests:{kind}:{key_id}", self._per_minute[kind]
        answer = self._server.ask(
            lambda client: client.eval(_SPEND, 1, name, limit, WINDOW_SECONDS * 1_000_000)
        )
        if answer is None:
            return self._here.spend(key_id, kind)
        passes, counted, oldest_age = answer
        return Spent.of(kind, limit, is_allowed=bool(passes), counted=counted, oldest_age=oldest_age / 1e6)
