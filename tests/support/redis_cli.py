"""What operators type as `redis-cli`, for machines that have none: sends one command, prints its answer raw.

`redis_cli(directory, port)` puts it there as a program of that name.
"""

import socket
import sys
from pathlib import Path
from typing import IO


def redis_cli(directory: Path, port: int) -> None:
    """Write a program `redis-cli` that talks to the server on a port of loopback."""
    program = directory / "redis-cli"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__)} {port} "$@"\n', encoding="utf-8")
    program.chmod(0o755)


def main(port: int, command: list[str]) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        parts = [f"${len(part.encode())}\r\n{part}\r\n" for part in command]
        connection.sendall(f"*{len(parts)}\r\n{''.join(parts)}".encode())
        with connection.makefile("rb") as answer:
            sys.stdout.write("\n".join(_lines(answer)) + "\n")


def _lines(answer: IO[bytes]) -> list[str]:
    """The answer as redis-cli prints it where nobody looks: strings as they are, a line for each element."""
    kind = answer.readline().decode().rstrip("\r\n")
    match kind[:1]:
        case "":  # the server has ended, as it was told to
            return []
        case "$":
            return [answer.read(int(kind[1:]) + 2)[:-2].decode()] if kind != "$-1" else [""]
        case "*":
            return [line for _ in range(int(kind[1:])) for line in _lines(answer)]
    return [kind[1:]]


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
