"""What browsers are told: which pages may call us, and what they may do with an answer."""

from http import HTTPStatus

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from interfaces.http.problems import problem

MAX_AGE_SECONDS = 600
METHODS = ("GET", "POST", "PATCH", "DELETE")
SENT = (
    "Authorization",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "Prefer",
    "X-API-Key",
    "X-Request-ID",
    "traceparent",
)
SEEN = (
    "Content-Location",
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "Preference-Applied",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-ID",
)
"""Headers of answers that a page would not be shown otherwise."""

USUAL = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    # What is answered depends on the key; where there is an ETag it may be kept, and is asked for again.
    "Cache-Control": "private, no-cache",
}


class UsualHeaders:
    """ASGI middleware: these are in every answer that does not say otherwise."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in USUAL.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class _Pages(CORSMiddleware):
    """Refuses with a problem document, as everything here does."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _is_preflight(scope):
            answer = self.preflight_response(request_headers=Headers(scope=scope))
            if answer.status_code != HTTPStatus.OK:
                answer = _refusal(Request(scope), answer)
            await answer(scope, receive, send)
            return
        await super().__call__(scope, receive, send)


def let_pages_call(app: FastAPI, origins: tuple[str, ...]) -> None:
    """Those of other origins: none unless they are named."""
    if origins:
        app.add_middleware(
            _Pages,
            allow_origins=origins,
            allow_methods=METHODS,
            allow_headers=SENT,
            expose_headers=SEEN,
            max_age=MAX_AGE_SECONDS,
        )


def _is_preflight(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "OPTIONS":
        return False
    headers = Headers(scope=scope)
    return "origin" in headers and "access-control-request-method" in headers


def _refusal(request: Request, answer: Response) -> Response:
    headers = {name: value for name, value in answer.headers.items() if name.startswith(("access-", "vary"))}
    refused = bytes(answer.body).decode()  # such as "Disallowed CORS origin, method"
    whose = "MOVIEMIND_CORS_ORIGINS names the pages that may call"
    may = f"pages may use {', '.join(METHODS)}, and send {', '.join(SENT)}"
    return problem(
        request,
        HTTPStatus.FORBIDDEN,
        code="origin-not-allowed",
        detail=f"{refused}; {whose if 'origin' in refused else may}.",
        headers=headers,
    )
