"""GET /v1/stats/throughput: how many jobs, attempts and texts there were."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.integration.http.api import FAILS, Api, Serve, body_of, problem_of

ROUTE = "/v1/stats/throughput"
NOTHING = dict.fromkeys(
    [
        *("jobs_requested", "attempts_started", "texts_accepted", "attempts_failed"),
        *("jobs_failed", "results_refused", "jobs_cancelled"),
    ],
    0,
)


def _throughput(api: Api, **query: Any) -> dict[str, Any]:
    response = api.get(ROUTE, params=query)
    assert response.status_code == 200, response.text
    return body_of(response)


def _today() -> date:
    return datetime.now(UTC).date()


@pytest.mark.parametrize(("group_by", "form"), [("minute", "%Y-%m-%dT%H:%M"), ("hour", "%Y-%m-%dT%H")])
def test_whoever_sees_that_a_job_is_done_finds_it_counted(serve: Serve, group_by: str, form: str) -> None:
    begun = datetime.now(UTC)
    with serve() as api:
        for number in range(1, 4):
            api.ended(api.accepted(f"film-{number}-1999")["job_id"])
            found = _throughput(api, **{"from": begun.date(), "group_by": group_by})
            assert found["total"] == NOTHING | {
                "jobs_requested": number,
                "attempts_started": number,
                "texts_accepted": number,
            }

    spans = [group.pop("group") for group in found["groups"]]
    assert all(f"{begun:{form}}" <= span <= f"{datetime.now(UTC):{form}}" for span in spans)
    assert found["total"] == {name: sum(group[name] for group in found["groups"]) for name in NOTHING}


def test_jobs_that_fail_are_told_from_their_attempts(serve: Serve) -> None:
    begun = _today()
    with serve(**FAILS) as api:
        api.ended(api.accepted("heat-1995")["job_id"])

        total = _throughput(api, **{"from": begun})["total"]

    assert total == NOTHING | {
        "jobs_requested": 1,
        "attempts_started": 3,
        "attempts_failed": 3,
        "jobs_failed": 1,
    }


@pytest.mark.parametrize(
    ("query", "first"),
    [({}, "2026-01-02"), ({"group_by": "hour"}, "2026-01-25"), ({"group_by": "minute"}, "2026-01-31")],
)
def test_how_far_back_it_goes_depends_on_what_one_asks_for(
    api: Api, query: dict[str, str], first: str
) -> None:
    assert _throughput(api, to="2026-01-31", **query) == {
        "from": first,
        "to": "2026-01-31",
        "group_by": query.get("group_by", "day"),
        "total": NOTHING,
        "groups": [],
    }


def test_it_goes_to_today_unless_another_day_is_named(api: Api) -> None:
    before, found, after = _today(), _throughput(api), _today()

    assert before <= date.fromisoformat(found["to"]) <= after


@pytest.mark.parametrize(("group_by", "most"), [("minute", 2), ("hour", 100), ("day", 3_660)])
def test_an_answer_is_bounded(api: Api, group_by: str, most: int) -> None:
    last = date(2026, 1, 31)
    longest = last - timedelta(days=most - 1)

    assert _throughput(api, **{"from": longest, "to": last, "group_by": group_by})["from"] == str(longest)
    too_long = {"from": str(longest - timedelta(days=1)), "to": str(last), "group_by": group_by}
    assert problem_of(api.get(ROUTE, params=too_long), 422, "validation-error")["errors"] == [
        {"field": "query.to", "message": f"ask for {most:,} days at most"}
    ]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "2026-02-01", "to": "2026-01-31"}, "query.from"),
        ({"from": "9999-12-31"}, "query.from"),
        ({"from": "2026-02-30"}, "query.from"),
        ({"to": "yesterday"}, "query.to"),
        ({"to": "2026-01-31T00:00:00"}, "query.to"),
        ({"group_by": "week"}, "query.group_by"),
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
