"""The application on a real event store, driven step by step instead of by threads."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import IntegrityError

from application.admission import Admission
from application.call_limits import CallLimits
from application.commands.request_generation import (
    RequestedGeneration,
    RequestGeneration,
    request_generation,
)
from application.commands.run_generation import RunGeneration, RunLimits, run_generation
from application.dispatching import Dispatches, DueJob
from application.event_log import EventLog
from application.movie_generations import MovieGenerations
from application.ports import DescriptionWriter, Quote, WritingTask, Written
from application.provider_gate import ProviderGate
from application.queue_switch import QueueState, QueueSwitch
from domain.events import DescriptionEdited, DescriptionGenerated, Event
from domain.movie_generation import MovieGeneration
from domain.values import Actor, Draft, PaidCall, Requested
from infrastructure.sqlite import event_store
from infrastructure.sqlite.call_ledger import SqliteCallLedger

SLUG = "the-matrix-1999"
CLIENT = Actor("client", correlation_id="request-1")
CLAIM_LIMIT = timedelta(seconds=150)
PATIENCE = timedelta(seconds=60)
FIRST_OPENING = timedelta(seconds=10)
RESCUER = Actor("rescuer", correlation_id="rescue-1")
CALL = PaidCall(model="fake", tokens_in=10, tokens_out=20, cost_microusd=7, latency_ms=1, outcome="accepted")


class Clock:
    """A time that moves only when a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class FakeWriter:
    """Writes at once. `meanwhile` runs while the text is being written, as the world does."""

    meanwhile: Callable[[], object] = lambda: None
    costs: Quote | None = None
    tasks: list[WritingTask] = field(default_factory=list)

    def quote(self, task: WritingTask) -> Quote | None:
        return self.costs

    def close(self) -> None:
        """It holds nothing."""

    def write(self, task: WritingTask) -> Written:
        self.tasks.append(task)
        self.meanwhile()
        text = f"Text {len(self.tasks)} of attempt {task.attempt} for {task.slug}, in {task.context_tag}."
        draft = Draft(
            text=text,
            ai_model="fake",
            prompt_version="fake-1",
            prompt_hash=None,
            input_hash=sha256(repr(task).encode()).hexdigest(),
            content_hash=sha256(text.encode()).hexdigest(),
        )
        return Written(draft, (CALL,))


class MemorySwitch(QueueSwitch):
    """A queue's switch that no store holds."""

    def __init__(self) -> None:
        self._state = QueueState()

    def state(self) -> QueueState:
        return self._state

    def pause(self, *, by: str, at: datetime, reason: str) -> None:
        self._state = replace(self._state, is_paused=True, changed_by=by, changed_at=at, reason=reason)

    def resume(self, *, by: str, at: datetime) -> None:
        self.send_again(by=by, at=at)
        self._state = replace(self._state, is_paused=False, reason=None)

    def send_again(self, *, by: str, at: datetime) -> None:
        dispatch_round = self._state.dispatch_round + 1
        self._state = replace(self._state, dispatch_round=dispatch_round, changed_by=by, changed_at=at)


class ForgottenDispatches(Dispatches):
    """Remembers only what it was told to forget."""

    def __init__(self) -> None:
        self.forgotten: list[UUID] = []

    def due(self, *_: Any, **__: Any) -> list[DueJob]:
        return []

    def record(self, due: Sequence[DueJob], *, epoch: str, at: datetime) -> None:
        raise AssertionError("nothing is dispatched here")

    def sent_since(self, moment: datetime) -> int:
        return 0

    def forget(self, job_id: UUID) -> None:
        self.forgotten.append(job_id)


