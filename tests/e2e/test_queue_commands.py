"""`moviemind queue` and `moviemind jobs retry`, as operators type them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from domain.events import GenerationRetryRequested
from tests.e2e.conftest import Ended
from tests.integration.http.api import FAILS, Api
from tests.support.cluster import QUEUES, Cluster
from tests.support.process import wait_until
from tests.support.servers import stopped

Command = Callable[..., Ended]

REASON = "the provider is down"
FILMS = [f"film-{number}-1999" for number in range(3)]

_count = iter(range(1, 10_000))


@pytest.fixture(scope="module", params=QUEUES)
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    with TemporaryDirectory(prefix="moviemind-") as home:
        Path(home).chmod(0o755)
        cluster = Cluster(Path(home), queue=request.param)
        cluster.start_api()
        cluster.start_projector()
        cluster.start_worker()
        yield cluster
        cluster.close()


@pytest.fixture(params=["a service that runs", "the store"])
def queue(request: pytest.FixtureRequest, cluster: Cluster, command: Command) -> Iterator[Command]:
    """Type `moviemind queue …` about one that is not paused, to the API or where only the store is known."""
    where = ("--url", cluster.url) if request.param == "a service that runs" else ()

    def run(*arguments: str) -> Ended:
        return command("queue", *arguments, *where, **cluster.settings)

    run("resume")
    wait_until(lambda: run("status").code == 0, "the queue answers")
    yield run
    run("resume")


def _told(ended: Ended) -> dict[str, Any]:
    assert (ended.code, ended.err) == (0, "")
    answer: dict[str, Any] = ended.json()
    return answer


def _ask(cluster: Cluster, films: int) -> list[str]:
    """For new films; all must be accepted. Returns the jobs' ids."""
    with Api(cluster.url) as api:
        slugs = (f"film-{next(_count)}-{cluster.queue}-1999" for _ in range(films))
        return [str(api.accepted(slug)["job_id"]) for slug in slugs]


def _statuses(cluster: Cluster, jobs: list[str]) -> set[str]:
    found = dict(cluster.postgres.execute("SELECT job_id::text, status FROM jobs"))
    return {found.get(job, "not in the view yet") for job in jobs}


def test_the_status_tells_what_waits(cluster: Cluster, queue: Command) -> None:
    cluster.wait_until_done(len(cluster.statuses()))

    told = _told(queue("status", "--json", "all"))

    assert (told["driver"], told["is_paused"], told["messages_waiting"]) == (cluster.queue, False, 0)
    assert (told["workers"], told["oldest_wait_seconds"], told["changed_by"]) == (1, None, "local")
    assert told["jobs"].get("DONE", 0) == len(cluster.statuses())


def test_people_get_facts(cluster: Cluster, queue: Command) -> None:
    told = queue("status")

    assert (told.code, told.err) == (0, "")
    assert cluster.queue in told.out
    assert "messages_waiting" in told.out.replace(" ", "_")


def test_a_paused_queue_accepts_requests_and_starts_none_until_it_is_resumed(
    cluster: Cluster, queue: Command
) -> None:
    paused = _told(queue("pause", "--reason", REASON, "--json", "all"))
    assert (paused["is_paused"], paused["reason"], paused["changed_by"]) == (True, REASON, "local")
    jobs = _ask(cluster, 5)
    wait_until(lambda: _statuses(cluster, jobs) == {"PENDING"}, "the view follows")
    recovered = _told(queue("recover", "--json", "all"))
    assert recovered["is_paused"], "to recover is not to resume"
    wait_until(
        lambda: (seconds := _told(queue("status", "--json", "all"))["oldest_wait_seconds"]) and seconds > 1,
        "the jobs have waited",
    )
    assert _statuses(cluster, jobs) == {"PENDING"}

    resumed = _told(queue("resume", "--json", "all"))

    assert (resumed["is_paused"], resumed["reason"]) == (False, None)
    cluster.wait_until_done(len(cluster.statuses()))
    assert _statuses(cluster, jobs) == {"DONE"}
    cluster.is_sound()


def test_recovering_a_queue_that_lost_nothing_changes_nothing(cluster: Cluster, queue: Command) -> None:
    jobs = _ask(cluster, 2)
    wait_until(lambda: _statuses(cluster, jobs) == {"DONE"}, "they are DONE")
    events = len(cluster.events())

    assert not _told(queue("recover", "--json", "all"))["is_paused"]

    cluster.wait_until_done(len(cluster.statuses()))
    assert len(cluster.events()) == events


