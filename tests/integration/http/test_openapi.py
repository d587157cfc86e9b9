"""/openapi.json promises what the routes answer."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.http.api import BODY_LIMIT_BYTES, Api, new_film

JOB, JOBS, RETRY = "/v1/jobs/{job_id}", "/v1/jobs", "/v1/jobs/{job_id}/retry"
MOVIE, MOVIES, HISTORY = "/v1/movies/{slug}", "/v1/movies", "/v1/movies/{slug}/history"
GENERATE = "/v1/generate"

TOO_LONG = "x" * (BODY_LIMIT_BYTES + 1)
FOREIGN_CURSOR = "b3RoZXIuNQ"  # other.5
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}

# A route, a request to it, its body, and the status of the answer. NEW and THERE stand for films, of which
# THERE is described; DONE and UNKNOWN for jobs.
ANSWERS: list[tuple[str, str, str | None, int]] = [
    (GENERATE, "POST /v1/generate", '{"slug": "THERE"}', 200),
    (GENERATE, "POST /v1/generate", '{"slug": "THERE", "context_tag": ["DEFAULT", "modern"]}', 202),
    (GENERATE, "POST /v1/generate", '{"slug": "NEW"}', 202),
    (GENERATE, "POST /v1/generate", '{"slug": "2012"}', 400),
    (GENERATE, "POST /v1/generate", "[" * 60_000, 400),
    (GENERATE, "POST /v1/generate", TOO_LONG, 413),
    (GENERATE, "POST /v1/generate", "{}", 422),
    (GENERATE, "POST /v1/generate", '{"slug": "NEW", "release_year": 2003}', 422),
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
    ("/health", "GET /health", None, 200),
    ("/health/live", "GET /health/live", None, 200),
    ("/health/ready", "GET /health/ready", None, 200),
]


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
    assert {route for route, *_ in ANSWERS} == set(document["paths"])


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
