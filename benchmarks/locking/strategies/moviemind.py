"""Ours: the claim is an event, and the text is saved at the version the claim produced.

The application's own code, called as its processes call it: what the API does with a request, what a worker
does with a message, and beside them what the projector process does: it folds views, sends the jobs it finds
there through the lab's queue, and rescues those of dead workers.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from uuid import UUID

from application.commands.request_generation import RequestGeneration
from application.commands.run_generation import RunGeneration, run_generation
from benchmarks.locking.moviemind_parts import LabWriter, Parts, projector_process, settings_for
from benchmarks.locking.setup import Setup
from benchmarks.locking.strategy import Job, Put, Strategy, Write
from domain.errors import JobIsFinal
from domain.events import DescriptionGenerated
from domain.movie_generation import stream_id
from domain.values import Actor, JobStatus
from infrastructure.postgres import schema
from interfaces.bootstrap import new_worker_id


class MovieMind(Strategy):
    has_upkeep = True
    sends_jobs = True
    has_tokens = False

    def __init__(self, setup: Setup) -> None:
        self._settings = settings_for(setup, has_tokens=self.has_tokens)
        self._parts = Parts.of(self._settings)
        self._worker_id = new_worker_id()
        self._stack = ExitStack()
        self._stack.callback(self._parts.store.close)

    @classmethod
    def create(cls, setup: Setup) -> None:
        schema.create(setup.store_url)

    def start(self) -> None:
        self._stack.enter_context(self._parts.heartbeats(self._worker_id))

    def request(self, job: Job) -> Job:
        client = Actor("client", correlation_id=str(job.job_id))
        answer = self._parts.request(RequestGeneration(slug=job.slug, by=client))
        (requested,) = answer.requested
        return Job(requested.job_id, answer.slug)

    def work(self, job: Job, write: Write) -> UUID | None:
        generations = self._parts.store.generations
        done = run_generation(
            RunGeneration(slug=job.slug, job_id=job.job_id, worker_id=self._worker_id),
            generations=generations,
            writer=LabWriter(write),
            limits=self._parts.limits,
            admission=self._parts.admission,
        )
        if done is not None:
            return done.description_id
        status = generations.load(job.slug).jobs.find(job.job_id).status
        if status is JobStatus.FAILED:
            raise JobIsFinal(job.job_id, status)
        return None

    def accepted(self, slug: str) -> Sequence[UUID]:
        events = self._parts.store.generations.events.get(stream_id(slug))
        return [event.description_id for event in events if isinstance(event, DescriptionGenerated)]

    @contextmanager
    def upkeep(self, put: Put) -> Iterator[None]:
        with projector_process(self._settings, put):
            yield

    def close(self) -> None:
        self._stack.close()
