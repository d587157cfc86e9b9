"""Work that is done over and over: at once while there is more, else when woken or after a while."""

import threading
from collections.abc import Callable

import pytest
import structlog

from application.errors import StoreUnavailable, ViewMoved
from interfaces import loops
from interfaces.loops import Loop
from tests.support.process import wait_until

LONG_SECONDS = 3_600.0
DEADLINE_SECONDS = 10.0


class _Steps:
    """A step that answers what it is told to, and False from then on. An exception is raised."""

    def __init__(self, *answers: bool | Exception) -> None:
        self.taken = 0
        self._answers = list(answers)

    def __call__(self) -> bool:
        self.taken += 1
        answer = self._answers.pop(0) if self._answers else False
        if isinstance(answer, Exception):
            raise answer
        return answer

    def wait_for(self, taken: int) -> None:
        wait_until(lambda: self.taken >= taken, f"{taken} steps are taken", DEADLINE_SECONDS)


def _stop(loop: Loop) -> None:
    """Fails, instead of hanging, when the loop does not stop."""
    stopper = threading.Thread(target=loop.stop, daemon=True)
    stopper.start()
    stopper.join(DEADLINE_SECONDS)
    assert not stopper.is_alive(), "the loop does not stop"


@pytest.fixture
def run(request: pytest.FixtureRequest) -> Callable[..., Loop]:
    """Start a loop that is stopped when the test ends."""

    def start(step: Callable[[], object], *, every_seconds: float = LONG_SECONDS, **more: object) -> Loop:
        loop = Loop("test", step, every_seconds=every_seconds, **more)  # type: ignore[arg-type]
        loop.start()
        request.addfinalizer(lambda: _stop(loop))
        return loop

    return start


def test_a_step_that_did_something_is_followed_by_the_next_at_once(run: Callable[..., Loop]) -> None:
    steps = _Steps(True, True, True)

    run(steps)

    steps.wait_for(4)


def test_a_loop_with_nothing_to_do_rests_until_it_is_woken(run: Callable[..., Loop]) -> None:
    steps, wake = _Steps(), threading.Event()
    run(steps, wake=wake)
    steps.wait_for(1)

    wake.set()

    steps.wait_for(2)
    assert steps.taken == 2, "the wake-up is used up"


def test_a_wake_up_during_a_step_is_not_lost(run: Callable[..., Loop]) -> None:
    wake = threading.Event()
    steps = _Steps()

    def step() -> bool:
        if steps.taken == 0:
            wake.set()
        return steps()

    run(step, wake=wake)

    steps.wait_for(2)


def test_a_rest_after_a_step_is_ended_by_nothing_but_the_end(run: Callable[..., Loop]) -> None:
    steps, wake, followed = _Steps(True, True), threading.Event(), threading.Event()
    loop = run(steps, wake=wake, then=followed.set, rest_seconds=LONG_SECONDS)
    assert followed.wait(DEADLINE_SECONDS), "who follows does not wait for the rest"

    wake.set()
    _stop(loop)

    assert steps.taken == 1


def test_a_loop_looks_unasked_after_its_time(run: Callable[..., Loop]) -> None:
    steps = _Steps()

    run(steps, every_seconds=0.001)

    steps.wait_for(5)


def test_what_follows_is_called_only_after_a_step_that_did_something(run: Callable[..., Loop]) -> None:
    steps, followed = _Steps(True, False, True), _Steps()

    run(steps, every_seconds=0.001, then=followed)

    steps.wait_for(6)
    assert followed.taken == 2


def test_a_step_that_raises_is_logged_and_tried_again(
    run: Callable[..., Loop], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loops, "FIRST_PAUSE_SECONDS", 0.001)
    steps = _Steps(OSError("the disk is full"), OSError("still"), True)

    with structlog.testing.capture_logs() as logged:
        run(steps)
        steps.wait_for(4)

    failed = [entry for entry in logged if entry["event"] == "loop.step_failed"]
    assert [(entry["loop"], entry["log_level"]) for entry in failed] == [("test", "error")] * 2
    assert [entry["next_try_in_seconds"] for entry in failed] == [0.001, 0.002], "later and later"


@pytest.mark.parametrize("by_others", [StoreUnavailable("it is gone"), ViewMoved("jobs")], ids=str)
def test_what_others_cause_takes_a_sentence_and_no_traceback(
    run: Callable[..., Loop], monkeypatch: pytest.MonkeyPatch, by_others: Exception
) -> None:
    monkeypatch.setattr(loops, "FIRST_PAUSE_SECONDS", 0.001)
    steps = _Steps(ExceptionGroup("projections failed", [by_others]), True)

    with structlog.testing.capture_logs() as logged:
        run(steps)
        steps.wait_for(3)

    held_up = {"event": "loop.held_up", "log_level": "warning", "reason": str(by_others)}
    assert logged == [held_up | {"loop": "test", "next_try_in_seconds": 0.001}]


def test_pauses_after_failures_stay_bounded_and_start_over_after_a_success(
    run: Callable[..., Loop], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loops, "FIRST_PAUSE_SECONDS", 0.001)
    steps = _Steps(*[OSError("gone")] * 4, True, OSError("gone again"), True)

    with structlog.testing.capture_logs() as logged:
        run(steps, longest_pause_seconds=0.003)
        steps.wait_for(8)

    assert [entry["next_try_in_seconds"] for entry in logged] == [0.001, 0.002, 0.003, 0.003, 0.001]


def test_stop_ends_a_rest_and_returns_when_the_thread_has_ended() -> None:
    steps = _Steps()
    loop = Loop("resting", steps, every_seconds=LONG_SECONDS)
    loop.start()
    steps.wait_for(1)

    _stop(loop)

    assert "resting" not in [thread.name for thread in threading.enumerate()]
    assert steps.taken == 1


def test_stop_lets_the_step_at_hand_finish() -> None:
    begun, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def step() -> None:
        begun.set()
        assert may_end.wait(DEADLINE_SECONDS)
        ended.set()

    loop = Loop("busy", step, every_seconds=LONG_SECONDS)
    loop.start()
    assert begun.wait(DEADLINE_SECONDS)
    stopper = threading.Thread(target=loop.stop, daemon=True)
    stopper.start()
    wait_until(loop._stopping.is_set, "the loop is told to stop", DEADLINE_SECONDS)

    assert stopper.is_alive(), "stop waits for the step"
    may_end.set()
    stopper.join(DEADLINE_SECONDS)

    assert not stopper.is_alive()
    assert ended.is_set()
