"""A spent budget as it is met on the command line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Ended
from tests.support.budget import spend_today
from tests.support.process import Up

MODEL = {"ai_model": "openai:gpt-4o-mini", "ai_api_key": "unused", "ai_base_url": "http://127.0.0.1:9/v1"}
BUDGET = {"ai_daily_budget_usd": "5"}


@pytest.fixture
def up(start_up: Callable[..., Up], tmp_path: Path) -> Up:
    """A service that may ask for nothing more today. Nobody answers for its model."""
    spend_today(tmp_path / "data", microusd=5_000_000)
    return start_up(**MODEL, **BUDGET)


def test_a_request_is_refused_and_told_until_when(up: Up, command: Callable[..., Ended]) -> None:
    told = command("generate", "heat-1995", "--url", up.url)

    assert told.code == 1
    assert "The daily budget of the service is spent; it opens again at" in told.err.replace("\n", " ")


def test_a_file_ends_with_the_first_film_that_is_refused(
    up: Up, command: Callable[..., Ended], tmp_path: Path
) -> None:
    films = tmp_path / "films.csv"
    films.write_text("title,year\n" + "".join(f"Film {n},1999\n" for n in range(5_000)), encoding="utf-8")

    told = command("generate", "--from", films, "--url", up.url)

    assert told.code == 1
    assert "What was accepted is kept; ask again to go on." in told.err.replace("\n", " ")
    assert told.err.count("budget") == 1


def test_the_queue_says_what_it_waits_for_and_what_was_spent(up: Up, command: Callable[..., Ended]) -> None:
    told = " ".join(command("queue", "status", "--url", up.url).out.replace("│", "").split())

    assert "the budget of the day is spent" in told
    assert "5.000000 of 5.000000 US dollars spent today" in told


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        (
            {"ai_daily_budget_usd": "0.0001"},
            "MOVIEMIND_AI_DAILY_BUDGET_USD (0.0001) is too small: a single call",
        ),
        (
            {"ai_model": "openai:mine", "ai_daily_budget_per_key_usd": "5"},
            "MOVIEMIND_AI_DAILY_BUDGET_PER_KEY_USD cannot be held: the price of openai:mine is not known",
        ),
        ({"ai_daily_budget_usd": "much"}, "MOVIEMIND_AI_DAILY_BUDGET_USD"),
        ({"ai_max_calls": "0"}, "MOVIEMIND_AI_MAX_CALLS"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused_at_the_start(
    command: Callable[..., Ended], tmp_path: Path, settings: dict[str, str], complaint: str
) -> None:
    told = command("up", "--data-dir", tmp_path / "data", "--port", "0", **MODEL | settings)

    assert told.code == 1
    assert complaint in told.err.replace("\n", " ")
