"""What the OpenAPI document holds beyond what the routes say by themselves."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from interfaces.http.problems import Problem
from interfaces.http.scopes import needed_by

_SCHEMES = {
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "bearer": {"type": "http", "scheme": "bearer"},
}


def complete(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Add the Problem schema, which no route returns, and the scope that each route needs."""
    document = app.openapi()
    components: dict[str, Any] = document["components"]
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components["schemas"].update(problem.pop("$defs", {}), Problem=problem)
    components["securitySchemes"] = _SCHEMES
    for route in chain.from_iterable(router.routes for router in routers):
        assert isinstance(route, APIRoute)
        if scope := needed_by(route):
            for method in route.methods or ():
                operation = document["paths"][route.path][method.lower()]
                operation["security"] = [{scheme: [scope]} for scheme in _SCHEMES]
