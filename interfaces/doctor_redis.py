"""What the doctor looks at in a Redis: whether it takes messages, and how safely it keeps them."""

from collections.abc import Callable, Iterator
from contextlib import closing

from application.errors import QueueUnavailable
from infrastructure.redis.client import connect
from infrastructure.redis.persistence import Persistence, read_persistence
from interfaces.findings import Finding, Verdict, judge

REDIS_SECONDS = 5.0


def examine_redis(url: str) -> Iterator[Finding]:
    try:
        with closing(connect(url, timeout_seconds=REDIS_SECONDS)) as client:
            facts = read_persistence(client)
    except QueueUnavailable as error:
        yield Finding(
            "redis",
            Verdict.BAD,
            str(error),
            "requests are still accepted; start it, or mend MOVIEMIND_REDIS_URL",
        )
        return
    yield judge(
        "redis",
        facts.role == "master",
        f"Redis {facts.version}, {facts.role}",
        "this one can only be read: name the master in MOVIEMIND_REDIS_URL, or use Sentinels",
    )
    for check in _PERSISTENCE:
        yield check(facts)


def _appendonly(facts: Persistence) -> Finding:
    return judge(
        "redis appendonly",
        facts.appendonly,
        "yes" if facts.appendonly else "no",
        "set appendonly yes; a crash loses what came after the last snapshot, and it must be sent again",
        Verdict.WARN,
    )


def _appendfsync(facts: Persistence) -> Finding:
    return judge(
        "redis appendfsync",
        facts.appendfsync in ("everysec", "always", None),
        facts.appendfsync or "not told by this server",
        "set appendfsync everysec",
        Verdict.WARN,
    )


def _save(facts: Persistence) -> Finding:
    return judge(
        "redis save",
        facts.save != "",
        "not told by this server" if facts.save is None else facts.save or "off",
        "set save 3600 1 300 100 60 10000: snapshots are what backups copy",
        Verdict.WARN,
    )


def _policy(facts: Persistence) -> Finding:
    return judge(
        "redis maxmemory-policy",
        facts.maxmemory_policy == "noeviction",
        facts.maxmemory_policy,
        "set maxmemory-policy noeviction; every other drops messages when memory is short",
    )


def _memory(facts: Persistence) -> Finding:
    is_full = 0 < facts.maxmemory <= facts.used_memory
    limit = f"of {facts.maxmemory >> 20} MiB" if facts.maxmemory else "and no limit"
    return judge(
        "redis memory",
        not facts.maxmemory or facts.used_memory < 0.9 * facts.maxmemory,
        f"{facts.used_memory >> 20} MiB used {limit}",
        "raise maxmemory: when it is full, messages are refused and jobs wait",
        Verdict.BAD if is_full else Verdict.WARN,
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
    return judge(check, is_ok, "ok" if is_ok else "failed", advice)
