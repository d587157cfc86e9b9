"""HEAD, answered as GET is, without the body. It asks for nothing to be written: see `may_ask`."""

from anyio import CancelScope
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Head:
    """ASGI middleware. Once the headers are sent the route is left: a stream would go on for nobody."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        Request(scope).state.only_looks = True

        async def send_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body"})
                route.cancel()

        with CancelScope() as route:
            await self._app({**scope, "method": "GET"}, receive, send_headers)


def may_ask(request: Request) -> bool:
    """Whether what is not there may be asked for by the request."""
    return not getattr(request.state, "only_looks", False)
