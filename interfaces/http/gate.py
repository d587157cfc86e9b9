"""Who is calling: everything but the public routes wants a key, unless only this host can reach us."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from interfaces.http.problems import problem
from interfaces.service import MovieMind

PUBLIC = {"/health/live", "/health/ready", "/openapi.json"}


class Gate:
    """ASGI middleware, inside the envelope. `request.state.caller` is the name of whoever has a key."""

    def __init__(self, app: ASGIApp, service: MovieMind) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PUBLIC:
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        caller = self._service.caller_with(_key(request))
        if caller is None:
            await _refusal(request)(scope, receive, send)
            return
        request.state.caller = caller
        await self._app(scope, receive, send)


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
