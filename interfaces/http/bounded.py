"""The parser of requests, which takes no header without an end: the library puts it together for ever, at a
cost that grows with the square of its length."""

import json

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADERS_LIMIT_BYTES = 64 * 1024
CODE = "headers-too-large"

_PROBLEM = {
    "type": CODE,
    "title": "Headers too large",
    "status": 431,
    "detail": f"The headers of a request may have {HEADERS_LIMIT_BYTES:,} bytes at most.",
}


class BoundedProtocol(HttpToolsProtocol):
    """Closes a connection on which so much has come in and still no headers, body or request has ended."""

    _open_bytes = 0

    def data_received(self, data: bytes) -> None:
        self._open_bytes += len(data)
        super().data_received(data)
        if self._open_bytes > HEADERS_LIMIT_BYTES and not self.transport.is_closing():
            if self.cycle is None or self.cycle.response_complete:
                self._refuse()
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._open_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._open_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._open_bytes = 0
        super().on_message_complete()

    def _refuse(self) -> None:
        """There is no request yet that could have an id or a path."""
        body = json.dumps(_PROBLEM).encode()
        self.transport.write(
            b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: application/problem+json\r\n"
            b"Content-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body)
        )
