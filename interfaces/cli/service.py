"""Where commands find a service: `moviemind up` on the same store, or one of their own for a while."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer

from infrastructure.choices import LogLevel
from infrastructure.logs import configure_logs
from infrastructure.settings import Settings, load_settings
from infrastructure.store_lock import serving_url
from interfaces.cli.output import WaitingHint
from interfaces.client import Operator


@dataclass(frozen=True, slots=True)
class Connected:
    """`on_wait` is told why something has to wait, by the client too. `is_own`: the service lives in this
    command and dies with it, so what is asked must be waited for."""

    client: Operator
    on_wait: WaitingHint
    is_own: bool


@contextmanager
def connected(
    data_dir: Path | None, url: str | None = None, *, works: bool, connections: int = 10
) -> Iterator[Connected]:
    """A client of the service at a URL, of the one running over the data directory, or of one started for
    this command; `works`: it runs jobs too."""
    if url is not None and not url.strip():
        raise typer.BadParameter("--url is empty; leave it out to use the service of --data-dir")
    settings = load_settings(data_dir=data_dir)
    configure_logs(LogLevel.ERROR, settings.log_format)
    with ExitStack() as stack:
        url, is_own = (url, False) if url else _running_or_own(settings, stack, works=works)
        on_wait = WaitingHint()
        client = Operator(url, connections=connections, key=settings.key_to_send, on_wait=on_wait)
        yield Connected(stack.enter_context(client), on_wait, is_own=is_own)


def _running_or_own(settings: Settings, stack: ExitStack, *, works: bool) -> tuple[str, bool]:
    """URL of a service, and whether jobs end with it."""
    if not settings.is_on_postgres and (url := serving_url(settings.event_store_path)):
        return url, False
    # Imported here: whoever talks to a service that runs need not wait for all that one is made of.
    from interfaces.cli.own_service import own_service

    return own_service(settings, stack, works=works)
