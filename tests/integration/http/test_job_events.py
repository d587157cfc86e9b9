"""GET /v1/jobs/{job_id}/events: every change of a job once, in order, also for who was cut off."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import uuid4

import httpx
import pytest

from interfaces.http import job_events
from tests.integration.http.api import FAILS, Api, Serve, new_film, problem_of
from tests.support.process import wait_until


@dataclass(frozen=True)
class Told:
    """An event as a browser would hand it to its page."""

    id: str
    event: str
    job: dict[str, Any]


@contextmanager
def _following(api: Api, job_id: str, last: str | None = None) -> Iterator[Iterator[Told]]:
    api.job(job_id)  # once it can be read: before that the stream is refused, as the job itself is
    headers = {"Last-Event-ID": last} if last else {}
    with (
        httpx.Client(base_url=api.base_url, trust_env=False, timeout=30) as client,
        client.stream("GET", f"/v1/jobs/{job_id}/events", headers=headers) as response,
    ):
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"] == "text/event-stream"
        assert response.headers["cache-control"] == "no-store"
        yield _told(response)


def _told(response: httpx.Response) -> Iterator[Told]:
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        name, _, value = line.partition(": ")
        if line:
            fields[name] = value
        elif "data" in fields:
            yield Told(fields["id"], fields["event"], json.loads(fields["data"]))
            fields = {}


def _all(api: Api, job_id: str, last: str | None = None) -> list[Told]:
    with _following(api, job_id, last) as events:
        return list(events)


def _statuses(events: list[Told]) -> list[str]:
    return [told.job["status"] for told in events]


def test_a_job_is_told_from_its_request_to_its_end_and_the_stream_closes(api: Api, film: str) -> None:
    job_id = api.accepted(film)["job_id"]

    events = _all(api, job_id)

    assert _statuses(events) == ["PENDING", "IN_PROGRESS", "DONE"]
    assert {told.event for told in events} == {"status"}
    assert events[-1].job == api.job(job_id), "each is what asking for the job would have told"
    assert [told.job["attempts"] for told in events] == [0, 1, 1]


def test_what_happens_is_told_as_it_happens(waiting_api: Api, film: str) -> None:
    job_id = waiting_api.accepted(film)["job_id"]

    with _following(waiting_api, job_id) as events:
        assert next(events).job["status"] == "PENDING"
        waiting_api.delete(f"/v1/jobs/{job_id}")
        assert next(events).job["status"] == "CANCELLED"
        assert list(events) == []


def test_a_failed_job_is_told_try_by_try(failing_api: Api, film: str) -> None:
    job_id = failing_api.accepted(film)["job_id"]

    events = _all(failing_api, job_id)

    assert _statuses(events) == ["PENDING", *["IN_PROGRESS", "PENDING"] * 2, "IN_PROGRESS", "FAILED"]
    assert [told.job["error"] and told.job["error"]["type"] for told in events] == [
        None,
        *[None, "TIMEOUT"] * 3,
    ]


def test_new_tries_are_told_to_who_comes_back(failing_api: Api, film: str) -> None:
    job_id = failing_api.ended(failing_api.accepted(film)["job_id"])["job_id"]
    end = _all(failing_api, job_id)[-1]
    failing_api.post(f"/v1/jobs/{job_id}/retry")

    again = _all(failing_api, job_id, end.id)

    assert _statuses(again)[0] == "PENDING"
    assert _statuses(again)[-1] == "FAILED"


def test_who_was_cut_off_goes_on_where_he_was(api: Api, film: str) -> None:
    job_id = api.accepted(film)["job_id"]
    whole = _all(api, job_id)

    for cut in range(len(whole)):
        with _following(api, job_id) as events:
            before = list(islice(events, cut))
        after = _all(api, job_id, before[-1].id if before else None)
        assert before + after == whole


def test_who_has_heard_the_end_is_told_to_come_no_more(api: Api, film: str) -> None:
    job_id = api.described(film)["job_id"]
    end = _all(api, job_id)[-1]

    again = api.get(f"/v1/jobs/{job_id}/events", headers={"Last-Event-ID": end.id})

    assert (again.status_code, again.content) == (204, b"")


def test_events_of_other_jobs_of_the_film_are_not_told(api: Api, film: str) -> None:
    one, other = api.accepted(film, context_tag=["modern", "critical"])["job_ids"]

    assert {told.job["job_id"] for told in _all(api, one)} == {one}
    assert {told.job["job_id"] for told in _all(api, other)} == {other}


def test_an_id_of_a_log_that_was_replaced_tells_everything_again(api: Api, film: str) -> None:
    job_id = api.described(film)["job_id"]

    assert _all(api, job_id, "0123abcd.99999999") == _all(api, job_id)


@pytest.mark.parametrize("wrong", ["nonsense", "abc.", ".5", "abc.-1", "abc.1e3", "x" * 101])
def test_an_id_that_is_none_is_refused(api: Api, film: str, wrong: str) -> None:
    job_id = api.accepted(film)["job_id"]

    refused = api.get(f"/v1/jobs/{job_id}/events", headers={"Last-Event-ID": wrong})

    problem_of(refused, 422 if len(wrong) > 100 else 400)


def test_a_job_there_is_not_is_a_problem_and_no_stream(api: Api) -> None:
    problem = problem_of(api.get(f"/v1/jobs/{uuid4()}/events"), 404, "job-not-found")

    assert problem["job_status"] == "UNKNOWN"


def test_a_silent_stream_is_kept_alive(waiting_api: Api, film: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_events, "HEARTBEAT_SECONDS", 0.05)
    job_id = waiting_api.accepted(film)["job_id"]

    with waiting_api.stream("GET", f"/v1/jobs/{job_id}/events") as response:
        lines = response.iter_lines()
        wait_until(lambda: next(lines).startswith(": "), "a comment comes")


def test_a_service_that_stops_ends_its_streams_and_the_next_one_goes_on(serve: Serve, film: str) -> None:
    with ExitStack() as following:
        with serve(works=False) as api:
            job_id = api.accepted(film)["job_id"]
            events = following.enter_context(_following(api, job_id))
            before = next(events)
        assert list(events) == [], "it ends, and is not cut off"

    with serve(works=True) as api:
        assert _statuses(_all(api, job_id, before.id)) == ["IN_PROGRESS", "DONE"]


def test_100_clients_miss_nothing_and_get_nothing_twice(serve: Serve) -> None:
    """Every second one is cut off behind its first event and comes back."""
    with serve(**FAILS) as api:
        films = [new_film() for _ in range(10)]
        jobs = [api.accepted(film)["job_id"] for film in films]

        def follow(number: int) -> list[Told]:
            job_id = jobs[number % len(jobs)]
            if number % 2:
                return _all(api, job_id)
            with _following(api, job_id) as events:
                before = [next(events)]
            return before + _all(api, job_id, before[-1].id)

        with ThreadPoolExecutor(100) as threads:
            told = list(threads.map(follow, range(100)))

        whole = {job_id: _all(api, job_id) for job_id in jobs}
        for number, events in enumerate(told):
            assert events == whole[jobs[number % len(jobs)]]
            assert len({event.id for event in events}) == len(events) == 7
