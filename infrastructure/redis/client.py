"""Clients of Redis, made from the URL an operator writes.

Nothing is tried twice here: who asks knows better whether a second try does harm, and a cache that has to
wait for Redis is none. A command that got no answer in time may have been carried out all the same.
"""

from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

CONNECT_SECONDS = 2.0

_SENTINEL = "redis+sentinel://"
_SENTINEL_PORT = 26_379
_SERVER_EXAMPLE = "redis://:PASSWORD@HOST:6379/0"
_SOCKET_EXAMPLE = "unix:///run/redis/redis.sock?db=0"
_SENTINEL_EXAMPLE = f"{_SENTINEL}:PASSWORD@HOST:26379,HOST:26379/SERVICE/0"
_ESCAPES = "; in a password, write % / ? # [ ] and @ as %25 %2F %3F %23 %5B %5D and %40"


def connect(url: str, *, timeout_seconds: float) -> redis.Redis:
    """A client that gives up a command after `timeout_seconds`; it connects when it is first used.

    redis://, rediss:// (TLS) and unix:// are those of redis-py. redis+sentinel:// names Sentinels and the
    service they watch: the client finds the master and follows it after a fail-over. User and password are
    those of Redis; the Sentinels are asked without.

    Raises ValueError, which says what is wrong with the URL and never quotes it.
    """
    options = {
        "socket_timeout": timeout_seconds,
        "socket_connect_timeout": min(CONNECT_SECONDS, timeout_seconds),
        "retry": Retry(NoBackoff(), 0),
    }
    if url.startswith(_SENTINEL):
        return _of_sentinels(url.removeprefix(_SENTINEL), options)
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _wrong("cannot be read", _SERVER_EXAMPLE, _ESCAPES) from None
    match url.partition("://")[0]:  # which redis-py wants in small letters
        case "redis" | "rediss":
            _check_server(parts)
        case "unix":
            _check_socket(parts)
        case _:
            raise _wrong("begins with none of redis://, rediss://, unix:// and redis+sentinel://")
    return _of_redis_py(url, options)


def _check_server(parts: SplitResult) -> None:
    if not parts.hostname:
        raise _wrong("names no host", _SERVER_EXAMPLE, _ESCAPES)
    _port(parts, _SERVER_EXAMPLE)
    _database(parts.path.removeprefix("/"), _SERVER_EXAMPLE)


def _check_socket(parts: SplitResult) -> None:
    if not parts.path.strip("/"):
        raise _wrong("names no socket", _SOCKET_EXAMPLE)


def _of_redis_py(url: str, options: dict[str, Any]) -> redis.Redis:
    """What redis-py would find wrong only when the first command is sent is found here."""
    try:
        client = redis.Redis.from_url(url, **options)
        pool = client.connection_pool
        pool.connection_class(**pool.connection_kwargs).encoder.encode("")
    except (TypeError, ValueError, LookupError, redis.RedisError):
        raise _wrong("has an option behind its ? that redis-py does not know or cannot read") from None
    if pool.connection_kwargs.get("decode_responses"):
        raise _wrong("asks for decoded answers (decode_responses), which messages are not; leave that out")
    return client


def _of_sentinels(rest: str, options: dict[str, Any]) -> redis.Redis:
    place, _, path = rest.partition("/")
    user_and_password, _, hosts = place.rpartition("@")
    user, _, password = user_and_password.partition(":")
    service, _, database = path.partition("/")
    if not service:
        raise _wrong("does not name the service that the Sentinels watch", _SENTINEL_EXAMPLE, _ESCAPES)
    if "?" in path:
        raise _wrong("has options behind a ?, which are not for Sentinels", _SENTINEL_EXAMPLE)
    sentinels = Sentinel(  # type: ignore[no-untyped-call]
        [_sentinel(host) for host in hosts.split(",")],
        sentinel_kwargs={**options, "socket_timeout": options["socket_connect_timeout"]},
        **options,
    )
    client: redis.Redis = sentinels.master_for(  # type: ignore[no-untyped-call]
        unquote(service),
        db=_database(database, _SENTINEL_EXAMPLE),
        username=unquote(user) or None,
        password=unquote(password) or None,
    )
    return client


def _sentinel(host: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{host}")
    except ValueError:
        raise _wrong("has a host that cannot be read", _SENTINEL_EXAMPLE, _ESCAPES) from None
    if not parts.hostname:
        raise _wrong("has a Sentinel without a host", _SENTINEL_EXAMPLE, _ESCAPES)
    return parts.hostname, _port(parts, _SENTINEL_EXAMPLE) or _SENTINEL_PORT


def _port(parts: SplitResult, example: str) -> int | None:
    try:
        return parts.port
    except ValueError:  # whose text may hold a piece of a password
        raise _wrong("has a port that is no number from 0 to 65535", example, _ESCAPES) from None


def _database(text: str, example: str) -> int:
    if text and not (text.isascii() and text.isdigit()):
        raise _wrong("names its database by something else than a number", example, _ESCAPES)
    return int(text or 0)


def _wrong(what: str, example: str = _SERVER_EXAMPLE, hint: str = "") -> ValueError:
    return ValueError(f"the Redis URL {what}; write it like {example}{hint}")
