"""Answers requests on an address, in a thread of its own."""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import uvicorn

from domain.errors import MovieMindError
from domain.orders import reads_like_an_order
from interfaces.service import MovieMind

_GRACE_SECONDS = 5
_START_SECONDS = 30
# Longer than clients usually keep an idle connection (httpx: 5 s): were we the one to close it, a request
# sent at that moment would be lost.
_KEEP_ALIVE_SECONDS = 75


@dataclass(eq=False)
class AddressNotUsable(MovieMindError):
    """Cannot serve on {host} port {port}: {reason}; choose another with --port (0 takes a free one)."""

    host: str
    port: int
    reason: str


class HttpServer:
    """The address is taken at once, so that nothing else is started in vain. Raises AddressNotUsable."""

    def __init__(self, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
            self._socket.listen()  # until then another process could take the same address
        except OSError as error:
            self._socket.close()
            raise AddressNotUsable(host, port, error.strerror or str(error)) from error
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._socket.getsockname()[1]}"
        self._stop_waiting: Callable[[], None] = lambda: None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self, service: MovieMind) -> None:
        """Returns when requests are answered."""
        # Imported here: workers and commands that ask another process need not wait for a web framework.
        from interfaces.http.app import create_app
        from interfaces.http.bounded import BoundedProtocol

        reads_like_an_order("")  # its phrases are compiled now, and not while a first client waits
        app = create_app(service)
        self._stop_waiting = app.state.tail.stop
        config = uvicorn.Config(
            app,
            http=BoundedProtocol,
            log_config=None,
            access_log=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        server = self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=server.run, args=([self._socket],), name="http", daemon=True)
        self._thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the HTTP server did not start; the log says why")
            time.sleep(0.005)

    def stop(self) -> None:
        """Finish the requests at hand and close the address."""
        if self._server is not None and self._thread is not None:
            self._stop_waiting()
            self._server.should_exit = True
            self._thread.join()
        self._socket.close()
