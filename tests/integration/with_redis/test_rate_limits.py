"""Requests are counted together in Redis, and by each process for itself while it is away."""

import collections
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from application.rate_limits import Counter, ProcessRateLimits, RateLimits, RequestKind
from infrastructure.redis.client import connect
from infrastructure.redis.optional import SOCKET_SECONDS
from infrastructure.redis.rate_limits import RedisRateLimits
from tests.support.core import in_threads
from tests.support.process import wait_until
from tests.support.servers import Redis

PER_MINUTE = {RequestKind.GENERATE: 3, RequestKind.READ: 40}
READ, GENERATE = RequestKind.READ, RequestKind.GENERATE

NewProcess = Callable[..., RateLimits]


@pytest.fixture
def process(server: Redis) -> Iterator[NewProcess]:
    """A process of an installation, with a line of its own to Redis."""
    with ExitStack() as stack:

        def process(installation: str = "moviemind:here") -> RateLimits:
            client = stack.enter_context(closing(connect(server.url, timeout_seconds=SOCKET_SECONDS)))
            return RedisRateLimits(PER_MINUTE, client, namespace=installation)

        yield process


def _let_through(limits: RateLimits, times: int, kind: RequestKind = GENERATE, key: str = "mm_shop") -> int:
    return sum(limits.spend(key, kind).is_allowed for _ in range(times))


@pytest.mark.parametrize("where", ["redis", "process"])
def test_as_many_pass_as_may_and_the_rest_cost_nothing(where: str, process: NewProcess) -> None:
    limits = process() if where == "redis" else ProcessRateLimits(PER_MINUTE)

    spent = [limits.spend("mm_shop", GENERATE) for _ in range(5)]

    assert [(one.is_allowed, one.remaining) for one in spent] == [
        (True, 2),
        (True, 1),
        (True, 0),
        (False, 0),
        (False, 0),
    ]
    assert all(1 <= one.reset_seconds <= 60 and one.limit == 3 for one in spent)
    assert limits.spend("mm_shop", READ).remaining == 39, "kinds are counted apart"
    assert limits.spend("mm_other", GENERATE).remaining == 2, "keys are counted apart"


def test_processes_count_together_however_many_ask_at_once(process: NewProcess) -> None:
    processes = [process(), process()]

    passed = in_threads(*(partial(_let_through, one, 5, READ) for one in processes * 10))

    assert sum(passed) == 40


def test_two_installations_may_share_a_redis(process: NewProcess) -> None:
    assert _let_through(process("moviemind:here"), 4) == 3
    assert _let_through(process("moviemind:there"), 4) == 3


def test_while_redis_is_away_each_process_counts_for_itself_and_says_so(
    process: NewProcess, server: Redis
) -> None:
    one, other = process(), process()
    assert _let_through(one, 2) == 2
    server.kill9()

    assert one.counter is Counter.REDIS
    with capture_logs() as logs:
        assert _let_through(one, 5) == 3, "from nothing: nobody is kept out for what cannot be known"
        assert _let_through(other, 5) == 3
    assert collections.Counter(line["event"] for line in logs) == {"redis.away": 2}
    assert {line["instead"] for line in logs} == {"each process counts requests for itself"}

    assert one.counter is other.counter is Counter.PROCESS

    server.start()
    wait_until(lambda: _left_of_a_new_key(one, other) == [39, 38], "both count in Redis again")


def _left_of_a_new_key(*processes: RateLimits) -> list[int]:
    key = uuid4().hex
    return [one.spend(key, READ).remaining for one in processes]
