"""What operators look at and switch."""

from typing import Any

import httpx
import pytest

from tests.integration.http.api import FAILS, Api, Serve, body_of, new_film
from tests.support.process import wait_until


def _ok(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    return body_of(response)


def test_the_queue_tells_how_it_is_doing(api: Api) -> None:
    api.described(new_film())

    queue = _ok(api.get("/v1/admin/queues"))

    assert (queue["driver"], queue["is_paused"], queue["messages_waiting"]) == ("embedded", False, 0)
    assert queue["jobs"]["DONE"] >= 1
    assert queue["workers"] == 1


def test_workers_that_live_are_listed(api: Api) -> None:
    (worker,) = _ok(api.get("/v1/admin/workers"))["items"]

    assert worker["threads"] == 2
    assert worker["started_at"] <= worker["beat_at"]


def test_every_view_tells_how_far_it_has_followed_the_events(api: Api) -> None:
    api.described(new_film())
    newest = api.get("/v1/audit", params={"limit": 100}).json()["items"][0]["position"]

    views = _ok(api.get("/v1/admin/projections"))["items"]

    assert [view["view"] for view in views] == [
        "movies",
        "history",
        "spending",
        "texts",
        "throughput",
        "jobs",
    ]
    assert {(view["state"], view["lag"], view["stopped_because"]) for view in views} == {("follows", 0, None)}
    epoch, _, _ = newest.partition(".")
    assert all(view["position"].startswith(f"{epoch}.") for view in views)


def test_a_paused_queue_accepts_requests_and_starts_none_until_it_is_resumed(serve: Serve) -> None:
    with serve() as api:
        paused = _ok(api.post("/v1/admin/queues/pause", json={"reason": "the provider is down"}))
        assert (paused["is_paused"], paused["reason"], paused["changed_by"]) == (
            True,
            "the provider is down",
            "local",
        )
        jobs = [api.accepted(new_film())["job_id"] for _ in range(5)]
        api.settle()
        assert {api.job(job)["status"] for job in jobs} == {"PENDING"}

        resumed = _ok(api.post("/v1/admin/queues/resume"))

        assert (resumed["is_paused"], resumed["reason"]) == (False, None)
        assert [api.ended(job)["status"] for job in jobs] == ["DONE"] * 5


def test_a_pause_outlives_the_service(serve: Serve) -> None:
    with serve() as api:
        _ok(api.post("/v1/admin/queues/pause", json={}))
    with serve() as api:
        assert _ok(api.get("/v1/admin/queues"))["is_paused"]
        job = api.accepted(new_film())["job_id"]
        api.settle()
        assert api.job(job)["status"] == "PENDING"
        _ok(api.post("/v1/admin/queues/resume"))
        assert api.ended(job)["status"] == "DONE"


def test_recovering_a_queue_that_lost_nothing_changes_nothing(api: Api) -> None:
    job = api.described(new_film())

    recovered = _ok(api.post("/v1/admin/queues/recover"))

    assert not recovered["is_paused"]
    assert api.job(job["job_id"]) == job


@pytest.fixture
def failed(serve: Serve) -> Any:
    """A service with five jobs that failed, and one that is DONE."""
    with serve() as api:
        api.described("heat-1995")
    with serve(**FAILS) as api:
        jobs = [api.accepted(f"film-{number}-1999")["job_id"] for number in range(5)]
        assert {api.ended(job)["status"] for job in jobs} == {"FAILED"}
        api.settle()
        yield api


def test_failed_jobs_are_listed_page_by_page_and_counted_by_type(failed: Api) -> None:
    first = _ok(failed.get("/v1/admin/failed-jobs", params={"limit": 3}))
    rest = _ok(failed.get("/v1/admin/failed-jobs", params={"cursor": first["next_cursor"]}))

    assert first["by_type"] == {"TIMEOUT": 5}
    slugs = [job["slug"] for job in first["items"] + rest["items"]]
    assert slugs == [f"film-{number}-1999" for number in (4, 3, 2, 1, 0)]
    assert {job["error"]["type"] for job in first["items"]} == {"TIMEOUT"}
    assert _ok(failed.get("/v1/admin/failed-jobs", params={"error_type": "RATE_LIMITED"}))["items"] == []


def test_all_failed_jobs_get_new_tries_some_at_a_time(failed: Api) -> None:
    first = _ok(failed.post("/v1/admin/failed-jobs/retry", json={"limit": 3}))
    rest = _ok(failed.post("/v1/admin/failed-jobs/retry", json={"cursor": first["next_cursor"]}))

    assert (first["retried"], rest["retried"], rest["next_cursor"]) == (3, 2, None)
    history = failed.history("film-0-1999")
    assert [entry["event"] for entry in history].count("GenerationRetryRequested") == 1


def test_only_jobs_that_failed_in_one_way_get_new_tries(failed: Api) -> None:
    assert (
        _ok(failed.post("/v1/admin/failed-jobs/retry", json={"error_type": "RATE_LIMITED"}))["retried"] == 0
    )
    assert _ok(failed.post("/v1/admin/failed-jobs/retry", json={"error_type": "TIMEOUT"}))["retried"] == 5


def test_a_failed_job_whose_film_is_being_written_by_another_is_refused_with_the_reason(failed: Api) -> None:
    other = failed.accepted("film-2-1999")["job_id"]

    answer = _ok(failed.post("/v1/admin/failed-jobs/retry", json={}))

    wait_until(lambda: failed.job(other)["status"] == "FAILED", "the other job ends")
    assert answer["retried"] == 4
    (refused,) = answer["refused"]
    assert refused["type"] == "another-job-active"
