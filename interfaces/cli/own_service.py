"""The service that a command starts for itself where none runs; it ends with the command."""

import time
from contextlib import ExitStack

from infrastructure.errors import StoreInUse
from infrastructure.settings import Settings
from infrastructure.store_lock import serving_url
from interfaces.cli.output import hint
from interfaces.embedded import embedded_service
from interfaces.shared import shared_service

WAIT_SECONDS = 0.2


def own_service(settings: Settings, stack: ExitStack, *, works: bool) -> tuple[str, bool]:
    """Its URL, and whether jobs end with it: a store on PostgreSQL is worked on by other processes.

    Of a SQLite store, a service that another command started for itself and that will end with it, or one
    that is just starting or stopping, is waited for; one that has come up meanwhile is taken.
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
        try:
            own = embedded_service(own_settings, works=works, is_for_others=False)
            return stack.enter_context(own), True
        except StoreInUse:
            if not is_waiting:
                hint(f"waiting for another command that uses {settings.event_store_path}")
            is_waiting = True
        time.sleep(WAIT_SECONDS)
        if url := serving_url(settings.event_store_path):
            return url, False
