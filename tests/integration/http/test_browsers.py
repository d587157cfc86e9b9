"""What browsers are told of every answer, and which pages may call."""

from collections.abc import Iterator

import httpx
import pytest

from infrastructure.choices import Auth
from tests.integration.http.api import Api, Serve, problem_of

PAGE, STRANGER = "https://films.example", "https://elsewhere.example"
KEY = "a-key-that-nobody-guesses"


@pytest.fixture
def guarded(serve: Serve) -> Iterator[Api]:
    with serve(auth=Auth.ON, bootstrap_admin_key=KEY, cors_origins=f"{PAGE}, http://localhost:3000") as api:
        yield api


def _preflight(api: Api, origin: str, method: str = "POST", headers: str = "X-API-Key") -> httpx.Response:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
    }
    return api.options("/v1/generate", headers=asked)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health/live", 200),
        ("GET", "/v1/jobs", 200),
        ("GET", "/openapi.json", 200),
        ("GET", "/v1/nothing", 404),
        ("PUT", "/v1/jobs", 405),
        ("POST", "/v1/generate", 422),
    ],
)
def test_every_answer_says_how_to_treat_it(api: Api, method: str, path: str, status: int) -> None:
    response = api.request(method, path)

    assert response.status_code == status
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["cache-control"] == "private, no-cache"
    assert response.headers["x-request-id"]


def test_what_says_otherwise_is_left_alone(api: Api) -> None:
    made = api.post("/v1/admin/keys", json={"name": "the shop"})

    assert made.headers["cache-control"] == "no-store"


def test_long_answers_are_compressed_for_who_accepts_it(api: Api) -> None:
    plain = api.get("/openapi.json", headers={"Accept-Encoding": "identity"})
    with api.stream("GET", "/openapi.json", headers={"Accept-Encoding": "gzip"}) as packed:
        assert packed.headers["content-encoding"] == "gzip"
        assert len(b"".join(packed.iter_raw())) < len(plain.content) / 3
    assert "content-encoding" not in plain.headers
    assert "Accept-Encoding" in plain.headers["vary"]
    assert "content-encoding" not in api.get("/health/live").headers


def test_events_are_not_held_back_to_be_compressed(api: Api, film: str) -> None:
    job_id = api.described(film)["job_id"]

    response = api.get(f"/v1/jobs/{job_id}/events", headers={"Accept-Encoding": "gzip"})

    assert "content-encoding" not in response.headers


def test_a_page_that_is_named_may_ask_without_a_key_whether_it_may_call(guarded: Api) -> None:
    for origin in (PAGE, "http://localhost:3000"):
        response = _preflight(guarded, origin, headers="X-API-Key, Idempotency-Key, Prefer, If-Match")

        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == origin
        assert "POST" in response.headers["access-control-allow-methods"]


def test_a_page_that_is_named_sees_the_headers_it_needs(guarded: Api) -> None:
    response = guarded.get("/v1/jobs", headers={"Origin": PAGE, "X-API-Key": KEY})

    assert response.headers["access-control-allow-origin"] == PAGE
    assert {"ETag", "Link", "Location"} <= set(response.headers["access-control-expose-headers"].split(", "))
    assert "Origin" in response.headers["vary"]


def test_a_page_that_is_named_can_read_a_refusal(guarded: Api) -> None:
    response = guarded.get("/v1/jobs", headers={"Origin": PAGE})

    problem_of(response, 401, "unauthorized")
    assert response.headers["access-control-allow-origin"] == PAGE


def test_a_page_that_is_named_can_read_that_something_broke(
    guarded: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("a secret of ours")

    monkeypatch.setattr("interfaces.http.keys.KeysAnswer", broken)
    response = guarded.get("/v1/admin/keys", headers={"Origin": PAGE, "X-API-Key": KEY})

    assert "secret" not in str(problem_of(response, 500, "internal-error"))
    assert response.headers["access-control-allow-origin"] == PAGE
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("origin", "method", "headers"),
    [(STRANGER, "POST", "X-API-Key"), (PAGE, "PUT", "X-API-Key"), (PAGE, "POST", "X-Unheard-Of")],
    ids=["another page", "another method", "another header"],
)
def test_what_is_not_named_is_refused(guarded: Api, origin: str, method: str, headers: str) -> None:
    response = _preflight(guarded, origin, method, headers)

    problem = problem_of(response, 403, "origin-not-allowed")
    assert "Disallowed CORS" in problem["detail"]
    assert response.headers.get("access-control-allow-origin") != STRANGER


def test_a_stranger_is_answered_and_his_browser_shows_him_nothing(guarded: Api) -> None:
    response = guarded.get("/v1/jobs", headers={"Origin": STRANGER, "X-API-Key": KEY})

    assert "access-control-allow-origin" not in response.headers


def test_no_page_may_call_unless_it_is_named(api: Api) -> None:
    problem_of(_preflight(api, PAGE), 405)
    assert "access-control-allow-origin" not in api.get("/v1/jobs", headers={"Origin": PAGE}).headers


def test_all_pages_may_call_where_that_is_wanted(serve: Serve) -> None:
    with serve(cors_origins="*") as api:
        assert api.get("/v1/jobs", headers={"Origin": STRANGER}).headers["access-control-allow-origin"] == "*"
