"""PostgreSQL restarted, killed, away, or lost at the instant of a COMMIT, while people ask and workers write.

The outage lasts several times as long as a worker may be silent; messages are sent again only after a minute
here, so that whatever is done soon was not waited for.
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from domain.events import GenerationAttemptFailed, GenerationStarted
from tests.support.cluster import QUEUES, Cluster, Part
from tests.support.process import DEADLINE_SECONDS, wait_until
from tests.support.proxy import Proxy
from tests.support.traffic import Traffic

KINDS = ("api", "projector", "worker")
OUTAGE_SECONDS = 4.0
STALL_SECONDS = 1.9  # after 3 the session of the leader is ended
BACK_TO_WORK_SECONDS = 20.0
HEALTH_SECONDS = 6.0
STARTED = b":GenerationStarted"
NOBODY_WAITS_FOR_THAT = "60"

_count = iter(range(1, 10_000))


@dataclass
class House:
    """A cluster of which each process has a way of its own to PostgreSQL."""

    cluster: Cluster
    parts: dict[str, Part]
    lines: dict[str, Proxy]

    def cut(self) -> None:
        for line in self.lines.values():
            line.go_down()

    def mend(self) -> None:
        for line in self.lines.values():
            line.come_up()

    def queue_epoch(self) -> bytes:
        """What the dispatcher notes with every message, and nobody else says to PostgreSQL."""
        if self.cluster.redis is None:
            ((epoch,),) = self.cluster.postgres.execute("SELECT epoch FROM log_epochs")
        else:
            epoch = self.cluster.redis.client().get(f"{self.cluster.namespace}:queue-epoch")
        return f"{epoch}.".encode()


@pytest.fixture(scope="module", params=QUEUES)
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    with TemporaryDirectory(prefix="moviemind-") as home:
        Path(home).chmod(0o755)
        cluster = Cluster(
            Path(home),
            queue=request.param,
            resend_seconds=NOBODY_WAITS_FOR_THAT,
            template_latency_ms="400",
        )
        lines = {kind: Proxy(cluster.postgres.port) for kind in KINDS}
        urls = {kind: line.towards(cluster.postgres.url()) for kind, line in lines.items()}
        parts = {
            "api": cluster.start_api(store_url=urls["api"]),
            "projector": cluster.start_projector(store_url=urls["projector"]),
            "worker": cluster.start_worker(store_url=urls["worker"]),
        }
        yield House(cluster, parts, lines)
        cluster.close()
        for line in lines.values():
            line.close()


@contextmanager
def _under_load(house: House) -> Iterator[Traffic]:
    """What happens in the block happens while people ask; afterwards all is as if it had not."""
    cluster = house.cluster
    with Traffic(cluster.url, f"film-{next(_count)}-{cluster.queue}") as traffic:
        traffic.wait_for_accepted(8)
        yield traffic
        traffic.wait_for_accepted()
    promised = cluster.requested()
    cluster.wait_until_done(promised, BACK_TO_WORK_SECONDS)
    assert traffic.errors == []
    assert all(part.is_running() for part in house.parts.values()), "nothing has to be started anew"
    assert {answer.body["job_id"] for answer in traffic.accepted()} <= _jobs(cluster)
    assert cluster.of(GenerationAttemptFailed) == [], "nobody was declared dead"
    assert len(cluster.of(GenerationStarted)) == promised, "and nothing was paid for twice"
    cluster.is_sound()


def _jobs(cluster: Cluster) -> set[str]:
    return {str(job_id) for (job_id,) in cluster.postgres.execute("SELECT job_id FROM jobs")}


def _told_what_is_wrong(traffic: Traffic) -> None:
    for answer in traffic.refused():
        assert (answer.status, answer.body["type"]) == (503, "store-unavailable"), answer
        assert "the service goes on as soon as it answers again" in answer.body["detail"]


def _lasts(seconds: float) -> None:
    ends_at = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() >= ends_at, "it lasts")


def test_postgres_is_restarted(house: House) -> None:
    with _under_load(house) as traffic:
        house.cluster.postgres.restart()
    _told_what_is_wrong(traffic)


def test_postgres_is_killed(house: House) -> None:
    with _under_load(house) as traffic:
        house.cluster.postgres.kill9()
        house.cluster.postgres.start()
    _told_what_is_wrong(traffic)


def test_postgres_is_away_for_longer_than_a_worker_may_be_silent(house: House) -> None:
    with _under_load(house) as traffic:
        house.cluster.postgres.stop()
        _lasts(OUTAGE_SECONDS)
        ready = httpx.get(f"{house.cluster.url}/health/ready", timeout=30)
        assert (ready.status_code, ready.json()["type"]) == (503, "store-unavailable")
        traffic.wait_for_refused()
        house.cluster.postgres.start()
    _told_what_is_wrong(traffic)


def test_many_who_ask_meanwhile_do_not_keep_the_health_check_waiting(house: House) -> None:
    """Each of them holds a thread for some seconds, and there are ten."""
    url, refused, enough = f"{house.cluster.url}/v1/generate", list[int](), threading.Event()

    def go_on_asking(number: int) -> None:
        while not enough.is_set():
            # verify: certificates are read for every client, also for one that needs none
            body = {"slug": f"crowd-{number}-{next(_count)}-1999"}
            answer = httpx.post(url, json=body, timeout=60, verify=False)
            refused.append(answer.status_code)

    house.cluster.postgres.stop()
    with ThreadPoolExecutor(50) as crowd:
        asking = [crowd.submit(go_on_asking, number) for number in range(50)]
        try:
            wait_until(lambda: refused, "the first are refused")
            ready = httpx.get(f"{house.cluster.url}/health/ready", timeout=HEALTH_SECONDS)
        finally:
            enough.set()
            house.cluster.postgres.start()

    assert (ready.status_code, ready.json()["type"]) == (503, "store-unavailable")
    assert all(one.exception() is None for one in asking)
    assert set(refused) <= {202, 503}
    house.cluster.wait_until_done(house.cluster.requested())


def test_postgres_stalls_for_longer_than_a_worker_may_be_silent(house: House) -> None:
    """No line ends: who leads goes on leading, and must not take for silence what nobody could have heard."""
    with _under_load(house) as traffic:
        house.cluster.postgres.freeze()
        _lasts(STALL_SECONDS)
        house.cluster.postgres.thaw()
    _told_what_is_wrong(traffic)


def test_every_session_is_ended_by_the_server(house: House) -> None:
    sessions = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'moviemind'"
    with _under_load(house) as traffic:
        for _ in range(3):
            assert len(house.cluster.postgres.execute(sessions)) >= len(KINDS)
            traffic.wait_for_accepted()
    _told_what_is_wrong(traffic)


@pytest.mark.parametrize(
    ("kind", "at"),
    [("api", b":GenerationRequested"), ("worker", STARTED), ("worker", b":DescriptionGenerated")],
    ids=["request", "claim", "text"],
)
def test_the_connection_is_lost_at_an_append(house: House, kind: str, at: bytes) -> None:
    """Before the server has it, and when it has committed it."""
    with _under_load(house) as traffic:
        assert house.lines[kind].cut_next("request", at=at).wait(DEADLINE_SECONDS)
        assert house.lines[kind].cut_next("answer", at=at).wait(DEADLINE_SECONDS)
    assert traffic.refused() == []


@pytest.mark.parametrize("transaction", ["view", "dispatches"])
def test_the_projectors_connection_is_lost_at_a_commit(house: House, transaction: str) -> None:
    within = b"history" if transaction == "view" else house.queue_epoch()
    line = house.lines["projector"]
    with _under_load(house) as traffic:
        assert line.cut_next("request", at=b"COMMIT", within=within).wait(DEADLINE_SECONDS)
        assert line.cut_next("answer", at=b"COMMIT", within=within).wait(DEADLINE_SECONDS)
    assert traffic.refused() == []


def test_a_worker_knows_its_own_claim_again_when_the_store_is_back(house: House) -> None:
    """The answer to its append is lost, and the store is away when it looks what became of it."""
    worker, line = house.parts["worker"], house.lines["worker"]
    with _under_load(house):
        assert line.hold_next("answer", at=STARTED).wait(DEADLINE_SECONDS)
        tries = worker.log().count("loop.held_up")
        house.cut()
        line.release()
        wait_until(lambda: worker.log().count("loop.held_up") >= tries + 2, "the worker has looked in vain")
        house.mend()
