"""Prefer: wait=N: an answer with the result, if it is there in time; those who wait keep nobody waiting."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from interfaces import upkeep
from tests.integration.http.api import Api, Serve, body_of, new_film
from tests.support.process import wait_until

HERD = 200


@pytest.fixture(autouse=True)
def _counts_are_seen_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "FLUSH_SECONDS", 0.05)


def _wait(seconds: object) -> dict[str, str]:
    return {"Prefer": f"wait={seconds}"}


def _ask(api: Api, slug: str, prefer: str, **more: Any) -> httpx.Response:
    return api.post("/v1/generate", json={"slug": slug, **more}, headers={"Prefer": prefer})


def test_a_request_is_answered_with_its_result(api: Api, film: str) -> None:
    response = _ask(api, film, "wait=20")

    assert (response.status_code, response.headers["preference-applied"]) == (200, "wait=20")
    body = body_of(response)
    assert body["status"] == "DONE"
    assert "location" not in response.headers
    assert api.job(body["job_id"])["description_id"] == body["description_id"]


def test_a_request_for_several_styles_waits_for_all(api: Api, film: str) -> None:
    body = body_of(_ask(api, film, "wait=20", context_tag=["modern", "critical", "humorous"]))

    assert body["status"] == "DONE"
    assert all(job["description_id"] for job in body["jobs"])


def test_a_film_is_shown_once_it_is_described(api: Api, film: str) -> None:
    response = api.get(f"/v1/movies/{film}", headers=_wait(20))

    assert (response.status_code, response.headers["preference-applied"]) == (200, "wait=20")
    assert body_of(response)["default_description"]["text"]
    assert response.headers["etag"].startswith('"v')


@pytest.mark.parametrize("of", ["request", "film"])
def test_what_is_not_there_in_time_is_202(waiting_api: Api, film: str, of: str) -> None:
    response = (
        _ask(waiting_api, film, "wait=1")
        if of == "request"
        else waiting_api.get(f"/v1/movies/{film}", headers=_wait(1))
    )

    assert (response.status_code, response.headers["preference-applied"]) == (202, "wait=1")
    body = body_of(response)
    assert body["status"] == "PENDING"
    assert response.headers["location"] == f"/v1/jobs/{body['job_id']}"


def test_a_job_that_fails_is_not_waited_for_any_longer(failing_api: Api, film: str) -> None:
    response = _ask(failing_api, film, "wait=30")

    assert response.status_code == 202
    body = body_of(response)
    assert body["status"] == "FAILED"
    assert failing_api.job(body["job_id"])["status"] == "FAILED"


def test_a_job_that_is_cancelled_is_not_waited_for_any_longer(serve: Serve, film: str) -> None:
    with serve(works=False) as api, ThreadPoolExecutor() as threads:
        job_id = api.accepted(film)["job_id"]
        answer = threads.submit(_ask, api, film, "wait=30")
        wait_until(lambda: _joined(api) == 1, "it waits")
        api.delete(f"/v1/jobs/{job_id}")

        assert body_of(answer.result())["status"] == "CANCELLED"


@pytest.mark.parametrize(
    ("prefer", "applied"),
    [
        ("respond-async, wait=5", "wait=5"),
        ("WAIT = 5; x=y", "wait=5"),
        ('wait="7"', "wait=7"),
        ("wait=99", "wait=30"),
        ("wait=5, wait=6", "wait=5"),
        ("wait=0", None),
        ("wait=-1", None),
        ("wait=1.5", None),
        ("wait", None),
        ("return=minimal", None),
        ("", None),
    ],
)
def test_what_cannot_be_applied_is_not(api: Api, prefer: str, applied: str | None) -> None:
    film = new_film()
    api.described(film)

    response = _ask(api, film, prefer)

    assert (response.status_code, response.headers.get("preference-applied")) == (200, applied)


def test_a_repeat_is_answered_as_the_first_was(api: Api, film: str) -> None:
    headers = {"Idempotency-Key": film} | _wait(20)

    first, again = (api.post("/v1/generate", json={"slug": film}, headers=headers) for _ in range(2))

    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert first.status_code == 200


def test_a_herd_that_waits_keeps_nobody_else_waiting(serve: Serve, film: str) -> None:
    """Nobody is answered before the job ends, which it does only after everything else was answered."""
    with serve(works=False) as api:
        job_id = api.accepted(film)["job_id"]
        with ThreadPoolExecutor(HERD) as threads:
            herd = [threads.submit(_over_a_line_of_its_own, api, film) for _ in range(HERD)]
            wait_until(lambda: _joined(api) == HERD, "all of them wait")

            for path in ("/health/live", "/health", "/v1/jobs", "/v1/movies", f"/v1/jobs/{job_id}"):
                assert api.get(path).status_code == 200, path
            assert not any(answer.done() for answer in herd)
            api.delete(f"/v1/jobs/{job_id}")

            answers = [answer.result() for answer in herd]
    assert {(answer.status_code, answer.json()["status"]) for answer in answers} == {(202, "CANCELLED")}


def test_a_service_that_stops_answers_those_who_wait(serve: Serve, film: str) -> None:
    with ThreadPoolExecutor() as threads:
        with serve(works=False) as api:
            answer = threads.submit(_over_a_line_of_its_own, api, film)
            wait_until(lambda: api.get("/v1/jobs").json()["items"], "it waits")

        assert answer.result().status_code == 202, "it is answered, and not cut off"


def _over_a_line_of_its_own(api: Api, film: str) -> httpx.Response:
    # verify: certificates are read for every client, also for one that needs none
    return httpx.post(
        f"{api.base_url}/v1/generate",
        json={"slug": film},
        headers=_wait(30),
        trust_env=False,
        verify=False,
        timeout=60,
    )


def _joined(api: Api) -> int:
    """How many requests have met a job there was, and wait for it if that is what they prefer."""
    (count,) = re.findall(r"^moviemind_duplicates_prevented_total ([0-9]+)", api.get("/metrics").text, re.M)
    return int(count)
