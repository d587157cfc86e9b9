"""The locks of the lab's rivals do what their advocates say of them, on real servers."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import redis

from benchmarks.locking import extended_lock
from benchmarks.locking.extended_lock import ExtendedLock
from benchmarks.locking.redis_lock import RedisLock, connect
from benchmarks.locking.setup import Pace, Setup
from benchmarks.locking.strategies.redlock import Redlock
from benchmarks.locking.strategies.setnx import Lease
from benchmarks.locking.strategies.token_unique_index import TokenAndUniqueIndex
from benchmarks.locking.strategies.unique_index_postgresql import UniqueIndexOnPostgres
from benchmarks.locking.strategies.unique_index_sqlite import UniqueIndexOnSqlite
from benchmarks.locking.strategy import Job, Strategy
from tests.support.process import wait_until
from tests.support.servers import Postgres, Redis

LONG, SHORT = 60.0, 2.0
OFTEN = 0.3 / LONG
"""Every third of a second, long before a lifetime is over."""
FILM = "heat-1995"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Redis]]:
    with ExitStack() as stack:
        servers = [Redis(tmp_path_factory.mktemp("redis")) for _ in range(3)]
        for server in servers:
            server.start()
            stack.callback(server.stop)
        yield servers


@pytest.fixture
def clients(servers: Sequence[Redis]) -> Iterator[list[redis.Redis]]:
    with ExitStack() as stack:
        clients = [stack.enter_context(closing(connect(server.url))) for server in servers]
        for client in clients:
            client.flushall()
        yield clients


def _extended(clients: Sequence[redis.Redis], number: int, *, ttl: float = LONG) -> ExtendedLock:
    """On so many servers."""
    return Lease(clients[0], FILM, ttl=ttl) if number == 1 else Redlock(clients[:number], FILM, ttl=ttl)


def _pace(ttl: float) -> Pace:
    return Pace.scaled(30 / ttl)


def test_a_lock_is_held_by_one_and_released_by_its_owner_alone(clients: Sequence[redis.Redis]) -> None:
    first, second = (RedisLock(clients[0], FILM, _pace(LONG)) for _ in range(2))

    assert first.acquire()
    assert not second.acquire()
    second.release()
    assert not second.acquire(), "it was not its own"
    first.release()
    assert second.acquire()


@pytest.mark.parametrize("number", [1, 3])
def test_one_that_is_extended_is_held_by_one_and_released_by_its_owner_alone(
    clients: Sequence[redis.Redis], number: int
) -> None:
    first, second = (_extended(clients, number) for _ in range(2))

    assert first.acquire()
    assert not second.acquire(), "and what it has set elsewhere is released"
    first.release()
    assert [client.dbsize() for client in clients[:number]] == [0] * number


def test_redlock_needs_most_of_the_servers(clients: Sequence[redis.Redis]) -> None:
    clients[0].set(f"lock:{FILM}", "somebody else's")
    lock = Redlock(clients, FILM, ttl=LONG)
    assert lock.acquire(), "two of three have agreed"
    lock.release()

    clients[1].set(f"lock:{FILM}", "somebody else's")
    assert not lock.acquire(), "one of three has"
    assert clients[2].dbsize() == 0, "which is told"


@pytest.mark.parametrize("number", [1, 3])
def test_a_holder_extends_its_lock_for_as_long_as_it_works(
    clients: Sequence[redis.Redis], number: int
) -> None:
    lock, other = (_extended(clients, number) for _ in range(2))
    short = _extended(clients, number, ttl=SHORT)
    assert short.acquire()
    with short.extended():
        valid = short._valid_until
        wait_until(lambda: short._valid_until > valid, "it is extended")
        assert not other.acquire()
        assert short.is_valid()
    wait_until(lambda: not short.is_valid(), "nobody extends it any more")
    wait_until(lock.acquire, "its servers let the next one in")


@pytest.mark.parametrize("number", [1, 3])
def test_a_holder_whose_lock_was_forgotten_hears_of_it_when_it_extends_it(
    clients: Sequence[redis.Redis], number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extended_lock, "EXTENDS_EVERY", OFTEN)
    lock = _extended(clients, number)
    assert lock.acquire()
    with lock.extended():
        for client in clients[: number // 2 + 1]:
            client.flushall()
        wait_until(lambda: not lock.is_valid(), "it is told", seconds=LONG / 3)


def test_a_holder_keeps_its_lock_when_a_server_of_three_forgets_it(
    clients: Sequence[redis.Redis], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extended_lock, "EXTENDS_EVERY", OFTEN)
    lock = Redlock(clients, FILM, ttl=LONG)
    assert lock.acquire()
    clients[0].flushall()
    with lock.extended():
        valid = lock._valid_until
        wait_until(lambda: lock._valid_until > valid, "it is extended")


def test_a_server_that_cannot_be_asked_has_not_said_no(
    clients: Sequence[redis.Redis], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extended_lock, "EXTENDS_EVERY", OFTEN)
    with closing(connect("redis://127.0.0.1:1/0")) as away:
        lock = Redlock([clients[0], clients[1], away], FILM, ttl=LONG)
        assert lock.acquire()
        with lock.extended():
            valid = lock._valid_until
            wait_until(lambda: lock._valid_until > valid, "it is extended")


def _setup(postgres: Postgres, tmp_path: Path, redis_url: str = "redis://127.0.0.1:1/0") -> Setup:
    database = f"lab_locks_{uuid4().hex}"
    postgres.execute(f"CREATE DATABASE {database}")
    return Setup(
        strategy="none",
        store_url=postgres.url(database),
        sqlite_path=str(tmp_path / "lab.db"),
        redis_urls=(redis_url,),
        model_url="",
        pace=Pace.scaled(30),
    )


def _opened(kind: type[Strategy], setup: Setup) -> Strategy:
    kind.create(setup)
    return kind(setup)


def test_another_violation_on_postgresql_is_not_taken_for_a_second_text(
    postgres_server: Postgres, tmp_path: Path
) -> None:
    setup = _setup(postgres_server, tmp_path)
    with closing(_opened(UniqueIndexOnPostgres, setup)) as strategy:
        with psycopg.connect(setup.store_url, autocommit=True) as session:
            session.execute("ALTER TABLE descriptions ADD CONSTRAINT one_text UNIQUE (text)")
        assert strategy.work(Job(uuid4(), FILM), lambda: "the same") is not None

        with pytest.raises(psycopg.errors.UniqueViolation, match="one_text"):
            strategy.work(Job(uuid4(), "alien-1979"), lambda: "the same")


def test_another_violation_on_sqlite_is_not_taken_for_a_second_text(
    postgres_server: Postgres, tmp_path: Path
) -> None:
    import sqlite3

    setup = _setup(postgres_server, tmp_path)
    with closing(_opened(UniqueIndexOnSqlite, setup)) as strategy:
        with closing(sqlite3.connect(setup.sqlite_path)) as file:
            file.execute("CREATE UNIQUE INDEX one_text ON descriptions (text)")
        assert strategy.work(Job(uuid4(), FILM), lambda: "the same") is not None

        with pytest.raises(sqlite3.IntegrityError, match=r"descriptions\.text"):
            strategy.work(Job(uuid4(), "alien-1979"), lambda: "the same")


def test_who_finds_a_token_follows_its_job_and_without_redis_everybody_has_one(
    postgres_server: Postgres, tmp_path: Path, servers: Sequence[Redis], clients: Sequence[redis.Redis]
) -> None:
    one, other = Job(uuid4(), FILM), Job(uuid4(), FILM)
    with closing(_opened(TokenAndUniqueIndex, _setup(postgres_server, tmp_path, servers[0].url))) as strategy:
        assert (strategy.request(one), strategy.request(other)) == (one, one)
    with closing(_opened(TokenAndUniqueIndex, _setup(postgres_server, tmp_path))) as strategy:
        assert (strategy.request(one), strategy.request(other)) == (one, other)
