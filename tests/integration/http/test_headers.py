"""Headers as clients and proxies write them, and as nobody should."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from interfaces.http.bounded import HEADERS_LIMIT_BYTES
from tests.integration.http.api import Api, problem_of

REQUEST = b"GET /health/live HTTP/1.1\r\nHost: here\r\n"


@pytest.mark.parametrize("endless", [b"X-A: " + b"a" * 65_536, b"X-A: a\r\n" * 8_192], ids=["one", "many"])
def test_headers_without_an_end_are_refused_and_others_served_meanwhile(api: Api, endless: bytes) -> None:
    with _line(api) as line:
        line.sendall(REQUEST)
        _send_until_it_is_cut(line, endless)
    assert api.get("/health/live").status_code == 200


def test_a_client_is_told_why(api: Api) -> None:
    with _line(api) as line:
        line.sendall(REQUEST + b"X-A: " + b"a" * HEADERS_LIMIT_BYTES)
        head, _, body = _all_of(line).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 431 ")
    assert b"application/problem+json" in head
    assert json.loads(body)["type"] == "headers-too-large"


def test_long_headers_that_end_are_taken_and_so_is_a_body_behind_them(api: Api, film: str) -> None:
    body = json.dumps({"slug": film}).encode().ljust(60_000)
    long = {"X-A": "a" * 40_000, "Content-Type": "application/json"}

    for _ in range(3):
        assert api.post("/v1/generate", content=body, headers=long).status_code in {200, 202}


def test_trailers_without_an_end_are_no_way_around_it(api: Api) -> None:
    with _line(api) as line:
        line.sendall(
            b"POST /v1/generate HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-A: "
        )
        _send_until_it_is_cut(line, b"a" * 65_536)


def test_blanks_around_a_value_are_not_part_of_it(api: Api) -> None:
    with _line(api) as line:
        line.sendall(REQUEST + b"X-Request-ID: \t mine-9 \t\r\nConnection: close\r\n\r\n")

        assert b"mine-9\r\n" in _all_of(line)


def test_a_list_in_several_lines_is_one_list(api: Api, film: str) -> None:
    api.described(film)
    etag = api.etag(film)

    lines = [("If-None-Match", '"other"'), ("If-None-Match", etag), ("Prefer", "respond-async")]
    unchanged = api.get(f"/v1/movies/{film}", headers=[*lines, ("Prefer", "wait=2")])

    assert unchanged.status_code == 304
    assert unchanged.headers["preference-applied"] == "wait=2"


@pytest.mark.parametrize("query", ["titel=heat", "cursor=x&q=a&q=b", "Q=heat"])
def test_a_parameter_that_is_misspelt_or_given_twice_is_named(api: Api, query: str) -> None:
    problem = problem_of(api.get(f"/v1/movies?{query}"), 422, "validation-error")

    assert problem["errors"][0]["field"] in {"query.titel", "query.q", "query.Q"}


def test_the_audit_says_what_it_calls_its_cursor(api: Api) -> None:
    problem = problem_of(api.get("/v1/audit?cursor=x"), 422, "validation-error")

    assert "there are after, " in problem["detail"]


@contextmanager
def _line(api: Api) -> Iterator[socket.socket]:
    address = api.base_url.host, api.base_url.port or 80
    with socket.create_connection(address, timeout=20) as line:
        yield line


def _send_until_it_is_cut(line: socket.socket, part: bytes) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):
        for _ in range(1_000):
            line.sendall(part)
        pytest.fail(f"{1_000 * len(part):,} bytes were taken")


def _all_of(line: socket.socket) -> bytes:
    received = b""
    while part := line.recv(65_536):
        received += part
    return received
