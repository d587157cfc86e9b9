"""GET /v1/audit/refused: what was paid for and not accepted."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.http.api import Api, Serve, body_of, problem_of
from tests.support.model_server import (
    TOKENS_IN,
    TOKENS_OUT,
    ModelServer,
    answers,
    model_server,
    never_answers,
    one_after_the_other,
)
from tests.support.process import wait_until

ROUTE = "/v1/audit/refused"
MODEL = "openai:gpt-4o-mini"
COST = 210
NOTHING = {
    "attempts": 0,
    "calls": 0,
    "tokens_in": 0,
    "tokens_out": 0,
    "cost_microusd": 0,
    "unknown_cost_calls": 0,
}


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with model_server() as server:
        yield server


@pytest.fixture
def paying_api(serve: Serve, server: ModelServer) -> Iterator[Api]:
    """A service that has had two flawed texts and an accepted one of a film, and of another no answer."""
    settings = {"ai_model": MODEL, "ai_base_url": server.url, "ai_api_key": "sk-of-the-tests"}
    with serve(retry_backoff_seconds="0.01,0.01", ai_deadline_seconds=3, **settings) as api:
        server.behaviour = one_after_the_other(answers(title="Alien"), answers(title="Alien"), answers())
        api.ended(api.accepted("heat-1995")["job_id"])
        server.behaviour = one_after_the_other(never_answers, answers())
        api.ended(api.accepted("alien-1979", title="Alien")["job_id"])
        api.settle()
        yield api


def _refused(api: Api, **params: Any) -> dict[str, Any]:
    response = api.get(ROUTE, params=params)
    assert response.status_code == 200, response.text
    return body_of(response)


def test_each_is_told_with_reason_and_cost_and_all_are_summed_up(paying_api: Api) -> None:
    told = _refused(paying_api)

    unanswered, second, first = told["items"]
    job_id = paying_api.history("heat-1995")[1]["data"]["job_id"]
    failed = [one for one in paying_api.history("heat-1995") if one["event"] == "GenerationAttemptFailed"]
    assert first == {
        "calls": 1,
        "tokens_in": TOKENS_IN,
        "tokens_out": TOKENS_OUT,
        "cost_microusd": COST,
        "unknown_cost_calls": 0,
        "position": failed[0]["position"],
        "at": failed[0]["at"],
        "event": "GenerationAttemptFailed",
        "reason": "VALIDATION_ERROR",
        "slug": "heat-1995",
        "locale": "en-US",
        "context_tag": "DEFAULT",
        "job_id": job_id,
        "attempt": 1,
        "requested_by": "local",
        "model": MODEL,
        "outcome": "validation_error",
    }
    assert (second["attempt"], second["position"]) == (2, failed[1]["position"])
    assert (unanswered["reason"], unanswered["cost_microusd"], unanswered["unknown_cost_calls"]) == (
        "TIMEOUT",
        None,
        1,
    )
    assert told["total"] == {
        "attempts": 3,
        "calls": 3,
        "tokens_in": 2 * TOKENS_IN,
        "tokens_out": 2 * TOKENS_OUT,
        "cost_microusd": 2 * COST,
        "unknown_cost_calls": 1,
    }


def test_pages_and_filters(paying_api: Api) -> None:
    everything = _refused(paying_api)

    pages = list(paying_api.pages(ROUTE, limit=2))
    assert [one for page in pages for one in page] == everything["items"]
    assert _refused(paying_api, limit=1)["total"] == everything["total"], "also of other pages"
    newest = everything["items"][0]
    lately = _refused(paying_api, since=newest["at"])
    assert lately["items"] == [newest]
    assert (lately["total"]["attempts"], lately["total"]["cost_microusd"]) == (1, None)
    assert _refused(paying_api, model=MODEL) == everything
    assert _refused(paying_api, model="another") == {"total": NOTHING, "items": [], "next_cursor": None}


def test_a_text_that_came_too_late_is_told_with_why(serve: Serve, server: ModelServer) -> None:
    settings = {"ai_model": MODEL, "ai_base_url": server.url, "ai_api_key": "sk-of-the-tests"}
    with serve(**settings) as api:
        asked = threading.Event()
        jobs: list[str] = []

        def cancelled_meanwhile(exchange: Any) -> None:
            assert asked.wait(10)
            assert api.delete(f"/v1/jobs/{jobs[0]}").status_code == 202
            answers()(exchange)

        server.behaviour = cancelled_meanwhile
        jobs.append(api.accepted("heat-1995")["job_id"])
        asked.set()
        (refused,) = wait_until(lambda: _refused(api)["items"], "the late text is refused")

    assert (refused["event"], refused["reason"]) == ("StaleResultRejected", "cancelled")
    assert (refused["job_id"], refused["cost_microusd"], refused["outcome"]) == (jobs[0], COST, "accepted")


@pytest.mark.parametrize(
    ("params", "status", "kind"),
    [
        ({"cursor": "nonsense"}, 400, "cursor-invalid"),
        ({"since": "2026-01-31T12:00:00"}, 422, "validation-error"),
        ({"limit": 101}, 422, "validation-error"),
        ({"model": "a\x00b"}, 422, "validation-error"),
        ({"slug": "heat-1995"}, 422, "validation-error"),
    ],
)
def test_what_cannot_be_asked_is_refused(api: Api, params: dict[str, Any], status: int, kind: str) -> None:
    problem_of(api.get(ROUTE, params=params), status, kind)
