"""A budget that is spent: nothing new is accepted, and everything that is there can still be had."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.http.api import Api, Serve, new_film, problem_of
from tests.support.budget import spend_today

PAID: dict[str, Any] = {"ai_model": "openai:gpt-4o-mini", "ai_api_key": "unused", "works": False}
BUDGET: dict[str, Any] = {"ai_daily_budget_usd": "5"}


@pytest.fixture
def there(serve: Serve) -> str:
    """A film that was described while writing was free."""
    slug = new_film()
    with serve() as api:
        api.described(slug)
    return slug


@pytest.fixture
def waiting(serve: Serve, there: str) -> str:
    """A job that was accepted while there was money."""
    with serve(**PAID) as api:
        job_id: str = api.accepted(new_film("waiting"))["job_id"]
    return job_id


@pytest.fixture
def api(serve: Serve, waiting: str, tmp_path: Path) -> Iterator[Api]:
    """A service whose budget is spent."""
    spend_today(tmp_path / "data", microusd=5_000_000)
    with serve(**PAID, **BUDGET) as api:
        yield api


def test_nothing_new_is_accepted_until_tomorrow(api: Api) -> None:
    asked_on = datetime.now(UTC).date()
    refused = api.generate(new_film())
    answered_on = datetime.now(UTC).date()

    problem = problem_of(refused, 429, "budget-exceeded")
    assert "The daily budget of the service is spent; it opens again at" in problem["detail"]
    assert datetime.fromisoformat(problem["opens_at"]) in (
        _next_midnight(asked_on),
        _next_midnight(answered_on),
    )
    assert 0 < int(refused.headers["retry-after"]) <= 86_400


@pytest.mark.parametrize("ask", ["generate", "preview", "read"])
def test_no_way_of_asking_gets_around_it_or_leaves_a_trace(api: Api, ask: str) -> None:
    slug = new_film()
    answer = _ask(api, ask, slug)

    problem_of(answer, 429, "budget-exceeded")
    assert api.get(f"/v1/movies/{slug}/history").status_code == 404


def test_what_is_described_is_still_answered(api: Api, there: str) -> None:
    assert api.generate(there).status_code == 200
    assert api.get(f"/v1/movies/{there}").status_code == 200
    problem_of(api.generate(there, force=True), 429, "budget-exceeded")


def test_a_job_that_was_accepted_waits_and_can_be_joined(api: Api, waiting: str) -> None:
    job = api.job(waiting)
    assert (job["status"], job["attempts"]) == ("PENDING", 0)

    assert api.accepted(job["slug"])["job_id"] == waiting


def test_of_several_styles_none_is_accepted_when_one_is_new(api: Api, there: str) -> None:
    problem_of(api.generate(there, context_tag=["DEFAULT", "modern"]), 429, "budget-exceeded")


def test_writing_that_is_free_needs_no_budget(serve: Serve, waiting: str, tmp_path: Path) -> None:
    spend_today(tmp_path / "data", microusd=5_000_000)

    with serve(**BUDGET, works=False) as api:
        api.accepted(new_film())


def _next_midnight(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, UTC)


def _ask(api: Api, how: str, slug: str) -> httpx.Response:
    if how == "read":
        return api.get(f"/v1/movies/{slug}")
    return api.post("/v1/generate" + ("/preview" if how == "preview" else ""), json={"slug": slug})
