"""Settings that are right one by one and do not go together, each told with what can be done."""

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from infrastructure.choices import PREFIX, TEMPLATE, Auth, Queue

if TYPE_CHECKING:
    from infrastructure.settings import Settings


def contradictions(settings: "Settings") -> Iterator[str]:
    yield from _in_wrong_order(settings)
    yield from _wrong_about_queues(settings)
    yield from _wrong_about_callers(settings)
    yield from _wrong_about_models(settings)
    yield from _wrong_about_history(settings)


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


_ASCENDING = (
    ("ai_deadline_seconds", "claim_limit_seconds"),
    ("ai_deadline_seconds", "shutdown_seconds"),
    ("heartbeat_seconds", "worker_dead_seconds"),
    ("rescue_seconds", "worker_dead_seconds"),
)


def _in_wrong_order(settings: "Settings") -> Iterator[str]:
    for smaller, larger in _ASCENDING:
        low, high = getattr(settings, smaller), getattr(settings, larger)
        if low >= high:
            yield f"{PREFIX}{larger.upper()} ({high:g}) must be above {PREFIX}{smaller.upper()} ({low:g})"


def _wrong_about_queues(settings: "Settings") -> Iterator[str]:
    if settings.queue in (Queue.REDIS, Queue.DATABASE) and not settings.is_on_postgres:
        yield (
            f"{PREFIX}QUEUE ({settings.queue}) is for several processes, which need a {PREFIX}STORE_URL of"
            " PostgreSQL; name one, or leave the queue out"
        )
    if settings.queue is Queue.REDIS and settings.redis_url is None:
        yield f"{PREFIX}QUEUE (redis) needs {PREFIX}REDIS_URL, such as redis://127.0.0.1:6379/0"


def _wrong_about_callers(settings: "Settings") -> Iterator[str]:
    if settings.auth is Auth.OFF and not is_loopback(settings.host):
        yield (
            f"{PREFIX}AUTH (off) would serve whoever reaches {PREFIX}HOST ({settings.host}); write 127.0.0.1"
            " there, or turn it on"
        )
    if settings.auth_in_use is Auth.ON and settings.bootstrap_admin_key is None:
        yield (
            f"{PREFIX}HOST ({settings.host}) needs {PREFIX}BOOTSTRAP_ADMIN_KEY, the key that callers send, "
            f"unless it is a loopback address and {PREFIX}AUTH is off"
        )


def _wrong_about_models(settings: "Settings") -> Iterator[str]:
    name = settings.ai_model
    if name == TEMPLATE and settings.ai_base_url:
        yield f"{PREFIX}AI_BASE_URL needs {PREFIX}AI_MODEL, the name of a model of that server"
    if name != TEMPLATE and not settings.ai_base_url and not all(name.partition(":")):
        yield (
            f"{PREFIX}AI_MODEL ({name}) must be {TEMPLATE} or PROVIDER:MODEL, such as openai:gpt-4o-mini;"
            f" a server of your own is named by {PREFIX}AI_BASE_URL"
        )


def _wrong_about_history(settings: "Settings") -> Iterator[str]:
    if settings.checkpoint_place is None:
        return
    if settings.audit_signing_key is None:
        yield (
            f"{PREFIX}CHECKPOINT_PLACE needs {PREFIX}AUDIT_SIGNING_KEY; make one with:"
            " moviemind audit new-key NAME"
        )
    place = settings.checkpoint_place.get_secret_value()
    events = settings.event_store_path.parent.resolve()
    is_beside = not place.startswith(("http://", "https://")) and Path(place).resolve().is_relative_to(events)
    if is_beside and not settings.is_on_postgres:
        yield (
            f"{PREFIX}CHECKPOINT_PLACE ({place}) is in the directory of the events, and whoever can change"
            " those could change it too; name one elsewhere"
        )
