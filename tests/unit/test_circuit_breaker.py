"""The circuit breaker: what opens it, for how long, and what closes it again."""

from datetime import UTC, datetime, timedelta

import pytest

from application.circuit_breaker import LONGEST_OPEN, BreakerState, CircuitBreaker, is_of_the_provider
from domain.values import Failure, FailureType

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FIRST = timedelta(seconds=10)
DOWN = Failure(FailureType.AI_API_ERROR, "The provider had a failure.", "HTTP 503")
BUSY = Failure(FailureType.RATE_LIMITED, "Busy.", "HTTP 429", retry_after=timedelta(seconds=90))
LOCKED_OUT = Failure(FailureType.AI_API_ERROR, "Not let in.", "HTTP 401", is_final=True, locks_out=True)
REFUSED = Failure(FailureType.AI_API_ERROR, "Refused.", "HTTP 400", is_final=True)
UNUSABLE = Failure(FailureType.VALIDATION_ERROR, "Not usable.")
OURS = Failure(FailureType.UNKNOWN_ERROR, "Broken.")


class World:
    """A breaker and a time that moves only when it is moved."""

    def __init__(self) -> None:
        self.breaker = CircuitBreaker()
        self.now = NOW

    def call(self, failure: Failure | None = None, *, took: timedelta = timedelta(0)) -> None:
        """One that was admitted now and ends after a while."""
        admitted_at = self.now
        self.now += took
        self.ends(failure, admitted_at=admitted_at)

    def ends(self, failure: Failure | None, *, admitted_at: datetime) -> None:
        self.breaker = self.breaker.after(failure, admitted_at=admitted_at, now=self.now, first_opening=FIRST)

    def opened(self) -> "World":
        for _ in range(3):
            self.call(DOWN)
        return self

    def wait(self) -> None:
        """Until it lets a call through."""
        assert self.breaker.open_until is not None
        self.now = self.breaker.open_until

    @property
    def state(self) -> BreakerState:
        return self.breaker.state(self.now)

    @property
    def pause(self) -> timedelta:
        assert self.breaker.open_until is not None
        return self.breaker.open_until - self.now


@pytest.fixture
def world() -> World:
    return World()


def test_three_failures_in_a_row_open_it(world: World) -> None:
    world.call(DOWN)
    world.call(DOWN)
    assert world.state is BreakerState.CLOSED

    world.call(DOWN)

    assert (world.state, world.pause) == (BreakerState.OPEN, FIRST)
    assert world.breaker.reason == "HTTP 503"


@pytest.mark.parametrize("answer", [None, UNUSABLE, REFUSED, Failure(FailureType.NOT_FOUND, "Not known.")])
def test_an_answer_ends_the_row_of_failures_whatever_it_is_worth(world: World, answer: Failure) -> None:
    for failure in (DOWN, DOWN, answer, DOWN, DOWN):
        world.call(failure)

    assert world.state is BreakerState.CLOSED


def test_a_failure_of_ours_says_nothing_of_the_provider(world: World) -> None:
    for failure in (DOWN, OURS, DOWN, OURS):
        world.call(failure)
    assert world.breaker.failures == 2

    world.call(DOWN)

    assert world.state is BreakerState.OPEN


@pytest.mark.parametrize("failure", [BUSY, LOCKED_OUT])
def test_who_is_turned_away_does_not_try_three_times(world: World, failure: Failure) -> None:
    world.call(failure)

    assert world.state is BreakerState.OPEN


def test_a_provider_that_names_a_time_is_left_alone_for_it(world: World) -> None:
    world.call(BUSY)

    assert world.pause == timedelta(seconds=90)


def test_of_several_times_that_it_names_the_last_one_counts(world: World) -> None:
    began = world.now
    world.call(BUSY)
    world.now += timedelta(seconds=60)

    world.ends(BUSY, admitted_at=began)

    assert world.pause == timedelta(seconds=90)


def test_after_its_time_a_call_finds_out_and_an_answer_closes_it(world: World) -> None:
    world.opened().wait()
    assert world.state is BreakerState.HALF_OPEN

    world.call(None)

    assert world.breaker == CircuitBreaker(opened_ever=1)


def test_each_further_failure_doubles_the_time_up_to_a_limit(world: World) -> None:
    world.opened()
    pauses = [world.pause]
    for _ in range(200):
        world.wait()
        world.call(DOWN)
        pauses.append(world.pause)

    assert [pause / FIRST for pause in pauses[:6]] == [1, 2, 4, 8, 16, LONGEST_OPEN]
    assert pauses[-1] == LONGEST_OPEN * FIRST


def test_calls_that_were_under_way_when_it_opened_say_nothing_new(world: World) -> None:
    began = world.now
    world.opened()
    opened = world.breaker

    world.now += timedelta(seconds=1)
    world.ends(DOWN, admitted_at=began)
    world.ends(None, admitted_at=began)
    world.wait()
    world.ends(None, admitted_at=began)

    assert world.breaker == opened


@pytest.mark.parametrize(
    ("failure", "is_its"),
    [
        (DOWN, True),
        (BUSY, True),
        (Failure(FailureType.TIMEOUT, "Too long."), True),
        (LOCKED_OUT, False),
        (REFUSED, False),
        (UNUSABLE, False),
        (OURS, False),
    ],
)
def test_only_failures_of_the_provider_are_not_held_against_a_job(failure: Failure, is_its: bool) -> None:
    assert is_of_the_provider(failure) is is_its
