"""What operators are told."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from application.event_log import EventLog
from application.gate_status import GateStatus
from application.queue_switch import QueueState
from application.reading import MUCH_LAG, lag
from application.rebuild_book import RebuildState, ToldRebuild
from application.view import View, ViewStatus
from application.worker_watch import Worker
from domain.values import FailureType, JobStatus
from interfaces.http.cursors import position_text
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


class RebuildAnswer(BaseModel):
    """A rebuild, as it told of itself at `told_at`."""

    state: RebuildState = Field(
        description="`failed`: see `failure`; `broken off`: it has fallen silent, and can be started again"
    )
    events: int = Field(description="that were folded")
    of_events: int = Field(description="that there were when it began")
    events_per_second: float | None = Field(description="null before any was folded", examples=[4600.0])
    started_at: datetime
    told_at: datetime = Field(description="when it ended, or last told how it goes")
    failure: str | None

    @classmethod
    def of(cls, told: ToldRebuild) -> Self:
        rate = told.events_per_second
        return cls(
            state=told.state,
            events=told.events,
            of_events=told.of_events,
            events_per_second=None if rate is None else round(rate, 1),
            started_at=told.started_at,
            told_at=told.told_at,
            failure=told.failure,
        )


class ProjectionAnswer(BaseModel):
    """A view, and how far the events have been folded into it."""

    view: str = Field(examples=["movies"])
    state: Literal["follows", "stopped", "needs rebuild", "too new"] = Field(
        description="`stopped`: before an event that cannot be folded; `needs rebuild` and `too new`: its"
        " rows are those of an older or a newer version"
    )
    position: str = Field(description="of the last event that was folded")
    lag: int = Field(description=f"events behind the head of the log, {MUCH_LAG} for that many and more")
    version: int = Field(description="of what its rows mean and of how they are kept")
    needed_version: int
    stopped_because: str | None
    rebuild: RebuildAnswer | None = Field(
        description="the newest one of the store, where it is of this view too"
    )

    @classmethod
    def of(cls, status: ViewStatus, *, lag: int, epoch: str, rebuild: ToldRebuild | None) -> Self:
        return cls(
            view=status.view,
            state=_state(status),
            position=position_text(epoch, status.position),
            lag=lag,
            version=status.version,
            needed_version=status.needed_version,
            stopped_because=status.stopped_because,
            rebuild=RebuildAnswer.of(rebuild) if rebuild and status.view in rebuild.views else None,
        )


def _state(status: ViewStatus) -> Literal["follows", "stopped", "needs rebuild", "too new"]:
    if status.version != status.needed_version:
        return "needs rebuild" if status.needs_rebuild else "too new"
    return "stopped" if status.stopped_because else "follows"


class ProjectionsAnswer(BaseModel):
    items: list[ProjectionAnswer]

    @classmethod
    def of(
        cls, views: Sequence[View[Any, Any]], *, log: EventLog, epoch: str, rebuild: ToldRebuild | None
    ) -> Self:
        behind = lag(views, log)
        return cls(
            items=[
                ProjectionAnswer.of(view.status(), lag=behind[view.name], epoch=epoch, rebuild=rebuild)
                for view in views
            ]
        )


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
