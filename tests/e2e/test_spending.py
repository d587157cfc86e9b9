"""`moviemind spending`, beside a service with a paid model and alone on the data it left."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from interfaces.client import Client, Operator
from tests.e2e.conftest import Ended
from tests.support.model_server import ModelServer, answers, model_server, never_answers, one_after_the_other
from tests.support.process import Up, moviemind, wait_until

MODEL = "openai:gpt-4o-mini"
Command = Callable[..., Ended]


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with model_server() as server:
        yield server


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, server: ModelServer) -> Iterator[Up]:
    """A service that has had a text accepted, after one was refused and before three that never came."""
    data_dir = tmp_path_factory.mktemp("up") / "data"
    up = Up(
        data_dir,
        ai_model=MODEL,
        ai_base_url=server.url,
        ai_api_key="sk-of-the-tests",
        ai_deadline_seconds="3",
        retry_backoff_seconds="0.1,0.1",
    ).start()
    client = Operator(up.url)
    server.behaviour = one_after_the_other(answers(title="Alien"), answers())
    client.wait(client.generate("heat-1995").job_id)
    server.behaviour = never_answers
    job_id = client.generate("alien-1979").job_id
    wait_until(lambda: _failed(client, "alien-1979") == 3, "the provider is left alone")
    client.cancel(job_id)
    client.close()
    yield up
    up.close()


def _failed(client: Client, slug: str) -> int:
    return sum(entry.event == "GenerationAttemptFailed" for entry in client.history(slug))


def _since_yesterday() -> tuple[str, str]:
    """The tests may pass midnight."""
    return "--from", str(datetime.now(UTC).date() - timedelta(days=1))


def test_what_each_group_and_all_of_them_took_is_told_in_dollars(up: Up, command: Command) -> None:
    told = command("spending", "--by", "slug", *_since_yesterday(), "--url", up.url)

    assert told.code == 0
    assert told.out.splitlines() == [
        "heat-1995\t2\t1\t1\t2000\t200\t0.000420\t0.000210\t0",
        "alien-1979\t3\t0\t3\t0\t0\t0.000000\t0.000000\t3",
        "total\t5\t1\t4\t2000\t200\t0.000420\t0.000210\t3",
    ]


def test_it_is_told_by_day_of_the_last_30_days_unless_somebody_wants_other_days(
    up: Up, command: Command
) -> None:
    answer = command("spending", "--url", up.url, "--json", "all").json()
    assert (answer["group_by"], answer["total"]["calls"]) == ("day", 5)

    day: dict[str, Any] = command(
        "spending", "--from", "2026-01-31", "--to", "2026-02-01", "--url", up.url, "--json", "to,from,total"
    ).json()
    assert (list(day), day["total"]["calls"]) == (["to", "from", "total"], 0)


def test_without_a_service_it_is_told_from_the_data(
    start_up: Callable[..., Up], connect: Callable[[Up], Client], server: ModelServer
) -> None:
    server.behaviour = answers()
    up = start_up(ai_model=MODEL, ai_base_url=server.url, ai_api_key="sk-of-the-tests")
    client = connect(up)
    client.wait(client.generate("heat-1995").job_id)
    assert up.stop() == 0
    (up.data_dir / "moviemind-views.db").unlink()

    told = moviemind("spending", "--by", "model", *_since_yesterday(), "--data-dir", str(up.data_dir))

    assert told.stdout.splitlines()[-1] == "total\t1\t1\t0\t1000\t100\t0.000210\t0.000000\t0"


def test_where_nothing_was_spent_a_sentence_says_so(up: Up, command: Command) -> None:
    told = command("spending", "--from", "2026-01-01", "--to", "2026-01-31", "--url", up.url)

    assert told == Ended(
        0,
        "Nothing was spent from 2026-01-01 to 2026-01-31: no paid model was called."
        " The template writer costs nothing.\n",
        "",
    )


def test_days_that_are_none_and_days_in_the_wrong_order_are_refused(up: Up, command: Command) -> None:
    malformed = command("spending", "--from", "31.1.2026", "--url", up.url)
    assert malformed.code == 2
    assert "write a day such as 2026-01-31" in " ".join(malformed.err.replace("│", " ").split())

    reversed_days = command("spending", "--from", "2026-02-01", "--to", "2026-01-31", "--url", up.url)
    assert (reversed_days.code, reversed_days.out) == (1, "")
    assert reversed_days.err == "error: query.from: 2026-02-01 is behind the last day, 2026-01-31\n"
