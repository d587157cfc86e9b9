"""A server on loopback that keeps what is PUT, and gives it back."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class FileServer:
    """`answers` is the status it answers everything with, where that is not None."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.credentials: set[str | None] = set()
        self.answers: int | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, name="file server")

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(files: FileServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = files.files.get(self.path)
            self._answer(404 if found is None else 200, found or b"")

        def do_PUT(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            if files.answers is None:
                files.files[self.path] = content
            self._answer(204)

        def _answer(self, status: int, body: bytes = b"") -> None:
            files.credentials.add(self.headers.get("Authorization"))
            self.send_response(files.answers or status)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    return Handler
