"""Waiting for jobs, with a progress bar."""

from collections.abc import Sequence

from interfaces.cli.client import Answer, Client
from interfaces.cli.output import progress


def follow_all(job_ids: Sequence[str], client: Client) -> list[Answer]:
    """In the order they were asked for, which is about the order they end in: little is asked in vain."""
    with progress() as bar:
        task = bar.add_task("writing", total=len(job_ids))
        ended = []
        for job_id in job_ids:
            ended.append(client.follow(job_id))
            bar.advance(task)
    return ended
