"""What operators are told."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from application.gate_status import GateStatus
from application.queue_switch import QueueState
from application.worker_watch import Worker
from domain.values import FailureType, JobStatus
from interfaces.http.schemas.generation import JobAnswer
from interfaces.http.schemas.provider import ProviderAnswer


class WorkerAnswer(BaseModel):
    """A worker process that gives signs of life."""

    worker_id: str = Field(description="host, pid, and a nonce of this start")
    threads: int = Field(description="attempts it runs at the same time")
    started_at: datetime
    beat_at: datetime = Field(description="its last sign of life")

    @classmethod
    def of(cls, worker: Worker) -> Self:
        return cls(
            worker_id=worker.worker_id,
            threads=worker.threads,
            started_at=worker.started_at,
            beat_at=worker.beat_at,
        )


class WorkersAnswer(BaseModel):
    items: list[WorkerAnswer]


class QueueAnswer(BaseModel):
    """The queue's switch, and how it is doing."""

    driver: str = Field(description="`redis`, `database` or `embedded`", examples=["redis"])
    is_paused: bool = Field(description="while it is, no job is started")
    changed_by: str | None
    changed_at: datetime | None
    reason: str | None = Field(description="why it is paused")
    messages_waiting: int | None = Field(
        description="messages no worker has taken; null when the queue cannot be reached"
    )
    jobs: dict[JobStatus, int]
    oldest_wait_seconds: float | None = Field(description="of a due job that no worker has started")
    workers: int
    provider: ProviderAnswer | None = Field(description="of a paid model; null where writing is free")

    @classmethod
    def of(
        cls,
        state: QueueState,
        *,
        driver: str,
        messages_waiting: int | None,
        jobs: dict[JobStatus, int],
        oldest_wait_seconds: float | None,
        workers: int,
        provider: GateStatus | None,
    ) -> Self:
        return cls(
            driver=driver,
            is_paused=state.is_paused,
            changed_by=state.changed_by,
            changed_at=state.changed_at,
            reason=state.reason,
            messages_waiting=messages_waiting,
            jobs=jobs,
            oldest_wait_seconds=oldest_wait_seconds,
            workers=workers,
            provider=None if provider is None else ProviderAnswer.of(provider),
        )


class FailedJobsPage(BaseModel):
    """Jobs that failed for good, the newest request first; `by_type` counts them all."""

    by_type: dict[FailureType, int]
    items: list[JobAnswer]
    next_cursor: str | None


class NotRetried(BaseModel):
    """A job that got no new tries, and why."""

    job_id: str
    type: str = Field(examples=["another-job-active"])
    detail: str


class RetriedJobs(BaseModel):
    """What came of it; ask again with `next_cursor` for the jobs behind these, until it is null."""

    retried: int
    refused: list[NotRetried]
    next_cursor: str | None
