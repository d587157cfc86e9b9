"""Where examples stand in the OpenAPI document: at models, parameters, streams and problems."""

from http import HTTPStatus
from typing import Any

from interfaces.explanations import EXPLANATIONS
from interfaces.http.openapi.one_film import MODELS, PARAMETERS, STREAMS
from interfaces.http.problems import MEDIA_TYPE


def show_models(schemas: dict[str, Any]) -> None:
    for name, example in MODELS.items():
        schemas[name]["examples"] = [example]


def show_in(operation: dict[str, Any], *, path: str) -> None:
    named = {parameter["name"] for parameter in operation.get("parameters", [])}
    for parameter in operation.get("parameters", []):
        if parameter["name"] in PARAMETERS:
            parameter["example"] = PARAMETERS[parameter["name"]]
    for status, answer in operation["responses"].items():
        for media_type, content in answer.get("content", {}).items():
            if media_type == MEDIA_TYPE:
                content["example"] = _problem(HTTPStatus(int(status)), path, named)
            elif media_type in STREAMS:
                content["example"] = STREAMS[media_type]


def _problem(status: HTTPStatus, path: str, named: set[str]) -> dict[str, Any]:
    code = next(code for of, parameter, code in _CODES if of == status and parameter in {None, *named})
    return {
        "type": code,
        "title": code.replace("-", " ").capitalize(),
        "status": status.value,
        "detail": EXPLANATIONS[code].meaning,
        "instance": path,
        "request_id": "b5f0c1d2",
    }


# A status, the parameter that a route must have for it, and the type of problem it is likely to be.
_CODES = (
    (400, "cursor", "cursor-invalid"),
    (400, "after", "cursor-invalid"),
    (400, "last-event-id", "last-event-id-invalid"),
    (400, "slug", "slug-refused"),
    (400, "idempotency-key", "slug-refused"),
    (400, None, "bad-request"),
    (401, None, "unauthorized"),
    (403, None, "scope-missing"),
    (404, "job_id", "job-not-found"),
    (404, "key_id", "key-not-found"),
    (404, "actor", "key-not-found"),
    (404, "slug", "movie-not-found"),
    (404, "description_id", "text-not-found"),
    (409, None, "job-is-final"),
    (410, "cursor", "cursor-expired"),
    (410, "after", "cursor-expired"),
    (410, None, "description-is-withdrawn"),
    (412, None, "stale-version"),
    (413, None, "content-too-large"),
    (422, None, "validation-error"),
    (428, None, "precondition-required"),
    (429, None, "rate-limited"),
    (500, None, "internal-error"),
    (503, None, "store-unavailable"),
)
