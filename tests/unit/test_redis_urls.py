"""The URLs of Redis an operator may write, and what they are told about those that are wrong."""

from typing import Any

import pytest
import redis
from redis.sentinel import SentinelConnectionPool

from infrastructure.redis.client import connect

SECRET = "s3cret"


def _connection(url: str) -> dict[str, Any]:
    """What the client would connect with."""
    connected_with: dict[str, Any] = connect(url, timeout_seconds=15).connection_pool.connection_kwargs
    return connected_with


def _sentinels(url: str) -> tuple[SentinelConnectionPool, list[tuple[str, int]]]:
    pool = connect(url, timeout_seconds=15).connection_pool
    assert isinstance(pool, SentinelConnectionPool)
    asked = [one.connection_pool.connection_kwargs for one in pool.sentinel_manager.sentinels]
    return pool, [(each["host"], each["port"]) for each in asked]


def test_a_server_is_named_with_host_port_password_and_database() -> None:
    named = _connection("redis://user:s3cret@cache.example:6380/3")

    assert (named["host"], named["port"], named["db"]) == ("cache.example", 6380, 3)
    assert (named["username"], named["password"]) == ("user", SECRET)


def test_tls_and_sockets_are_understood() -> None:
    secured = connect("rediss://cache.example", timeout_seconds=15).connection_pool
    on_this_machine = _connection("unix:///run/redis.sock?db=2")

    assert secured.connection_class is redis.SSLConnection
    assert (on_this_machine["path"], on_this_machine["db"]) == ("/run/redis.sock", 2)


@pytest.mark.parametrize(
    "url",
    ["redis://cache.example", "unix:///run/redis.sock", "redis+sentinel://one.example/movies"],
)
def test_a_command_is_given_up_when_it_was_said_and_never_sent_twice(url: str) -> None:
    pool = connect(url, timeout_seconds=15).connection_pool
    named = pool.connection_kwargs

    assert (named["socket_timeout"], named["socket_connect_timeout"]) == (15, 2)
    assert pool.connection_kwargs["retry"].get_retries() == 0


def test_a_short_timeout_holds_for_connecting_too() -> None:
    pool = connect("redis://cache.example", timeout_seconds=0.1).connection_pool
    named = pool.connection_kwargs

    assert (named["socket_timeout"], named["socket_connect_timeout"]) == (0.1, 0.1)


def test_sentinels_are_named_with_their_service_and_its_database() -> None:
    pool, sentinels = _sentinels("redis+sentinel://user:s3cret@one.example:26380,two.example/movies/2")

    assert sentinels == [("one.example", 26380), ("two.example", 26379)]
    assert pool.service_name == "movies"
    named = pool.connection_kwargs
    assert (named["db"], named["username"], named["password"]) == (2, "user", SECRET)


def test_sentinels_may_have_addresses_of_ipv6_and_passwords_with_signs() -> None:
    pool, sentinels = _sentinels("redis+sentinel://:p%2Fa%40s%2Cs@[::1]:26380,[fe80::2]/movies")

    assert sentinels == [("::1", 26380), ("fe80::2", 26379)]
    assert (pool.connection_kwargs["username"], pool.connection_kwargs["password"]) == (None, "p/a@s,s")
    assert pool.connection_kwargs["db"] == 0


def test_a_sentinel_that_is_away_is_not_asked_over_and_over() -> None:
    pool, _ = _sentinels("redis+sentinel://one.example/movies")

    (sentinel,) = pool.sentinel_manager.sentinels
    assert sentinel.connection_pool.connection_kwargs["socket_timeout"] == 2
    assert sentinel.get_retry().get_retries() == 0


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("", "begins with none of"),
        ("cache.example:6379", "begins with none of"),
        ("http://:s3cret@cache.example", "begins with none of"),
        ("redis://:s3cret@", "names no host"),
        ("redis://:6379", "names no host"),
        ("redis://:s3cret#more@cache.example", "names no host"),
        ("redis://:s3cret/more@cache.example", "names no host"),
        ("redis://s3cret/more@cache.example", "names its database"),
        ("redis://user:s3cret/more@cache.example", "has a port"),
        ("redis://:s3cret[@cache.example", "cannot be read"),
        ("redis://:s3cret@cache.example:port", "has a port"),
        ("redis://:s3cret@cache.example:70000", "has a port"),
        ("redis://:s3cret@cache.example/movies", "names its database"),
        ("redis://:s3cret@cache.example/-1", "names its database"),
        ("redis://:s3cret@cache.example/0?socket_tiemout=3", "has an option"),
        ("redis://:s3cret@cache.example/0?socket_timeout=long", "has an option"),
        ("redis://:s3cret@cache.example/0?encoding=nonsense", "has an option"),
        ("redis://:s3cret@cache.example/0?decode_responses=true", "asks for decoded answers"),
        ("REDIS://:s3cret@cache.example/0", "begins with none of"),
        ("unix://", "names no socket"),
        ("unix://user:s3cret@", "names no socket"),
        ("redis+sentinel://:s3cret@one.example:26379", "does not name the service"),
        ("redis+sentinel://:s3cret@one.example:26379/", "does not name the service"),
        ("redis+sentinel://:s3cret@one.example,/movies", "has a Sentinel without a host"),
        ("redis+sentinel:///movies", "has a Sentinel without a host"),
        ("redis+sentinel://:s3cret@one.example:port/movies", "has a port"),
        ("redis+sentinel://:s3cret@[one/movies", "has a host that cannot be read"),
        ("redis+sentinel://:s3cret@one.example/movies/first", "names its database"),
        ("redis+sentinel://:s3cret@one.example/movies?db=1", "has options"),
    ],
)
def test_a_wrong_url_is_refused_with_what_is_wrong_and_an_example_but_never_quoted(
    url: str, wrong: str
) -> None:
    with pytest.raises(ValueError, match=f"the Redis URL {wrong}.*; write it like (redis|unix)") as refused:
        connect(url, timeout_seconds=15)

    shown = f"{refused.value} {refused.value.__cause__}"
    assert SECRET not in shown
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
