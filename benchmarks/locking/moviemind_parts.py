"""The application put together for the lab: its writer calls the lab's model, its queue is the lab's."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Self
from uuid import UUID

from application.admission import Admission
from application.commands.request_generation import Request
from application.commands.run_generation import RunLimits
from application.ports import JobQueue, Quote, WritingTask, Written
from benchmarks.locking.setup import Setup
from benchmarks.locking.strategy import Job, Put, Write
from domain.values import Draft, Priority
from infrastructure.choices import Queue
from infrastructure.postgres.wake_ups import BellListener
from infrastructure.settings import Settings, load_settings
from infrastructure.store import Store
from interfaces.bootstrap import build_service, open_store
from interfaces.loops import Loop, running
from interfaces.projector import dispatching, projecting
from interfaces.writers import build_gate


def settings_for(setup: Setup, *, has_tokens: bool) -> Settings:
    """At the lab's pace: a worker is dead when it has been silent for as long as a lock lives, and tries and
    sending again are as far apart as for the rivals. All else are the defaults of a service."""
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


@dataclass(frozen=True, slots=True)
class Parts:
    """`request` is what answers requests in the service; the rest is what a worker has."""

    settings: Settings
    store: Store
    request: Request
    admission: Admission
    limits: RunLimits

    @classmethod
    def of(cls, settings: Settings) -> Self:
        store = open_store(settings)
        gate, stopping = build_gate(settings, store), threading.Event()
        backoff = [timedelta(seconds=wait) for wait in settings.retry_backoff_seconds]
        return cls(
            settings=settings,
            store=store,
            request=build_service(settings, store, LabQueue(_put_nothing)).request,
            admission=Admission(store.switch, gate, store.dispatches, stopping.wait),
            limits=RunLimits(
                claim=timedelta(seconds=settings.claim_limit_seconds),
                patience=timedelta(seconds=settings.resend_seconds),
                backoff=lambda: backoff,
            ),
        )

    def heartbeats(self, worker_id: str) -> AbstractContextManager[None]:
        """The first one before the block begins."""

        def beat() -> None:
            self.store.heartbeats.beat(worker_id, threads=1)

        beat()
        every = self.settings.heartbeat_seconds
        return running([Loop("heartbeat", beat, every_seconds=every, longest_pause_seconds=every)])


@contextmanager
def projector_process(settings: Settings, put: Put) -> Iterator[None]:
    """What `moviemind projector` does while it leads."""
    appended, projected = threading.Event(), threading.Event()
    with (
        closing(open_store(settings)) as store,
        BellListener(settings.store_address, appended.set),
        projecting(settings, store, appended=appended, projected=projected),
        dispatching(settings, store, LabQueue(put), projected=projected),
    ):
        yield


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
    """Where the dispatcher sends jobs that are due."""

    def __init__(self, put: Put) -> None:
        self._put = put

    def epoch(self) -> str:
        return "lab"

    def waiting(self) -> int:
        return 0

    def enqueue(self, *, slug: str, job_id: UUID, attempt: int, priority: Priority) -> None:  # noqa: ARG002
        self._put(Job(job_id, slug), attempt)


def _put_nothing(_job: Job, _attempt: int) -> None:
    """For who only takes requests: to send jobs is the dispatcher's."""
