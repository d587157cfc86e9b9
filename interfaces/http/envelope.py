"""What surrounds every request: its id, the limit of its body, and the answer to what nobody caught."""

import re
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

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class Envelope:
    """ASGI middleware. `X-Request-ID` is taken from the request if it is a sane one, else drawn."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        given = request.headers.get("x-request-id", "")
        request.state.request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex
        has_started, received_bytes = False, 0

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
            nonlocal has_started
            if message["type"] == "http.response.start":
                has_started = True
                MutableHeaders(scope=message)["X-Request-ID"] = request.state.request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request.state.request_id):
            try:
                await self._app(scope, receive_limited, send_with_id)
            except Exception:
                log.exception("request.failed", method=request.method, path=request.url.path)
                if has_started:
                    raise
                answer = problem(
                    request,
                    HTTPStatus.INTERNAL_SERVER_ERROR,
                    code="internal-error",
                    detail="Something broke that should not; the log has it under this request_id.",
                )
                await answer(scope, receive, send_with_id)
