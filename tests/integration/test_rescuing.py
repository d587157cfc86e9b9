"""The rescuer ends the attempts of workers that died or ran out of time, and nobody else's."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from application.commands.rescue_generations import RescueGenerations, rescue_generations
from application.worker_watch import WorkerWatch
from domain.events import GenerationAttemptFailed
from domain.values import FailureType, JobStatus
from infrastructure.settings import load_settings
from interfaces.bootstrap import build_projector, open_store
from tests.support.core import RESCUER, SLUG, Clock, Core, FakeWriter
from tests.support.newer import append_unknown

DEAD_AFTER, EVERY = 8.0, 2.0


class Rescue:
    """A core whose jobs view and heartbeats a rescuer reads. `look` is one round of it."""

    def __init__(self, directory: Path) -> None:
        self.core = Core(directory)
        self.store = open_store(load_settings(data_dir=directory))
        self._projector = build_projector(self.store)
        self._monotonic = 0.0
        self.beats = self.store.heartbeats
        self.watch = WorkerWatch(
            self.beats,
            dead_after_seconds=DEAD_AFTER,
            looks_every_seconds=EVERY,
            monotonic=lambda: self._monotonic,
        )

    def claimed_by(self, worker_id: str) -> UUID:
        self.beats.beat(worker_id, threads=1)
        job_id = self.core.job().job_id
        self.core.start(job_id, worker_id=worker_id)
        return job_id

    def look(self, *, after: float = EVERY) -> int:
        self._monotonic += after
        while self._projector.step():
            pass
        return rescue_generations(
            RescueGenerations(by=RESCUER),
            generations=self.core.generations,
            jobs=self.store.jobs,
            watch=self.watch,
            gate=self.core.gate,
        )

    @property
    def clock(self) -> Clock:
        return self.core.clock

    def lost(self) -> list[GenerationAttemptFailed]:
        return self.core.of(GenerationAttemptFailed)

    def close(self) -> None:
        self.store.close()
        self.core.close()


@pytest.fixture
def rescue(tmp_path: Path) -> Iterator[Rescue]:
    rescue = Rescue(tmp_path)
    yield rescue
    rescue.close()


def test_a_silent_workers_job_is_due_again_at_once(rescue: Rescue) -> None:
    job_id = rescue.claimed_by("silent")

    ended = [rescue.look() for _ in range(5)]

    assert ended == [0, 0, 0, 0, 1], "first seen, then silent for 2, 4, 6 and 8 seconds"
    (lost,) = rescue.lost()
    assert (lost.job_id, lost.attempt, lost.failure_type) == (job_id, 1, FailureType.WORKER_LOST)
    assert "worker silent gives no sign of life" in lost.technical_message
    assert rescue.core.run(job_id, FakeWriter()) is not None


def test_a_worker_that_beats_keeps_its_job(rescue: Rescue) -> None:
    rescue.claimed_by("busy")

    for _ in range(10):
        rescue.beats.beat("busy", threads=1)
        assert rescue.look() == 0


def test_an_outage_that_the_rescuer_did_not_see_through_is_nobodys_silence(rescue: Rescue) -> None:
    rescue.claimed_by("cut-off")
    rescue.look()

    assert rescue.look(after=3600) == 0, "nobody could beat, and nobody looked"
    rescue.beats.beat("cut-off", threads=1)
    assert [rescue.look() for _ in range(3)] == [0, 0, 0]


def test_a_worker_without_a_heartbeat_has_ended(rescue: Rescue) -> None:
    rescue.claimed_by("gone")
    rescue.beats.sign_off("gone")

    assert rescue.look() == 1


def test_even_a_live_worker_loses_a_job_it_holds_past_its_limit(rescue: Rescue) -> None:
    job_id = rescue.claimed_by("slow")
    rescue.clock.advance(seconds=150)
    rescue.beats.beat("slow", threads=1)
    assert rescue.look() == 0

    rescue.clock.advance(seconds=1)
    rescue.beats.beat("slow", threads=1)

    assert rescue.look() == 1
    assert "held the job past its limit" in rescue.lost()[0].technical_message
    assert rescue.core.generations.load(SLUG).jobs[job_id].status is JobStatus.PENDING


def test_a_job_that_ended_meanwhile_is_left_alone(rescue: Rescue) -> None:
    """The view is a moment behind; the film itself decides."""
    job_id = rescue.claimed_by("quick")
    rescue.look()
    rescue.beats.sign_off("quick")
    rescue.core.deliver(job_id, 1)
    claims = rescue.store.jobs.open_claims()
    assert [claim.job_id for claim in claims] == [job_id], "the view still shows the claim"

    ended = rescue_generations(
        RescueGenerations(by=RESCUER),
        generations=rescue.core.generations,
        jobs=rescue.store.jobs,
        watch=rescue.watch,
        gate=rescue.core.gate,
    )

    assert ended == 0
    assert rescue.lost() == []


def test_a_film_that_cannot_be_read_here_keeps_no_other_from_being_rescued(rescue: Rescue) -> None:
    for slug in ("alien-1979", SLUG, "heat-1995"):
        rescue.core.start(rescue.core.job(slug).job_id, slug=slug, worker_id="runs")
    rescue.beats.beat("runs", threads=1)
    assert rescue.look() == 0, "the views know the claims"
    append_unknown(SLUG, generations=rescue.core.generations)
    rescue.beats.sign_off("runs")

    assert rescue.look() == 2


def test_the_third_lost_worker_is_the_last(rescue: Rescue) -> None:
    job_id = rescue.core.job().job_id
    for number in (1, 2, 3):
        rescue.core.start(job_id, worker_id=f"crashes-{number}")
        assert rescue.look() == 1

    assert rescue.core.generations.load(SLUG).jobs[job_id].status is JobStatus.FAILED
    assert rescue.look() == 0
