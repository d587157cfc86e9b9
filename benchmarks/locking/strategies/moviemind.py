"""Ours: the claim is an event, and the text is saved at the version the claim produced.

The application's own code, called as its processes call it: what the API does with a request, what a worker
does with a message, and beside them what the projector process does: it folds views, rescues the jobs of
dead workers and sends them again, through the lab's queue.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from uuid import UUID

from application.admission import Admission
from application.commands.request_generation import RequestGeneration
from application.commands.run_generation import RunGeneration, RunLimits, run_generation
from benchmarks.locking.moviemind_parts import LabQueue, LabWriter, settings_for
from benchmarks.locking.setup import Setup
from benchmarks.locking.strategy import Job, Put, Strategy, Write
from domain.errors import JobIsFinal
from domain.events import DescriptionGenerated
from domain.movie_generation import stream_id
from domain.values import Actor, JobStatus
from infrastructure.postgres import schema
from infrastructure.postgres.wake_ups import BellListener
from interfaces.bootstrap import build_service, new_worker_id, open_store
from interfaces.loops import Loop, running
from interfaces.projector import dispatching, projecting
from interfaces.writers import build_gate


class MovieMind(Strategy):
    has_upkeep = True
    has_tokens = False

    def __init__(self, setup: Setup) -> None:
        self._settings = settings_for(setup, has_tokens=self.has_tokens)
        self._store = open_store(self._settings)
        self._request = build_service(self._settings, self._store, LabQueue(_put_nothing)).request
        gate = build_gate(self._settings, self._store)
        stopping = threading.Event()
        self._admission = Admission(self._store.switch, gate, self._store.dispatches, stopping.wait)
        backoff = [timedelta(seconds=wait) for wait in self._settings.retry_backoff_seconds]
        self._limits = RunLimits(
            claim=timedelta(seconds=self._settings.claim_limit_seconds),
            patience=timedelta(seconds=self._settings.resend_seconds),
            backoff=lambda: backoff,
        )
        self._worker_id = new_worker_id()
        self._working = ExitStack()

    @classmethod
    def create(cls, setup: Setup) -> None:
        schema.create(setup.store_url)

    def start(self) -> None:
        def beat() -> None:
            self._store.heartbeats.beat(self._worker_id, threads=1)

        beat()
        every = self._settings.heartbeat_seconds
        loop = Loop("heartbeat", beat, every_seconds=every, longest_pause_seconds=every)
        self._working.enter_context(running([loop]))

    def request(self, job: Job) -> Job:
        client = Actor("client", correlation_id=str(job.job_id))
        answer = self._request(RequestGeneration(slug=job.slug, by=client))
        (requested,) = answer.requested
        return Job(requested.job_id, answer.slug)

    def work(self, job: Job, write: Write) -> UUID | None:
        done = run_generation(
            RunGeneration(slug=job.slug, job_id=job.job_id, worker_id=self._worker_id),
            generations=self._store.generations,
            writer=LabWriter(write),
            limits=self._limits,
            admission=self._admission,
        )
        if done is not None:
            return done.description_id
        status = self._store.generations.load(job.slug).jobs.find(job.job_id).status
        if status is JobStatus.FAILED:
            raise JobIsFinal(job.job_id, status)
        return None

    def accepted(self, slug: str) -> Sequence[UUID]:
        events = self._store.generations.events.get(stream_id(slug))
        return [event.description_id for event in events if isinstance(event, DescriptionGenerated)]

    @contextmanager
    def upkeep(self, put: Put) -> Iterator[None]:
        appended, projected = threading.Event(), threading.Event()
        with (
            closing(open_store(self._settings)) as store,
            BellListener(self._settings.store_address, appended.set),
            projecting(self._settings, store, appended=appended, projected=projected),
            dispatching(self._settings, store, LabQueue(put), projected=projected),
        ):
            yield

    def close(self) -> None:
        self._working.close()
        self._store.close()


def _put_nothing(_job: Job, _attempt: int) -> None:
    """Requests put nothing into a queue: that is the dispatcher's."""
