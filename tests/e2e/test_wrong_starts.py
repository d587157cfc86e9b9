"""A process that cannot work says why in a sentence, and ends: no traceback, and never a password."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from infrastructure.postgres import schema
from tests.support.process import moviemind_within
from tests.support.servers import Postgres, free_port

COMMANDS = ("api", "worker", "projector")
PASSWORD = "hunter2"
ENDS_WITHIN_SECONDS = 30


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """With a database that has all tables, one that has none, and a user who needs a password."""
    with TemporaryDirectory(prefix="moviemind-") as home:
        Path(home).chmod(0o755)
        server = Postgres(Path(home) / "postgres")
        rules = server.data / "pg_hba.conf"
        rules.write_text(f"host all guest all scram-sha-256\n{rules.read_text('ascii')}", "ascii")
        server.start()
        server.execute("CREATE DATABASE films")
        server.execute("CREATE DATABASE nothing")
        server.execute(f"CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}'")
        schema.create(server.url("films"))
        yield server
        server.stop()


def _url(server: Postgres, database: str, *, user: str = "guest", password: str = PASSWORD) -> str:
    return server.url(database).replace("postgres@", f"{user}:{password}@")


def _says(command: str, *options: str, **settings: str) -> str:
    ended = moviemind_within(ENDS_WITHIN_SECONDS, command, *options, **settings)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert PASSWORD not in ended.stderr
    assert "Traceback" not in ended.stderr
    (sentence,) = ended.stderr.removeprefix("error: The settings are wrong.\n").splitlines()
    return sentence


@pytest.mark.parametrize("command", COMMANDS)
def test_on_sqlite_one_process_does_everything(command: str, tmp_path: Path) -> None:
    assert _says(command, data_dir=str(tmp_path)) == (
        f"error: moviemind {command} needs a store on PostgreSQL (MOVIEMIND_STORE_URL); with SQLite,"
        " moviemind up does it all."
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_a_queue_inside_one_process_is_none_that_processes_share(command: str, postgres: Postgres) -> None:
    assert _says(command, store_url=postgres.url("films"), queue="embedded") == (
        f"error: `moviemind {command}` needs a queue that processes share; set MOVIEMIND_QUEUE to redis or"
        " database."
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_a_store_without_tables(command: str, postgres: Postgres) -> None:
    assert _says(command, store_url=postgres.url("nothing")) == (
        f"error: The store postgresql://127.0.0.1:{postgres.port}/nothing has no tables of MovieMind yet;"
        " run: moviemind schema create."
    )


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        ("nobody listens", "Connection refused"),
        ("wrong password", 'password authentication failed for user "guest"'),
        ("wrong database", 'database "flims" does not exist'),
        ("wrong host", "failed to resolve host 'no-such-host.invalid'"),
    ],
)
def test_a_store_that_lets_nobody_in(problem: str, said: str, postgres: Postgres) -> None:
    """The commands go the same way here, `worker` also as the parent of others."""
    urls = {
        "nobody listens": _url(postgres, "films").replace(f":{postgres.port}/", f":{free_port()}/"),
        "wrong password": _url(postgres, "films", password=f"not-{PASSWORD}"),
        "wrong database": _url(postgres, "flims", user="postgres"),
        "wrong host": f"postgresql://guest:{PASSWORD}@no-such-host.invalid/films",
    }

    sentence = _says("worker", "--processes", "2", store_url=urls[problem])

    assert sentence.startswith("error: The store postgresql://")
    assert said in sentence
    assert sentence.endswith(
        "; see that PostgreSQL runs there and has a connection left (max_connections), and that"
        " MOVIEMIND_STORE_URL names the right user, password and"
        " database."
    )


@pytest.mark.parametrize("processes", [1, 2])
def test_a_model_without_its_key(processes: int, postgres: Postgres) -> None:
    sentence = _says(
        "worker",
        f"--processes={processes}",
        store_url=postgres.url("films"),
        queue="database",
        ai_model="openai:gpt-4o-mini",
    )

    assert sentence.startswith("MOVIEMIND_AI_MODEL (openai:gpt-4o-mini) cannot be used")
    assert "OPENAI_API_KEY" in sentence


@pytest.mark.parametrize("command", COMMANDS)
def test_a_budget_that_does_not_pay_for_one_call(command: str, postgres: Postgres) -> None:
    sentence = _says(
        command,
        store_url=postgres.url("films"),
        queue="database",
        ai_model="openai:gpt-4o-mini",
        ai_daily_budget_usd="0.0001",
    )

    assert sentence.startswith("MOVIEMIND_AI_DAILY_BUDGET_USD (0.0001) is too small")


def test_a_user_without_rights(postgres: Postgres) -> None:
    sentence = _says("projector", store_url=_url(postgres, "films"))

    assert "its user may not do that: permission denied for table" in sentence
