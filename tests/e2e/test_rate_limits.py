"""Rate limits over several API processes: together in Redis, each for itself without."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from tests.support.cluster import Cluster
from tests.support.process import wait_until

KEY = "the-first-key-of-all"
LIMIT, PROCESSES, REQUESTS = 100, 3, 350


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with TemporaryDirectory(prefix="moviemind-") as home:
        Path(home).chmod(0o755)
        settings = {"auth": "on", "bootstrap_admin_key": KEY, "rate_limit_read": str(LIMIT)}
        with closing(Cluster(Path(home), queue="redis", **settings)) as cluster:
            cluster.start_api(processes=PROCESSES)
            yield cluster


def test_what_a_key_may_send_holds_over_all_processes_as_long_as_there_is_redis(cluster: Cluster) -> None:
    assert cluster.redis is not None
    before = _counted_by(cluster)
    passed = _sent(cluster)[200]
    assert before == "redis"
    assert LIMIT * 0.9 <= passed + 1 <= LIMIT * 1.1, "the look at /health was one of them"

    cluster.redis.kill9()
    wait_until(lambda: _counted_by(cluster) == "process", "the outage is seen")
    answers = _sent(cluster)
    assert set(answers) <= {200, 429}, "nobody is kept out for what cannot be known"
    assert LIMIT < answers[200] <= LIMIT * PROCESSES


def _sent(cluster: Cluster) -> Counter[int]:
    """The answers to more requests than all processes let through; each comes over a connection of its own,
    to any process."""

    def status(_: int) -> int:
        # verify: certificates are read for every client, also for one that needs none
        return httpx.get(
            f"{cluster.url}/v1/jobs", headers={"X-API-Key": KEY}, trust_env=False, verify=False
        ).status_code

    with ThreadPoolExecutor(8) as pool:
        return Counter(pool.map(status, range(REQUESTS)))


def _counted_by(cluster: Cluster) -> str | None:
    health = httpx.get(f"{cluster.url}/health", headers={"X-API-Key": KEY}, trust_env=False)
    return str(health.json().get("rate_limits"))
