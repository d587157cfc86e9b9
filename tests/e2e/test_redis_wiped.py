"""Redis loses everything while 500 messages wait in it: all are there again within ten seconds."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.cluster import Cluster, Part
from tests.support.process import wait_until
from tests.support.servers import Redis

PROCESSES, THREADS = 2, 64
RUNNING, QUEUED = PROCESSES * THREADS, 500
ENQUEUED_AGAIN_SECONDS = 10.0
CLIENTS = 8
LONG_OUTAGE = 6
"""Tries to reach Redis in vain, each later than the one before."""

NOBODY_WAITS_FOR_THAT = "60"


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """With workers that are busy, and so many messages behind them."""
    with TemporaryDirectory(prefix="moviemind-") as home:
        Path(home).chmod(0o755)
        cluster = Cluster(
            Path(home), queue="redis", resend_seconds=NOBODY_WAITS_FOR_THAT, worker_dead_seconds="5"
        )
        cluster.start_api()
        yield cluster
        cluster.close()


def _flush(redis: Redis, projector: Part) -> None:
    with closing(redis.client()) as client:
        client.flushall()


def _lose_data_in_a_long_outage(redis: Redis, projector: Part) -> None:
    redis.kill9()
    redis.lose_data()
    wait_until(
        lambda: projector.log().count('"loop": "dispatcher"') >= LONG_OUTAGE, "the dispatcher tries in vain"
    )
    redis.start()


def test_500_queued_jobs_are_enqueued_again_within_ten_seconds(cluster: Cluster) -> None:
    assert cluster.redis is not None
    projector = cluster.start_projector()
    busy = cluster.start_worker(processes=PROCESSES, threads=THREADS, template_latency_ms="3600000")
    _accept(cluster, RUNNING + QUEUED)
    wait_until(lambda: cluster.statuses().count("IN_PROGRESS") == RUNNING, "all threads are busy")
    wait_until(lambda: len(_pending(cluster)) == QUEUED, f"{QUEUED} jobs are pending")
    waiting = _pending(cluster)
    wait_until(lambda: _in_redis(cluster) >= waiting, "they wait in Redis")

    for wipe in (_flush, _lose_data_in_a_long_outage):
        wipe(cluster.redis, projector)
        answers_since = time.monotonic()
        wait_until(lambda: _in_redis(cluster) >= waiting, "they wait again", ENQUEUED_AGAIN_SECONDS)
        took = time.monotonic() - answers_since
        print(f"\n{QUEUED} jobs were enqueued again in {took:.1f} s")  # noqa: T201 - a figure, not a limit

    assert cluster.statuses().count("IN_PROGRESS") == RUNNING, "and the workers have not noticed"
    busy.kill9()
    cluster.start_worker(threads=16)
    cluster.wait_until_done(RUNNING + QUEUED)
    cluster.is_sound()


def _accept(cluster: Cluster, count: int) -> None:
    films = [f"film-{number}-1999" for number in range(count)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        for _ in pool.map(cluster.ask, (films[share::CLIENTS] for share in range(CLIENTS))):
            pass


def _pending(cluster: Cluster) -> set[str]:
    return {
        str(job) for (job,) in cluster.postgres.execute("SELECT job_id FROM jobs WHERE status = 'PENDING'")
    }


def _in_redis(cluster: Cluster) -> set[str]:
    """Jobs of messages that no worker has taken."""
    assert cluster.redis is not None
    queue = f"{cluster.namespace}:interactive"
    with closing(cluster.redis.client()) as client:
        ids = client.lrange(queue, 0, -1)
        messages = client.hmget(f"{queue}.msgs", ids) if ids else []
    return {json.loads(message)["args"][1] for message in messages if message}
