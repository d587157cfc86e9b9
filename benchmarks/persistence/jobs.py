"""Jobs of the service, which are in the event store: asked for, looked for in the queue, and waited for."""

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import UUID

from benchmarks.persistence.host import Host
from tests.support.process import wait_until

CLIENTS = 4
QUEUED_SECONDS = LOST_SECONDS = 60.0
"""Before a fault messages are waited for. After it, a job that is not done by then is lost."""

_JOBS = "SELECT slug, job_id, status FROM jobs"


def ask(host: Host, films: str, count: int) -> list[str]:
    """Returns the slugs, all of them accepted."""
    slugs = [f"{films}-{number}-1999" for number in range(count)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(host.cluster.ask, (slugs[share::CLIENTS] for share in range(CLIENTS))))
    return slugs


def wait_until_queued(host: Host, slugs: Collection[str], seconds: float = QUEUED_SECONDS) -> None:
    """Until a message of each job that is not done waits in the queue. Nobody sends any again by hand."""

    def all_wait() -> bool:
        jobs = _jobs(host)
        if any(slug not in jobs for slug in slugs):
            return False
        unfinished = {job_id for job_id, status in map(jobs.__getitem__, slugs) if status != "DONE"}
        return host.waiting.job_ids() >= unfinished

    wait_until(all_wait, f"messages of {len(slugs)} jobs wait", seconds, log=lambda: str(_jobs(host)))


def wait_until_queued_again(host: Host, slugs: Collection[str]) -> None:
    """The same after a fault, where it may be in vain: whose message does not come back is found lost."""
    with suppress(AssertionError):
        wait_until_queued(host, slugs, LOST_SECONDS)


def lost(host: Host, slugs: Sequence[str]) -> int:
    """How many of the accepted jobs a worker does not end in LOST_SECONDS."""

    def unfinished() -> int:
        jobs = _jobs(host)
        return sum(slug not in jobs or jobs[slug][1] != "DONE" for slug in slugs)

    worker = host.cluster.start_worker(threads=8)
    with suppress(AssertionError):  # those that are lost are counted
        wait_until(lambda: not unfinished(), "all jobs are done", LOST_SECONDS)
    found = unfinished()
    wait_until(lambda: not host.waiting.job_ids(), "no message waits for a worker any more")
    worker.stop()
    return found


def _jobs(host: Host) -> dict[str, tuple[UUID, str]]:
    """Job and status of each film: here every film has one job."""
    return {slug: (job_id, status) for slug, job_id, status in host.cluster.postgres.execute(_JOBS)}
