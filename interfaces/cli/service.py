"""Where commands find a service: the one that holds the event store, or one of their own for a while."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infrastructure.logs import configure_logs
from infrastructure.settings import LogLevel, load_settings
from infrastructure.store_lock import serving_url
from interfaces.cli.client import Client
from interfaces.embedded import embedded_service


@dataclass(frozen=True, slots=True)
class Connected:
    """`is_own`: the service lives in this command and dies with it, so what is asked must be waited for."""

    client: Client
    is_own: bool


@contextmanager
def connected(data_dir: Path | None, *, works: bool, connections: int = 10) -> Iterator[Connected]:
    """A client of the running service, or of one started for this command; `works`: it runs jobs too."""
    settings = load_settings(data_dir=data_dir)
    url = serving_url(settings.event_store_path)
    if url is not None:
        client = Client(url, connections=connections)
        try:
            yield Connected(client, is_own=False)
        finally:
            client.close()
        return
    configure_logs(LogLevel.ERROR, settings.log_format)
    with embedded_service(settings.model_copy(update={"port": 0}), works=works) as own_url:
        client = Client(own_url, connections=connections)
        try:
            yield Connected(client, is_own=True)
        finally:
            client.close()
