"""The address of the service, and how long it keeps connections."""

import socket

import httpx
import pytest

from interfaces.http import server
from interfaces.http.server import AddressNotUsable, HttpServer


def test_a_client_closes_an_idle_connection_before_the_server_does() -> None:
    """The other way round, a request that is sent while the server closes would be lost."""
    clients_keep_it_for = httpx.Limits().keepalive_expiry
    assert clients_keep_it_for is not None
    assert clients_keep_it_for < server._KEEP_ALIVE_SECONDS


def test_port_0_takes_a_free_port_and_says_which() -> None:
    taken = HttpServer("127.0.0.1", 0)

    port = int(taken.url.rpartition(":")[2])
    with pytest.raises(AddressNotUsable, match=f"port {port}.*in use"):
        HttpServer("127.0.0.1", port)
    taken.stop()
    HttpServer("127.0.0.1", port).stop()


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_an_ipv6_address_stands_in_brackets() -> None:
    taken = HttpServer("::1", 0)

    assert taken.url.startswith("http://[::1]:")
    taken.stop()


def test_a_name_that_is_no_address_is_a_clear_error() -> None:
    with pytest.raises(AddressNotUsable, match="Cannot serve on no-such-host"):
        HttpServer("no-such-host.invalid", 0)
