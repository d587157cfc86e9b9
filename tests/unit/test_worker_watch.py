"""Dead workers are told from live ones by what the watcher itself has seen."""

from collections.abc import Sequence

import pytest

from application.worker_watch import FORGOTTEN_AFTER, Heartbeats, Worker, WorkerWatch

DEAD_AFTER_SECONDS = 8.0
LOOKS_EVERY_SECONDS = 2.0


class _Heartbeats(Heartbeats):
    """Signs of life in memory."""

    def __init__(self) -> None:
        self.is_writable = True
        self._beats: dict[str, int] = {}

    def beat(self, worker_id: str, *, threads: int = 1) -> None:
        if not self.is_writable:
            raise OSError("the disk is full")
        self._beats[worker_id] = self._beats.get(worker_id, 0) + 1

    def counts(self) -> dict[str, int]:
        return dict(self._beats)

    def seen_within(self, seconds: float) -> Sequence[Worker]:
        raise AssertionError("a watcher compares no clocks")

    def sign_off(self, worker_id: str) -> None:
        del self._beats[worker_id]


class _Watched:
    """A watcher that looks at a steady pace, in a time that only tests move."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.heartbeats = _Heartbeats()
        self.watch = WorkerWatch(
            self.heartbeats,
            dead_after_seconds=DEAD_AFTER_SECONDS,
            looks_every_seconds=LOOKS_EVERY_SECONDS,
            monotonic=lambda: self.now,
        )

    def look_for(self, seconds: float, *, beating: tuple[str, ...] = ()) -> None:
        """Look at the usual pace for a while, in which some workers beat."""
        end = self.now + seconds
        while self.now < end:
            self.now += LOOKS_EVERY_SECONDS
            for worker_id in beating:
                self.heartbeats.beat(worker_id)
            self.watch.look()

    def pause(self, seconds: float) -> None:
        """The watcher itself stands still, and then looks once."""
        self.now += seconds
        self.watch.look()


@pytest.fixture
def watched() -> _Watched:
    watched = _Watched()
    watched.heartbeats.beat("worker")
    watched.watch.look()
    return watched


def test_a_worker_silent_for_the_whole_time_is_dead(watched: _Watched) -> None:
    watched.look_for(DEAD_AFTER_SECONDS)

    assert watched.watch.is_dead("worker")


def test_a_worker_silent_for_less_lives(watched: _Watched) -> None:
    watched.look_for(DEAD_AFTER_SECONDS - LOOKS_EVERY_SECONDS)

    assert not watched.watch.is_dead("worker")


def test_a_worker_that_beats_lives_however_long(watched: _Watched) -> None:
    watched.look_for(10 * DEAD_AFTER_SECONDS, beating=("worker",))

    assert not watched.watch.is_dead("worker")


def test_a_beat_ends_a_silence(watched: _Watched) -> None:
    watched.look_for(DEAD_AFTER_SECONDS - LOOKS_EVERY_SECONDS)
    watched.look_for(LOOKS_EVERY_SECONDS, beating=("worker",))
    watched.look_for(DEAD_AFTER_SECONDS - LOOKS_EVERY_SECONDS)

    assert not watched.watch.is_dead("worker"), "two silences are not one"


def test_a_dead_worker_that_beats_again_lives(watched: _Watched) -> None:
    watched.look_for(DEAD_AFTER_SECONDS)
    watched.look_for(LOOKS_EVERY_SECONDS, beating=("worker",))

    assert not watched.watch.is_dead("worker")


def test_a_pause_of_the_watcher_kills_nobody(watched: _Watched) -> None:
    watched.pause(100 * DEAD_AFTER_SECONDS)

    assert not watched.watch.is_dead("worker")


def test_pause_after_pause_of_the_watcher_kills_nobody(watched: _Watched) -> None:
    for _ in range(100):
        watched.pause(DEAD_AFTER_SECONDS)

    assert not watched.watch.is_dead("worker")


def test_the_time_in_which_nobody_could_write_is_nobodys_silence(watched: _Watched) -> None:
    watched.heartbeats.is_writable = False
    for _ in range(10):
        with pytest.raises(OSError, match="full"):
            watched.look_for(LOOKS_EVERY_SECONDS)

    watched.heartbeats.is_writable = True
    watched.look_for(DEAD_AFTER_SECONDS - LOOKS_EVERY_SECONDS)

    assert not watched.watch.is_dead("worker")


def test_looks_that_fail_now_and_then_do_not_add_up_to_a_silence(watched: _Watched) -> None:
    for _ in range(10):
        watched.heartbeats.is_writable = False
        with pytest.raises(OSError, match="full"):
            watched.look_for(LOOKS_EVERY_SECONDS)
        watched.heartbeats.is_writable = True
        watched.look_for(LOOKS_EVERY_SECONDS)

    assert not watched.watch.is_dead("worker")


def test_the_silence_after_a_pause_is_still_seen(watched: _Watched) -> None:
    watched.pause(100 * DEAD_AFTER_SECONDS)
    watched.look_for(DEAD_AFTER_SECONDS)

    assert watched.watch.is_dead("worker")


def test_a_worker_first_seen_after_a_long_time_has_its_whole_time_to_beat(watched: _Watched) -> None:
    watched.look_for(5 * DEAD_AFTER_SECONDS)
    watched.heartbeats.beat("late")
    watched.look_for(LOOKS_EVERY_SECONDS)

    assert not watched.watch.is_dead("late")


def test_a_worker_without_a_heartbeat_is_dead(watched: _Watched) -> None:
    assert watched.watch.is_dead("never seen")


def test_a_worker_that_signed_off_is_dead_at_the_next_look(watched: _Watched) -> None:
    watched.heartbeats.sign_off("worker")
    watched.look_for(LOOKS_EVERY_SECONDS)

    assert watched.watch.is_dead("worker")


def test_each_worker_is_judged_by_its_own_beats(watched: _Watched) -> None:
    watched.heartbeats.beat("other")
    watched.look_for(2 * DEAD_AFTER_SECONDS, beating=("other",))

    assert watched.watch.is_dead("worker")
    assert not watched.watch.is_dead("other")


def test_a_worker_long_dead_is_forgotten_so_that_the_list_does_not_grow(watched: _Watched) -> None:
    watched.look_for(FORGOTTEN_AFTER * DEAD_AFTER_SECONDS - LOOKS_EVERY_SECONDS)
    assert "worker" in watched.heartbeats.counts(), "it may only have been frozen"

    watched.look_for(LOOKS_EVERY_SECONDS)

    assert "worker" not in watched.heartbeats.counts()
    assert watched.watch.is_dead("worker")
