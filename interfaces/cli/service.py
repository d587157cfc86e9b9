"""Where commands find a service: `moviemind up` on the same store, or one of their own for a while."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from infrastructure.choices import LogLevel
from infrastructure.errors import StoreInUse
from infrastructure.logs import configure_logs
from infrastructure.settings import Settings, load_settings
from infrastructure.store_lock import serving_url
from interfaces.cli.output import WaitingHint, hint
from interfaces.client import Operator
from interfaces.embedded import embedded_service
from interfaces.shared import shared_service

WAIT_SECONDS = 0.2


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
    settings = load_settings(data_dir=data_dir)
    configure_logs(LogLevel.ERROR, settings.log_format)
    with ExitStack() as stack:
        url, is_own = (url, False) if url else _running_or_own(settings, stack, works=works)
        on_wait = WaitingHint()
        client = Operator(url, connections=connections, key=settings.key_to_send, on_wait=on_wait)
        yield Connected(stack.enter_context(client), on_wait, is_own=is_own)


def _running_or_own(settings: Settings, stack: ExitStack, *, works: bool) -> tuple[str, bool]:
    """URL of a service, and whether jobs end with it: a store on PostgreSQL is worked on by other processes.

    Of a SQLite store, a service that another command started for itself and that will end with it, or one
    that is just starting or stopping, is waited for.
    """
    # Where callers need a key, other users of this host need one too while a command has its own service.
    own_settings = settings.model_copy(
        update={
            "port": 0,
            "host": "127.0.0.1",
            "auth": settings.auth_in_use,
            "bootstrap_admin_key": settings.api_key or settings.bootstrap_admin_key,
        }
    )
    if settings.is_on_postgres:
        return stack.enter_context(shared_service(own_settings, works=False)), False
    is_waiting = False
    while True:
        if url := serving_url(settings.event_store_path):
            return url, False
        try:
            own = embedded_service(own_settings, works=works, is_for_others=False)
            return stack.enter_context(own), True
        except StoreInUse:
            if not is_waiting:
                hint(f"waiting for another command that uses {settings.event_store_path}")
            is_waiting = True
        time.sleep(WAIT_SECONDS)
