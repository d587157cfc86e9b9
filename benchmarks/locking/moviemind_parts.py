"""The application's roles as the lab fills them: its writer calls the lab's model, its queue is the lab's."""

from hashlib import sha256
from uuid import UUID

from application.ports import JobQueue, Quote, WritingTask, Written
from benchmarks.locking.setup import Setup
from benchmarks.locking.strategy import Job, Put, Write
from domain.values import Draft, Priority
from infrastructure.choices import Queue
from infrastructure.settings import Settings, load_settings


def settings_for(setup: Setup, *, has_tokens: bool) -> Settings:
    """The defaults of a service at the lab's pace, where these are times."""
    pace = setup.pace
    return load_settings(
        store_url=setup.store_url,
        redis_url=setup.redis_urls[0] if has_tokens else None,
        queue=Queue.DATABASE,  # of which nothing is sent: the lab has a queue of its own
        claim_limit_seconds=pace.claim,
        ai_deadline_seconds=pace.claim * 0.6,
        shutdown_seconds=pace.claim * 0.9,
        retry_backoff_seconds=pace.backoff,
        heartbeat_seconds=pace.dead_after / 5,
        worker_dead_seconds=pace.dead_after,
        rescue_seconds=pace.dead_after / 5,
        resend_seconds=pace.visibility,
    )


class LabWriter:
    """A DescriptionWriter that calls the lab's model. To the gate it is free of charge: limits, budgets and
    the breaker are no part of what is compared."""

    def __init__(self, write: Write) -> None:
        self._write = write

    def quote(self, _task: WritingTask) -> Quote | None:
        return None

    def write(self, task: WritingTask) -> Written:
        text = self._write()
        return Written(
            Draft(
                text=text,
                ai_model="lab",
                prompt_version="lab-1",
                prompt_hash=None,
                input_hash=sha256(task.slug.encode()).hexdigest(),
                content_hash=sha256(text.encode()).hexdigest(),
            )
        )

    def close(self) -> None:
        """It holds nothing."""


class LabQueue(JobQueue):
    """Where the dispatcher sends jobs that are due again."""

    def __init__(self, put: Put) -> None:
        self._put = put

    def epoch(self) -> str:
        return "lab"

    def waiting(self) -> int:
        return 0

    def enqueue(self, *, slug: str, job_id: UUID, attempt: int, priority: Priority) -> None:  # noqa: ARG002
        self._put(Job(job_id, slug), attempt)
