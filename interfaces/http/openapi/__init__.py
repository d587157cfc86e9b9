"""What the OpenAPI document holds beyond what the routes say by themselves."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from itertools import chain
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from interfaces.http.openapi import examples, headers, links
from interfaces.http.problems import Problem
from interfaces.http.scopes import needed_by

_SCHEMES = {
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "bearer": {"type": "http", "scheme": "bearer"},
}

Operation = dict[str, Any]


def complete(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Add the Problem schema, which no route returns; the scope each route needs; what is required;
    headers, links, examples."""
    document = app.openapi()
    components: dict[str, Any] = document["components"]
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components["schemas"].update(problem.pop("$defs", {}), Problem=problem)
    components["securitySchemes"] = _SCHEMES
    components["headers"] = headers.COMPONENTS
    for route, operation in _operations(document, routers):
        scope = needed_by(route)
        if scope:
            operation["security"] = [{scheme: [scope]} for scheme in _SCHEMES]
        _require_if_match(operation)
        _describe_events(operation)
        headers.declare(route.name, operation, is_public=scope is None)
        links.declare(route.name, operation)
        examples.show_in(operation, path=route.path)
    examples.show_models(components["schemas"])


def _require_if_match(operation: Operation) -> None:
    """The framework would answer a missing header with 422; where one is needed we answer 428 ourselves."""
    if str(HTTPStatus.PRECONDITION_REQUIRED.value) in operation["responses"]:
        for parameter in operation["parameters"]:
            if parameter["name"] == "if-match":
                parameter.update(required=True, schema={"type": "string"})


def _describe_events(operation: Operation) -> None:
    """The framework calls a stream a string; before OpenAPI 3.2 its schema is that of one event."""
    stream = operation["responses"].get("200", {}).get("content", {}).get("text/event-stream")
    if stream:
        stream["schema"] = {
            "type": "object",
            "required": ["event", "id", "data"],
            "properties": {
                "event": {"const": "status"},
                "id": {"type": "string", "description": "the position; to go on from, as Last-Event-ID"},
                "data": {
                    "type": "string",
                    "contentMediaType": "application/json",
                    "contentSchema": {"$ref": "#/components/schemas/JobAnswer"},
                },
            },
        }


def name_of(route: APIRoute) -> str:
    """An operation is called as its function is, which is how links and generated clients name it."""
    return route.name


def _operations(
    document: dict[str, Any], routers: Sequence[APIRouter]
) -> Iterator[tuple[APIRoute, Operation]]:
    for route in chain.from_iterable(router.routes for router in routers):
        assert isinstance(route, APIRoute)
        for method in route.methods or ():
            yield route, document["paths"][route.path][method.lower()]
