"""What surrounds every request: its id, the limit of its body, and the answer to what nobody caught."""

import re
from collections.abc import Iterable
from http import HTTPStatus
from uuid import uuid4

import structlog
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from interfaces.http.problems import problem

log = structlog.get_logger()

BODY_LIMIT_BYTES = 64 * 1024

_LISTS = {b"accept", b"if-match", b"if-none-match", b"prefer"}
"""Of the headers that we look at, those that are lists."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_TRACEPARENT = re.compile(
    r"(?!ff|00.{54})[0-9a-f]{2}-(?!0{32})(?P<trace>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?"
)
"""https://www.w3.org/TR/trace-context/#traceparent-header; later versions may say more behind it."""


class Envelope:
    """ASGI middleware. A request's id is its `X-Request-ID` if that is a sane one, else the trace that its
    `traceparent` names, else drawn. A trace stands in every line of the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["headers"] = _tidied(scope["headers"])
        request = Request(scope)
        given, trace = request.headers.get("x-request-id", ""), _trace(request)
        request.state.request_id = (
            given if _REQUEST_ID.fullmatch(given) else trace.get("trace_id", uuid4().hex)
        )
        received_bytes = 0

        async def receive_limited() -> Message:
            # Looked at when a body is read, so a route that reads none never answers 413; counted as it
            # comes in, so a length that was not announced counts too.
            nonlocal received_bytes
            if int(request.headers.get("content-length", 0)) > BODY_LIMIT_BYTES:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            message = await receive()
            received_bytes += len(message.get("body", b""))
            if received_bytes > BODY_LIMIT_BYTES:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return message

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-ID"] = request.state.request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request.state.request_id, **trace):
            await self._app(scope, receive_limited, send_with_id)


class Unforeseen:
    """ASGI middleware, inside the envelope and all that adds headers: the answer to what nobody caught."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_started = False

        async def send_noting(message: Message) -> None:
            nonlocal has_started
            has_started = has_started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except Exception:
            if scope["type"] != "http":
                raise
            request = Request(scope)
            log.exception("request.failed", method=request.method, path=request.url.path)
            if has_started:
                raise
            answer = problem(
                request,
                HTTPStatus.INTERNAL_SERVER_ERROR,
                code="internal-error",
                detail="Something broke that should not; the log has it under this request_id.",
            )
            await answer(scope, receive, send_noting)


def _trace(request: Request) -> dict[str, str]:
    match = _TRACEPARENT.fullmatch(request.headers.get("traceparent", ""))
    return {"trace_id": match["trace"]} if match else {}


def _tidied(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """RFC 9110, sections 5.3 and 5.5: blanks around a value are not part of it, and a list that stands in
    several lines is one list."""
    lists: dict[bytes, list[bytes]] = {}
    others = []
    for name, value in headers:
        if name in _LISTS:
            lists.setdefault(name, []).append(value.strip(b" \t"))
        else:
            others.append((name, value.strip(b" \t")))
    return others + [(name, b", ".join(values)) for name, values in lists.items()]
