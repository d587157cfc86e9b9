"""Parameters that a route does not know are refused, as unknown fields of a body are: a misspelt one would be
a wish that nobody heard, and of two values only one."""

from collections import Counter
from typing import Any

from fastapi import Request

from interfaces.http.dependencies import refused


async def known_parameters(request: Request) -> None:
    """A dependency of all routes; one that takes no parameters does not look at any. Raises
    RequestValidationError."""
    if not request.query_params:
        return
    paths: dict[str, Any] = request.app.openapi()["paths"]
    operation = paths.get(request.scope["route"].path, {}).get(request.method.lower(), {})
    known = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
    if not known:
        return
    given = Counter(name for name, _ in request.query_params.multi_items())
    for name, times in given.items():
        if name not in known:
            raise refused(name, f"there is no such parameter; there are {', '.join(known)}")
        if times > 1:
            raise refused(name, "give it once")
