"""Waiting for jobs."""

import time
from collections.abc import Callable, Sequence

from interfaces.cli.client import FINAL, FOLLOW_SECONDS, Answer, Client
from interfaces.cli.output import progress


def follow_all(job_ids: Sequence[str], client: Client) -> list[Answer]:
    """With a progress bar, in the order they were asked for, which is about the order they end in: little
    is asked in vain."""
    with progress() as bar:
        task = bar.add_task("writing", total=len(job_ids))
        ended = []
        for job_id in job_ids:
            ended.append(client.follow(job_id))
            bar.advance(task)
    return ended


def watch_all(
    job_ids: Sequence[str], client: Client, *, tell: Callable[[Answer], None] | None
) -> list[Answer]:
    """Until all are final; `tell` hears of every job at first and whenever it stands elsewhere."""
    seen: dict[str, Answer] = {}
    while True:
        for job_id in job_ids:
            if job_id in seen and seen[job_id]["status"] in FINAL:
                continue
            job = client.job(job_id)
            if tell and _stand(job) != _stand(seen.get(job_id)):
                tell(job)
            seen[job_id] = job
        if all(job["status"] in FINAL for job in seen.values()):
            return [seen[job_id] for job_id in job_ids]
        time.sleep(FOLLOW_SECONDS)


def _stand(job: Answer | None) -> tuple[object, ...] | None:
    return (job["status"], job["attempts"], job["error"]) if job else None
