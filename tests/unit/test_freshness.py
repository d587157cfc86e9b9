"""Views are fresh when they show all that was committed a second ago."""

from typing import Any, cast

import pytest

from application.event_log import EventLog
from application.reading import CATCH_UP_SECONDS, FRESHNESS_LOOK_SECONDS, Freshness
from application.view import View


class World:
    """A log and two views, of which one may be slower; moments are seconds."""

    def __init__(self) -> None:
        self.now = 100.0
        self.committed = 0
        self.reached = [0, 0]
        self.looks = 0
        views = cast(list[View[Any, Any]], [_View(self, 0), _View(self, 1)])
        self._freshness = Freshness(views, cast(EventLog, self), clock=lambda: self.now)

    def head(self) -> int:
        self.looks += 1
        return self.committed

    def is_fresh(self, *, after: float = FRESHNESS_LOOK_SECONDS) -> bool:
        self.now += after
        return self._freshness.is_given()


class _View:
    def __init__(self, world: World, number: int) -> None:
        self._world = world
        self._number = number

    def position(self) -> int:
        return self._world.reached[self._number]


@pytest.fixture
def world() -> World:
    return World()


def test_views_that_have_reached_the_head_are_fresh(world: World) -> None:
    assert world.is_fresh()


def test_views_stay_fresh_while_they_lag_by_less_than_a_second(world: World) -> None:
    assert world.is_fresh()
    for _ in range(100):
        world.committed += 1

        assert world.is_fresh(after=0.4)

        world.reached = [world.committed] * 2


@pytest.mark.parametrize("slow", [0, 1])
def test_views_of_which_one_stands_still_for_a_second_are_not_fresh(world: World, slow: int) -> None:
    assert world.is_fresh()
    world.committed = 1
    world.reached[1 - slow] = 1

    assert world.is_fresh(after=CATCH_UP_SECONDS - 0.01)
    assert not world.is_fresh(after=0.01)


def test_views_that_reach_an_old_head_are_not_fresh(world: World) -> None:
    world.committed = 1
    assert not world.is_fresh()
    world.committed = 2
    world.reached = [1, 1]

    assert not world.is_fresh(after=CATCH_UP_SECONDS)


def test_views_that_have_caught_up_are_fresh_again(world: World) -> None:
    world.committed = 1
    assert not world.is_fresh()
    world.reached = [1, 1]

    assert world.is_fresh()


def test_it_is_looked_up_a_few_times_a_second_only(world: World) -> None:
    for _ in range(1_000):
        world.is_fresh(after=0.001)

    assert world.looks <= 1 + 1 / FRESHNESS_LOOK_SECONDS
