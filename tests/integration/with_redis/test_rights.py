"""A user of Redis who may do what docs/operations.md says, and no more, is enough."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from application.in_flight import AskedVariant
from domain.values import ContextTag, Locale, Priority, Variant
from infrastructure.redis.client import connect
from infrastructure.redis.in_flight import RedisInFlightTokens
from infrastructure.redis.optional import OptionalRedis
from infrastructure.redis.persistence import read_persistence
from tests.conformance.queue_drivers import DEADLINE_SECONDS, Runs, redis_queue, running
from tests.support.servers import Redis

PAGE = Path(__file__).parents[3] / "docs" / "operations.md"
NAMESPACE = "moviemind:7.5"


@pytest.fixture
def url() -> Iterator[str]:
    """For that user, on a server of its own."""
    (rights,) = re.findall(r"^of its own needs `(.+)`\.$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    with running(Redis) as server:
        with closing(server.client()) as client:
            client.execute_command(  # type: ignore[no-untyped-call]
                "ACL", "SETUSER", "films", "on", ">s3cret", *rights.split()
            )
        yield server.url.replace("redis://", "redis://films:s3cret@")


def test_messages_are_sent_and_done_also_those_of_a_worker_that_died(url: str) -> None:
    runs = Runs()
    with closing(redis_queue(url, namespace=NAMESPACE, worker_dead_seconds=0.2)) as queue:
        assert queue.epoch() == queue.epoch()
        queue.enqueue(slug="heat-1995", job_id=uuid4(), attempt=1, priority=Priority.INTERACTIVE)
        assert queue.waiting() == 1
    with closing(connect(url, timeout_seconds=5)) as client:  # one whose last sign of life was long ago
        client.zadd(f"{NAMESPACE}:__heartbeats__", {"dead": 1.0})
        client.sadd(f"{NAMESPACE}:__acks__.dead.interactive", "nothing")

    with closing(redis_queue(url, namespace=NAMESPACE, worker_dead_seconds=0.2)) as queue:
        queue.start(runs, threads=1)
        runs.wait_for_ended(1)
        queue.stop(timeout_seconds=DEADLINE_SECONDS)

        assert queue.waiting() == 0


def test_tokens_are_claimed_and_settled(url: str) -> None:
    asked = AskedVariant("heat-1995", Variant(Locale.EN_US, ContextTag.DEFAULT))
    with closing(connect(url, timeout_seconds=5)) as client:
        tokens = RedisInFlightTokens(OptionalRedis(client, instead="the store"), log_epoch=lambda: "epoch")

        first = tokens.claim([asked])
        assert first[asked].is_ours
        tokens.settle(first, {})
        assert tokens.claim([asked])[asked].is_ours, "the first was given back"


def test_the_doctor_reads_its_facts(url: str) -> None:
    with closing(connect(url, timeout_seconds=5)) as client:
        facts = read_persistence(client)

    assert (facts.role, facts.maxmemory_policy) == ("master", "noeviction")
    assert facts.save is not None, "it is told the configuration too"
