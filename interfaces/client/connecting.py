"""How both kinds of client reach a service."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from interfaces.client.errors import KeyUnusable, ServiceUnreachable

TIMEOUT_SECONDS = 35.0
"""Above the 30 s that a request may wait for its texts, and the 15 s between signs of life of a stream."""

UNLIMITED = httpx.Limits(max_connections=None)
"""For streams. They keep their connections, so those who follow jobs would leave none to ask with."""


def options(url: str, key: str | None) -> dict[str, Any]:
    """What both httpx clients of a client of ours are made with: reading the trust store takes long.

    Raises ServiceUnreachable for what is no address, and KeyUnusable.
    """
    return {
        "base_url": _address(url),
        "headers": {"X-API-Key": _sendable(key)} if key else None,
        # Tasks may stand in line for a connection as long as they like.
        "timeout": httpx.Timeout(TIMEOUT_SECONDS, pool=None),
        "trust_env": False,
        "verify": httpx.create_ssl_context(trust_env=False),
    }


def at_most(connections: int) -> httpx.Limits:
    return httpx.Limits(max_connections=connections, max_keepalive_connections=connections)


def _address(url: str) -> httpx.URL:
    try:
        address = httpx.URL(url.strip())
    except httpx.InvalidURL as error:
        raise ServiceUnreachable(url, f"that is no address: {error}") from None
    if address.scheme not in ("http", "https") or not address.host:
        raise ServiceUnreachable(url, "write an address such as http://127.0.0.1:8000")
    return address


def _sendable(key: str) -> str:
    """Files like to add a line break. A key is never quoted in an error."""
    if not (key.strip().isascii() and key.strip().isprintable()):
        raise KeyUnusable
    return key.strip()


@contextmanager
def reaching(url: httpx.URL) -> Iterator[None]:
    """Raises ServiceUnreachable."""
    try:
        yield
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise ServiceUnreachable(str(url), str(error)) from error
