"""One projector leads. Killed, frozen or cut off in the middle of a batch, it is soon replaced by another."""

import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import psycopg
import pytest

from domain.values import JobStatus
from tests.support.cluster import QUEUES, Cluster, Part
from tests.support.process import DEADLINE_SECONDS, wait_until
from tests.support.proxy import Proxy
from tests.support.traffic import Traffic

GONE_SECONDS, FROZEN_SECONDS = 5.0, 10.0
"""In which another leads, as the requirement has it: after a leader was killed or cut off, or frozen."""

CATCH_UP_SECONDS = 15.0
LEADS, STANDS_DOWN = "projector.leads", "projector.stands_down"

_count = iter(range(1, 10_000))


@pytest.fixture(scope="module", params=QUEUES)
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """With everything but projectors."""
    with TemporaryDirectory(prefix="moviemind-") as home:
        Path(home).chmod(0o755)
        cluster = Cluster(Path(home), queue=request.param)
        cluster.postgres.execute("ALTER SYSTEM SET max_prepared_transactions = 4")
        cluster.postgres.restart()
        cluster.start_api()
        cluster.start_worker()
        yield cluster
        cluster.close()


@pytest.fixture
def line(cluster: Cluster) -> Iterator[Proxy]:
    """The leader's way to the store."""
    proxy = Proxy(cluster.postgres.port)
    yield proxy
    proxy.close()


@pytest.fixture
def leader(cluster: Cluster, line: Proxy) -> Iterator[Part]:
    leader = cluster.start_projector(store_url=line.towards(cluster.postgres.url()))
    yield leader
    leader.close()


@pytest.fixture
def standby(cluster: Cluster, leader: Part) -> Iterator[Part]:
    standby = cluster.start_projector(leads=False)
    yield standby
    standby.close()


@contextmanager
def _under_load(cluster: Cluster) -> Iterator[Traffic]:
    """What happens in the block happens while people ask; afterwards all is as if it had not."""
    with Traffic(cluster.url, f"film-{next(_count)}-{cluster.queue}") as traffic:
        traffic.wait_for_accepted()
        yield traffic
        traffic.wait_for_accepted()
    cluster.wait_until_done(cluster.requested())
    assert (traffic.refused(), traffic.errors) == ([], []), "nobody who asks notices"
    cluster.is_sound()
    with closing(cluster.client()) as client:
        jobs = [client.job(answer.body["job_id"]) for answer in traffic.accepted()]
    assert {job.status for job in jobs} == {JobStatus.DONE}, "what is read is not older than the view"


def _hold_a_batch(line: Proxy, what: Literal["request", "answer"] = "request") -> None:
    """The history view is folded, and about to be committed, or committed without the leader knowing."""
    assert line.hold_next(what, at=b"COMMIT", within=b"history").wait(DEADLINE_SECONDS)


def _catches_up(cluster: Cluster) -> None:
    """What has been asked for so far is done; what the frozen one still held is let go of."""
    asked = cluster.requested()
    wait_until(lambda: cluster.statuses().count("DONE") >= asked, f"{asked} jobs are DONE", CATCH_UP_SECONDS)


@pytest.mark.parametrize("what", ["request", "answer"], ids=["before the commit", "after the commit"])
def test_a_projector_killed_in_the_middle_of_a_batch(
    cluster: Cluster, line: Proxy, leader: Part, standby: Part, what: Literal["request", "answer"]
) -> None:
    with _under_load(cluster):
        _hold_a_batch(line, what)
        leader.kill9()
        line.go_down()
        standby.wait_for(LEADS, GONE_SECONDS)


def test_a_projector_frozen_in_the_middle_of_a_batch_stands_down_when_it_wakes_up(
    cluster: Cluster, line: Proxy, leader: Part, standby: Part
) -> None:
    with _under_load(cluster):
        _hold_a_batch(line)
        leader.signal(signal.SIGSTOP)
        standby.wait_for(LEADS, FROZEN_SECONDS)
        _catches_up(cluster)
        leader.signal(signal.SIGCONT)
        line.release()
        leader.wait_for(STANDS_DOWN)

    assert leader.log().count(LEADS) == 1
    assert STANDS_DOWN not in standby.log()


def test_a_projector_whose_network_is_cut_stands_by_when_it_is_mended(
    cluster: Cluster, line: Proxy, leader: Part, standby: Part
) -> None:
    with _under_load(cluster):
        _hold_a_batch(line)
        line.go_down()
        standby.wait_for(LEADS, GONE_SECONDS)
        leader.wait_for(STANDS_DOWN)
        line.come_up()

    with _under_load(cluster):
        standby.kill9()
        leader.wait_for(LEADS, GONE_SECONDS, times=2)


def test_a_projector_that_is_stopped_hands_over(cluster: Cluster, leader: Part, standby: Part) -> None:
    with _under_load(cluster):
        assert leader.stop() == 0
        standby.wait_for(LEADS, GONE_SECONDS)


def test_transactions_that_others_leave_open_hide_nothing(cluster: Cluster, leader: Part) -> None:
    with closing(psycopg.connect(cluster.postgres.url())) as foreign:
        foreign.execute("CREATE TABLE of_somebody_else (); SELECT FROM stored_events FOR SHARE")
        with closing(psycopg.connect(cluster.postgres.url())) as other:
            other.execute("CREATE TABLE of_another (); PREPARE TRANSACTION 'left open'")
        with _under_load(cluster):
            pass
    cluster.postgres.execute("ROLLBACK PREPARED 'left open'")
