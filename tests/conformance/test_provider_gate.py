"""The gate before a paid model, on every store: no limit is passed, whoever asks, and nothing is lost."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.call_ledger import EVERYBODY, Account, CallLedger, PlannedCall, scope_of
from application.call_limits import CallLimits, Refusal
from application.circuit_breaker import BreakerState
from application.errors import BudgetExceeded
from application.gate_status import Opening
from application.provider_gate import REMEMBERED, SETTLED_BY_WORKER, ProviderGate
from domain.values import Failure, FailureType, PaidCall
from infrastructure.postgres import schema
from infrastructure.settings import Settings, load_settings
from interfaces.bootstrap import open_store
from tests.support.core import CLAIM_LIMIT, FIRST_OPENING, Clock
from tests.support.servers import Postgres
from tests.support.stores import DIALECTS

DOWN = Failure(FailureType.AI_API_ERROR, "The provider had a failure.", "HTTP 503")
THREADS = 16
_databases = count(1)


class World:
    """One store that any number of processes have opened, and a time that only tests move."""

    def __init__(self, open_ledger: Callable[[], CallLedger]) -> None:
        self.clock = Clock()
        self.clock.now += timedelta(hours=12)
        self._open = open_ledger
        self.ledger = open_ledger()

    def gate(self, **limits: int) -> ProviderGate:
        return self._gate(self.ledger, limits)

    def beside(self, **limits: int) -> ProviderGate:
        """Of another process."""
        return self._gate(self._open(), limits)

    def account(self, scope: str = EVERYBODY) -> Account:
        with self.ledger.looking() as facts:
            return facts.account(self.clock.now.date(), scope)

    def _gate(self, ledger: CallLedger, limits: dict[str, int]) -> ProviderGate:
        return ProviderGate(
            ledger,
            CallLimits(**limits),
            first_opening=FIRST_OPENING,
            longest_call=CLAIM_LIMIT,
            clock=self.clock,
        )


@pytest.fixture(params=DIALECTS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    settings = load_settings(data_dir=tmp_path)
    if request.param == "postgresql":
        settings = _on_postgres(request.getfixturevalue("postgres_server"))
    with ExitStack() as opened:
        yield World(lambda: opened.enter_context(closing(open_store(settings))).ledger)


def _on_postgres(server: Postgres) -> Settings:
    name = f"gate_{next(_databases)}"
    server.execute(f"CREATE DATABASE {name}")
    schema.create(server.url(name))
    return load_settings(store_url=server.url(name))


def planned(at_most: int | None = 100, *, requester: str = "anna", attempt: int = 1) -> PlannedCall:
    return PlannedCall(
        job_id=uuid4(),
        attempt=attempt,
        slug="heat-1995",
        requester=requester,
        model="openai:gpt-4o-mini",
        at_most_microusd=at_most,
    )


def paid(cost: int | None) -> tuple[PaidCall, ...]:
    return (
        PaidCall(model="m", tokens_in=1, tokens_out=1, cost_microusd=cost, latency_ms=1, outcome="accepted"),
    )


def admitted(gate: ProviderGate, **about: Any) -> PlannedCall:
    call = planned(**about)
    assert gate.admit(call) is None
    return call


def settle(gate: ProviderGate, call: PlannedCall, cost: int | None) -> None:
    gate.settle(call.job_id, call.attempt, paid(cost))


def hear(gate: ProviderGate, call: PlannedCall, failure: Failure | None) -> object:
    heard = gate.heard(call.job_id, call.attempt, failure)
    settle(gate, call, 0)
    return heard


def opened(gate: ProviderGate) -> None:
    for _ in range(3):
        hear(gate, admitted(gate), DOWN)


def test_without_limits_everything_is_admitted(world: World) -> None:
    gate = world.gate()

    for _ in range(20):
        admitted(gate)

    assert gate.opening() == Opening()


class TestPermits:
    def test_no_more_calls_are_under_way_than_are_allowed(self, world: World) -> None:
        gate = world.gate(calls=2)
        first = admitted(gate)
        admitted(gate)
        assert gate.admit(planned()) is Refusal.CALLS
        assert gate.opening().room == 0

        settle(gate, first, 1)

        assert gate.opening().room == 1
        admitted(gate)

    def test_many_who_ask_at_once_get_no_more_than_there_are(self, world: World) -> None:
        gates = [world.gate(calls=7), world.beside(calls=7)]

        with ThreadPoolExecutor(THREADS) as threads:
            answers = list(threads.map(lambda number: gates[number % 2].admit(planned()), range(60)))

        assert answers.count(None) == 7

    def test_many_who_ask_within_a_minute_get_no_more_than_there_are(self, world: World) -> None:
        gates = [world.gate(calls_per_minute=7), world.beside(calls_per_minute=7)]

        def call(number: int) -> bool:
            gate, wanted = gates[number % 2], planned()
            if gate.admit(wanted) is not None:
                return False
            settle(gate, wanted, 1)
            return True

        with ThreadPoolExecutor(THREADS) as threads:
            answers = list(threads.map(call, range(60)))

        assert answers.count(True) == 7

    def test_calls_of_a_minute_are_counted_whatever_became_of_them(self, world: World) -> None:
        gate = world.gate(calls_per_minute=2)
        settle(gate, admitted(gate), 1)
        world.clock.advance(seconds=30)
        settle(gate, admitted(gate), 1)
        assert gate.admit(planned()) is Refusal.RATE

        world.clock.advance(seconds=31)

        assert gate.opening().room == 1
        admitted(gate)
        assert gate.admit(planned()) is Refusal.RATE

    def test_an_attempt_that_two_workers_ask_for_has_one_permit(self, world: World) -> None:
        gate = world.gate(calls=1)
        call = admitted(gate)

        assert world.beside(calls=1).admit(call) is None

        assert world.account().reserved == 100
        settle(gate, call, 40)
        assert world.account() == Account(spent=40)

    def test_a_permit_for_an_attempt_that_has_ended_reserves_nothing(self, world: World) -> None:
        """Whoever asks so late finds the claim gone."""
        gate = world.gate()
        call = admitted(gate)
        settle(gate, call, 40)

        assert gate.admit(call) is None

        assert world.account() == Account(spent=40)

    def test_a_call_that_was_never_made_gives_everything_back(self, world: World) -> None:
        gate = world.gate(calls=1)
        call = admitted(gate)
        world.clock.now += SETTLED_BY_WORKER
        assert gate.left_unsettled() == [], "its worker may be about to claim the job"
        world.clock.advance(seconds=1)
        (left,) = gate.left_unsettled()
        assert left.call == call

        gate.release(left)

        assert gate.unsettled(call.job_id, call.attempt) is None
        assert world.account() == Account()
        admitted(gate)

    def test_a_call_that_was_asked_for_again_meanwhile_is_not_given_back(self, world: World) -> None:
        gate = world.gate()
        call = admitted(gate)
        world.clock.advance(minutes=1)
        (left,) = gate.left_unsettled()
        gate.admit(call)

        gate.release(left)

        assert gate.unsettled(call.job_id, call.attempt) is not None
        assert world.account().reserved == 100


class TestBudgets:
    def test_a_call_is_admitted_only_if_its_worst_cost_is_there(self, world: World) -> None:
        gate = world.gate(budget_microusd=250)
        first, _ = admitted(gate), admitted(gate)

        assert gate.admit(planned()) is Refusal.BUDGET

        settle(gate, first, 50)
        assert gate.admit(planned()) is None
        assert world.account() == Account(spent=50, reserved=200, refused=100)

    def test_what_was_refused_for_want_of_money_is_not_tried_over_and_over(self, world: World) -> None:
        """A budget with a rest that no call fits into is spent, and everybody agrees on it."""
        gate = world.gate(budget_microusd=150, budget_per_key_microusd=140, least_microusd=10)
        first = admitted(gate)
        assert gate.admit(planned(60)) is Refusal.BUDGET
        assert gate.admit(planned(70)) is Refusal.TOO_DEAR, "one of 60 is to be paid for first"
        assert gate.admit(planned(60)) is Refusal.BUDGET

        assert gate.opening() == Opening(room=0, shut_for=frozenset({"anna"}))
        gate.check_budgets("anna")  # the call under way may be cheap

        settle(gate, first, 95)
        assert gate.status().is_spent
        with pytest.raises(BudgetExceeded):
            gate.check_budgets("anna")

    def test_it_is_tried_again_when_there_is_enough(self, world: World) -> None:
        gate = world.gate(budget_microusd=150, least_microusd=10)
        first = admitted(gate)
        gate.admit(planned(60))

        settle(gate, first, 90)

        assert gate.opening().room is None
        assert gate.admit(planned(60)) is None

    def test_a_call_that_no_day_can_pay_for_keeps_no_other_from_being_made(self, world: World) -> None:
        gate = world.gate(budget_microusd=150)

        assert gate.admit(planned(151)) is Refusal.TOO_DEAR

        assert gate.opening().room is None

    def test_what_is_asked_again_on_another_day_is_paid_from_that_day(self, world: World) -> None:
        gate = world.gate(budget_microusd=100)
        world.clock.advance(hours=11, minutes=59)
        call = admitted(gate)
        world.clock.advance(minutes=2)
        other = admitted(gate)

        assert gate.admit(call) is Refusal.BUDGET

        assert world.account().committed == 100
        settle(gate, other, 0)
        assert gate.admit(call) is None
        assert world.account().committed == 100

    def test_many_who_ask_at_once_do_not_overspend(self, world: World) -> None:
        gates = [world.gate(budget_microusd=1_050), world.beside(budget_microusd=1_050)]

        def pay(number: int) -> bool:
            gate, call = gates[number % 2], planned()
            if gate.admit(call) is not None:
                return False
            settle(gate, call, 100)
            return True

        with ThreadPoolExecutor(THREADS) as threads:
            answers = list(threads.map(pay, range(60)))

        assert answers.count(True) == 10
        assert (world.account().spent, world.account().reserved) == (1_000, 0)

    def test_each_key_has_a_budget_of_its_own(self, world: World) -> None:
        gate = world.gate(budget_per_key_microusd=100, least_microusd=100)
        settle(gate, admitted(gate, requester="anna"), 1)

        assert gate.admit(planned(requester="anna")) is Refusal.BUDGET
        assert gate.admit(planned(requester="bert")) is None
        assert gate.opening() == Opening(shut_for=frozenset({"anna", "bert"}))
        assert world.account(scope_of("anna")).spent == 1

    def test_a_budget_is_that_of_a_day(self, world: World) -> None:
        gate = world.gate(budget_microusd=100, least_microusd=100)
        settle(gate, admitted(gate), 100)
        assert gate.opening().room == 0

        world.clock.advance(hours=12)

        assert gate.opening().room is None
        admitted(gate)

    def test_what_runs_over_midnight_is_paid_from_the_day_it_was_admitted_on(self, world: World) -> None:
        gate = world.gate(budget_microusd=100, least_microusd=100)
        world.clock.advance(hours=11, minutes=59)
        call = admitted(gate)
        world.clock.advance(minutes=2)

        settle(gate, call, 70)

        assert world.account() == Account()
        world.clock.advance(minutes=-2)
        assert world.account() == Account(spent=70)

    def test_what_is_not_known_counts_as_the_worst_until_it_is(self, world: World) -> None:
        gate = world.gate()
        call = admitted(gate)

        settle(gate, call, None)
        settle(gate, call, None)
        assert world.account() == Account(spent=100)

        settle(gate, call, 30)
        settle(gate, call, 30)
        settle(gate, call, None)
        assert world.account() == Account(spent=30)

    def test_settling_twice_counts_once(self, world: World) -> None:
        gate = world.gate()
        call = admitted(gate)

        settle(gate, call, 30)
        settle(gate, call, 90)

        assert world.account() == Account(spent=30)
        gate.settle(uuid4(), 1, paid(5))
        assert world.account() == Account(spent=30), "nobody knows that call"

    def test_a_dearer_call_of_the_same_attempt_reserves_the_difference(self, world: World) -> None:
        gate = world.gate(budget_microusd=150)
        call = admitted(gate)

        assert gate.admit(replace(call, at_most_microusd=200)) is Refusal.TOO_DEAR
        assert gate.admit(replace(call, at_most_microusd=150)) is None

        assert world.account().reserved == 150

    def test_a_model_without_a_price_spends_what_it_is_said_to_cost(self, world: World) -> None:
        gate = world.gate()
        call = admitted(gate, at_most=None)

        settle(gate, call, None)

        assert world.account() == Account()

    def test_new_requests_are_refused_when_nothing_is_left(self, world: World) -> None:
        gate = world.gate(budget_microusd=199, budget_per_key_microusd=150, least_microusd=100)
        call = admitted(gate, requester="anna")
        gate.check_budgets("anna")  # it may turn out to be cheap

        settle(gate, call, 60)
        gate.check_budgets("bert")
        with pytest.raises(BudgetExceeded, match="of the requester is spent; it opens again at 2026-01-02"):
            gate.check_budgets("anna")
        settle(gate, admitted(gate, requester="bert"), 40)
        with pytest.raises(BudgetExceeded, match="of the service is spent"):
            gate.check_budgets("carl")

    def test_a_budget_that_is_raised_opens_at_once(self, world: World) -> None:
        settle(world.gate(), admitted(world.gate()), 100)
        assert world.gate(budget_microusd=100).admit(planned()) is Refusal.BUDGET

        assert world.beside(budget_microusd=200).admit(planned()) is None


class TestBreaker:
    def test_a_provider_that_fails_is_left_alone_by_all(self, world: World) -> None:
        gate, other = world.gate(), world.beside()

        opened(gate)

        assert other.admit(planned()) is Refusal.PROVIDER
        assert other.opening().room == 0
        assert other.status().state is BreakerState.OPEN

    def test_those_who_met_the_failure_hear_until_when(self, world: World) -> None:
        gate = world.gate()
        calls = [admitted(gate) for _ in range(4)]

        assert hear(gate, calls[0], DOWN) == world.clock.now, "not yet"
        assert hear(gate, calls[1], DOWN) == world.clock.now
        until = world.clock.now + FIRST_OPENING
        assert hear(gate, calls[2], DOWN) == until
        assert hear(gate, calls[3], DOWN) == until, "it was under way when it opened"
        assert gate.heard(uuid4(), 1, DOWN) is None, "nobody knows that call"

    def test_half_open_it_lets_one_call_through(self, world: World) -> None:
        gate, other = world.gate(), world.beside()
        opened(gate)
        world.clock.now += FIRST_OPENING
        assert gate.opening().room == 1

        with ThreadPoolExecutor(THREADS) as threads:
            answers = list(threads.map(lambda number: (gate, other)[number % 2].admit(planned()), range(20)))

        assert answers.count(None) == 1
        assert gate.opening().room == 0

    def test_the_call_that_finds_out_may_be_asked_for_again(self, world: World) -> None:
        gate = world.gate()
        opened(gate)
        world.clock.now += FIRST_OPENING
        probe = admitted(gate)

        assert world.beside().admit(probe) is None
        assert gate.admit(planned()) is Refusal.PROVIDER

    def test_somebody_who_knows_that_it_is_well_can_have_it_asked_at_once(self, world: World) -> None:
        gate = world.gate()
        opened(gate)

        gate.ask_again()

        assert gate.status().state is BreakerState.HALF_OPEN
        hear(gate, admitted(gate), None)
        gate.ask_again()
        assert gate.status().state is BreakerState.CLOSED

    def test_an_answer_lets_everybody_through(self, world: World) -> None:
        gate = world.gate()
        opened(gate)
        world.clock.now += FIRST_OPENING

        hear(gate, admitted(gate), None)

        assert gate.opening().room is None
        assert gate.status().state is BreakerState.CLOSED

    def test_a_call_that_was_lost_makes_room_for_the_next_to_find_out(self, world: World) -> None:
        gate = world.gate()
        opened(gate)
        world.clock.now += FIRST_OPENING
        lost = admitted(gate)

        settle(gate, lost, None)

        admitted(gate)

    def test_calls_from_before_it_opened_are_not_taken_for_the_one_that_finds_out(self, world: World) -> None:
        gate = world.gate()
        admitted(gate)  # and still under way
        opened(gate)
        world.clock.now += FIRST_OPENING

        assert gate.opening().room == 1
        admitted(gate)


def test_what_a_dead_worker_may_have_paid_for_is_told(world: World) -> None:
    gate = world.gate()
    call = admitted(gate)
    world.clock.advance(seconds=9)

    (lost,) = gate.lost_calls(call.job_id, call.attempt)

    assert (lost.model, lost.cost_microusd, lost.latency_ms) == ("openai:gpt-4o-mini", None, 9_000)
    assert gate.lost_calls(uuid4(), 1) == ()


def test_the_status_tells_what_there_is(world: World) -> None:
    gate = world.gate(budget_microusd=1_000, budget_per_key_microusd=100, least_microusd=50)
    settle(gate, admitted(gate, requester="anna"), 60)
    admitted(gate, requester="bert")

    status = gate.status()

    assert (status.under_way, status.last_minute, status.today) == (1, 2, Account(spent=60, reserved=100))
    assert (status.is_spent, status.spent_requesters) == (False, frozenset({"anna", "bert"}))
    assert status.limits.budget_microusd == 1_000


def test_settled_calls_are_forgotten_after_a_while_and_what_they_cost_is_not(world: World) -> None:
    gate = world.gate()
    settled, open_one = admitted(gate), admitted(gate)
    settle(gate, settled, 30)
    day = world.clock.now.date()
    world.clock.now += REMEMBERED + timedelta(seconds=1)

    assert gate.forget_old_calls() is True
    assert gate.forget_old_calls() is False

    assert _known(world, settled.job_id) is False
    assert _known(world, open_one.job_id) is True
    with world.ledger.looking() as facts:
        assert facts.account(day, EVERYBODY) == Account(spent=30, reserved=100)


def test_a_decision_that_fails_changes_nothing(world: World) -> None:
    def decide() -> None:
        with world.ledger.deciding() as rows:
            rows.put_account(world.clock.now.date(), EVERYBODY, Account(spent=1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        decide()

    assert world.account() == Account()


def _known(world: World, job_id: UUID) -> bool:
    with world.ledger.looking() as facts:
        return facts.reservation(job_id, 1) is not None
