"""Who is calling: everything but the public routes wants a key, unless only this host can reach us."""

import time
from functools import partial
from http import HTTPStatus

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from application.api_keys import Caller
from application.errors import StoreUnavailable
from interfaces.http.problems import answer_to, problem
from interfaces.service import MovieMind

PUBLIC = {"/health/live", "/health/ready", "/openapi.json", "/docs"}
PUBLIC_FILES = "/docs/assets/"
_LOOKS = CapacityLimiter(1)
"""A thread of its own: those for requests must not wait for keys that somebody has made up."""


class Gate:
    """ASGI middleware, inside the envelope. `request.state.caller` is whoever has a key."""

    def __init__(self, app: ASGIApp, service: MovieMind) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PUBLIC or scope["path"].startswith(PUBLIC_FILES):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            request.state.caller = await self._caller_with(_key(request))
        except StoreUnavailable as error:
            answer: ASGIApp = await answer_to(request, error)
        else:
            answer = self._app if request.state.caller else _refusal(request)
        await answer(scope, receive, send)

    async def _caller_with(self, key: str | None) -> Caller | None:
        """Raises StoreUnavailable."""
        caller = self._service.caller_with(key)
        if caller is None and key and self._service.keys.may_be_new(key):
            look = partial(self._service.keys.look_again, asked_at=time.monotonic())
            await to_thread.run_sync(look, limiter=_LOOKS)
            return self._service.caller_with(key)
        return caller


def _key(request: Request) -> str | None:
    if key := request.headers.get("x-api-key"):
        return key
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None


def _refusal(request: Request) -> ASGIApp:
    return problem(
        request,
        HTTPStatus.UNAUTHORIZED,
        code="unauthorized",
        detail="No known key came with the request; send one as X-API-Key, or as Authorization: Bearer.",
        headers={"WWW-Authenticate": 'Bearer realm="MovieMind"'},
    )
