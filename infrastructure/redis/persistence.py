"""How safely a Redis keeps what it is given, as it says itself at this moment."""

from dataclasses import dataclass
from typing import Any

import redis

from application.errors import QueueUnavailable
from infrastructure.redis.failures import reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Persistence:
    """`appendfsync` and `save` are None where the server does not tell its configuration; sizes in bytes."""

    version: str
    appendonly: bool
    appendfsync: str | None
    save: str | None
    maxmemory: int
    maxmemory_policy: str
    used_memory: int
    last_write_ok: bool
    last_bgsave_ok: bool
    last_rewrite_ok: bool
    aof_size: int | None
    seconds_since_last_save: int
    role: str


def read_persistence(client: redis.Redis) -> Persistence:
    """Raises QueueUnavailable."""
    try:
        facts: dict[str, Any] = {}
        for section in ("server", "persistence", "memory", "replication"):
            facts |= client.info(section)  # never a coroutine here
        configured = _configuration(client)
        now = client.time()[0]
    except redis.RedisError as error:
        raise QueueUnavailable(reason(error)) from error
    return Persistence(
        version=facts["redis_version"],
        appendonly=bool(facts["aof_enabled"]),
        appendfsync=configured.get("appendfsync"),
        save=configured.get("save"),
        maxmemory=facts["maxmemory"],
        maxmemory_policy=facts["maxmemory_policy"],
        used_memory=facts["used_memory"],
        last_write_ok=facts["aof_last_write_status"] == "ok",
        last_bgsave_ok=facts["rdb_last_bgsave_status"] == "ok",
        last_rewrite_ok=facts["aof_last_bgrewrite_status"] == "ok",
        aof_size=facts.get("aof_current_size"),
        seconds_since_last_save=now - facts["rdb_last_save_time"],
        role=facts["role"],
    )


def _configuration(client: redis.Redis) -> dict[str, str]:
    """Hosted servers often refuse to tell it."""
    try:
        answer: Any = client.config_get("appendfsync", "save")
    except redis.ResponseError:
        return {}
    return {_text(name): _text(value) for name, value in answer.items()}


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
