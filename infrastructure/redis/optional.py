"""Redis where the service is quicker with it, and right without."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import redis
import structlog

from infrastructure.redis.failures import reason

SOCKET_SECONDS = 0.25
"""For clients of what can be done without: who waits longer for Redis is quicker without it."""

REST_SECONDS = 1.0

T = TypeVar("T")

log = structlog.get_logger()


class OptionalRedis:
    """After a failure Redis is left alone for a moment: who asks meanwhile is told at once that there is no
    answer, and the first who asks afterwards finds out whether it is back. An outage is logged once."""

    def __init__(self, client: redis.Redis, *, instead: str, rest_seconds: float = REST_SECONDS) -> None:
        """`instead` tells operators what is done meanwhile."""
        self._client = client
        self._instead = instead
        self._rest_seconds = rest_seconds
        self._deciding = threading.Lock()
        self._is_away = False
        self._rests_until = 0.0

    @property
    def is_away(self) -> bool:
        return self._is_away

    def ask(self, question: Callable[[redis.Redis], T]) -> T | None:
        """The answer, or None when there is none: what was asked may have been done all the same."""
        if not self._may_ask():
            return None
        try:
            answer = question(self._client)
        except redis.RedisError as error:
            self._failed(error)
            return None
        if self._is_away:
            self._came_back()
        return answer

    def _may_ask(self) -> bool:
        if not self._is_away:
            return True
        with self._deciding:
            now = time.monotonic()
            if now < self._rests_until:
                return False
            self._rests_until = now + self._rest_seconds  # one at a time finds out, the others need not wait
            return True

    def _failed(self, error: redis.RedisError) -> None:
        with self._deciding:
            was_away, self._is_away = self._is_away, True
            self._rests_until = time.monotonic() + self._rest_seconds
        if not was_away:
            log.warning("redis.away", reason=reason(error), instead=self._instead)

    def _came_back(self) -> None:
        with self._deciding:
            was_away, self._is_away = self._is_away, False
        if was_away:
            log.info("redis.back")
