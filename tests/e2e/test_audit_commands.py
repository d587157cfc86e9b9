"""`moviemind audit` and `movies show --as-of`, beside a service with a paid model and alone on its data."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from interfaces.client import Operator
from tests.e2e.conftest import Ended
from tests.support.model_server import ModelServer, answers, model_server, never_answers, one_after_the_other
from tests.support.process import Up, moviemind

MODEL = "openai:gpt-4o-mini"
NOBODY = "00000000-0000-4000-8000-000000000000"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
Command = Callable[..., Ended]


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with model_server() as server:
        yield server


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, server: ModelServer) -> Iterator[Up]:
    """A service that has had a text accepted after a flawed one, and another after one that never came."""
    up = Up(
        tmp_path_factory.mktemp("up") / "data",
        ai_model=MODEL,
        ai_base_url=server.url,
        ai_api_key="sk-of-the-tests",
        ai_deadline_seconds="3",
        retry_backoff_seconds="0.1,0.1",
    ).start()
    with Operator(up.url) as client:
        server.behaviour = one_after_the_other(answers(title="Alien"), answers())
        client.wait(client.generate("heat-1995").job_id)
        server.behaviour = one_after_the_other(never_answers, answers(title="Alien", release_year=1979))
        client.wait(client.generate("alien-1979").job_id)
    yield up
    up.close()


@pytest.fixture(scope="module")
def text(up: Up) -> str:
    """The accepted one of the first film."""
    with Operator(up.url) as client:
        (movie,) = client.movies(slug="heat-1995")
    return str(movie.default_description_id)


def test_who_asked_for_a_text_and_what_it_took_are_told(up: Up, text: str, command: Command) -> None:
    told = command("audit", "text", text, "--url", up.url)

    assert told.code == 0
    lines = told.out.splitlines()
    assert lines[0] == "en-US DEFAULT revision 1 of heat-1995"
    rows = dict(re.findall(r"^│ (.+?) +│ (.+?) +│$", told.out, re.MULTILINE))
    assert (rows["requested by"], rows["written by"], rows["now"]) == ("local", MODEL, "current default")
    assert rows["cost of all attempts (usd)"] == "0.000420"
    attempts = [line.split("\t") for line in lines if "\t" in line]
    assert [(one[0], one[1], one[2], one[-1]) for one in attempts] == [
        ("1", "failed", "VALIDATION_ERROR", "0.000210"),
        ("2", "accepted", "", "0.000210"),
    ]
    answer = command("audit", "text", text, "--url", up.url, "--json", "slug,request,cost").json()
    assert (answer["slug"], answer["request"]["requested_by"], answer["cost"]["calls"]) == (
        "heat-1995",
        "local",
        2,
    )


def test_of_a_text_that_was_replaced_it_is_said_that_another_is_shown(
    start_up: Callable[..., Up], command: Command
) -> None:
    url = start_up().url
    with Operator(url) as client:
        first = client.wait(client.generate("heat-1995").job_id).description_id
        client.wait(client.generate("heat-1995", force=True).job_id)

    told = command("audit", "text", str(first), "--url", url)

    rows = dict(re.findall(r"^│ (.+?) +│ (.+?) +│$", told.out, re.MULTILINE))
    assert rows["now"] == "not shown: another is current"


def test_texts_are_listed_by_model_and_prompt(up: Up, text: str, command: Command) -> None:
    everything = command("audit", "texts", "--url", up.url)
    assert [line.split("\t")[1] for line in everything.out.splitlines()] == ["alien-1979", "heat-1995"]
    cells = everything.out.splitlines()[1].split("\t")
    assert (cells[0], cells[5], cells[-1]) == (text, MODEL, "current")

    of_a_prompt = command("audit", "texts", "--prompt-version", cells[6], "--since", "1h", "--url", up.url)
    assert of_a_prompt.out == everything.out
    assert command("audit", "texts", "--model", "template", "--url", up.url).out == ""
    one = command("audit", "texts", "--limit", "1", "--url", up.url)
    assert one.out.splitlines() == everything.out.splitlines()[:1]
    assert one.err == "there are more than 1; see them with a larger --limit\n"
    assert command("audit", "texts", "--limit", "1", "--all", "--url", up.url) == everything


def test_what_was_paid_for_and_refused_is_told_with_the_sum(up: Up, command: Command) -> None:
    told = command("audit", "refused", "--url", up.url)

    newest, oldest, total = [line.split("\t") for line in told.out.splitlines()]
    assert (oldest[1], oldest[2], oldest[4:]) == (
        "VALIDATION_ERROR",
        "heat-1995",
        ["1", MODEL, "1000", "100", "0.000210"],
    )
    assert (newest[1], newest[2], newest[-1]) == ("TIMEOUT", "alien-1979", "unknown")
    assert (total[0], total[4:]) == ("total", ["2 attempts", "", "1000", "100", "0.000210 + 1 unknown"])
    answer = command("audit", "refused", "--model", MODEL, "--limit", "1", "--url", up.url, "--json", "all")
    assert (answer.json()["total"]["attempts"], len(answer.json()["items"])) == (2, 1)
    nothing = command("audit", "refused", "--model", "another", "--url", up.url)
    assert nothing == Ended(0, "Nothing was paid for and refused.\n", "")


def test_what_somebody_did_since_then_is_told_in_the_order_of_the_log(up: Up, command: Command) -> None:
    told = command("audit", "log", "--actor", "local", "--since", "7d", "--url", up.url)

    rows = [line.split("\t") for line in told.out.splitlines()]
    assert [(slug, version, actor) for _, slug, version, actor, _ in rows] == [
        ("heat-1995", "1", "local"),
        ("heat-1995", "2", "local"),
        ("alien-1979", "1", "local"),
        ("alien-1979", "2", "local"),
    ]
    assert re.fullmatch(TIME, rows[0][0])
    assert rows[1][4] == "A DEFAULT description in en-US was requested."

    film = command(
        "audit",
        "log",
        "--slug",
        "heat-1995",
        "--event",
        "DescriptionGenerated",
        "--url",
        up.url,
        "--json",
        "version",
    )
    assert film.json() == [{"version": 6}]
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert command("audit", "log", "--since", tomorrow, "--url", up.url) == Ended(0, "", "")


def test_wrong_questions_are_refused_in_a_sentence(up: Up, command: Command) -> None:
    unknown = command("audit", "text", NOBODY, "--url", up.url)
    assert (unknown.code, unknown.err) == (1, f"error: No film has a description {NOBODY}.\n")
    no_event = command("audit", "log", "--event", "Bored", "--url", up.url)
    assert (no_event.code, no_event.out) == (1, "")
    assert no_event.err.startswith("error: query.event: there is no such event; there are DescriptionEdited,")
    no_moment = command("audit", "log", "--since", "lately", "--url", up.url)
    assert no_moment.code == 2
    assert "write a day such as 2026-01-31" in " ".join(no_moment.err.replace("│", " ").split())


def test_a_film_is_shown_as_readers_saw_it_then(up: Up, text: str, command: Command) -> None:
    with Operator(up.url) as client:
        entries = list(client.history("heat-1995"))
    shown = command("movies", "show", "heat-1995", "--url", up.url)
    requested, accepted = entries[1].at.isoformat(), entries[-1].at.isoformat()

    assert command("movies", "show", "heat-1995", "--as-of", accepted, "--url", up.url) == shown
    today = command("movies", "show", "heat-1995", "--as-of", f"{datetime.now(UTC):%F}", "--url", up.url)
    assert today == shown, "a day means its end"
    before = command("movies", "show", "heat-1995", "--as-of", requested, "--url", up.url)
    assert (before.code, before.out) == (1, "")
    assert (
        before.err == f"error: The film 'heat-1995' had no description to show at {entries[1].at:%FT%T%z}.\n"
    )
    too_early = command("movies", "show", "heat-1995", "--as-of", "1w", "--url", up.url)
    assert too_early.err.startswith(
        "error: Nothing was known of 'heat-1995' at that moment; its history begins"
    )
    never = command("movies", "show", "never-asked-for-1999", "--as-of", "1w", "--url", up.url)
    assert never.err == "error: There is no film 'never-asked-for-1999'.\n"


def test_without_a_service_the_same_is_told_from_the_data(
    start_up: Callable[..., Up], connect: Callable[[Up], Operator]
) -> None:
    up = start_up()
    client = connect(up)
    text = client.wait(client.generate("heat-1995").job_id).description_id
    beside = [entry.event for entry in client.audit()]
    assert up.stop() == 0
    (up.data_dir / "moviemind-views.db").unlink()

    alone = moviemind("audit", "log", "--json", "event", "--data-dir", str(up.data_dir))
    assert [entry["event"] for entry in json.loads(alone.stdout)] == beside
    told = moviemind("audit", "text", str(text), "--data-dir", str(up.data_dir))
    assert told.stdout.startswith("en-US DEFAULT revision 1 of heat-1995\n")
