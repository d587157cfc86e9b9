"""/openapi.json promises what the routes answer."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.http.answers import ANSWERS, CHANGES, ELSEWHERE, JOB, MOVIE, RETRY, WITHDRAWALS
from tests.integration.http.api import Api, changed, new_film

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


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
        if int(status) < 500 and status not in ("401", "403", "429")  # see test_keys.py, test_rate_limits.py
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
