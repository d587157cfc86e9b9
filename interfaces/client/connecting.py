"""How both kinds of client reach a service."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from interfaces.client.errors import ServiceUnreachable

TIMEOUT_SECONDS = 35.0
"""Above the 30 s that a request may wait for its texts, and the 15 s between signs of life of a stream."""

UNLIMITED = httpx.Limits(max_connections=None)
"""For streams. They keep their connections, so those who follow jobs would leave none to ask with."""


def options(url: str, key: str | None) -> dict[str, Any]:
    """What both httpx clients of a client of ours are made with: reading the trust store takes long."""
    return {
        "base_url": url,
        "headers": {"X-API-Key": key} if key else None,
        # Tasks may stand in line for a connection as long as they like.
        "timeout": httpx.Timeout(TIMEOUT_SECONDS, pool=None),
        "trust_env": False,
        "verify": httpx.create_ssl_context(trust_env=False),
    }


def at_most(connections: int) -> httpx.Limits:
    return httpx.Limits(max_connections=connections, max_keepalive_connections=connections)


@contextmanager
def reaching(url: httpx.URL) -> Iterator[None]:
    """Raises ServiceUnreachable."""
    try:
        yield
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise ServiceUnreachable(str(url), str(error)) from error
