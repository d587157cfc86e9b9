"""A Redis that is away costs one question a second, and no request an error."""

from collections.abc import Callable
from typing import cast

import pytest
import redis
from structlog.testing import capture_logs

from infrastructure.redis.optional import OptionalRedis
from tests.support.core import in_threads

CLIENT = cast(redis.Redis, object())
REST_SECONDS = 60.0

Question = Callable[[redis.Redis], str]


def _answer(client: redis.Redis) -> str:
    assert client is CLIENT
    return "answer"


def _failing(error: redis.RedisError) -> Question:
    def fail(_: redis.Redis) -> str:
        raise error

    return fail


def _asked(_: redis.Redis) -> str:
    pytest.fail("Redis is asked")


@pytest.fixture
def server() -> OptionalRedis:
    return OptionalRedis(CLIENT, instead="others answer", rest_seconds=REST_SECONDS)


def test_a_question_is_answered(server: OptionalRedis) -> None:
    assert server.ask(_answer) == "answer"


@pytest.mark.parametrize(
    "error",
    [
        redis.ConnectionError("refused"),
        redis.TimeoutError("slow"),
        redis.BusyLoadingError("loading"),
        redis.OutOfMemoryError("full"),
        redis.ReadOnlyError("replica"),
        redis.ResponseError("WRONGTYPE"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_after_an_error_of_any_kind_there_is_no_answer_and_no_question(
    server: OptionalRedis, error: redis.RedisError
) -> None:
    assert server.ask(_failing(error)) is None

    assert server.ask(_asked) is None


def test_an_error_that_is_not_of_redis_is_not_hidden(server: OptionalRedis) -> None:
    with pytest.raises(ZeroDivisionError):
        server.ask(lambda _: 1 / 0)


def test_after_a_rest_one_finds_out_whether_redis_is_back_and_the_others_do_not_wait() -> None:
    server = OptionalRedis(CLIENT, instead="others answer", rest_seconds=0.0)
    server.ask(_failing(redis.ConnectionError("refused")))
    server._rest_seconds = REST_SECONDS
    asked: list[int] = []

    def slow(_: redis.Redis) -> str:
        asked.append(1)
        assert in_threads(*[lambda: server.ask(_asked)] * 4) == [None] * 4
        return "answer"

    assert server.ask(slow) == "answer"

    assert asked == [1]
    assert server.ask(_answer) == "answer"


def test_an_outage_is_logged_once_without_address_and_so_is_its_end() -> None:
    server = OptionalRedis(CLIENT, instead="others answer", rest_seconds=0.0)
    with capture_logs() as logs:
        for _ in range(5):
            server.ask(_failing(redis.ConnectionError("redis://:secret@host refused")))
        for _ in range(5):
            server.ask(_answer)

    assert [(line["event"], line["log_level"]) for line in logs] == [
        ("redis.away", "warning"),
        ("redis.back", "info"),
    ]
    assert logs[0]["reason"] == "Redis cannot be reached"
    assert "secret" not in str(logs)
