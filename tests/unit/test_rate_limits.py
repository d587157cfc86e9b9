"""Requests as a process counts them; how Redis does is in tests/integration/with_redis."""

import random
from functools import partial

from application.rate_limits import WINDOW_SECONDS, ProcessRateLimits, RequestKind
from tests.support.core import in_threads

LIMIT = 5
GENERATE, READ = RequestKind.GENERATE, RequestKind.READ


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def _limits(clock: Clock) -> ProcessRateLimits:
    return ProcessRateLimits({GENERATE: LIMIT, READ: 1_000}, clock=clock)


def test_no_minute_holds_more_than_may_pass_wherever_it_begins() -> None:
    clock, passed = Clock(), list[float]()
    limits, draw = _limits(clock), random.Random(0)
    for _ in range(2_000):
        clock.now += draw.choice((0.01, 0.5, 7.0))
        if limits.spend("mm_shop", GENERATE).is_allowed:
            passed.append(clock.now)

    assert len(passed) > 50
    for first, behind in zip(passed, passed[LIMIT:], strict=False):
        assert behind - first >= WINDOW_SECONDS


def test_who_waits_as_long_as_he_is_told_is_let_through() -> None:
    clock = Clock()
    limits = _limits(clock)
    for _ in range(LIMIT):
        limits.spend("mm_shop", GENERATE)
        clock.now += 3

    refused = limits.spend("mm_shop", GENERATE)
    assert (refused.is_allowed, refused.remaining, refused.reset_seconds) == (False, 0, 45)
    clock.now += refused.reset_seconds - 0.1
    assert not limits.spend("mm_shop", GENERATE).is_allowed
    clock.now += 0.1
    assert limits.spend("mm_shop", GENERATE).is_allowed


def test_threads_count_together() -> None:
    limits = _limits(Clock())

    spent = in_threads(*[partial(_spend, limits, 500) for _ in range(8)])

    assert sum(spent) == 1_000


def test_keys_that_send_nothing_any_more_are_forgotten() -> None:
    clock = Clock()
    limits = _limits(clock)
    for number in range(100):
        limits.spend(f"mm_{number}", READ)
    clock.now += WINDOW_SECONDS

    limits.spend("mm_shop", READ)

    assert len(limits._passed) == 1


def _spend(limits: ProcessRateLimits, times: int) -> int:
    return sum(limits.spend("mm_shop", READ).is_allowed for _ in range(times))
