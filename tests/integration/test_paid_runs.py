"""A worker with a paid model: the gate is asked before the claim, and told in the end what it took."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from application.admission import MOMENT_SECONDS, Admission
from application.call_ledger import EVERYBODY, Account, PlannedCall
from application.call_limits import CallLimits
from application.commands.rescue_generations import RescueGenerations, rescue_generations
from application.commands.settle_calls import settle_calls
from application.errors import StoreUnavailable
from application.movie_generations import STORE_RETRY_SECONDS
from application.ports import Quote, WritingFailed
from application.provider_gate import SETTLED_BY_WORKER, ProviderGate
from application.worker_watch import WorkerWatch
from domain.events import (
    DescriptionGenerated,
    GenerationAttemptFailed,
    GenerationStarted,
    StaleResultRejected,
)
from domain.movie_generation import MovieGeneration
from domain.values import (
    MAX_SPARED,
    MAX_TRIES,
    UNKNOWN_COST_WEIGHS,
    ContextTag,
    Failure,
    FailureType,
    JobStatus,
)
from infrastructure.settings import load_settings
from infrastructure.store import Store
from interfaces.bootstrap import build_projector, open_store
from tests.integration.test_run_generation import FailingWriter
from tests.support.core import CALL, CLAIM_LIMIT, FIRST_OPENING, RESCUER, SLUG, Core, FakeWriter

AT_MOST = 100
QUOTE = Quote("fake", AT_MOST)
DOWN = WritingFailed(
    Failure(FailureType.AI_API_ERROR, "Down.", "HTTP 503"), (replace(CALL, cost_microusd=0),)
)
UNUSABLE = WritingFailed(Failure(FailureType.VALIDATION_ERROR, "Not usable."), (CALL,))
COST = CALL.cost_microusd or 0


def today(core: Core) -> Account:
    with core.ledger.looking() as facts:
        return facts.account(core.clock.now.date(), EVERYBODY)


def writer(meanwhile: Callable[[], object] = lambda: None) -> FakeWriter:
    return FakeWriter(meanwhile, costs=QUOTE)


def failing(*errors: Exception) -> FailingWriter:
    return FailingWriter(list(errors), costs=QUOTE)


class TestAsking:
    def test_the_worst_cost_is_reserved_before_the_claim_and_the_real_one_accounted(self, core: Core) -> None:
        seen: list[Account] = []

        core.run(core.job().job_id, writer(lambda: seen.append(today(core))))

        assert seen == [Account(reserved=AT_MOST)]
        assert today(core) == Account(spent=COST)

    def test_without_money_nothing_is_claimed_and_no_try_is_used(self, core: Core) -> None:
        core.gate = core.gate_with(CallLimits(budget_microusd=AT_MOST - 1))
        job, paid = core.job().job_id, writer()

        assert core.run(job, paid) is None

        assert (paid.tasks, core.of(GenerationStarted)) == ([], [])
        assert core.dispatches.forgotten == [], "it comes again in a while: this text is too dear for now"
        core.gate = core.gate_with(CallLimits(budget_microusd=AT_MOST))
        assert core.run(job, paid) is not None

    @pytest.mark.parametrize(
        "limits",
        [CallLimits(calls=1), CallLimits(calls_per_minute=1), CallLimits(budget_microusd=2 * AT_MOST - 1)],
    )
    def test_without_a_permit_the_job_is_dispatched_again_later(self, core: Core, limits: CallLimits) -> None:
        core.gate = core.gate_with(limits)
        second = core.job("heat-1995").job_id

        def meanwhile() -> None:
            core.run(second, writer(), slug="heat-1995")

        core.run(core.job().job_id, writer(meanwhile))

        assert core.dispatches.forgotten == [second]
        assert len(core.of(GenerationStarted)) == 1

    def test_a_writer_that_is_free_asks_nobody(self, core: Core) -> None:
        core.gate = core.gate_with(CallLimits(calls=0, budget_microusd=0))

        assert core.run(core.job().job_id, FakeWriter()) is not None

    def test_a_job_that_is_claimed_already_reserves_nothing(self, core: Core) -> None:
        job = core.job().job_id
        core.start(job)

        core.run(job, writer())

        assert today(core) == Account()

    def test_a_film_that_was_described_meanwhile_reserves_nothing(self, core: Core) -> None:
        job = core.job().job_id
        core.run(job, FakeWriter())

        core.run(job, writer())

        assert today(core) == Account()

    def test_a_worker_that_is_turned_away_asks_once_more_after_a_moment(self, core: Core) -> None:
        core.gate = core.gate_with(CallLimits(calls=1))
        core.gate.admit(planned())

        def waits(seconds: float) -> bool:
            core.waited.append(seconds)
            core.gate.settle(planned().job_id, 1, ())
            return False

        core.waits = waits  # type: ignore[method-assign]

        assert core.run(core.job().job_id, writer()) is not None
        assert core.waited == [MOMENT_SECONDS]

    def test_a_worker_that_ends_does_not_ask_again(self, core: Core) -> None:
        core.gate = core.gate_with(CallLimits(calls=1))
        core.gate.admit(planned())
        core.is_stopping = True

        assert core.run(core.job().job_id, writer()) is None


class TestBeingHeldUp:
    """Between its permit and its claim, for so long that others have taken its permit for left behind."""

    def test_a_worker_reserves_again_what_was_released_meanwhile(
        self, core: Core, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[Account] = []
        _held_up(core, monkeypatch)

        assert core.run(core.job().job_id, writer(lambda: seen.append(today(core)))) is not None

        assert (seen, today(core)) == ([Account(reserved=AT_MOST)], Account(spent=COST))

    def test_a_worker_whose_permit_has_gone_to_another_does_not_call(
        self, core: Core, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        core.gate = core.gate_with(CallLimits(calls=1))
        job, paid = core.job().job_id, writer()
        _held_up(core, monkeypatch, meanwhile=lambda: core.gate.admit(planned()))

        assert core.run(job, paid) is None

        assert paid.tasks == []
        (given_back,) = core.of(GenerationAttemptFailed)
        assert (given_back.spared, given_back.calls) == (True, [])
        assert core.generations.load(SLUG).jobs[job].tries == 0

    def test_who_looks_for_permits_that_are_left_does_not_take_one_that_was_confirmed(
        self, core: Core
    ) -> None:
        """It has seen the stream before the claim, and acts after it."""
        call = planned()
        core.gate.admit(call)
        core.clock.now += SETTLED_BY_WORKER + timedelta(seconds=1)
        (left,) = core.gate.left_unsettled()
        core.clock.advance(seconds=1)
        assert core.gate.confirm(call)

        core.gate.release(left)

        assert core.gate.unsettled(call.job_id, call.attempt) is not None

    def test_a_worker_whose_attempt_was_taken_does_not_call(self, core: Core) -> None:
        call = planned()
        core.gate.admit(call)
        core.gate.settle(call.job_id, call.attempt, ())

        assert not core.gate.confirm(call)


class TestClaimsThatComeToNothing:
    def test_a_permit_is_free_at_once_when_the_job_ends_meanwhile(
        self, core: Core, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = core.job().job_id
        _overtaken(core, monkeypatch, lambda: core.cancel(job))

        assert core.run(job, writer()) is None

        assert today(core) == Account()
        assert core.gate.status().under_way == 0

    def test_a_permit_that_another_worker_uses_is_left_to_it(
        self, core: Core, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = core.job().job_id
        _overtaken(core, monkeypatch, lambda: core.start(job, worker_id="other"))

        assert core.run(job, writer()) is None

        assert today(core) == Account(reserved=AT_MOST)

    def test_an_attempt_that_is_asked_for_again_finds_out_half_open(
        self, core: Core, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(3):
            slug = f"film-{number}-1999"
            core.run(core.job(slug).job_id, failing(DOWN), slug=slug)
        core.clock.now += FIRST_OPENING
        job = core.job().job_id
        _overtaken(core, monkeypatch, lambda: core.job(context_tags=(ContextTag.MODERN,)))

        assert core.run(job, writer()) is not None


class TestOutage:
    def test_a_job_that_meets_an_outage_alone_does_not_fail(
        self, core: Core, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("time.sleep", lambda seconds: core.clock.advance(seconds=seconds))
        job, down = core.job().job_id, failing(*[DOWN] * 40)
        began = core.clock.now

        while core.clock.now < began + timedelta(minutes=10):
            core.run(job, down)
            core.clock.advance(seconds=1)
        core.clock.advance(minutes=10)

        assert core.generations.load(SLUG).jobs[job].status is JobStatus.PENDING
        assert 3 < len(down.tasks) < 12, "the provider was left alone meanwhile"
        assert core.run(job, writer()) is not None
        assert all(event.spared for event in core.of(GenerationAttemptFailed))

    def test_a_job_that_has_used_its_tries_otherwise_does_not_fail_either(self, core: Core) -> None:
        job, bad = core.job().job_id, failing(UNUSABLE, UNUSABLE, DOWN, DOWN, DOWN)
        for _ in range(5):
            core.run(job, bad)
            core.clock.advance(minutes=2)

        assert core.generations.load(SLUG).jobs[job].tries == 2
        assert core.run(job, writer()) is not None

    def test_what_may_have_been_paid_for_is_not_repeated_for_ever(self, core: Core) -> None:
        slow = WritingFailed(Failure(FailureType.TIMEOUT, "Too long."), (replace(CALL, cost_microusd=None),))
        job, never = core.job().job_id, failing(*[slow] * 100)
        while core.generations.load(SLUG).jobs[job].is_active:
            core.run(job, never)
            core.clock.advance(minutes=6)

        assert len(never.tasks) == MAX_SPARED // UNKNOWN_COST_WEIGHS + MAX_TRIES

    def test_nobody_else_meets_it(self, core: Core) -> None:
        for number in range(3):
            slug = f"film-{number}-1999"
            core.run(core.job(slug).job_id, failing(DOWN), slug=slug)
        other = core.job().job_id

        core.run(other, writer())
        assert core.generations.load(SLUG).jobs[other].attempt == 0
        assert core.dispatches.forgotten == [other]

        core.clock.now += FIRST_OPENING
        assert core.run(other, writer()) is not None

    def test_a_failure_that_is_the_jobs_own_is_held_against_it(self, core: Core) -> None:
        job = core.job().job_id
        bad = failing(UNUSABLE, UNUSABLE, UNUSABLE)

        for _ in range(3):
            core.run(job, bad)
            core.clock.advance(minutes=2)

        assert core.generations.load(SLUG).jobs[job].status is JobStatus.FAILED
        assert today(core) == Account(spent=3 * COST)


class TestWithoutAStore:
    def test_no_text_waits_for_the_ledger(self, core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
        job = core.job().job_id
        away = StoreUnavailable("it is away")

        def breaks() -> None:
            for what in ("heard", "settle"):
                monkeypatch.setattr(type(core.gate), what, _raises(away))

        assert core.run(job, writer(breaks)) is not None
        assert len(core.of(DescriptionGenerated)) == 1
        assert today(core) == Account(reserved=AT_MOST), "to be settled later"

    def test_a_claim_waits_for_it_and_goes_on(self, core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nobody else would start a job that a living worker has claimed."""
        confirm, away = type(core.gate).confirm, [StoreUnavailable("it is away")] * 3

        def comes_back(gate: ProviderGate, call: PlannedCall) -> bool:
            if away:
                raise away.pop()
            return confirm(gate, call)

        monkeypatch.setattr(type(core.gate), "confirm", comes_back)

        assert core.run(core.job().job_id, writer()) is not None
        assert core.waited == [STORE_RETRY_SECONDS] * 3

    def test_a_claim_of_a_worker_that_ends_does_not(
        self, core: Core, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(type(core.gate), "confirm", _raises(StoreUnavailable("it is away")))
        core.is_stopping, paid = True, writer()

        with pytest.raises(StoreUnavailable):
            core.run(core.job().job_id, paid)

        assert paid.tasks == []

    def test_nor_does_a_failure(self, core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
        job = core.job().job_id
        monkeypatch.setattr(type(core.gate), "heard", _raises(StoreUnavailable("it is away")))

        core.run(job, failing(DOWN))

        assert [event.spared for event in core.of(GenerationAttemptFailed)] == [False]


class Rescue:
    """The rescuer, some time after whatever happened."""

    def __init__(self, core: Core, store: Store) -> None:
        self.core = core
        self.store = store
        self._projector = build_projector(store)
        self._watch = WorkerWatch(store.heartbeats, dead_after_seconds=8, looks_every_seconds=2)

    def look(self, *, later: timedelta = timedelta(minutes=1)) -> None:
        self.core.clock.now += later
        while self._projector.step():
            pass
        rescue_generations(
            RescueGenerations(by=RESCUER),
            generations=self.core.generations,
            jobs=self.store.jobs,
            watch=self._watch,
            gate=self.core.gate,
        )

    def settle(self) -> int:
        while self._projector.step():
            pass
        return settle_calls(generations=self.core.generations, gate=self.core.gate)


@pytest.fixture
def rescue(core: Core, tmp_path: Path) -> Iterator[Rescue]:
    with closing(open_store(load_settings(data_dir=tmp_path))) as store:
        yield Rescue(core, store)


class TestDeaths:
    def test_a_call_that_died_with_its_worker_counts_as_the_worst(self, core: Core, rescue: Rescue) -> None:
        job = core.job().job_id
        _dies_in_its_call(core, job)

        rescue.look()

        assert today(core) == Account(spent=AT_MOST)
        (lost,) = core.of(GenerationAttemptFailed)
        assert [(call["outcome"], call["cost_microusd"]) for call in lost.calls] == [("worker_lost", None)]

    def test_a_call_under_way_is_left_alone(self, core: Core, rescue: Rescue) -> None:
        def meanwhile() -> None:
            rescue.store.heartbeats.beat("worker", threads=1)
            rescue.look()
            assert rescue.settle() == 0

        core.run(core.job().job_id, writer(meanwhile))

        assert today(core) == Account(spent=COST)

    def test_a_worker_that_comes_back_is_accounted_with_what_it_really_took(
        self, core: Core, rescue: Rescue
    ) -> None:
        def meanwhile() -> None:
            rescue.look(later=CLAIM_LIMIT + timedelta(seconds=1))
            rescue.settle()
            assert today(core) == Account(spent=AT_MOST)

        job = core.job().job_id
        core.run(job, writer(meanwhile))

        assert core.generations.load(SLUG).jobs[job].status is JobStatus.DONE
        assert today(core) == Account(spent=COST)

    def test_what_a_worker_could_not_settle_is_read_from_the_stream(
        self, core: Core, rescue: Rescue, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first, second = core.job().job_id, core.job("heat-1995").job_id
        with monkeypatch.context() as patched:
            patched.setattr(type(core.gate), "settle", _raises(StoreUnavailable("it is away")))
            core.run(first, writer())
            core.run(second, failing(DOWN), slug="heat-1995")
        core.clock.advance(minutes=1)

        assert rescue.settle() == 2

        assert today(core) == Account(spent=COST)

    def test_of_what_was_lost_and_found_the_real_cost_is_read(
        self, core: Core, rescue: Rescue, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = core.job().job_id

        def meanwhile() -> None:
            rescue.look(later=CLAIM_LIMIT + timedelta(seconds=1))
            core.run(job, FakeWriter(), worker_id="other")

        monkeypatch.setattr(type(core.gate), "settle", lambda *_: None)
        core.run(job, writer(meanwhile))
        monkeypatch.undo()
        assert len(core.of(StaleResultRejected)) == 1

        assert rescue.settle() == 1

        assert today(core) == Account(spent=COST)

    def test_a_call_goes_on_when_its_job_is_cancelled_and_keeps_its_permit(
        self, core: Core, rescue: Rescue
    ) -> None:
        core.gate = core.gate_with(CallLimits(calls=1))
        job = core.job().job_id

        def meanwhile() -> None:
            core.cancel(job)
            core.clock.advance(minutes=1)
            assert rescue.settle() == 0
            assert core.gate.opening().room == 0

        core.run(job, writer(meanwhile))

        assert (core.gate.opening().room, today(core)) == (1, Account(spent=COST))

    def test_a_call_of_a_cancelled_job_that_nobody_can_be_waiting_for_is_settled(
        self, core: Core, rescue: Rescue
    ) -> None:
        job = core.job().job_id
        _dies_in_its_call(core, job)
        core.cancel(job)
        core.clock.now += CLAIM_LIMIT

        assert rescue.settle() == 1

        assert today(core) == Account(spent=AT_MOST)

    def test_a_film_that_cannot_be_read_keeps_no_other_call_from_being_settled(
        self, core: Core, rescue: Rescue, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for slug in ("broken-1999", SLUG):
            core.gate.admit(planned(core.job(slug).job_id, slug))
        core.clock.advance(minutes=1)
        load = core.generations.load

        def loads(slug: str) -> MovieGeneration:
            if slug == "broken-1999":
                raise ValueError("an event of an unknown kind")
            return load(slug)

        monkeypatch.setattr(core.generations, "load", loads)

        assert rescue.settle() == 1
        assert today(core) == Account(reserved=AT_MOST)

    def test_a_worker_that_died_before_its_claim_leaves_its_permit_to_others(
        self, core: Core, rescue: Rescue, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        core.gate = core.gate_with(CallLimits(calls=1))
        job = core.job().job_id
        with monkeypatch.context() as patched:
            patched.setattr(core.generations, "save", _raises(KeyboardInterrupt()))
            with pytest.raises(KeyboardInterrupt):
                core.run(job, writer())
        assert core.gate.opening().room == 0
        assert rescue.settle() == 0, "it may be about to claim"

        core.clock.advance(minutes=1)
        assert rescue.settle() == 1

        assert today(core) == Account()
        assert core.run(job, writer()) is not None


def planned(job_id: UUID = UUID(int=1), slug: str = "heat-1995") -> PlannedCall:
    """Of another job, unless said."""
    return PlannedCall(
        job_id=job_id, attempt=1, slug=slug, requester="client", model="fake", at_most_microusd=AT_MOST
    )


def _held_up(
    core: Core, monkeypatch: pytest.MonkeyPatch, *, meanwhile: Callable[[], object] = lambda: None
) -> None:
    """The next worker stands still between its permit and its claim, until others release it."""
    admit = Admission.admit

    def and_freeze(admission: Admission, *about: Any) -> object:
        call = admit(admission, *about)
        core.clock.now += SETTLED_BY_WORKER + timedelta(seconds=1)
        for left in core.gate.left_unsettled():
            core.gate.release(left)
        meanwhile()
        return call

    monkeypatch.setattr(Admission, "admit", and_freeze)


def _overtaken(core: Core, monkeypatch: pytest.MonkeyPatch, by: Callable[[], object]) -> None:
    """The next worker has its permit when something else happens to the film."""
    admit = Admission.admit

    def then(admission: Admission, *about: Any) -> object:
        call = admit(admission, *about)
        monkeypatch.setattr(Admission, "admit", admit)
        by()
        return call

    monkeypatch.setattr(Admission, "admit", then)


def _dies_in_its_call(core: Core, job_id: UUID) -> None:
    with pytest.raises(KeyboardInterrupt):
        core.run(job_id, writer(_raises(KeyboardInterrupt())))


def _raises(error: BaseException) -> Callable[..., None]:
    def raises(*_: object, **__: object) -> None:
        raise error

    return raises
