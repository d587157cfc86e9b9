"""What one process at a time does for all: fold views, sign the history, dispatch due jobs, rescue those of
dead workers."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import structlog

from application.commands.rescue_generations import RescueGenerations, rescue_generations
from application.commands.settle_calls import settle_calls
from application.ports import JobQueue
from application.provider_gate import ProviderGate
from domain.values import Actor
from infrastructure.postgres.leader import PING_SECONDS, LeaderLock
from infrastructure.postgres.wake_ups import BellListener
from infrastructure.redis.status_cache import RENEW_SECONDS
from infrastructure.settings import Settings
from infrastructure.store import Store
from interfaces.bootstrap import build_cached_jobs, build_dispatcher, build_projector, build_watch
from interfaces.history import build_keeper
from interfaces.loops import Loop, running
from interfaces.writers import build_gate

log = structlog.get_logger()

PROJECTOR_REST_SECONDS = 0.05
"""Between batches while events keep coming. Folding each event as it comes takes the service 15 ms of CPU
per generation, with this rest 10 ms (medians of three rounds); the first event after a pause never waits."""

FORGET_EVERY_SECONDS = 3_600.0

LONGEST_DISPATCHER_PAUSE_SECONDS = 2.0
"""What a queue has lost is in it again ten seconds after it answers, however long it was away."""


@contextmanager
def projecting(
    settings: Settings, store: Store, *, appended: threading.Event, projected: threading.Event
) -> Iterator[None]:
    """Keep the views and the tree of the history up to date while the block runs. `appended` wakes,
    `projected` is set after a batch."""
    cached_jobs = build_cached_jobs(settings, store)
    projector = Loop(
        "projector",
        build_projector(store, jobs=cached_jobs).step,
        every_seconds=settings.poll_seconds,
        wake=appended,
        then=projected.set,
        rest_seconds=PROJECTOR_REST_SECONDS,
    )
    keeper = build_keeper(settings, store)
    loops = [projector, Loop("history", keeper.step, every_seconds=settings.checkpoint_seconds)]
    if cached_jobs is not None:
        loops.append(Loop("status-cache", cached_jobs.keep, every_seconds=RENEW_SECONDS))
    with running(loops):
        yield


@contextmanager
def dispatching(
    settings: Settings, store: Store, queue: JobQueue, *, projected: threading.Event
) -> Iterator[None]:
    """Send due jobs to the queue, and make those of dead workers due again, while the block runs."""
    dispatcher = Loop(
        "dispatcher",
        build_dispatcher(settings, store, queue).step,
        every_seconds=settings.poll_seconds,
        wake=projected,
        longest_pause_seconds=LONGEST_DISPATCHER_PAUSE_SECONDS,
    )
    gate = build_gate(settings, store)
    sweeper = Loop("call-ledger", gate.forget_old_calls, every_seconds=FORGET_EVERY_SECONDS)
    settler = Loop(
        "settler",
        partial(settle_calls, generations=store.generations, gate=gate),
        every_seconds=settings.rescue_seconds,
    )
    with running([dispatcher, _rescuer(settings, store, gate), settler, sweeper]):
        yield


def lead(
    settings: Settings,
    store: Store,
    queue: JobQueue,
    *,
    lock: LeaderLock,
    wait: Callable[[float], bool],
) -> None:
    """Stand by for the lead, and do all this while it is ours. `wait` pauses, and says when to end."""
    while not wait(PING_SECONDS):
        if not lock.is_held():
            continue
        log.info("projector.leads")
        appended, projected = threading.Event(), threading.Event()
        with (
            BellListener(settings.store_address, appended.set),
            projecting(settings, store, appended=appended, projected=projected),
            dispatching(settings, store, queue, projected=projected),
        ):
            while not wait(PING_SECONDS) and lock.is_held():
                pass
        log.info("projector.stands_down")


def _rescuer(settings: Settings, store: Store, gate: ProviderGate) -> Loop:
    command = RescueGenerations(by=Actor("rescuer", correlation_id="rescuer"))
    watch = build_watch(settings, store)

    def rescue() -> None:
        rescue_generations(command, generations=store.generations, jobs=store.jobs, watch=watch, gate=gate)

    return Loop("rescuer", rescue, every_seconds=settings.rescue_seconds)
