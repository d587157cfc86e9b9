"""/openapi.json promises what the routes answer."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.http.api import BODY_LIMIT_BYTES, Api, changed, new_film

JOB, JOBS, RETRY = "/v1/jobs/{job_id}", "/v1/jobs", "/v1/jobs/{job_id}/retry"
MOVIE, MOVIES, HISTORY = "/v1/movies/{slug}", "/v1/movies", "/v1/movies/{slug}/history"
DIFF, GENERATE, PREVIEW = "/v1/movies/{slug}/diff", "/v1/generate", "/v1/generate/preview"
PROMOTIONS, EDITS = "/v1/movies/{slug}/promotions", "/v1/movies/{slug}/descriptions"
WITHDRAWALS = "/v1/movies/{slug}/withdrawals"

TOO_LONG = "x" * (BODY_LIMIT_BYTES + 1)
PROMOTION = '{"description_id": "%s", "scope": "film"}'
EDIT = '{"locale": "en-US", "context_tag": "DEFAULT", "text": "Mine.", "based_on": "%s"}'
WITHDRAWAL = '{"description_id": "%s", "reason": "wrong"}'
CORRECTION = '{"title": "The Film", "reason": "misspelt"}'
FOREIGN_CURSOR = "b3RoZXIuNQ"  # other.5
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}

# A route, a request to it, its body, and the status of the answer. NEW and THERE stand for films, of which
# THERE is described; DONE and UNKNOWN for jobs; SHOWN and GONE for descriptions of THERE, GONE was withdrawn.
ANSWERS: list[tuple[str, str, str | None, int]] = [
    (GENERATE, "POST /v1/generate", '{"slug": "THERE"}', 200),
    (GENERATE, "POST /v1/generate", '{"slug": "THERE", "context_tag": ["DEFAULT", "modern"]}', 202),
    (GENERATE, "POST /v1/generate", '{"slug": "NEW"}', 202),
    (GENERATE, "POST /v1/generate", '{"slug": "2012"}', 400),
    (GENERATE, "POST /v1/generate", "[" * 60_000, 400),
    (GENERATE, "POST /v1/generate", TOO_LONG, 413),
    (GENERATE, "POST /v1/generate", "{}", 422),
    (GENERATE, "POST /v1/generate", '{"slug": "NEW", "release_year": 2003}', 422),
    (PREVIEW, "POST /v1/generate/preview", '{"slug": "NEW"}', 200),
    (PREVIEW, "POST /v1/generate/preview", '{"slug": "2012"}', 400),
    (PREVIEW, "POST /v1/generate/preview", "[" * 60_000, 400),
    (PREVIEW, "POST /v1/generate/preview", TOO_LONG, 413),
    (PREVIEW, "POST /v1/generate/preview", "{}", 422),
    (JOBS, "GET /v1/jobs", None, 200),
    (JOBS, "GET /v1/jobs?cursor=garbage", None, 400),
    (JOBS, f"GET /v1/jobs?cursor={FOREIGN_CURSOR}", None, 410),
    (JOBS, "GET /v1/jobs?limit=0", None, 422),
    (JOB, "GET /v1/jobs/DONE", None, 200),
    (JOB, "GET /v1/jobs/UNKNOWN", None, 404),
    (JOB, "GET /v1/jobs/x", None, 422),
    (JOB, "DELETE /v1/jobs/UNKNOWN", None, 404),
    (JOB, "DELETE /v1/jobs/DONE", None, 409),
    (JOB, "DELETE /v1/jobs/x", None, 422),
    (RETRY, "POST /v1/jobs/UNKNOWN/retry", None, 404),
    (RETRY, "POST /v1/jobs/DONE/retry", None, 409),
    (RETRY, "POST /v1/jobs/DONE/retry", "[" * 60_000, 400),
    (RETRY, "POST /v1/jobs/DONE/retry", TOO_LONG, 413),
    (RETRY, "POST /v1/jobs/DONE/retry", '{"reason": ""}', 422),
    (MOVIES, "GET /v1/movies", None, 200),
    (MOVIES, "GET /v1/movies?cursor=garbage", None, 400),
    (MOVIES, f"GET /v1/movies?cursor={FOREIGN_CURSOR}", None, 410),
    (MOVIES, "GET /v1/movies?limit=101", None, 422),
    (MOVIE, "GET /v1/movies/THERE", None, 200),
    (MOVIE, "GET /v1/movies/NEW", None, 202),
    (MOVIE, "GET /v1/movies/2012", None, 400),
    (MOVIE, "GET /v1/movies/THERE?description_id=UNKNOWN", None, 404),
    (MOVIE, "GET /v1/movies/THERE?locale=xx", None, 422),
    (HISTORY, "GET /v1/movies/THERE/history", None, 200),
    (HISTORY, "GET /v1/movies/2012/history", None, 400),
    (HISTORY, "GET /v1/movies/NEW/history", None, 404),
    (HISTORY, f"GET /v1/movies/THERE/history?cursor={FOREIGN_CURSOR}", None, 410),
    (HISTORY, "GET /v1/movies/THERE/history?limit=0", None, 422),
    (DIFF, "GET /v1/movies/THERE/diff", None, 200),
    (DIFF, "GET /v1/movies/2012/diff", None, 400),
    (DIFF, "GET /v1/movies/NEW/diff", None, 404),
    (DIFF, "GET /v1/movies/THERE/diff?to=99", None, 404),
    (DIFF, "GET /v1/movies/THERE/diff?to=0", None, 422),
    ("/health", "GET /health", None, 200),
    ("/health/live", "GET /health/live", None, 200),
    ("/health/ready", "GET /health/ready", None, 200),
]

# As above, of what people change, with what If-Match says.
CHANGES: list[tuple[str, str, str, str | None, int]] = [
    (PROMOTIONS, "POST /v1/movies/THERE/promotions", PROMOTION % "SHOWN", "*", 200),
    (PROMOTIONS, "POST /v1/movies/2012/promotions", PROMOTION % "SHOWN", "*", 400),
    (PROMOTIONS, "POST /v1/movies/THERE/promotions", "[" * 60_000, "*", 400),
    (PROMOTIONS, "POST /v1/movies/NEW/promotions", PROMOTION % "SHOWN", "*", 404),
    (PROMOTIONS, "POST /v1/movies/THERE/promotions", PROMOTION % "UNKNOWN", "*", 404),
    (PROMOTIONS, "POST /v1/movies/THERE/promotions", PROMOTION % "GONE", "*", 410),
    (PROMOTIONS, "POST /v1/movies/THERE/promotions", PROMOTION % "SHOWN", '"v1"', 412),
    (PROMOTIONS, "POST /v1/movies/THERE/promotions", TOO_LONG, "*", 413),
    (PROMOTIONS, "POST /v1/movies/THERE/promotions", "{}", "*", 422),
    (PROMOTIONS, "POST /v1/movies/THERE/promotions", PROMOTION % "SHOWN", None, 428),
    (EDITS, "POST /v1/movies/THERE/descriptions", EDIT % "SHOWN", "*", 201),
    (EDITS, "POST /v1/movies/2012/descriptions", EDIT % "SHOWN", "*", 400),
    (EDITS, "POST /v1/movies/THERE/descriptions", "[" * 60_000, "*", 400),
    (EDITS, "POST /v1/movies/NEW/descriptions", EDIT % "SHOWN", "*", 404),
    (EDITS, "POST /v1/movies/THERE/descriptions", EDIT % "UNKNOWN", "*", 404),
    (EDITS, "POST /v1/movies/THERE/descriptions", EDIT % "GONE", "*", 410),
    (EDITS, "POST /v1/movies/THERE/descriptions", EDIT % "SHOWN", '"v1"', 412),
    (EDITS, "POST /v1/movies/THERE/descriptions", TOO_LONG, "*", 413),
    (EDITS, "POST /v1/movies/THERE/descriptions", "{}", "*", 422),
    (EDITS, "POST /v1/movies/THERE/descriptions", EDIT % "SHOWN", None, 428),
    (WITHDRAWALS, "POST /v1/movies/2012/withdrawals", WITHDRAWAL % "SHOWN", None, 400),
    (WITHDRAWALS, "POST /v1/movies/THERE/withdrawals", "[" * 60_000, None, 400),
    (WITHDRAWALS, "POST /v1/movies/NEW/withdrawals", WITHDRAWAL % "SHOWN", None, 404),
    (WITHDRAWALS, "POST /v1/movies/THERE/withdrawals", WITHDRAWAL % "UNKNOWN", None, 404),
    (WITHDRAWALS, "POST /v1/movies/THERE/withdrawals", WITHDRAWAL % "GONE", None, 410),
    (WITHDRAWALS, "POST /v1/movies/THERE/withdrawals", WITHDRAWAL % "SHOWN", '"v1"', 412),
    (WITHDRAWALS, "POST /v1/movies/THERE/withdrawals", TOO_LONG, None, 413),
    (WITHDRAWALS, "POST /v1/movies/THERE/withdrawals", "{}", None, 422),
    (MOVIE, "PATCH /v1/movies/THERE", CORRECTION, "*", 200),
    (MOVIE, "PATCH /v1/movies/2012", CORRECTION, "*", 400),
    (MOVIE, "PATCH /v1/movies/THERE", "[" * 60_000, "*", 400),
    (MOVIE, "PATCH /v1/movies/NEW", CORRECTION, "*", 404),
    (MOVIE, "PATCH /v1/movies/THERE", CORRECTION, '"v1"', 412),
    (MOVIE, "PATCH /v1/movies/THERE", TOO_LONG, "*", 413),
    (MOVIE, "PATCH /v1/movies/THERE", "{}", "*", 422),
    (MOVIE, "PATCH /v1/movies/THERE", CORRECTION, None, 428),
]

ELSEWHERE = {
    (MOVIE, "get", 304),
    (MOVIE, "get", 410),
    (JOB, "delete", 202),
    (JOB, "delete", 403),
    (RETRY, "post", 202),
    (WITHDRAWALS, "post", 200),
}
"""Answers that take more than one request, and have tests of their own below; and 403, which nobody gets
while everybody is an admin."""


@pytest.fixture(scope="module")
def document(api: Api) -> dict[str, Any]:
    response = api.get("/openapi.json")
    assert response.status_code == 200
    document: dict[str, Any] = response.json()
    return document


@pytest.fixture(scope="module")
def there(api: Api) -> dict[str, Any]:
    """The job that described a film."""
    return api.described(new_film())


@pytest.fixture(scope="module")
def gone(api: Api, there: dict[str, Any]) -> str:
    """A description of that film that has been withdrawn."""
    made = changed(api.edit(there["slug"], "Gone.", based_on=there["description_id"]), 201)
    description_id: str = made["selected_description"]["id"]
    changed(api.withdraw(there["slug"], description_id))
    return description_id


@pytest.mark.parametrize(
    ("route", "request_line", "body", "status"),
    ANSWERS,
    ids=[f"{request_line} {status}" for _, request_line, _, status in ANSWERS],
)
def test_every_answer_is_declared(
    api: Api,
    document: dict[str, Any],
    there: dict[str, Any],
    film: str,
    route: str,
    request_line: str,
    body: str | None,
    status: int,
) -> None:
    names = {"NEW": film, "THERE": there["slug"], "DONE": there["job_id"], "UNKNOWN": str(uuid4())}
    method, path = _filled(request_line, names).split(" ")
    content = None if body is None else iter([_filled(body, names).encode()])
    headers = {} if body is None else {"Content-Type": "application/json"}

    response = api.request(method, path, content=content, headers=headers)

    assert response.status_code == status, response.text
    assert response.headers["content-type"] in _declared(document, route, response)["content"]


@pytest.mark.parametrize(
    ("route", "request_line", "body", "if_match", "status"),
    CHANGES,
    ids=[f"{request_line} {status}" for _, request_line, _, _, status in CHANGES],
)
def test_every_answer_to_a_change_is_declared(
    api: Api,
    document: dict[str, Any],
    there: dict[str, Any],
    gone: str,
    film: str,
    route: str,
    request_line: str,
    body: str,
    if_match: str | None,
    status: int,
) -> None:
    texts = {"SHOWN": there["description_id"], "GONE": gone, "UNKNOWN": str(uuid4())}
    method, path = _filled(request_line, {"NEW": film, "THERE": there["slug"]}).split(" ")
    headers = {"Content-Type": "application/json"} | ({"If-Match": if_match} if if_match else {})

    response = api.request(method, path, content=iter([_filled(body, texts).encode()]), headers=headers)

    assert response.status_code == status, response.text
    assert response.headers["content-type"] in _declared(document, route, response)["content"]


def test_a_withdrawn_description_is_declared(
    api: Api, document: dict[str, Any], there: dict[str, Any], gone: str
) -> None:
    api.settle()

    response = api.get(f"/v1/movies/{there['slug']}", params={"description_id": gone})

    assert response.status_code == 410
    assert "application/problem+json" in _declared(document, MOVIE, response)["content"]


def test_a_withdrawal_is_declared(api: Api, document: dict[str, Any], film: str) -> None:
    response = api.withdraw(film, api.described(film)["description_id"])

    assert response.status_code == 200
    assert "application/json" in _declared(document, WITHDRAWALS, response)["content"]


def test_an_unchanged_film_is_declared(api: Api, document: dict[str, Any], there: dict[str, Any]) -> None:
    response = api.get(f"/v1/movies/{there['slug']}", headers={"If-None-Match": "*"})

    assert response.status_code == 304
    assert "content" not in _declared(document, MOVIE, response)


def test_a_cancelled_job_is_declared(waiting_api: Api, document: dict[str, Any], film: str) -> None:
    response = waiting_api.delete(f"/v1/jobs/{waiting_api.accepted(film)['job_id']}")

    assert response.status_code == 202
    assert "application/json" in _declared(document, JOB, response)["content"]


def test_a_retried_job_is_declared(failing_api: Api, document: dict[str, Any], film: str) -> None:
    job = failing_api.ended(failing_api.accepted(film)["job_id"])

    response = failing_api.post(f"/v1/jobs/{job['job_id']}/retry")

    assert response.status_code == 202
    assert "application/json" in _declared(document, RETRY, response)["content"]


def test_the_document_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert {route for route, *_ in [*ANSWERS, *CHANGES]} == set(document["paths"])


def test_every_answer_that_is_declared_is_given(document: dict[str, Any]) -> None:
    given = {(route, line.split(" ")[0].lower(), status) for route, line, _, status in ANSWERS}
    given |= {(route, line.split(" ")[0].lower(), status) for route, line, _, _, status in CHANGES}
    declared = {
        (route, method, int(status))
        for route, methods in document["paths"].items()
        for method, operation in methods.items()
        for status in operation["responses"]
        if int(status) < 500
    }

    assert declared - given == ELSEWHERE
    assert given <= declared


def test_every_reference_leads_to_a_schema(document: dict[str, Any]) -> None:
    references = set(_references(document))

    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert "#/components/schemas/Problem" in references
    assert references <= schemas


def test_the_problem_schema_requires_what_every_problem_has(document: dict[str, Any]) -> None:
    problem = document["components"]["schemas"]["Problem"]

    assert set(problem["required"]) == {"type", "title", "status", "detail", "instance", "request_id"}
    assert "errors" in problem["properties"]


def test_health_declares_what_it_says_while_it_is_unusable(document: dict[str, Any]) -> None:
    declared = document["paths"]["/health"]["get"]["responses"]["503"]

    assert declared["content"]["application/json"]["schema"]["$ref"].endswith("/Health")


def test_every_error_of_version_1_is_declared_as_a_problem(document: dict[str, Any]) -> None:
    errors = [
        declared["content"]
        for path, methods in document["paths"].items()
        for operation in methods.values()
        for status, declared in operation["responses"].items()
        if path.startswith("/v1/") and int(status) >= 400
    ]

    assert errors
    assert all(content == PROBLEM for content in errors)


def _filled(text: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(name, value)
    return text


def _declared(document: dict[str, Any], route: str, response: httpx.Response) -> dict[str, Any]:
    operation = document["paths"][route][response.request.method.lower()]
    declared: dict[str, Any] = operation["responses"][str(response.status_code)]
    return declared


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from _references(inner)
