"""One Idempotency-Key over several API processes, and after all of them were killed."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from tests.support.cluster import Cluster

PROCESSES, CLIENTS, REQUESTS = 3, 12, 60


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with TemporaryDirectory(prefix="moviemind-") as home:
        Path(home).chmod(0o755)
        with closing(Cluster(Path(home), queue="database")) as cluster:
            yield cluster


def test_whatever_process_a_repeat_meets_it_is_answered_as_before(cluster: Cluster) -> None:
    api = cluster.start_api(processes=PROCESSES)
    with ThreadPoolExecutor(CLIENTS) as threads:
        answers = list(threads.map(lambda _: _force(cluster.url), range(REQUESTS)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert cluster.requested() == 1, "a forced text is asked for once"

    api.signal(signal.SIGKILL)
    api.wait()
    cluster.start_api(processes=PROCESSES)
    again = _force(cluster.url)

    assert again.content == answers[0].content
    assert again.headers["idempotency-replayed"] == "true"
    assert cluster.requested() == 1


def _force(url: str) -> httpx.Response:
    """Over a connection of its own, so to any process."""
    return httpx.post(
        f"{url}/v1/generate",
        json={"slug": "heat-1995", "force": True},
        headers={"Idempotency-Key": "one"},
        trust_env=False,
        verify=False,  # certificates would be read for every client
        timeout=30,
    )
