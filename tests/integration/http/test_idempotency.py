"""Idempotency-Key: the same request again is the same answer, and nothing is accepted twice."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from application.api_keys import Scope
from infrastructure.choices import Auth
from tests.integration.http.api import Api, Serve, body_of, new_film, problem_of

BOOTSTRAP = "a-key-that-nobody-guesses"


def _ask(api: Api, key: str, slug: str, /, *, as_whom: str | None = None, **more: Any) -> httpx.Response:
    headers = {"Idempotency-Key": key} | ({"X-API-Key": as_whom} if as_whom else {})
    return api.post("/v1/generate", json={"slug": slug, **more}, headers=headers)


def _said(response: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
    """All but what differs from request to request."""
    own = {"x-request-id", "date", "idempotency-replayed"}
    return (
        response.status_code,
        response.content,
        {name: value for name, value in response.headers.items() if name not in own},
    )


@pytest.fixture
def key() -> str:
    return str(uuid4())


def test_the_same_request_again_is_answered_as_before(waiting_api: Api, key: str, film: str) -> None:
    first = _ask(waiting_api, key, film, context_tag=["modern", "critical"])
    again = _ask(waiting_api, key, film, context_tag=["modern", "critical"])

    assert first.status_code == 202
    assert _said(again) == _said(first)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"


def test_also_when_the_job_is_done(api: Api, key: str, film: str) -> None:
    first = _ask(api, key, film)
    api.ended(body_of(first)["job_id"])

    assert _said(_ask(api, key, film)) == _said(first)
    assert _ask(api, str(uuid4()), film).status_code == 200


def test_a_forced_request_that_is_repeated_forces_one_text(api: Api, key: str, film: str) -> None:
    api.described(film)
    first = _ask(api, key, film, force=True)
    api.ended(body_of(first)["job_id"])

    assert _said(_ask(api, key, film, force=True)) == _said(first)
    api.settle()
    assert len(api.movie(film)["descriptions"]) == 2


def test_a_body_that_means_the_same_is_the_same(waiting_api: Api, key: str, film: str) -> None:
    first = _ask(waiting_api, key, film)

    again = waiting_api.post(
        "/v1/generate",
        content=f'{{"context_tag": null, "force" :false,"slug":"{film}"}}',
        headers={"Idempotency-Key": key, "Content-Type": "application/json"},
    )

    assert _said(again) == _said(first)


def test_a_style_that_is_said_or_meant_or_said_twice_is_the_same(
    waiting_api: Api, key: str, film: str
) -> None:
    ways: list[dict[str, Any]] = [
        {},
        *({"context_tag": tag} for tag in (None, [], "DEFAULT", ["DEFAULT"] * 2)),
    ]
    for styles in ways:
        answer = waiting_api.post(
            "/v1/generate", json={"slug": film, **styles}, headers={"Idempotency-Key": key}
        )
        assert answer.status_code == 202, answer.text


def test_another_body_under_the_same_key_is_refused_and_nothing_is_accepted(
    waiting_api: Api, key: str, film: str
) -> None:
    _ask(waiting_api, key, film)

    for other in ({"context_tag": "modern"}, {"title": "Another"}, {"force": True}):
        problem = problem_of(_ask(waiting_api, key, film, **other), 422, "idempotency-key-reused")
        assert problem["key"] == key
    assert len(body_of(waiting_api.get("/v1/jobs", params={"slug": film}))["items"]) == 1


def test_another_key_is_another_request(waiting_api: Api, film: str) -> None:
    first, second = (_ask(waiting_api, str(uuid4()), film, force=force) for force in (False, True))

    assert body_of(first)["job_id"] == body_of(second)["job_id"], (
        "a request that meets an active job joins it"
    )
    assert "idempotency-replayed" not in second.headers


def test_a_refused_request_leaves_the_key_to_a_better_one(waiting_api: Api, key: str, film: str) -> None:
    problem_of(_ask(waiting_api, key, "no"), 400, "slug-refused")
    problem_of(_ask(waiting_api, key, film, release_year=1950), 422, "facts-contradict-slug")

    assert _ask(waiting_api, key, film).status_code == 202


@pytest.mark.parametrize("wrong", ["", "a b", "x" * 256, "ł"])
def test_what_is_no_key_is_refused(waiting_api: Api, film: str, wrong: str) -> None:
    response = waiting_api.post(
        "/v1/generate", json={"slug": film}, headers={b"Idempotency-Key": wrong.encode()}
    )

    assert problem_of(response, 422)["errors"][0]["field"] == "header.idempotency-key"


def test_parallel_repeats_get_one_answer(waiting_api: Api, key: str, film: str) -> None:
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: _ask(waiting_api, key, film, force=True), range(48)))

    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
    assert len(body_of(waiting_api.get("/v1/jobs", params={"slug": film}))["items"]) == 1


def test_of_two_bodies_at_the_same_moment_one_is_refused(waiting_api: Api) -> None:
    for _ in range(10):
        ask, films = partial(_ask, waiting_api, str(uuid4())), [new_film() for _ in range(2)] * 4
        with ThreadPoolExecutor(len(films)) as threads:
            asked = list(zip(films, threads.map(ask, films), strict=True))

        accepted = {film for film, answer in asked if answer.status_code == 202}
        refused = {film for film, answer in asked if answer.status_code == 422}
        assert (len(accepted), len(refused)) == (1, 1)
        assert accepted.isdisjoint(refused)
        (neither,) = refused
        assert body_of(waiting_api.get("/v1/jobs", params={"slug": neither}))["items"] == []


def test_an_answer_outlives_the_service(serve: Serve, key: str, film: str) -> None:
    with serve(works=False) as api:
        first = _ask(api, key, film)

    with serve(works=True) as api:
        api.ended(body_of(first)["job_id"])
        assert _said(_ask(api, key, film)) == _said(first)


def test_what_is_no_longer_kept_is_known_by_the_film_itself(
    serve: Serve, key: str, film: str, tmp_path: Path
) -> None:
    """A day later, or after a restore of the events alone."""
    with serve(works=True) as api:
        api.described(film)
        first = body_of(_ask(api, key, film, force=True))
        api.ended(first["job_id"])
    with closing(sqlite3.connect(tmp_path / "data" / "moviemind.db")) as store, store:
        store.execute("DELETE FROM kept_answers")

    with serve(works=True) as api:
        again = _ask(api, key, film, force=True)
        assert (again.status_code, body_of(again)["job_id"]) == (200, first["job_id"])
        api.settle()
        assert len(api.movie(film)["descriptions"]) == 2


def test_a_key_is_its_callers_own(serve: Serve, key: str, film: str) -> None:
    with serve(auth=Auth.ON, bootstrap_admin_key=BOOTSTRAP, works=False) as api:
        api.headers["X-API-Key"] = BOOTSTRAP
        made = [
            body_of(api.post("/v1/admin/keys", json={"name": "shop", "scope": Scope.GENERATE}))["key"]
            for _ in range(2)
        ]

        answers = [
            _ask(api, key, film, as_whom=made[0]),
            _ask(api, key, new_film(), as_whom=made[1]),
            _ask(api, key, film, as_whom=made[0]),
        ]

        assert [answer.status_code for answer in answers] == [202] * 3
        assert ["idempotency-replayed" in answer.headers for answer in answers] == [False, False, True]
