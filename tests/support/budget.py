"""A budget of which something is spent already."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from application.call_ledger import EVERYBODY, Account
from infrastructure.settings import load_settings
from interfaces.bootstrap import open_store


def spend_today(data_dir: Path, *, microusd: int) -> None:
    """Nobody has the store open. Should it be midnight meanwhile, it was spent tomorrow too."""
    data_dir.mkdir(exist_ok=True)
    today = datetime.now(UTC).date()
    with closing(open_store(load_settings(data_dir=data_dir))) as store, store.ledger.deciding() as rows:
        for day in (today, today + timedelta(days=1)):
            rows.put_account(day, EVERYBODY, Account(spent=microusd))
