"""What goes wrong while a description is being written: a short story each.

A story begins when the first worker is inside, that is, when the model has been asked. Times are in
lifetimes of a lock (TTL). Those that concern Redis befall one server: the only one, but for Redlock.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.locking.stage import Stage

AT_LEAST, MOMENT, LONG, TOO_LONG = 0.05, 0.3, 0.8, 2.0
"""How long writing takes, in lifetimes of a lock."""

DELIVERED_AGAIN = 3.0
"""So many lifetimes on, the queue has given the job of a silent worker to another, and that one is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`writing` is how long a call takes, in lifetimes of a lock, where it is not left to chance. A fault of
    the replica `needs_replica`, which misses what is written from the beginning."""

    about: str
    act: Callable[[Stage], None]
    writing: float | None = None
    needs_replica: bool = False

    def seconds_of(self, chance: random.Random, ttl: float) -> float:
        return ttl * (chance.uniform(AT_LEAST, MOMENT) if self.writing is None else self.writing)

    def told(self, ttl: float) -> str:
        """The same for people."""
        if self.writing is None:
            return f"A text takes {ttl * AT_LEAST * 1e3:.0f} to {ttl * MOMENT * 1e3:.0f} ms."
        return f"A text takes {ttl * self.writing * 1e3:.0f} ms."


def _nothing(stage: Stage) -> None:
    stage.others_ask()


def _outlives_the_lock(stage: Stage) -> None:
    call = stage.first_call()
    stage.wait(0.9)
    stage.must_be_inside(call)
    stage.others_ask()


def _is_killed(stage: Stage) -> None:
    call = stage.first_call()
    stage.crew.workers.kill9(call.worker_id)
    stage.must_be_inside(call)
    stage.others_ask()


def _is_frozen(stage: Stage) -> None:
    call = stage.first_call()
    with stage.crew.workers.frozen(call.worker_id):
        stage.must_be_inside(call)
        stage.wait(0.9)
        stage.others_ask()
        stage.wait(0.3)
        stage.somebody_is_done(within=DELIVERED_AGAIN)


def _forgets(stage: Stage) -> None:
    call = stage.first_call()
    stage.crew.servers.flush()
    stage.must_be_inside(call)
    stage.others_ask()


def _restarts(stage: Stage) -> None:
    call = stage.first_call()
    stage.crew.servers.restart()
    stage.must_be_inside(call)
    stage.others_ask()


def _fails_over(stage: Stage) -> None:
    call = stage.first_call()
    stage.crew.servers.fail_over()
    stage.must_be_inside(call)
    stage.others_ask()


def _is_released_by_another(stage: Stage) -> None:
    call = stage.first_call()
    stage.wait(0.9)
    stage.others_ask()
    stage.somebody_else_writes(within=0.5)
    stage.crew.servers.take_away(stage.slug)
    stage.must_be_inside(call)
    stage.one_more_asks()


def _asks_again(stage: Stage) -> None:
    stage.others_ask()
    call = stage.first_call()
    stage.wait(0.3)
    stage.everybody_asks_again()
    stage.must_be_inside(call)


FAULTS = {
    "none": Fault(about="nothing goes wrong", act=_nothing),
    "writer-slower-than-ttl": Fault(
        about="writing takes twice as long as a lock lives; half of the clients ask near its end",
        act=_outlives_the_lock,
        writing=TOO_LONG,
    ),
    "worker-killed": Fault(about="kill -9 of the worker that is inside", act=_is_killed, writing=MOMENT),
    "worker-frozen": Fault(
        about="SIGSTOP of the worker that is inside, and SIGCONT when a lock is over and somebody is done",
        act=_is_frozen,
        writing=MOMENT,
    ),
    "redis-flushed": Fault(about="FLUSHALL while somebody is inside", act=_forgets, writing=LONG),
    "redis-restarted": Fault(
        about="kill -9 of Redis, which comes back with nothing in it", act=_restarts, writing=LONG
    ),
    "redis-failed-over": Fault(
        about="the master is lost, and the replica that takes over has missed the write",
        act=_fails_over,
        writing=LONG,
        needs_replica=True,
    ),
    "released-by-another": Fault(
        about="writer-slower-than-ttl, and then the film's keys are deleted, as a first holder would that"
        " does not look whose they are by now, and one more client asks",
        act=_is_released_by_another,
        writing=TOO_LONG,
    ),
    "client-retry": Fault(
        about="every client asks once more while its first request is still at work, as after a time-out",
        act=_asks_again,
        writing=LONG,
    ),
}
