"""What the routes are given: the service, who is calling, and checked parameters.

The dependencies are async because FastAPI would send sync ones through its thread pool, one by one.
"""

from typing import Annotated

from fastapi import Depends, Query, Request
from pydantic import AfterValidator

from domain.values import Actor
from interfaces.service import MovieMind

LOCAL_CALLER = "local"


async def _service(request: Request) -> MovieMind:
    service: MovieMind = request.app.state.service
    return service


async def _caller(request: Request) -> Actor:
    """Whoever reaches the loopback address is trusted with everything while AUTH is off."""
    return Actor(LOCAL_CALLER, correlation_id=request.state.request_id, is_admin=True)


def _without_control_characters(text: str) -> str:
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise ValueError("control characters are not allowed")
    return text


Service = Annotated[MovieMind, Depends(_service)]
Caller = Annotated[Actor, Depends(_caller)]
PlainText = Annotated[str, AfterValidator(_without_control_characters)]
Limit = Annotated[int, Query(ge=1, le=100, description="rows per page")]
Cursor = Annotated[str | None, Query(max_length=200, description="next_cursor of the page before")]
