"""What an operator wants to know first: is everything there, will it survive, and what to do if not."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from application.errors import QueueUnavailable, StoreUnavailable
from application.projections.projection import ViewName
from application.reading import LONG_BEHIND_SECONDS, MUCH_LAG, lag, seconds_behind
from application.view import View
from domain.errors import MovieMindError
from infrastructure.choices import Queue
from infrastructure.errors import WrongSettings
from infrastructure.postgres import schema
from infrastructure.postgres.leader import somebody_leads
from infrastructure.settings import Settings
from infrastructure.sqlite.failures import unreadable
from infrastructure.store import Store
from infrastructure.store_lock import serving_url
from interfaces.bootstrap import open_queue, open_store
from interfaces.doctor_history import examine_history
from interfaces.doctor_redis import examine_redis
from interfaces.findings import Finding, Verdict, judge
from interfaces.writers import build_gate, is_paid, least_cost

LITTLE_ROOM_BYTES = 1 << 30
_NO_PROVIDER = Finding("provider", Verdict.OK, "none is needed: the template writes")


def examine(settings: Settings) -> Iterator[Finding]:
    """One finding after the other; what cannot be looked at for want of something else is left out."""
    if settings.is_on_postgres:
        yield from _shared_store(settings)
    else:
        yield from _embedded_store(settings)
        yield _embedded_provider(settings)
    if settings.redis_address:
        yield from examine_redis(settings.redis_address)


def _embedded_store(settings: Settings) -> Iterator[Finding]:
    path = settings.event_store_path
    if not path.exists():
        yield Finding("store", Verdict.OK, f"{path} is not there yet", "moviemind up makes it")
        return
    if (harm := unreadable(path)) is not None:
        yield Finding(
            "store", Verdict.BAD, f"{path}: {harm}", "stop the service and put a backup in its place"
        )
        return
    yield Finding("store", Verdict.OK, f"{path} can be read from end to end")
    room = shutil.disk_usage(path.parent).free
    yield judge("disk", room >= LITTLE_ROOM_BYTES, f"{room >> 20} MiB free", "make room soon", Verdict.WARN)
    url = serving_url(path)
    yield Finding(
        "service", Verdict.OK, f"serves at {url}" if url else "does not run; moviemind up starts it"
    )


def _embedded_provider(settings: Settings) -> Finding:
    """By the settings alone: how the provider is doing is in a file that a service may hold."""
    if not is_paid(settings):
        return _NO_PROVIDER
    try:
        least_cost(settings)
    except WrongSettings as error:
        return Finding("provider", Verdict.BAD, str(error), "do what it says")
    return Finding(
        "provider", Verdict.OK, f"{settings.ai_model}; moviemind queue status says how it is doing"
    )


def _shared_store(settings: Settings) -> Iterator[Finding]:
    try:
        found = schema.status(settings.store_address)
    except MovieMindError as error:
        yield Finding("store", Verdict.BAD, str(error), "start PostgreSQL, or correct MOVIEMIND_STORE_URL")
        return
    yield Finding("store", Verdict.OK, f"{found.store} answers")
    try:
        epoch, held_back = schema.check(settings.store_address), schema.held_back(settings.store_address)
    except MovieMindError as error:
        yield Finding("schema", Verdict.BAD, str(error), "do what it says")
        return
    yield Finding("schema", Verdict.OK, f"version {found.version}, log epoch {epoch}")
    yield judge(
        "log",
        held_back is None,
        held_back or "nothing holds it back",
        "what comes behind is shown to nobody until it ends; end it: SELECT pg_terminate_backend(pid), or"
        " ROLLBACK PREPARED",
    )
    with closing(open_store(settings)) as store:
        for check in (_writes, _queue, _provider, _workers, _leader, _views, _waiting, examine_history):
            try:
                yield from check(settings, store)
            except StoreUnavailable as error:
                yield Finding(
                    check.__name__.strip("_").removeprefix("examine_"),
                    Verdict.BAD,
                    error.reason,
                    "do what it says",
                )


def _writes(_settings: Settings, store: Store) -> Iterator[Finding]:
    store.probe()
    yield Finding("writes", Verdict.OK, "events can be written")


def _queue(settings: Settings, store: Store) -> Iterator[Finding]:
    state = store.switch.state()
    yield judge(
        "queue switch",
        not state.is_paused,
        f"paused by {state.changed_by}: {state.reason}" if state.is_paused else "jobs are started",
        "run moviemind queue resume when jobs shall be started again",
        Verdict.WARN,
    )
    if settings.queue_in_use is Queue.EMBEDDED:
        yield Finding("queue", Verdict.OK, "embedded: it lives in the process that works")
        return
    try:
        with closing(open_queue(settings, store)) as queue:
            queue.epoch()  # which is written where it is missing: a full Redis or a replica refuses
            waiting = queue.waiting()
    except QueueUnavailable as error:
        yield Finding(
            "queue",
            Verdict.BAD,
            str(error),
            "accepted jobs wait and nothing is lost; start it, make room in it, or mend its URL",
        )
        return
    yield Finding("queue", Verdict.OK, f"{settings.queue_in_use}, {waiting} messages wait for a worker")


def _provider(settings: Settings, store: Store) -> Iterator[Finding]:
    if not is_paid(settings):
        yield _NO_PROVIDER
        return
    try:
        status = build_gate(settings, store).status()
    except WrongSettings as error:
        yield Finding("provider", Verdict.BAD, str(error), "do what it says")
        return
    waits_for, under_way = status.why_shut(), f"{status.under_way} calls under way"
    yield judge(
        "provider",
        waits_for is None,
        f"{settings.ai_model}: {waits_for or under_way}",
        "accepted jobs wait and lose no try; "
        + ("raise the budget, or wait" if status.is_spent else "see what the provider says of itself"),
        Verdict.WARN,
    )


def _workers(settings: Settings, store: Store) -> Iterator[Finding]:
    workers = store.heartbeats.seen_within(settings.worker_dead_seconds)
    threads = sum(worker.threads for worker in workers)
    yield judge(
        "workers",
        bool(workers),
        f"{len(workers)} alive, {threads} attempts at the same time",
        "no job is worked on; start moviemind worker",
    )


def _leader(settings: Settings, _store: Store) -> Iterator[Finding]:
    leads = somebody_leads(settings.store_address)
    yield judge(
        "projector",
        leads,
        "one leads" if leads else "none leads",
        "views stand still and no job is dispatched; start moviemind projector",
    )


def _views(_settings: Settings, store: Store) -> Iterator[Finding]:
    views: list[View[Any, Any]] = [getattr(store, name) for name in ViewName]
    seconds = seconds_behind(views, store.log, now=store.generations.clock())
    for view, behind in lag(views, store.log).items():
        count = f"{behind} events" if behind < MUCH_LAG else f"{MUCH_LAG} events or more"
        for_how_long = f", for {seconds[view]:.0f} s" if seconds[view] >= 1 else ""
        stands_still = seconds[view] >= LONG_BEHIND_SECONDS
        yield judge(
            f"view {view}",
            behind < MUCH_LAG and not stands_still,
            f"{count} behind{for_how_long}",
            "see what the projector's log says",
            Verdict.BAD if stands_still else Verdict.WARN,
        )


def _waiting(settings: Settings, store: Store) -> Iterator[Finding]:
    """Whatever stands in their way, also what none of the others looks at."""
    now = store.generations.clock()
    waited = store.jobs.counts(now).oldest_wait_seconds(now)
    yield judge(
        "oldest due job",
        waited is None or waited < 2 * settings.resend_seconds,
        "none waits" if waited is None else f"waits for {waited:.0f} s",
        "the lines above say why; if none does, jobs come in faster than they are done, or messages do not"
        " reach workers: see the logs of projector and worker for loop.held_up",
        Verdict.WARN,
    )
