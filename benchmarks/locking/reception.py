"""Where the processes of the lab report, and how long they are waited for."""

import socket
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

START_SECONDS = 60


class Reception:
    """A socket. Whatever has a process come here says who it is waiting for."""

    def __init__(self, path: Path) -> None:
        self.address = str(path)
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(self.address)
        self._socket.listen()
        self._socket.settimeout(START_SECONDS)

    def line_to(self, who: str) -> "Connection[Any, Any]":
        """To the next process that reports. AssertionError where there is none in time."""
        try:
            accepted, _ = self._socket.accept()
        except TimeoutError:
            raise AssertionError(f"{who} has not reported for {START_SECONDS} s") from None
        accepted.setblocking(True)
        return Connection(accepted.detach())

    def close(self) -> None:
        self._socket.close()


def first_word(line: "Connection[Any, Any]", who: str) -> Any:
    """What a process says when it is ready. AssertionError where it ends instead, or says nothing in time."""
    try:
        if line.poll(START_SECONDS):
            return line.recv()
    except (EOFError, ConnectionError):
        raise AssertionError(f"{who} has ended before it was ready, and has said why") from None
    raise AssertionError(f"{who} was not ready within {START_SECONDS} s")
