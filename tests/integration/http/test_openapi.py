"""/openapi.json promises what the routes answer."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from jsonschema_rs import Draft202012Validator

from tests.integration.http.answers import ANSWERS, CHANGES, ELSEWHERE, JOB, MOVIE, RETRY, WITHDRAWALS
from tests.integration.http.api import Api, changed, new_film

PROBLEM = {"$ref": "#/components/schemas/Problem"}
KINDS = ("schemas", "headers")
OF_EVERY_ANSWER = {
    "cache-control",
    "content-encoding",
    "content-length",
    "content-security-policy",
    "content-type",
    "date",
    "referrer-policy",
    "server",
    "transfer-encoding",
    "vary",
    "x-accel-buffering",
    "x-content-type-options",
}


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
    names["SHOWN"] = there["description_id"]
    method, path = _filled(request_line, names).split(" ")
    content = None if body is None else iter([_filled(body, names).encode()])
    headers = {} if body is None else {"Content-Type": "application/json"}

    response = api.request(method, path, content=content, headers=headers)

    assert response.status_code == status, response.text
    _is_declared(document, route, response)


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
    _is_declared(document, route, response)


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
    _is_declared(document, WITHDRAWALS, response)


def test_an_unchanged_film_is_declared(api: Api, document: dict[str, Any], there: dict[str, Any]) -> None:
    response = api.get(f"/v1/movies/{there['slug']}", headers={"If-None-Match": "*"})

    assert response.status_code == 304
    assert "content" not in _declared(document, MOVIE, response)


def test_a_cancelled_job_is_declared(waiting_api: Api, document: dict[str, Any], film: str) -> None:
    response = waiting_api.delete(f"/v1/jobs/{waiting_api.accepted(film)['job_id']}")

    assert response.status_code == 202
    _is_declared(document, JOB, response)


def test_a_retried_job_is_declared(failing_api: Api, document: dict[str, Any], film: str) -> None:
    job = failing_api.ended(failing_api.accepted(film)["job_id"])

    response = failing_api.post(f"/v1/jobs/{job['job_id']}/retry")

    assert response.status_code == 202
    _is_declared(document, RETRY, response)


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


def test_every_reference_leads_to_something(document: dict[str, Any]) -> None:
    references = set(_references(document))

    components = {f"#/components/{kind}/{name}" for kind in KINDS for name in document["components"][kind]}
    assert {"#/components/schemas/Problem", "#/components/headers/ETag"} <= references
    assert references <= components


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
    assert all(list(content) == ["application/problem+json"] for content in errors)
    assert all(content["application/problem+json"]["schema"] == PROBLEM for content in errors)


def test_every_answer_and_every_body_has_an_example_that_is_one(document: dict[str, Any]) -> None:
    contents = list(_contents(document))

    assert len(contents) > 200
    for content in contents:
        examples = list(_examples(document, content))
        assert examples, content
        for schema, example in examples:
            Draft202012Validator({**schema, "components": document["components"]}).validate(example)


def test_links_lead_to_operations_by_parameters_that_they_have(document: dict[str, Any]) -> None:
    operations = {
        operation["operationId"]: operation
        for methods in document["paths"].values()
        for operation in methods.values()
    }
    assert len(operations) == sum(len(methods) for methods in document["paths"].values())
    links = [
        link
        for operation in operations.values()
        for answer in operation["responses"].values()
        for link in answer.get("links", {}).values()
    ]

    assert len(links) > 20
    for link in links:
        parameters = operations[link["operationId"]]["parameters"]
        assert link["parameters"].keys() <= {parameter["name"] for parameter in parameters}


def _filled(text: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(name, value)
    return text


def _is_declared(document: dict[str, Any], route: str, response: httpx.Response) -> None:
    declared = _declared(document, route, response)
    assert response.headers["content-type"] in declared["content"]
    assert {header.lower() for header in declared["headers"]} >= set(response.headers) - OF_EVERY_ANSWER


def _declared(document: dict[str, Any], route: str, response: httpx.Response) -> dict[str, Any]:
    operation = document["paths"][route][response.request.method.lower()]
    declared: dict[str, Any] = operation["responses"][str(response.status_code)]
    return declared


def _contents(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Of all bodies that are sent or answered."""
    for methods in document["paths"].values():
        for operation in methods.values():
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            yield from (content for body in bodies for content in body.get("content", {}).values())


def _examples(document: dict[str, Any], content: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Any]]:
    """Each with the schema it is of: given beside it, or with one of the models that it may be."""
    schema = content.get("schema", {})
    if "example" in content:
        yield schema, content["example"]
    for one in schema.get("anyOf", [schema]):
        if "$ref" in one:
            model = document["components"]["schemas"][one["$ref"].rpartition("/")[2]]
            yield from ((model, example) for example in model.get("examples", []))


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from _references(inner)