class Core:
    """One event store with everything that decides on it."""

    def __init__(self, directory: Path) -> None:
        path = directory / "moviemind.db"
        self.clock = Clock()
        self.epoch = event_store.prepare(path)
        self.generations = MovieGenerations(event_store.environment(path), clock=self.clock)
        self.log = EventLog(self.generations)
        self.switch = MemorySwitch()
        self.dispatches = ForgottenDispatches()
        datastore = cast(event_store.EventStoreFactory, self.generations.factory).datastore
        self.ledger = SqliteCallLedger(datastore)
        self.gate = self.gate_with(CallLimits())
        self.is_stopping = False
        self.waited: list[float] = []

    def waits(self, seconds: float) -> bool:
        """In no time. Whether the worker is to end."""
        self.waited.append(seconds)
        return self.is_stopping

    def gate_with(self, limits: CallLimits) -> ProviderGate:
        return ProviderGate(
            self.ledger, limits, first_opening=FIRST_OPENING, longest_call=CLAIM_LIMIT, clock=self.clock
        )

    def ask(self, slug: str = SLUG, **more: Any) -> RequestedGeneration:
        return request_generation(
            RequestGeneration(slug=slug, by=more.pop("by", CLIENT), **more), generations=self.generations
        )

    def job(self, slug: str = SLUG, **more: Any) -> Requested:
        """The answer to a request for a single style."""
        (requested,) = self.ask(slug, **more).requested
        return requested

    def run(
        self, job_id: UUID, writer: DescriptionWriter, *, slug: str = SLUG, worker_id: str = "worker"
    ) -> DescriptionGenerated | DescriptionEdited | None:
        limits = RunLimits(
            claim=CLAIM_LIMIT,
            patience=PATIENCE,
            backoff=lambda: [timedelta(seconds=10), timedelta(seconds=60)],
        )
        command = RunGeneration(slug=slug, job_id=job_id, worker_id=worker_id)
        return run_generation(
            command,
            generations=self.generations,
            writer=writer,
            limits=limits,
            admission=Admission(self.switch, self.gate, self.dispatches, self.waits),
            is_stopping=lambda: self.is_stopping,
        )

    def start(self, job_id: UUID, *, slug: str = SLUG, worker_id: str = "worker") -> int | None:
        """A worker claims the job and then says nothing more."""
        return self.generations.decide(
            slug, lambda movie: movie.start(job_id, worker_id=worker_id, limit=CLAIM_LIMIT), by=CLIENT
        )

    def deliver(self, job_id: UUID, attempt: int, *, slug: str = SLUG) -> UUID | None:
        """A worker that was given up delivers the text of an attempt after all."""
        draft = Draft(
            text="Late.",
            ai_model="fake",
            prompt_version="1",
            prompt_hash=None,
            input_hash="i",
            content_hash="c",
        )
        return self.generations.decide(
            slug,
            lambda movie: movie.complete(job_id, attempt, draft, (CALL,), description_id=uuid4()),
            by=CLIENT,
        )

    def cancel(self, job_id: UUID, *, slug: str = SLUG) -> None:
        self.generations.decide(slug, lambda movie: movie.cancel(job_id, reason="not wanted"), by=CLIENT)

    def lose(self, job_id: UUID, attempt: int, *, slug: str = SLUG) -> None:
        """What the rescuer does when a worker is silent."""
        self.generations.decide(slug, lambda movie: movie.lose(job_id, attempt, why="silent"), by=RESCUER)

    def events(self) -> list[Event]:
        return [recorded.event for recorded in self.log.after(0, limit=10_000)]

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events() if isinstance(event, kind)]

    def names(self) -> list[str]:
        return [type(event).__name__ for event in self.events()]

    def close(self) -> None:
        self.generations.close()


class Appends:
    """Watches what the store says to each append, and lets a test step in just before one."""

    def __init__(self, core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
        self.outcomes: list[str] = []
        self._append = core.generations._append
        self._before: Callable[[], object] | None = None
        monkeypatch.setattr(core.generations, "_append", self._watched)

    def overtake_next(self, other: Callable[[], object]) -> None:
        """Let `other` happen after the next decision was made and before it is saved."""
        self._before = other

    def overtake_always(self, other: Callable[[], object]) -> None:
        """Let `other` happen between every decision from now on and its append."""
        is_the_others = False

        def overtake() -> None:
            nonlocal is_the_others
            if is_the_others:
                return
            is_the_others = True
            try:
                other()
            finally:
                is_the_others = False

        self._always = overtake

    def meet(self, parties: int) -> None:
        """Hold the first decision of every thread until all of them have made theirs."""
        barrier, has_met = threading.Barrier(parties), threading.local()

        def wait() -> None:
            if not getattr(has_met, "yes", False):
                has_met.yes = True
                barrier.wait(timeout=10)

        self._always = wait

    _always: Callable[[], object] = staticmethod(lambda: None)

    def _watched(self, movie: MovieGeneration) -> None:
        self._always()
        before, self._before = self._before, None
        if before is not None:
            before()
        if not movie.pending_events:
            return
        try:
            self._append(movie)
        except IntegrityError:
            self.outcomes.append("refused")
            raise
        self.outcomes.append("saved")


def in_threads(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls in threads of their own and return what they return, in their order."""
    results: list[Any] = [None] * len(calls)

    def run(index: int) -> None:
        try:
            results[index] = calls[index]()
        except BaseException as error:  # noqa: BLE001 - the test shall see it
            results[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    errors = [result for result in results if isinstance(result, BaseException)]
    if errors:
        raise errors[0]
    return results
