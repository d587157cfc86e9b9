"""What only Redis does to a queue: it hangs, is full, comes back as another, and loses everything."""

from collections.abc import Callable, Iterator
from contextlib import closing
from uuid import UUID

import pytest

from application.errors import QueueUnavailable
from infrastructure.queues.redis import RedisQueue
from infrastructure.redis.client import connect
from tests.conformance.queue_drivers import (
    DEADLINE_SECONDS,
    NAMESPACE,
    RedisPlace,
    Runs,
    hurry,
    redis_queue,
    running,
    send,
)
from tests.support.process import wait_until
from tests.support.servers import Redis, free_port


@pytest.fixture(scope="module")
def redis_server() -> Iterator[Redis]:
    with running(Redis) as server:
        yield server


@pytest.fixture
def runs() -> Runs:
    return Runs()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


@pytest.fixture
def place(redis_server: Redis, runs: Runs) -> Iterator[RedisPlace]:
    place = RedisPlace(redis_server)
    yield place
    runs.gate.set()
    place.close()


def _restart(server: Redis) -> None:
    server.restart()


def _flush(server: Redis) -> None:
    with closing(server.client()) as client:
        client.flushall()


def test_installations_that_share_a_redis_do_not_take_each_others_messages(
    place: RedisPlace, runs: Runs
) -> None:
    others = Runs()
    theirs = place.adopt(redis_queue(place.url, namespace="moviemind:there"))
    theirs.start(others, threads=1)
    ours = place.open()

    send(ours, "ours")
    send(theirs, "theirs")
    others.wait_for_ended(1)
    ours.start(runs, threads=1)
    runs.wait_for_ended(1)

    assert (runs.begun, others.begun) == (["ours"], ["theirs"])
    assert ours.epoch() != theirs.epoch()


def _lose_data(server: Redis) -> None:
    server.stop()
    server.lose_data()
    server.start()


def test_everybody_sees_the_same_epoch_while_nothing_is_lost(place: RedisPlace) -> None:
    queue, other = place.open(), place.open()
    before = queue.epoch()

    send(queue, "heat-1995")

    assert queue.epoch() == other.epoch() == before


@pytest.mark.parametrize("lose", [_flush, _restart, _lose_data])
def test_the_epoch_changes_whenever_messages_may_be_lost(
    place: RedisPlace, lose: Callable[[Redis], None]
) -> None:
    queue = place.open()
    before = queue.epoch()

    lose(place.server)

    assert queue.epoch() == queue.epoch() != before


@pytest.mark.parametrize("garbage", [None, "not JSON", "[1]", '{"queue_name": "interactive"}'])
def test_what_somebody_else_has_put_there_holds_up_nothing(
    place: RedisPlace, runs: Runs, garbage: str | None
) -> None:
    with closing(place.server.client()) as client:
        client.rpush(f"{NAMESPACE}:interactive", "an-id")
        if garbage is not None:
            client.hset(f"{NAMESPACE}:interactive.msgs", "an-id", garbage)
    worker = place.open()
    send(worker, "heat-1995")

    worker.start(runs, threads=1)

    runs.wait_for_ended(1)


@pytest.mark.usefixtures("hurried")
def test_an_ack_that_a_frozen_redis_did_not_answer_is_sent_again(
    place: RedisPlace, caplog: pytest.LogCaptureFixture
) -> None:
    client = connect(place.url, timeout_seconds=0.5)
    queue = place.adopt(RedisQueue(client, namespace=NAMESPACE))

    def freeze(slug: str, job_id: UUID) -> None:
        place.server.freeze()
        # An ack on a connection that is open would be read after the thaw; on a new one it is not even sent.
        client.connection_pool.disconnect(inuse_connections=False)

    queue.start(freeze, threads=1)
    send(queue, "heat-1995")
    wait_until(lambda: "Failed to post_process" in caplog.text, "the ack gets no answer", DEADLINE_SECONDS)
    place.server.thaw()

    wait_until(lambda: place.in_progress() == 0, "nothing stays in progress", DEADLINE_SECONDS)


@pytest.mark.usefixtures("hurried")
def test_what_a_frozen_redis_gave_to_nobody_is_delivered(
    place: RedisPlace, runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    client = connect(place.url, timeout_seconds=0.5)
    queue = place.adopt(RedisQueue(client, namespace=NAMESPACE))
    send(queue, "heat-1995")
    connections = [client.connection_pool.get_connection() for _ in range(2)]
    for connection in connections:  # so that each queue's first fetch is sent, and read after the thaw
        client.connection_pool.release(connection)
    place.server.freeze()

    queue.start(runs, threads=1)
    wait_until(lambda: "connection error" in caplog.text, "the fetch gets no answer", DEADLINE_SECONDS)
    place.server.thaw()

    runs.wait_for_ended(1)
    assert runs.ended == ["heat-1995"]


@pytest.mark.usefixtures("hurried")
def test_a_full_redis_takes_no_messages_and_loses_no_acks(
    place: RedisPlace, caplog: pytest.LogCaptureFixture
) -> None:
    queue = place.open()
    with closing(place.server.client()) as client:
        queue.start(lambda _slug, _job_id: client.config_set("maxmemory", 1), threads=1)
        send(queue, "heat-1995")
        wait_until(lambda: "Failed to post_process" in caplog.text, "the ack is refused", DEADLINE_SECONDS)

        with pytest.raises(QueueUnavailable, match="Redis is full"):
            send(queue, "alien-1979")

        client.config_set("maxmemory", 0)
    wait_until(lambda: place.in_progress() == 0, "the ack is taken", DEADLINE_SECONDS)


def test_a_busy_worker_is_not_taken_for_dead(place: RedisPlace, runs: Runs) -> None:
    runs.gate.clear()
    busy, rivals = place.open(), Runs()
    busy.start(runs, threads=1)
    send(busy, "running")
    runs.wait_for_begun(1)
    place.open(worker_dead_seconds=3).start(rivals, threads=1)

    worker_id: str = busy._broker.broker_id  # type: ignore[attr-defined]

    def heartbeat() -> float:
        with closing(place.server.client()) as client:
            return float(client.zscore(f"{NAMESPACE}:__heartbeats__", worker_id) or 0)

    first = heartbeat()
    wait_until(lambda: heartbeat() > first + 4_000, "it gives signs of life", DEADLINE_SECONDS)

    assert rivals.begun == []


def test_a_redis_that_is_away_is_told_without_its_password() -> None:
    client = connect(f"redis://:s3cret@127.0.0.1:{free_port()}/0", timeout_seconds=1)
    queue = RedisQueue(client, namespace=NAMESPACE)

    for ask in (queue.epoch, queue.waiting, lambda: send(queue, "heat-1995")):
        with pytest.raises(QueueUnavailable, match="Redis cannot be reached") as refused:
            ask()
        assert "s3cret" not in str(refused.value)

    queue.close()
