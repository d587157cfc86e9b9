"""The typed client, used by more threads than it has connections."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from interfaces.client import Client
from tests.integration.http.api import Api
from tests.support.process import wait_until

THREADS, CONNECTIONS = 6, 2


def test_no_more_requests_are_under_way_than_there_are_connections(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond that the pool would close connections that have just been handed to other threads."""
    client = Client(str(api.base_url), connections=CONNECTIONS)
    send, may_end, under_way, most = client._http.send, threading.Event(), list[int](), list[int]()

    def send_later(*arguments: Any, **more: Any) -> httpx.Response:
        under_way.append(1)
        most.append(len(under_way))
        assert may_end.wait(10)
        under_way.pop()
        return send(*arguments, **more)

    monkeypatch.setattr(client._http, "send", send_later)
    with ThreadPoolExecutor(THREADS) as pool:
        asked = [pool.submit(lambda: list(client.movies(slug="no-such-film-1999"))) for _ in range(THREADS)]
        wait_until(lambda: len(under_way) >= CONNECTIONS, "the connections are in use")
        may_end.set()
        answers = [one.result() for one in asked]

    assert answers == [[]] * THREADS
    assert max(most) == CONNECTIONS
    client.close()
