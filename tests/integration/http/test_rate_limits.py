"""A key may send so many requests within a minute, and is told how many are left."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from infrastructure.choices import Auth
from interfaces.http.gate import PUBLIC
from tests.integration.http.api import Api, Serve, body_of, new_film, problem_of, requests_to

KEY = "a-key-that-nobody-guesses"
GENERATES, READS = 3, 30

Limited = Callable[..., AbstractContextManager[Api]]


@pytest.fixture
def limited(serve: Serve) -> Limited:
    @contextmanager
    def limited(**more: Any) -> Iterator[Api]:
        limits = {"rate_limit_generate": GENERATES, "rate_limit_read": READS} | more
        with serve(auth=Auth.ON, bootstrap_admin_key=KEY, **limits) as api:
            api.headers["X-API-Key"] = KEY
            yield api

    return limited


def test_every_answer_says_what_is_left(limited: Limited) -> None:
    with limited() as api:
        read = api.get("/v1/jobs")
        refused_body = api.post("/v1/generate", json={"slug": "1999"})
        no_route = api.get("/v1/nothing")

    assert read.headers["ratelimit-policy"] == f'"read";q={READS};w=60'
    assert read.headers["ratelimit"].startswith(f'"read";r={READS - 1};t=')
    assert refused_body.headers["ratelimit-policy"] == f'"generate";q={GENERATES};w=60'
    assert refused_body.headers["ratelimit"].startswith(f'"generate";r={GENERATES - 1};t=')
    assert no_route.headers["ratelimit"].startswith(f'"read";r={READS - 2};t=')


def test_one_request_too_many_is_refused_until_later_and_does_nothing(limited: Limited) -> None:
    with limited() as api:
        for _ in range(GENERATES):
            api.accepted(new_film())
        film = new_film()

        refused = api.generate(film)

        problem = problem_of(refused, 429, "rate-limited")
        assert (problem["kind"], problem["limit"]) == ("generate", GENERATES)
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.headers["ratelimit"].startswith('"generate";r=0;t=')
        assert body_of(api.get("/v1/jobs", params={"slug": film}))["items"] == []


def test_who_may_have_nothing_more_written_may_still_read(limited: Limited) -> None:
    with limited() as api:
        described = new_film()
        api.described(described)
        while api.generate(new_film()).status_code != 429:
            pass

        assert api.movie(described)["slug"] == described


def test_reading_a_film_that_nobody_asked_for_is_asking_for_it(limited: Limited) -> None:
    with limited() as api:
        film = new_film()
        first = api.get(f"/v1/movies/{film}")
        assert first.status_code == 202
        assert '"generate";r=2;' in first.headers["ratelimit"]
        assert f'"read";r={READS - 1};' in first.headers["ratelimit"]

        again = api.get(f"/v1/movies/{film}")
        assert '"generate"' not in again.headers["ratelimit"], "who only looks again asks for nothing"

        while api.generate(new_film()).status_code != 429:
            pass
        problem_of(api.get(f"/v1/movies/{new_film()}"), 429, "rate-limited")
        assert api.get(f"/v1/movies/{film}").status_code in {200, 202}


def test_every_key_has_requests_of_its_own(limited: Limited) -> None:
    with limited(rate_limit_read=2) as api:
        made = body_of_created(api.post("/v1/admin/keys", json={"name": "the shop", "scope": "read"}))
        mine = [api.get("/v1/jobs").status_code for _ in range(3)]
        theirs = [api.get("/v1/jobs", headers={"X-API-Key": made["key"]}).status_code for _ in range(3)]

    assert mine == [200, 200, 429]
    assert theirs == [200, 200, 429]


def test_every_route_that_wants_a_key_counts(limited: Limited) -> None:
    with limited(rate_limit_read=1, rate_limit_generate=1) as api:
        requests = [one for one in requests_to(api) if one[1] not in PUBLIC]
        api.get("/v1/jobs")
        api.post("/v1/generate")
        answers = {(method, path): api.request(method, path) for method, path in requests}

    assert len(answers) > 25
    for answer in answers.values():
        problem_of(answer, 429, "rate-limited")


def test_whoever_has_no_key_and_the_public_routes_are_not_counted(limited: Limited) -> None:
    with limited(rate_limit_read=1) as api:
        assert [api.get("/health/live").status_code for _ in range(3)] == [200, 200, 200]
        assert "ratelimit" not in api.get("/openapi.json").headers
        del api.headers["X-API-Key"]
        assert [api.get("/v1/jobs").status_code for _ in range(3)] == [401, 401, 401]


def test_while_auth_is_off_there_are_no_limits(serve: Serve) -> None:
    with serve(rate_limit_read=1) as api:
        answers = [api.get("/v1/jobs") for _ in range(3)]
        health = api.get("/health").json()

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert "ratelimit" not in answers[0].headers
    assert health["rate_limits"] is None


def test_health_says_that_each_process_counts_for_itself_where_there_is_no_redis(limited: Limited) -> None:
    with limited() as api:
        assert api.get("/health").json()["rate_limits"] == "process"


def body_of_created(response: Any) -> dict[str, Any]:
    assert response.status_code == 201, response.text
    return body_of(response)
