"""A TCP proxy between the code under test and a server, where a test can step in at a chosen moment."""

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from tests.support.process import DEADLINE_SECONDS

_SIZE = 65_536
_BEGIN = b"BEGIN"  # of a transaction of PostgreSQL


@dataclass
class _Trap:
    """What happens to the line of the next request that contains `at`."""

    at: bytes
    within: bytes
    what: Literal["request", "answer"]
    is_held: bool
    sprung: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)


class Proxy:
    """Listens on loopback, on a free port unless one is named, and passes everything on to the server's."""

    def __init__(self, target_port: int, *, port: int = 0) -> None:
        self._target_port = target_port
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self._lines: list[tuple[socket.socket, socket.socket]] = []
        self._trap: _Trap | None = None
        self._is_down = False
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def towards(self, url: str) -> str:
        """A URL of the server, which leads through here."""
        return url.replace(f":{self._target_port}/", f":{self.port}/")

    def cut_next(
        self, what: Literal["request", "answer"], *, at: bytes = b"", within: bytes = b""
    ) -> threading.Event:
        """Cut the line of the next request that contains `at`: before the server has it, or when it answers.

        `within` was said on that line in the same transaction. Returns what is set when it has happened.
        """
        self._trap = _Trap(at, within, what, is_held=False)
        return self._trap.sprung

    def hold_next(
        self, what: Literal["request", "answer"], *, at: bytes = b"", within: bytes = b""
    ) -> threading.Event:
        """Keep the next request that contains `at`, or its answer, until `release`; `within` as above.

        Returns what is set when it is held. An answer is held when the server has given it.
        """
        self._trap = _Trap(at, within, what, is_held=True)
        self._held = self._trap
        return self._trap.sprung

    def release(self) -> None:
        self._held.released.set()

    def go_down(self) -> None:
        """Cut every line, and every new one."""
        self._is_down = True
        with self._lock:
            lines, self._lines = self._lines, []
        for line in lines:
            _close(*line)

    def come_up(self) -> None:
        self._is_down = False

    def close(self) -> None:
        self.go_down()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._is_down:
                _close(client)
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self._target_port))
            except OSError:
                _close(client)
                continue
            with self._lock:
                self._lines.append((client, server))
            line = _Line(client, server)
            threading.Thread(target=self._requests, args=(line,), daemon=True).start()
            threading.Thread(target=self._answers, args=(line,), daemon=True).start()

    def _requests(self, line: "_Line") -> None:
        with suppress(OSError):
            while data := line.client.recv(_SIZE):
                line.said = data if _BEGIN in data else (line.said + data)[-_SIZE:]
                if (trap := self._sprung_by(data, line.said)) is not None:
                    if trap.what == "answer":
                        line.trap = trap
                    elif not _goes_on(trap):
                        break
                line.server.sendall(data)
        _close(line.client, line.server)

    def _answers(self, line: "_Line") -> None:
        with suppress(OSError):
            while data := line.server.recv(_SIZE):
                trap, line.trap = line.trap, None
                if trap is not None and not _goes_on(trap):
                    break
                line.client.sendall(data)
        _close(line.client, line.server)

    def _sprung_by(self, data: bytes, said: bytes) -> _Trap | None:
        with self._lock:
            if self._trap is None or self._trap.at not in data or self._trap.within not in said:
                return None
            trap, self._trap = self._trap, None
            return trap


@dataclass
class _Line:
    client: socket.socket
    server: socket.socket
    said: bytes = b""
    trap: _Trap | None = None


def _goes_on(trap: _Trap) -> bool:
    """Whether what was trapped is passed on, at once or later."""
    trap.sprung.set()
    return trap.is_held and trap.released.wait(DEADLINE_SECONDS)


def _close(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
