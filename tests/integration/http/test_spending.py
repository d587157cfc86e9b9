"""GET /v1/stats/spending: what the calls of a paid model took."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.integration.http.api import Api, Serve, body_of, problem_of
from tests.support.model_server import (
    TOKENS_IN,
    TOKENS_OUT,
    ModelServer,
    answers,
    model_server,
    one_after_the_other,
)

ROUTE = "/v1/stats/spending"
MODEL = "openai:gpt-4o-mini"
COST = 210
NOTHING = dict.fromkeys(
    [
        *("calls", "accepted_calls", "refused_calls", "tokens_in", "tokens_out"),
        *("cost_microusd", "refused_cost_microusd", "unknown_cost_calls"),
    ],
    0,
)


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with model_server() as model:
        yield model


@pytest.fixture
def paying_api(serve: Serve, model: ModelServer) -> Iterator[Api]:
    """A service of a paid model that has written nothing yet."""
    settings = {"ai_model": MODEL, "ai_base_url": model.url, "ai_api_key": "sk-of-the-tests"}
    with serve(retry_backoff_seconds="0.01,0.01", **settings) as api:
        yield api


def _spending(api: Api, **query: Any) -> dict[str, Any]:
    response = api.get(ROUTE, params=query)
    assert response.status_code == 200, response.text
    return body_of(response)


def _today() -> date:
    return datetime.now(UTC).date()


def test_a_text_that_was_refused_and_the_next_that_was_accepted(paying_api: Api, model: ModelServer) -> None:
    model.behaviour = one_after_the_other(answers(title="Alien"), answers())
    begun = _today()
    paying_api.ended(paying_api.accepted("heat-1995")["job_id"])

    spending = _spending(paying_api, **{"from": begun, "group_by": "outcome"})

    total = {
        "calls": 2,
        "accepted_calls": 1,
        "refused_calls": 1,
        "tokens_in": 2 * TOKENS_IN,
        "tokens_out": 2 * TOKENS_OUT,
        "cost_microusd": 2 * COST,
        "refused_cost_microusd": COST,
        "unknown_cost_calls": 0,
    }
    one = {"tokens_in": TOKENS_IN, "tokens_out": TOKENS_OUT, "cost_microusd": COST, "unknown_cost_calls": 0}
    refused = {"calls": 1, "accepted_calls": 0, "refused_calls": 1, "refused_cost_microusd": COST}
    accepted = {"calls": 1, "accepted_calls": 1, "refused_calls": 0, "refused_cost_microusd": 0}
    assert spending == {
        "from": str(begun),
        "to": spending["to"],
        "group_by": "outcome",
        "total": total,
        "groups": [
            {"group": "accepted", **one, **accepted},
            {"group": "validation_error", **one, **refused},
        ],
        "duplicates_prevented": spending["duplicates_prevented"],
    }


def test_whoever_sees_that_a_job_is_done_finds_what_it_cost(paying_api: Api) -> None:
    for number in range(1, 11):
        paying_api.ended(paying_api.accepted(f"film-{number}-1999")["job_id"])
        assert _spending(paying_api, group_by="slug")["total"]["accepted_calls"] == number


@pytest.mark.parametrize(
    ("group_by", "group"),
    [
        ("model", MODEL),
        ("locale", "pl-PL"),
        ("context_tag", "modern"),
        ("requester", "local"),
        ("outcome", "ai_api_error"),
        ("slug", "heat-1995"),
    ],
)
def test_it_is_told_for_each(paying_api: Api, model: ModelServer, group_by: str, group: str) -> None:
    model.behaviour = lambda exchange: exchange.send(401, b"{}")
    paying_api.ended(
        paying_api.accepted("heat-1995", locale="pl-PL", context_tag="modern", force=True)["job_id"]
    )

    (found,) = _spending(paying_api, group_by=group_by)["groups"]

    assert (found["group"], found["refused_calls"]) == (group, 1)


def test_the_last_30_days_by_day_are_told_unless_others_are_asked_for(api: Api) -> None:
    before, spending, after = _today(), _spending(api), _today()

    last = date.fromisoformat(spending["to"])
    assert before <= last <= after
    assert date.fromisoformat(spending["from"]) == last - timedelta(days=29)
    assert spending["group_by"] == "day"


@pytest.mark.parametrize(
    ("to", "first"),
    [("2026-03-01", "2026-01-31"), ("0001-01-07", "0001-01-01"), ("9999-12-31", "9999-12-02")],
)
def test_30_days_end_with_the_last_day_that_is_named(api: Api, to: str, first: str) -> None:
    assert _spending(api, to=to) == {
        "from": first,
        "to": to,
        "group_by": "day",
        "total": NOTHING,
        "groups": [],
        "duplicates_prevented": 0,
    }


def test_texts_of_the_template_cost_nothing_and_are_no_calls(api: Api, film: str) -> None:
    api.described(film)

    assert (_spending(api)["total"], _spending(api)["groups"]) == (NOTHING, [])


def test_texts_that_were_there_already_are_counted(serve: Serve, film: str) -> None:
    with serve() as api:
        api.described(film)
        api.generate(film)
    with serve(works=False) as api:
        assert _spending(api)["duplicates_prevented"] == 1
        assert _spending(api, to="2026-01-31")["duplicates_prevented"] == 0


def test_ten_years_can_be_asked_for_and_not_a_day_more(api: Api) -> None:
    last = date(2026, 1, 31)
    longest = last - timedelta(days=3_659)

    assert _spending(api, **{"from": longest, "to": last})["from"] == str(longest)
    refused = api.get(ROUTE, params={"from": str(longest - timedelta(days=1)), "to": str(last)})
    assert problem_of(refused, 422, "validation-error")["errors"] == [
        {"field": "query.to", "message": "ask for 3,660 days at most"}
    ]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "2026-02-01", "to": "2026-01-31"}, "query.from"),
        ({"from": "9999-12-31"}, "query.from"),
        ({"from": "2026-02-30"}, "query.from"),
        ({"from": "0000-01-01"}, "query.from"),
        ({"from": ""}, "query.from"),
        ({"to": "yesterday"}, "query.to"),
        ({"to": "1767225600"}, "query.to"),
        ({"to": "2026-01-31T00:00:00"}, "query.to"),
        ({"to": "2026-1-31"}, "query.to"),
        ({"group_by": "hour"}, "query.group_by"),
    ],
)
def test_what_is_no_day_or_no_group_is_refused(api: Api, query: dict[str, str], field: str) -> None:
    refused = problem_of(api.get(ROUTE, params=query), 422, "validation-error")

    assert [error["field"] for error in refused["errors"]] == [field]


def test_every_parameter_is_described(api: Api) -> None:
    operation = api.get("/openapi.json").json()["paths"][ROUTE]["get"]

    parameters = {parameter["name"]: parameter for parameter in operation["parameters"]}
    assert set(parameters) == {"from", "to", "group_by"}
    assert all(parameter["description"] for parameter in parameters.values())
