"""The store, opened by a command of its own, whether or not a service is using it."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress

from infrastructure.choices import LogLevel
from infrastructure.errors import StoreInUse, StoreNotUsable
from infrastructure.logs import configure_logs
from infrastructure.settings import Settings
from infrastructure.store import Store
from infrastructure.store_lock import StoreLock
from interfaces.bootstrap import open_store, open_store_beside
from interfaces.rebuilding import tune_for_folding


@contextmanager
def opened(settings: Settings) -> Iterator[Store]:
    """Raises StoreNotUsable, also where there is none, SchemaMissing, SchemaTooNew, DirectoryNotUsable."""
    if not settings.is_on_postgres and not settings.event_store_path.exists():
        raise StoreNotUsable(
            str(settings.event_store_path), "it is not there; name the data directory with --data-dir"
        )
    configure_logs(LogLevel.ERROR, settings.log_format)
    tune_for_folding()
    with ExitStack() as stack:
        if not settings.is_on_postgres:
            with suppress(StoreInUse):
                stack.enter_context(StoreLock(settings.event_store_path))
        has_views = settings.is_on_postgres or settings.view_store_path.exists()
        open_it = open_store_beside if has_views else open_store
        yield stack.enter_context(closing(open_it(settings)))
