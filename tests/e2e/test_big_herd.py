"""Many clients ask several processes for one film: one job, one call of the writer, one answer.

With Redis tokens answer most of them; without, or when they are gone, the event store answers all alike.
"""

import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.cluster import QUEUES, Cluster
from tests.support.herd import Answers, assert_consistent, stampede
from tests.support.process import DEADLINE_SECONDS, wait_until
from tests.support.proxy import Proxy

HERD = 500
CLIENT_PROCESSES = 5
OVER_SECONDS = 3.0
"""Several times as long as a text takes: the job ends while the herd comes."""

_STATEMENT = re.compile(
    r"^api LOG:  execute .*?: \s*(SELECT \* FROM \S*stored_events WHERE originator_id"
    r"|INSERT INTO \S*stored_events)",
    re.MULTILINE,
)


@dataclass
class House:
    """A cluster whose PostgreSQL notes every statement of the API."""

    cluster: Cluster
    store_line: Proxy

    def statements(self) -> Counter[str]:
        """Films read from the event store and appends tried, so far."""
        log = (self.cluster.postgres.home / "server.log").read_text(encoding="utf-8", errors="replace")
        return Counter(found.split()[0] for found in _STATEMENT.findall(log))


@pytest.fixture(scope="module", params=QUEUES)
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """The database queue goes without any Redis."""
    with TemporaryDirectory(prefix="moviemind-") as home:
        Path(home).chmod(0o755)
        cluster = Cluster(Path(home), queue=request.param, template_latency_ms="500")
        for setting in ("log_statement = 'all'", "log_line_prefix = '%a '"):
            cluster.postgres.execute(f"ALTER SYSTEM SET {setting}")
        cluster.postgres.execute("SELECT pg_reload_conf()")
        line = Proxy(cluster.postgres.port)
        store_url = line.towards(cluster.postgres.url())
        cluster.start_api(processes=2, store_url=f"{store_url}?application_name=api")
        cluster.start_projector()
        cluster.start_worker(processes=2)
        yield House(cluster, line)
        cluster.close()
        line.close()


def test_500_parallel_requests_for_one_film_make_one_job_and_one_call(house: House) -> None:
    slug = f"at-once-{house.cluster.queue}-1999"
    before = house.statements()

    answers = _stampede(house, slug)

    _one_job_one_call(house, slug, answers)
    _tell(house, "at once", answers, before)


def test_a_herd_that_overtakes_the_first_of_it_makes_one_job_and_one_call(house: House) -> None:
    """The first append is held up until another one has been made: it comes too late, whatever it was."""
    slug = f"overtaken-{house.cluster.queue}-1999"
    before = house.statements()
    held = house.store_line.hold_next("request", at=b":GenerationRequested")

    with ThreadPoolExecutor(1) as pool:
        herd = pool.submit(_stampede, house, slug)
        assert held.wait(DEADLINE_SECONDS)
        wait_until(lambda: _events(house, slug)["GenerationRequested"], "another one is accepted")
        house.store_line.release()
        answers = herd.result()

    _one_job_one_call(house, slug, answers)
    _tell(house, "past the first", answers, before)


def test_those_who_ask_when_it_is_done_are_told_the_text_that_the_others_wait_for(house: House) -> None:
    slug = f"one-by-one-{house.cluster.queue}-1999"
    before = house.statements()

    answers = _stampede(house, slug, over_seconds=OVER_SECONDS)

    _one_job_one_call(house, slug, answers)
    assert {status for status, _ in answers} == {200, 202}
    _tell(house, f"over {OVER_SECONDS:g} s", answers, before)


@pytest.mark.parametrize("house", ["redis"], indirect=True)
def test_a_herd_whose_tokens_are_lost_twice_makes_one_job_and_one_call(house: House) -> None:
    assert house.cluster.redis is not None
    slug = "flushed-1999"
    before = house.statements()

    with ThreadPoolExecutor(1) as pool, closing(house.cluster.redis.client()) as client:
        herd = pool.submit(_stampede, house, slug, over_seconds=OVER_SECONDS)
        wait_until(lambda: client.keys(f"*:in-flight:{slug}:*"), "somebody has asked")
        client.flushall()
        wait_until(lambda: "GenerationStarted" in _events(house, slug), "the text is being written")
        client.flushall()
        assert herd.running(), "it was in the middle of the herd"
        answers = herd.result()

    _one_job_one_call(house, slug, answers)
    _tell(house, "flushed", answers, before)


def _stampede(house: House, slug: str, *, over_seconds: float = 0.0) -> Answers:
    bodies = [{"slug": slug}] * HERD
    return stampede(house.cluster.url, bodies, processes=CLIENT_PROCESSES, over_seconds=over_seconds)


def _one_job_one_call(house: House, slug: str, answers: Answers) -> None:
    cluster = house.cluster
    assert len(answers) == HERD
    assert {status for status, _ in answers} <= {200, 202}
    (job_id,) = {answer["job_id"] for _, answer in answers}
    cluster.wait_until_done(len(cluster.statuses()))
    assert_consistent(answers, slug, {job_id: cluster.client().job(job_id)})
    events = _events(house, slug)
    assert (events["GenerationRequested"], events["GenerationStarted"]) == (1, 1)
    assert events["DescriptionGenerated"] == 1
    cluster.is_sound()


def _events(house: House, slug: str) -> Counter[str]:
    return Counter(type(one.event).__name__ for one in house.cluster.events() if one.slug == slug)


def _tell(house: House, how: str, answers: Answers, before: Counter[str]) -> None:
    """How many reached the event store is a figure, not a promise."""
    store, statuses = house.statements() - before, Counter(status for status, _ in answers)
    print(  # noqa: T201
        f"\n{HERD} requests {how}, {'tokens' if house.cluster.redis else 'no tokens'}: {statuses[202]} were"
        f" told to wait, {statuses[200]} the text; {store['SELECT']} times the film was read,"
        f" {store['INSERT']} appends were tried"
    )
