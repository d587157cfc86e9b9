"""Waiting for jobs."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from http import HTTPStatus
from uuid import UUID

from domain.values import JobStatus
from interfaces.cli.output import progress
from interfaces.client import Client, Operator, ServiceRefused, ServiceUnreachable
from interfaces.http.schemas.generation import JobAnswer

WATCH_SECONDS = 0.1
"""Between two looks at one job."""

LEAST_WATCH_SECONDS = 0.05
"""Between two looks at any: a key's reads in a minute are counted."""

LONG_PENDING_SECONDS = 3.0


def follow(job_id: UUID, client: Operator, *, on_wait: Callable[[str], None]) -> JobAnswer:
    """Wait until a job has ended; `on_wait` hears why it cannot start."""
    tells_at = time.monotonic() + LONG_PENDING_SECONDS

    def look(job: JobAnswer) -> None:
        nonlocal tells_at
        if time.monotonic() < tells_at:
            return
        tells_at = time.monotonic() + LONG_PENDING_SECONDS
        if job.status is JobStatus.PENDING and (why := _why_nothing_starts(client)):
            on_wait(why)

    return client.wait(job_id, on_look=look)


def follow_all(
    job_ids: Sequence[UUID], client: Operator, *, on_wait: Callable[[str], None]
) -> list[JobAnswer]:
    """With a progress bar, in the order they were asked for, which is about the order they end in: little
    is asked in vain."""
    with progress() as bar:
        task = bar.add_task("writing", total=len(job_ids))
        ended = []
        for job_id in job_ids:
            ended.append(follow(job_id, client, on_wait=on_wait))
            bar.advance(task)
    return ended


def watch_all(
    job_ids: Sequence[UUID], client: Client, *, tell: Callable[[JobAnswer], None] | None
) -> list[JobAnswer]:
    """Until all have ended; `tell` hears of every job at first and whenever it stands elsewhere."""
    seen: dict[UUID, JobAnswer] = {}
    active = deque(dict.fromkeys(job_ids))
    while active:
        job = client.job(job_id := active.popleft())
        if tell and _stand(job) != _stand(seen.get(job_id)):
            tell(job)
        seen[job_id] = job
        if job.status.is_active:
            active.append(job_id)
        if active:
            time.sleep(max(WATCH_SECONDS / len(active), LEAST_WATCH_SECONDS))
    return [seen[job_id] for job_id in job_ids]


def _why_nothing_starts(client: Operator) -> str | None:
    """None where it is not known: an admin alone is told, and by a service that answers."""
    try:
        queue = client.queue()
    except ServiceUnreachable:
        return None
    except ServiceRefused as refusal:
        if refusal.status == HTTPStatus.FORBIDDEN:
            return None
        raise
    if queue.is_paused:
        return f"the queue is paused: {queue.reason}"
    if queue.workers == 0:
        return "no worker is alive; start one with: moviemind worker"
    return queue.provider.waits_for if queue.provider else None


def _stand(job: JobAnswer | None) -> tuple[object, ...] | None:
    return (job.status, job.attempts, job.error) if job else None
