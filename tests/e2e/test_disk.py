"""A disk that is full or read-only: what people are told, and that nothing accepted is lost by it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from domain.values import JobStatus
from interfaces.client import Client
from interfaces.http.schemas.generation import JobAnswer
from tests.integration.http.api import Api, problem_of
from tests.support.disk import SmallDisk
from tests.support.process import DEADLINE_SECONDS, Up, moviemind, moviemind_within, wait_until

SLUG = "the-matrix-1999"
FILMS = [f"film-number-{number}-1999" for number in range(10)]
THREADS = 4
LATENCY = timedelta(milliseconds=500)
SLOWLY = {"template_latency_ms": "3000", "worker_threads": str(THREADS)}

FULL = "its disk is full; make room there, nothing that was accepted is lost."
READ_ONLY = (
    "the service writes there, and its file system is read-only; make that writable, "
    "or choose another with --data-dir."
)
COMMANDS = (["up", "--port", "0"], ["generate", SLUG], ["history", SLUG])


def _files(directory: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in directory.iterdir() if file.name != "filler"}


@pytest.mark.parametrize("inside", [".", "data"])
def test_a_read_only_disk_is_named_with_a_way_out(inside: str, disk: SmallDisk) -> None:
    disk.make_read_only()
    data = disk.path / inside

    for command in COMMANDS:
        ended = moviemind_within(DEADLINE_SECONDS, *command, "--data-dir", str(data))

        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr == f"error: The directory {data} cannot be used: {READ_ONLY}\n"


def test_a_store_on_a_disk_that_became_read_only_is_left_as_it_is(disk: SmallDisk) -> None:
    assert moviemind("generate", SLUG, "--data-dir", str(disk.path)).returncode == 0
    before = _files(disk.path)
    disk.make_read_only()

    ended = moviemind_within(DEADLINE_SECONDS, "up", "--port", "0", "--data-dir", str(disk.path))

    assert ended.stderr == f"error: The directory {disk.path} cannot be used: {READ_ONLY}\n"
    assert _files(disk.path) == before


def test_a_first_start_on_a_full_disk_says_so_and_works_once_there_is_room(
    disk: SmallDisk, start_up: Callable[..., Up]
) -> None:
    disk.fill()

    for command in COMMANDS:
        ended = moviemind_within(DEADLINE_SECONDS, *command, "--data-dir", str(disk.path))

        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr == f"error: The store {disk.path}/moviemind.db cannot be opened: {FULL}\n"
    disk.make_room()
    assert start_up().stop() == 0


def test_a_start_on_a_disk_that_is_full_by_now_changes_nothing(
    disk: SmallDisk, start_up: Callable[..., Up], connect: Callable[[Up], Client]
) -> None:
    assert moviemind("generate", SLUG, "--data-dir", str(disk.path)).returncode == 0
    stores = ("moviemind.db", "moviemind-views.db")
    before = {name: (disk.path / name).read_bytes() for name in stores}
    disk.fill()

    ended = moviemind_within(DEADLINE_SECONDS, "up", "--port", "0", "--data-dir", str(disk.path))

    assert ended.returncode == 1
    assert ended.stderr == f"error: The store {disk.path}/moviemind.db cannot be opened: {FULL}\n"
    assert {name: (disk.path / name).read_bytes() for name in stores} == before
    disk.make_room()
    assert [entry.version for entry in connect(start_up()).history(SLUG)] == [1, 2, 3, 4]


def test_a_disk_that_fills_up_holds_the_work_up_and_loses_none_of_it(
    disk: SmallDisk, start_up: Callable[..., Up], connect: Callable[[Up], Client]
) -> None:
    up = start_up(**SLOWLY)
    client = connect(up)
    described = client.generate(SLUG).job_id
    client.wait(described)
    jobs = {slug: client.generate(slug).job_id for slug in FILMS}
    wait_until(lambda: len(_running(client, jobs)) == THREADS, "every worker has a job in hand")

    disk.fill()
    with Api(up.url, asks_again=False) as api:
        refused = problem_of(api.generate("heat-1995"), 503, "store-unavailable")
        assert refused["detail"] == f"The store cannot be used at the moment: {FULL}"
        in_hand = _running(client, jobs)
        assert in_hand, "the disk was full before the texts were written"
        wait_until(lambda: datetime.now(UTC) > _written(in_hand), "the texts in hand are written")
        for path in (f"/v1/movies/{SLUG}", f"/v1/jobs/{described}"):
            assert api.get(path).status_code == 200, path
        complete = api.get(f"/v1/movies/{SLUG}/history")  # or it says that it is not: no view can follow now
        assert complete.status_code == 200 or problem_of(complete, 503, "read-behind")
        assert all(api.job(str(job_id))["status"] != "FAILED" for job_id in jobs.values())
        assert api.get("/health/live").status_code == 200
        not_ready = problem_of(api.get("/health/ready"), 503, "store-unavailable")
        assert not_ready["detail"] == refused["detail"]
    disk.make_room()

    ended = {slug: client.wait(job_id) for slug, job_id in jobs.items()}
    assert {(job.status, job.attempts) for job in ended.values()} == {("DONE", 1)}
    for slug, job in ended.items():
        texts = [entry for entry in client.history(slug) if entry.event == "DescriptionGenerated"]
        assert [entry.data["description_id"] for entry in texts] == [str(job.description_id)]
    with Api(up.url) as api:
        assert api.get("/health/ready").status_code == 200
        problem_of(api.get("/v1/movies/heat-1995/history"), 404, "movie-not-found")
    assert "Traceback" not in up.log()
    assert up.stop() == 0


def test_a_service_on_a_full_disk_can_be_stopped_in_order(
    disk: SmallDisk, start_up: Callable[..., Up]
) -> None:
    up = start_up()
    disk.fill()

    assert up.stop() == 0
    assert "Traceback" not in up.log()


def _running(client: Client, jobs: dict[str, UUID]) -> list[JobAnswer]:
    found = [client.job(job_id) for job_id in jobs.values()]
    return [job for job in found if job.status is JobStatus.IN_PROGRESS]


def _written(in_hand: list[JobAnswer]) -> datetime:
    """When the writer has come to an end with all of them."""
    return max(job.updated_at for job in in_hand) + 2 * LATENCY
