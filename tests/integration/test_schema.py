"""The tables of a store on PostgreSQL: made once, by whoever comes first, and never touched when newer."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date
from itertools import count
from typing import Any

import psycopg
import pytest

from application.commands.request_generation import RequestGeneration, request_generation
from application.errors import StoreUnavailable, ViewNeedsRebuild
from application.spending import GroupBy
from application.throughput import Span
from domain.values import Actor
from infrastructure.errors import SchemaMissing, SchemaTooNew, StoreNotUsable
from infrastructure.postgres import schema
from infrastructure.postgres.datastore import Datastore
from infrastructure.postgres.failures import place
from infrastructure.postgres.recorder import TransactionOrderedRecorder
from infrastructure.settings import load_settings
from interfaces.bootstrap import build_projector, build_run, open_store, open_store_beside
from interfaces.history import tree_of
from interfaces.shared import shared_service
from tests.integration.http.api import Api
from tests.support.core import FakeWriter
from tests.support.process import moviemind_within, wait_until
from tests.support.rebuilding import rebuilt
from tests.support.recorders import stored
from tests.support.servers import Postgres

HOSTS = 8
ENDS_WITHIN_SECONDS = 30
NEWER = schema.VERSION + 1
ADD_KEY = (
    "INSERT INTO api_keys (key_id, name, scope, secret_hash, created_by, created_at)"
    " VALUES ('{}', '{}', 'read', 'x', 'local', now())"
)

_numbers = count(1)


@pytest.fixture
def name(postgres_server: Postgres) -> Iterator[str]:
    """Of an empty database."""
    name = f"schema_{next(_numbers)}"
    postgres_server.execute(f"CREATE DATABASE {name}")
    yield name
    postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def url(postgres_server: Postgres, name: str) -> str:
    return postgres_server.url(name)


@pytest.fixture
def newer(postgres_server: Postgres, name: str, url: str) -> None:
    """A newer version was there first."""
    schema.create(url)
    postgres_server.execute(f"UPDATE schema_versions SET version = {NEWER}", name)


@pytest.fixture
def owner(postgres_server: Postgres, name: str) -> Iterator[str]:
    """URL for a role that may do nothing but what comes with its database."""
    role = f"{name}_owner"
    postgres_server.execute(f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE")
    postgres_server.execute(f"ALTER DATABASE {name} OWNER TO {role}")
    yield postgres_server.url(name).replace("postgres@", f"{role}@")
    postgres_server.execute(f"ALTER DATABASE {name} OWNER TO postgres")
    postgres_server.execute(f"DROP OWNED BY {role}", name)
    postgres_server.execute(f"DROP ROLE {role}")


def _everything(server: Postgres, name: str) -> list[tuple[Any, ...]]:
    """What there is in a database of its own: tables, their columns, indexes, functions, constraints."""
    return server.execute(
        """
        SELECT 'relation', oid::text, relname::text, relkind::text FROM pg_class
          WHERE relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
        UNION ALL
        SELECT 'column', attrelid::text, attname::text, attnum::text FROM pg_attribute
          WHERE attrelid >= 16384
        UNION ALL
        SELECT 'function', oid::text, proname::text, prosrc FROM pg_proc WHERE oid >= 16384
        UNION ALL
        SELECT 'constraint', oid::text, conname::text, contype::text FROM pg_constraint WHERE oid >= 16384
        ORDER BY 1, 2, 3, 4
        """,
        name,
    )


def test_hosts_that_start_at_once_make_the_tables_once_and_none_fails(
    url: str, name: str, postgres_server: Postgres
) -> None:
    at_once = threading.Barrier(HOSTS)

    def start(_host: int) -> tuple[bool, str]:
        at_once.wait()
        made = schema.create(url)
        return made, schema.check(url)

    with ThreadPoolExecutor(HOSTS) as hosts:
        results = list(hosts.map(start, range(HOSTS)))

    assert [made for made, _ in results].count(True) == 1
    assert len({epoch for _, epoch in results}) == 1
    assert postgres_server.execute("SELECT version FROM schema_versions", name) == [(schema.VERSION,)]
    assert len(postgres_server.execute("SELECT epoch FROM log_epochs", name)) == 1


def test_the_status_before_and_after(url: str) -> None:
    assert schema.status(url) == schema.SchemaStatus(place(url), None, None, is_at_home=False, head=0)
    with pytest.raises(SchemaMissing):
        schema.check(url)

    assert schema.create(url)

    made = schema.status(url)
    assert made == schema.SchemaStatus(place(url), schema.VERSION, schema.check(url), is_at_home=True, head=0)
    with closing(Datastore(url)) as datastore:
        (position,) = TransactionOrderedRecorder(datastore).insert_events([stored()])
    assert schema.status(url).head == position


def test_what_is_there_already_is_left_as_it_is(url: str, name: str, postgres_server: Postgres) -> None:
    schema.create(url)
    before = _everything(postgres_server, name), schema.status(url)

    assert not schema.create(url)

    assert (_everything(postgres_server, name), schema.status(url)) == before


@pytest.mark.parametrize(
    "lost",
    [
        "jobs",
        "movies",
        "history",
        "spending",
        "throughput",
        "texts",
        "tracking",
        "dispatches",
        "queue_switch",
        "circuit_breakers",
        "paid_calls",
        "call_accounts",
        "tallies",
    ],
)
def test_a_table_that_is_gone_is_made_again_from_the_events(
    lost: str, url: str, name: str, postgres_server: Postgres
) -> None:
    schema.create(url)
    before = _views_of_one_film(url)
    postgres_server.execute(f"DROP TABLE {lost}", name)
    with pytest.raises(SchemaMissing, match=f"lacks its tables {lost}; run: moviemind schema create"):
        schema.check(url)

    assert schema.create(url)

    assert schema.status(url).is_usable
    assert _views_of_one_film(url) == before


def test_a_view_that_an_older_version_made_without_a_column_is_made_again(
    url: str, name: str, postgres_server: Postgres
) -> None:
    schema.create(url)
    before = _views_of_one_film(url)
    postgres_server.execute("ALTER TABLE movies DROP COLUMN sorted_title", name)
    postgres_server.execute("UPDATE schema_versions SET version = 1", name)
    lacks = f"has tables of version 1, and {schema.VERSION} is needed; run: moviemind schema create"
    with pytest.raises(SchemaMissing, match=lacks):
        schema.check(url)
    assert not schema.status(url).is_usable

    assert (schema.create(url), schema.create(url)) == (True, False)

    assert schema.status(url).is_usable
    assert _views_of_one_film(url) == before


def test_tracking_that_an_older_version_made_without_versions_gets_them(
    url: str, name: str, postgres_server: Postgres
) -> None:
    schema.create(url)
    before = _views_of_one_film(url)
    for column in ("version", "stopped_because"):
        postgres_server.execute(f"ALTER TABLE tracking DROP COLUMN {column}", name)
    postgres_server.execute("DROP INDEX history_of_an_actor", name)
    postgres_server.execute("UPDATE schema_versions SET version = 2", name)

    assert (schema.create(url), schema.create(url)) == (True, False)

    with closing(open_store_beside(load_settings(store_url=url))) as store:
        rebuilt(store)
    assert _views_of_one_film(url) == before
    indices = "SELECT count(*) FROM pg_indexes WHERE tablename = 'history' AND indexname ~ 'of_an_actor$'"
    assert postgres_server.execute(indices, name) == [(1,)]


@pytest.fixture
def with_names(url: str, name: str, postgres_server: Postgres) -> None:
    """Tables of version 3, with a key of Anna."""
    schema.create(url)
    for statement in (
        "DROP TABLE actors",
        "ALTER TABLE api_keys ADD COLUMN name text NOT NULL",
        ADD_KEY.format("mm_1", "Anna"),
        "UPDATE schema_versions SET version = 3",
    ):
        postgres_server.execute(statement, name)


@pytest.mark.usefixtures("with_names")
def test_names_that_an_older_version_kept_with_the_keys_move_where_they_can_be_deleted(
    url: str, name: str, postgres_server: Postgres
) -> None:
    assert (schema.create(url), schema.create(url)) == (True, False)

    assert postgres_server.execute("SELECT * FROM actors", name) == [("mm_1", "Anna", None)]
    with closing(open_store(load_settings(store_url=url))) as store:
        assert [(key.key_id, key.name) for key in store.keys.all()] == [("mm_1", "Anna")]
    assert "Anna" not in str(postgres_server.execute("SELECT * FROM api_keys", name))


@pytest.mark.usefixtures("with_names")
def test_names_that_moved_are_gone_from_where_they_stood(
    url: str, name: str, postgres_server: Postgres
) -> None:
    schema.create(url)
    with closing(open_store(load_settings(store_url=url))) as store:
        store.keys.forget("mm_1")
    with psycopg.connect(postgres_server.url(name), autocommit=True) as connection:
        connection.execute("VACUUM FULL actors, api_keys")
        connection.execute("CHECKPOINT")

    for table in ("actors", "api_keys"):
        ((held,),) = postgres_server.execute(
            f"SELECT pg_read_binary_file(pg_relation_filepath('{table}'))", name
        )
        assert b"Anna" not in held
    assert b"mm_1" in held


@pytest.mark.usefixtures("with_names")
def test_a_key_that_is_being_made_while_names_move_keeps_its_name(
    url: str, name: str, postgres_server: Postgres
) -> None:
    waits = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'relation'"
    )
    with ThreadPoolExecutor(1) as other, psycopg.connect(url) as adding:
        adding.execute(ADD_KEY.format("mm_2", "Berta"))
        making = other.submit(schema.create, url)
        wait_until(lambda: postgres_server.execute(waits, name) == [(1,)], "it waits for the key")
        adding.commit()
        assert making.result()

    found = postgres_server.execute("SELECT actor, name FROM actors ORDER BY actor", name)
    assert found == [("mm_1", "Anna"), ("mm_2", "Berta")]


def test_all_views_that_are_outdated_are_named_in_one_command(
    url: str, name: str, postgres_server: Postgres
) -> None:
    schema.create(url)
    outdate = "UPDATE tracking SET version = version - 1 WHERE view IN ('history', 'spending')"
    postgres_server.execute(outdate, name)

    with pytest.raises(ViewNeedsRebuild, match=r"; run: moviemind projections rebuild history spending\.$"):
        open_store(load_settings(store_url=url))


def test_an_outdated_tree_of_the_history_is_made_anew_from_the_events(
    url: str, name: str, postgres_server: Postgres
) -> None:
    schema.create(url)
    _views_of_one_film(url)
    with closing(open_store(load_settings(store_url=url))) as store:
        size = tree_of(store).step()
    postgres_server.execute("UPDATE tracking SET version = 0 WHERE view = 'merkle_tiles'", name)
    with pytest.raises(SchemaMissing, match="lacks its tables merkle_tiles; run: moviemind schema create"):
        open_store(load_settings(store_url=url))

    assert (schema.create(url), schema.create(url)) == (True, False)

    with closing(open_store(load_settings(store_url=url))) as store:
        assert (tree_of(store).size(), tree_of(store).step()) == (0, size)


def test_a_view_that_has_no_place_in_the_log_begins_anew(
    url: str, name: str, postgres_server: Postgres
) -> None:
    schema.create(url)
    before = _views_of_one_film(url)
    postgres_server.execute("DELETE FROM tracking WHERE view = 'movies'", name)
    with pytest.raises(SchemaMissing, match="lacks its tables movies"):
        schema.check(url)

    assert schema.create(url)
    assert _views_of_one_film(url) == before


def test_a_tree_of_the_history_that_was_dropped_is_made_anew_from_the_events(
    url: str, name: str, postgres_server: Postgres
) -> None:
    schema.create(url)
    _views_of_one_film(url)
    with closing(open_store(load_settings(store_url=url))) as store:
        tree = tree_of(store)
        size = tree.step()
        root = tree.root(size)
    postgres_server.execute("DROP TABLE merkle_tiles", name)

    assert schema.create(url)

    with closing(open_store(load_settings(store_url=url))) as store:
        tree = tree_of(store)
        assert (tree.size(), tree.step()) == (0, size)
        assert tree.root(size) == root


@pytest.mark.parametrize("lost", ["stored_events", "log_epochs"])
def test_what_cannot_be_made_again_is_not_made_empty(
    lost: str, url: str, name: str, postgres_server: Postgres
) -> None:
    schema.create(url)
    postgres_server.execute(f"DROP TABLE {lost}", name)

    with pytest.raises(StoreNotUsable, match=f"its table {lost} is gone; restore the database"):
        schema.create(url)


def test_the_row_of_the_switch_is_put_back_and_that_of_the_log_is_not(
    url: str, name: str, postgres_server: Postgres
) -> None:
    schema.create(url)
    postgres_server.execute("DELETE FROM queue_switch", name)
    with closing(open_store(load_settings(store_url=url))) as store:
        with pytest.raises(StoreUnavailable, match="queue_switch is empty; run: moviemind schema create"):
            store.switch.state()
        schema.create(url)
        assert not store.switch.state().is_paused

    postgres_server.execute("DELETE FROM log_epochs", name)
    with pytest.raises(StoreNotUsable, match="log_epochs must have one row; restore it from a backup"):
        schema.status(url)


@pytest.mark.parametrize("table", ["log_epochs", "queue_switch"])
def test_what_there_is_one_of_cannot_be_there_twice(
    table: str, url: str, name: str, postgres_server: Postgres
) -> None:
    schema.create(url)

    with pytest.raises(psycopg.errors.UniqueViolation):
        postgres_server.execute(f"INSERT INTO {table} SELECT * FROM {table}", name)

    assert postgres_server.execute(f"SELECT count(*) FROM {table}", name) == [(1,)]


def test_who_holds_back_the_log_is_named_to_a_role_that_may_not_see_since_when(
    owner: str, name: str, url: str, postgres_server: Postgres
) -> None:
    schema.create(owner)
    elsewhere = f"{name}_elsewhere"
    with psycopg.connect(url) as other:
        other.execute("SELECT pg_current_xact_id()")
        other.execute("DELETE FROM stored_events WHERE false")

        assert schema.held_back(owner) == (
            f"session {other.info.backend_pid}, of another role, has written events and not ended"
        )
    assert schema.held_back(owner) is None

    postgres_server.execute(f"CREATE DATABASE {elsewhere} TEMPLATE {name}")
    with psycopg.connect(postgres_server.url(elsewhere)) as other:
        other.execute("SELECT pg_current_xact_id()")
        other.execute("DELETE FROM stored_events WHERE false")
        assert schema.held_back(owner) is None, "that is another database, whose table has the same number"
    postgres_server.execute(f"DROP DATABASE {elsewhere} WITH (FORCE)")


def _views_of_one_film(url: str, **facts: Any) -> list[object]:
    """Asked for and described once, and folded as far as the log goes."""
    with closing(open_store(load_settings(store_url=url))) as store:
        wanted = RequestGeneration(slug="heat-1995", by=Actor("asker", "request"), **facts)
        (job,) = request_generation(wanted, generations=store.generations).requested
        run = build_run(load_settings(), store, FakeWriter(), worker_id="worker", stopping=threading.Event())
        run("heat-1995", job.job_id)
        projector = build_projector(store)
        while projector.step():
            pass
        return [
            store.jobs.get(job.job_id),
            store.movies.get("heat-1995"),
            *store.history.of("heat-1995", after=0, limit=10),
            *store.spending.between(date.min, date.max, GroupBy.SLUG).groups.items(),
            *store.throughput.between(date.min, date.max, Span.DAY).values(),
        ]


def test_a_database_holds_one_installation(url: str, name: str, postgres_server: Postgres) -> None:
    """They would share the lead and the queue, whatever schemas their roles look into."""
    schema.create(url)
    postgres_server.execute("CREATE SCHEMA other", name)

    with pytest.raises(StoreNotUsable, match="its schema public holds a store of MovieMind already"):
        schema.create(f"{url}?options=-csearch_path%3Dother")


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_cannot_hold_all_languages_is_refused(
    encoding: str, postgres_server: Postgres
) -> None:
    name = f"schema_{next(_numbers)}"
    postgres_server.execute(
        f"CREATE DATABASE {name} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    )

    with pytest.raises(StoreNotUsable, match="it is not in UTF-8; make one with createdb --encoding=UTF8"):
        schema.create(postgres_server.url(name))
    postgres_server.execute(f"DROP DATABASE {name}")


def test_what_a_role_or_a_url_says_of_texts_does_not_harm_them(
    owner: str, name: str, postgres_server: Postgres
) -> None:
    schema.create(owner)
    role = f"{name}_owner"
    postgres_server.execute(f"ALTER ROLE {role} SET standard_conforming_strings = off")
    postgres_server.execute(f"ALTER ROLE {role} SET client_encoding = 'LATIN1'")
    postgres_server.execute(f"ALTER ROLE {role} SET bytea_output = 'escape'")

    assert None not in _views_of_one_film(
        f"{owner}?client_encoding=LATIN1", title="Heat", director="Žižek ŁĄ \u201cQuoted\u201d"
    )


def test_a_role_without_a_schema_is_told_so(url: str) -> None:
    with pytest.raises(StoreNotUsable, match="names no schema that the role may use; grant it one"):
        schema.create(f"{url}?options=-csearch_path%3Dnowhere")


def test_an_installation_is_told_from_others_and_stays_itself_when_it_is_promoted(
    url: str, postgres_server: Postgres
) -> None:
    schema.create(url)
    before = schema.installation(url)

    schema.promote(url)

    assert schema.installation(url) == before != schema.installation(postgres_server.url())


@pytest.mark.usefixtures("newer")
@pytest.mark.parametrize("use", [schema.create, schema.check, schema.promote])
def test_tables_of_a_newer_version_are_refused_and_left_alone(
    use: Any, url: str, name: str, postgres_server: Postgres
) -> None:
    before = _everything(postgres_server, name), schema.status(url)

    with pytest.raises(SchemaTooNew) as refused:
        use(url)

    assert (refused.value.found, refused.value.known) == (NEWER, schema.VERSION)
    assert (_everything(postgres_server, name), schema.status(url)) == before


@pytest.mark.usefixtures("newer")
@pytest.mark.parametrize("command", ["api", "worker", "projector"])
def test_no_process_starts_on_tables_of_a_newer_version(command: str, url: str) -> None:
    options = ("--port", "0") if command == "api" else ()

    ended = moviemind_within(ENDS_WITHIN_SECONDS, command, *options, store_url=url, queue="database")

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        f"error: {place(url)} was written by a newer MovieMind (schema {NEWER}, this one knows"
        f" {schema.VERSION}); upgrade MovieMind.\n"
    )


def test_who_owns_the_database_and_nothing_else_needs_no_more(owner: str) -> None:
    """From the first table to a text, and after the log had to be given a new epoch."""
    settings = load_settings(store_url=owner, queue="database", port=0, poll_seconds=0.05)

    assert schema.create(owner)
    for slug in ("heat-1995", "alien-1979"):
        with shared_service(settings, works=True) as url, Api(url) as api:
            api.described(slug)
        schema.promote(owner)

    assert schema.status(owner).is_at_home
