"""Whose jobs the lab puts into its queue: those of strategies that do not send them themselves."""

from collections.abc import Sequence
from dataclasses import replace
from unittest.mock import Mock
from uuid import UUID

import pytest

from benchmarks.locking.desk import Desk
from benchmarks.locking.round_trips import Trips
from benchmarks.locking.setup import Pace
from benchmarks.locking.stage import Client, Crew, ask
from benchmarks.locking.strategies.moviemind import MovieMind
from benchmarks.locking.strategies.none import NoLock
from benchmarks.locking.strategy import Job, Strategy, Write


class _Front(Strategy):
    def __init__(self, *, sends_jobs: bool) -> None:
        self.sends_jobs = sends_jobs

    @classmethod
    def create(cls, setup: object) -> None: ...

    def work(self, job: Job, write: Write) -> UUID | None:
        raise NotImplementedError

    def accepted(self, slug: str) -> Sequence[UUID]:
        return []

    def close(self) -> None: ...


@pytest.mark.parametrize("sends_jobs", [False, True])
def test_a_job_is_put_unless_its_strategy_does_that(sends_jobs: bool) -> None:
    pace, client = replace(Pace.scaled(1e6), patience=0.001), Client()
    desk = Desk(pace)
    crew = Crew(
        desk=desk,
        workers=Mock(),
        model=Mock(),
        servers=Mock(),
        front=_Front(sends_jobs=sends_jobs),
        trips_beside=Trips,
        pace=pace,
    )

    ask(crew, "heat-1995", client)
    delivery = None if sends_jobs else desk.take("worker")

    assert client.why_lost == "no answer in time", "nobody works"
    assert (delivery is not None) is not sends_jobs
    desk.close()
    assert desk.take("worker") is None, "there is no other"


def test_ours_go_their_own_way() -> None:
    assert MovieMind.sends_jobs
    assert not NoLock.sends_jobs
