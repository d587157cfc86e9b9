"""`kill -9` in the middle of the work loses nothing and doubles nothing."""

from collections import Counter
from collections.abc import Callable
from uuid import UUID

from domain.values import JobStatus
from interfaces.client import Client
from tests.support.process import Up, wait_until

FILMS = [f"film-number-{number}-1999" for number in range(20)]
DONE_BEFORE, THREADS = 5, 8


def test_every_accepted_job_ends_done_after_kill_9_and_a_new_start(
    start_up: Callable[..., Up], connect: Callable[[Up], Client]
) -> None:
    up = start_up(template_latency_ms="10")
    client = connect(up)
    jobs = {slug: client.generate(slug).job_id for slug in FILMS[:DONE_BEFORE]}
    wait_until(
        lambda: len(_are(JobStatus.DONE, client, jobs)) == DONE_BEFORE, "some descriptions are written"
    )
    up.stop()
    up = start_up(template_latency_ms="30000", worker_threads=str(THREADS))
    client = connect(up)
    jobs |= {slug: client.generate(slug).job_id for slug in FILMS[DONE_BEFORE:]}
    wait_until(lambda: len(_are(JobStatus.IN_PROGRESS, client, jobs)) == THREADS, "others are being written")
    up.kill9()

    up = start_up(template_latency_ms="10")
    client = connect(up)

    ended = {slug: client.wait(job_id) for slug, job_id in jobs.items()}
    assert {job.status for job in ended.values()} == {JobStatus.DONE}
    histories = {slug: list(client.history(slug)) for slug in FILMS}
    for slug, history in histories.items():
        accepted = [entry for entry in history if entry.event == "DescriptionGenerated"]
        assert [entry.data["description_id"] for entry in accepted] == [str(ended[slug].description_id)]
        assert [entry.event for entry in history].count("GenerationRequested") == 1
    events = Counter(entry.event for history in histories.values() for entry in history)
    lost = [
        entry
        for history in histories.values()
        for entry in history
        if entry.event == "GenerationAttemptFailed"
    ]
    assert len(lost) == THREADS, "the kill has hit attempts at work"
    assert {entry.data["failure_type"] for entry in lost} == {"WORKER_LOST"}
    assert events["GenerationStarted"] == len(FILMS) + len(lost)


def test_a_killed_service_is_not_mistaken_for_a_running_one(start_up: Callable[..., Up]) -> None:
    first = start_up()
    first.kill9()

    again = start_up()

    assert again.pid != first.pid
    assert again.stop() == 0


def _are(status: JobStatus, client: Client, jobs: dict[str, UUID]) -> list[str]:
    return [slug for slug, job_id in jobs.items() if client.job(job_id).status is status]