def test_the_status_is_bad_while_the_queue_cannot_be_reached(cluster: Cluster, queue: Command) -> None:
    if cluster.redis is None:
        pytest.skip("the queue is in the store here")
    with stopped(cluster.redis):
        jobs = _ask(cluster, 2)

        told, shown = queue("status", "--json", "all"), queue("status")

        assert (told.code, told.err, told.json()["messages_waiting"]) == (1, "", None)
        assert (shown.code, "the queue cannot be reached" in shown.out) == (1, True)
    wait_until(lambda: _statuses(cluster, jobs) == {"DONE"}, "what was accepted meanwhile is DONE")
    assert queue("status").code == 0


@pytest.fixture
def failed(tmp_path: Path, command: Command) -> list[str]:
    """Ids of jobs that failed in the service whose commands `jobs` types."""
    settings = {name: str(value) for name, value in FAILS.items()}
    ended = command("generate", *FILMS, "--data-dir", tmp_path, **settings)
    assert ended.code == 1
    jobs = command("jobs", "list", "--status", "FAILED", "--json", "job_id", "--data-dir", tmp_path)
    ids = [job["job_id"] for job in jobs.json()]
    assert len(ids) == len(FILMS)
    return ids


@pytest.fixture
def jobs(tmp_path: Path, command: Command) -> Command:
    """Type `moviemind jobs …`; nobody works."""

    def run(*arguments: str) -> Ended:
        return command("jobs", *arguments, "--data-dir", tmp_path)

    return run


def _of_status(jobs: Command, status: str) -> list[str]:
    return [job["job_id"] for job in jobs("list", "--status", status, "--json", "job_id").json()]


def test_failed_jobs_are_listed_by_the_way_they_failed(failed: list[str], jobs: Command) -> None:
    every, of_type, none = (
        jobs("failed", *which, "--json", "all").json()
        for which in ((), ("--type", "TIMEOUT"), ("--type", "RATE_LIMITED"))
    )

    assert [job["job_id"] for job in every] == failed
    assert {job["error"]["type"] for job in every} == {"TIMEOUT"}
    assert (of_type, none) == (every, [])


def test_people_are_told_when_there_are_more_failed_jobs_than_they_see(
    failed: list[str], jobs: Command
) -> None:
    ended = jobs("failed", "--limit", "1")

    assert ended.code == 0
    assert "there are more than 1" in ended.err
    assert sum(job in ended.out for job in failed) == 1


@pytest.mark.parametrize("which", [("--all",), ("--type", "TIMEOUT")], ids=" ".join)
def test_failed_jobs_get_new_tries_and_are_done_when_the_service_works(
    which: tuple[str, ...], failed: list[str], jobs: Command, command: Command, tmp_path: Path
) -> None:
    ended = jobs("retry", *which, "--reason", REASON, "--json", "all")

    assert (ended.code, ended.json()) == (0, {"retried": len(failed), "refused": []})
    assert jobs("failed", "--json", "all").json() == []
    assert _of_status(jobs, "PENDING") == failed
    history = command("history", FILMS[0], "--json", "all", "--data-dir", tmp_path).json()
    (retry,) = (entry for entry in history if entry["event"] == GenerationRetryRequested.__name__)
    assert retry["data"]["reason"] == REASON
    assert jobs("watch", *failed).code == 0
    assert _of_status(jobs, "DONE") == failed


def test_jobs_that_failed_in_another_way_get_no_new_tries(failed: list[str], jobs: Command) -> None:
    ended = jobs("retry", "--type", "RATE_LIMITED")

    assert (ended.code, ended.out) == (0, "0 jobs got new tries.\n")
    assert _of_status(jobs, "FAILED") == failed


def test_a_job_that_cannot_be_retried_does_not_keep_the_others_waiting(
    failed: list[str], jobs: Command
) -> None:
    assert jobs("retry", failed[1]).code == 0

    ended = jobs("retry", *failed)

    assert ended.code == 1
    assert failed[1] in ended.err
    assert _of_status(jobs, "PENDING") == failed


@pytest.mark.parametrize("which", ["nothing", "ids and all", "ids and a type", "all and a type"])
def test_which_jobs_to_retry_is_said_in_one_way(which: str, failed: list[str], jobs: Command) -> None:
    arguments = {
        "nothing": [],
        "ids and all": [*failed, "--all"],
        "ids and a type": [*failed, "--type", "TIMEOUT"],
        "all and a type": ["--all", "--type", "TIMEOUT"],
    }

    ended = jobs("retry", *arguments[which])

    assert (ended.code, ended.out) == (2, "")
    assert "name jobs by their ids, or write --all, or --type" in " ".join(ended.err.replace("│", "").split())
    assert _of_status(jobs, "FAILED") == failed


def test_a_type_of_failure_that_there_is_not_is_refused(failed: list[str], jobs: Command) -> None:
    for verb in ("failed", "retry"):
        ended = jobs(verb, "--type", "TIRED")

        assert (ended.code, ended.out) == (2, "")
        assert "TIMEOUT" in ended.err, "what there is instead"
    assert _of_status(jobs, "FAILED") == failed
