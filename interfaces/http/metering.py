"""Requests are counted by the key they come with: one too many is refused, and answers say what is left.

The headers are those of the IETF draft "RateLimit header fields for HTTP", revision 10.
"""

from functools import partial
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import Depends
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from application.rate_limits import WINDOW_SECONDS, RateLimited, RateLimits, RequestKind, Spent
from interfaces.http.problems import answer_to

READING = {"GET", "HEAD", "OPTIONS"}
_COUNTS = CapacityLimiter(8)
"""Threads of their own: a Redis that hangs must not hold up those for requests."""


class Meter:
    """What one request takes of what its key may send; nothing where there are no limits."""

    def __init__(self, limits: RateLimits | None, key_id: str) -> None:
        self._limits = limits
        self._key_id = key_id
        self._spent: dict[RequestKind, Spent] = {}

    def spend(self, kind: RequestKind) -> None:
        """Raises RateLimited. However often it is said, a request counts once."""
        if self._limits is None:
            return
        if kind not in self._spent:
            self._spent[kind] = self._limits.spend(self._key_id, kind)
        spent = self._spent[kind]
        if not spent.is_allowed:
            raise RateLimited(kind, spent.limit, spent.reset_seconds)

    @property
    def headers(self) -> dict[str, str]:
        if not self._spent:
            return {}
        spent = self._spent.values()
        return {
            "RateLimit-Policy": ", ".join(f'"{one.kind}";q={one.limit};w={WINDOW_SECONDS}' for one in spent),
            "RateLimit": ", ".join(f'"{one.kind}";r={one.remaining};t={one.reset_seconds}' for one in spent),
        }


class Metering:
    """ASGI middleware, inside the gate; public routes are not counted. `request.state.meter` is for routes
    that come to more than their method says."""

    def __init__(self, app: ASGIApp, limits: RateLimits | None) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        if scope["type"] != "http" or not hasattr(request.state, "caller"):
            await self._app(scope, receive, send)
            return
        meter = request.state.meter = Meter(self._limits, request.state.caller.id)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(meter.headers)
            await send(message)

        answer = await self._refusal(request, meter) if self._limits else None
        await (answer or self._app)(scope, receive, send_with_headers)

    async def _refusal(self, request: Request, meter: Meter) -> ASGIApp | None:
        kind = RequestKind.READ if request.method in READING else RequestKind.GENERATE
        try:
            await to_thread.run_sync(partial(meter.spend, kind), limiter=_COUNTS)
        except RateLimited as error:
            return await answer_to(request, error)
        return None


async def _meter(request: Request) -> Meter:
    meter: Meter = request.state.meter
    return meter


Metered = Annotated[Meter, Depends(_meter)]
