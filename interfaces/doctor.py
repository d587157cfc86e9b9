"""What an operator wants to know first: is everything there, will it survive, and what to do if not."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum

from application.errors import QueueUnavailable, StoreUnavailable
from application.reading import lag
from domain.errors import MovieMindError
from infrastructure.postgres import schema
from infrastructure.postgres.leader import somebody_leads
from infrastructure.redis.client import connect
from infrastructure.redis.persistence import Persistence, read_persistence
from infrastructure.settings import Queue, Settings
from infrastructure.sqlite.failures import unreadable
from infrastructure.store import Store
from infrastructure.store_lock import serving_url
from interfaces.bootstrap import open_queue, open_store

REDIS_SECONDS = 5.0
MUCH_LAG = 5_000
LITTLE_ROOM_BYTES = 1 << 30


class Verdict(StrEnum):
    """`warn`: works now, and will not in a case that can be foreseen."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """`advice` is empty where nothing has to be done."""

    check: str
    verdict: Verdict
    found: str
    advice: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """One finding after the other; what cannot be looked at for want of something else is left out."""
    if settings.is_on_postgres:
        yield from _shared_store(settings)
    else:
        yield from _embedded_store(settings)
    if settings.redis_address:
        yield from _redis(settings)


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
    yield _judge("disk", room >= LITTLE_ROOM_BYTES, f"{room >> 20} MiB free", "make room soon", Verdict.WARN)
    url = serving_url(path)
    yield Finding(
        "service", Verdict.OK, f"serves at {url}" if url else "does not run; moviemind up starts it"
    )


def _shared_store(settings: Settings) -> Iterator[Finding]:
    try:
        found = schema.status(settings.store_address)
    except MovieMindError as error:
        yield Finding("store", Verdict.BAD, str(error), "start PostgreSQL, or correct MOVIEMIND_STORE_URL")
        return
    yield Finding("store", Verdict.OK, f"{found.store} answers")
    try:
        epoch = schema.check(settings.store_address)
    except MovieMindError as error:
        yield Finding("schema", Verdict.BAD, str(error), "do what it says")
        return
    yield Finding("schema", Verdict.OK, f"version {found.version}, log epoch {epoch}")
    with closing(open_store(settings)) as store:
        for check in (_writes, _queue, _workers, _leader, _views):
            try:
                yield from check(settings, store)
            except StoreUnavailable as error:
                yield Finding(check.__name__.strip("_"), Verdict.BAD, error.reason, "do what it says")


def _writes(_settings: Settings, store: Store) -> Iterator[Finding]:
    store.probe()
    yield Finding("writes", Verdict.OK, "events can be written")


def _queue(settings: Settings, store: Store) -> Iterator[Finding]:
    state = store.switch.state()
    yield _judge(
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
            waiting = queue.waiting()
    except QueueUnavailable as error:
        yield Finding(
            "queue",
            Verdict.BAD,
            str(error),
            "accepted jobs wait and nothing is lost; start it, or mend its URL",
        )
        return
    yield Finding("queue", Verdict.OK, f"{settings.queue_in_use}, {waiting} messages wait for a worker")


def _workers(settings: Settings, store: Store) -> Iterator[Finding]:
    workers = store.heartbeats.seen_within(settings.worker_dead_seconds)
    threads = sum(worker.threads for worker in workers)
    yield _judge(
        "workers",
        bool(workers),
        f"{len(workers)} alive, {threads} attempts at the same time",
        "no job is worked on; start moviemind worker",
    )


def _leader(settings: Settings, _store: Store) -> Iterator[Finding]:
    leads = somebody_leads(settings.store_address)
    yield _judge(
        "projector",
        leads,
        "one leads" if leads else "none leads",
        "views stand still and no job is dispatched; start moviemind projector",
    )


def _views(_settings: Settings, store: Store) -> Iterator[Finding]:
    for view, behind in lag((store.jobs, store.movies, store.history), store.log, at_most=MUCH_LAG).items():
        shown = f"{behind} events behind" if behind < MUCH_LAG else f"{MUCH_LAG} events or more behind"
        yield _judge(
            f"view {view}", behind < MUCH_LAG, shown, "see what the projector's log says", Verdict.WARN
        )


def _redis(settings: Settings) -> Iterator[Finding]:
    try:
        with closing(connect(settings.redis_address, timeout_seconds=REDIS_SECONDS)) as client:
            facts = read_persistence(client)
    except QueueUnavailable as error:
        yield Finding(
            "redis",
            Verdict.BAD,
            str(error),
            "requests are still accepted; start it, or mend MOVIEMIND_REDIS_URL",
        )
        return
    yield Finding("redis", Verdict.OK, f"Redis {facts.version}, {facts.role}")
    for check in _PERSISTENCE:
        yield check(facts)


def _appendonly(facts: Persistence) -> Finding:
    return _judge(
        "redis appendonly",
        facts.appendonly,
        "yes" if facts.appendonly else "no",
        "set appendonly yes; a crash loses what came after the last snapshot, and it must be sent again",
        Verdict.WARN,
    )


def _appendfsync(facts: Persistence) -> Finding:
    return _judge(
        "redis appendfsync",
        facts.appendfsync in ("everysec", "always", None),
        facts.appendfsync or "not told by this server",
        "set appendfsync everysec",
        Verdict.WARN,
    )


def _save(facts: Persistence) -> Finding:
    return _judge(
        "redis save",
        facts.save != "",
        "not told by this server" if facts.save is None else facts.save or "off",
        "set save 3600 1 300 100 60 10000: snapshots are what backups copy",
        Verdict.WARN,
    )


def _policy(facts: Persistence) -> Finding:
    return _judge(
        "redis maxmemory-policy",
        facts.maxmemory_policy == "noeviction",
        facts.maxmemory_policy,
        "set maxmemory-policy noeviction; every other drops messages when memory is short",
    )


def _memory(facts: Persistence) -> Finding:
    limit = f"of {facts.maxmemory >> 20} MiB" if facts.maxmemory else "and no limit"
    return _judge(
        "redis memory",
        not facts.maxmemory or facts.used_memory < 0.9 * facts.maxmemory,
        f"{facts.used_memory >> 20} MiB used {limit}",
        "raise maxmemory: when it is full, messages are refused and jobs wait",
        Verdict.WARN,
    )


def _last_write(facts: Persistence) -> Finding:
    return _last("redis last AOF write", facts.last_write_ok)


def _last_bgsave(facts: Persistence) -> Finding:
    finding = _last("redis last bgsave", facts.last_bgsave_ok)
    if finding.verdict is not Verdict.OK:
        return finding
    return Finding(finding.check, Verdict.OK, f"ok, {facts.seconds_since_last_save} s ago")


def _last_rewrite(facts: Persistence) -> Finding:
    return _last("redis last AOF rewrite", facts.last_rewrite_ok)


_PERSISTENCE: tuple[Callable[[Persistence], Finding], ...] = (
    _appendonly,
    _appendfsync,
    _save,
    _policy,
    _memory,
    _last_write,
    _last_bgsave,
    _last_rewrite,
)


def _last(check: str, is_ok: bool) -> Finding:
    advice = "its disk may be full or unwritable; Redis' log says why"
    return _judge(check, is_ok, "ok" if is_ok else "failed", advice)


def _judge(check: str, is_ok: bool, found: str, advice: str, otherwise: Verdict = Verdict.BAD) -> Finding:
    return Finding(check, Verdict.OK, found) if is_ok else Finding(check, otherwise, found, advice)
