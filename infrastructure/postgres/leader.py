"""Which of several projector processes leads: the one whose session holds an advisory lock.

The server gives the lock to somebody else as soon as the session ends: at once when its process dies, and
after three silent seconds when the process is frozen or cut off, which is what the pings are for. Others try
as often as the leader pings, so that one of them leads three and a half seconds after a cut at the latest,
of the five it may take, and a leader that is only slow may miss five pings. One that comes back does not know
yet that it no longer leads; what it does until its next ping is harmless, because views refuse to be folded
from a position they have left.
"""

from contextlib import suppress
from typing import Self

import psycopg
import structlog

from application.errors import StoreUnavailable
from infrastructure.postgres.datastore import link, open_session
from infrastructure.postgres.failures import reason

PING_SECONDS = 0.5
_SILENCE = "SET idle_session_timeout = '3s'"
_TRY = "SELECT pg_try_advisory_lock(hashtext('moviemind.leader'))"

_WHO = """
SELECT EXISTS (SELECT 1 FROM pg_locks
  WHERE locktype = 'advisory' AND granted AND objsubid = 1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (classid::bigint << 32 | objid::bigint) = hashtext('moviemind.leader')::bigint)
"""

log = structlog.get_logger()


class LeaderLock:
    """Ask `is_held` every PING_SECONDS: it takes the lead, keeps it, or says that it is lost."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: psycopg.Connection | None = None
        self._is_held = False

    def is_held(self) -> bool:
        try:
            if self._session is None:
                self._session = open_session(self._url)
                self._session.execute(_SILENCE)
            if self._is_held:
                self._session.execute("SELECT")
            else:
                row = self._session.execute(_TRY).fetchone()
                self._is_held = row is not None and row[0]
        except psycopg.Error as error:
            log.warning("leader.session_lost", reason=reason(error))
            self.release()
        return self._is_held

    def release(self) -> None:
        session, self._session, self._is_held = self._session, None, False
        if session is not None:
            with suppress(psycopg.Error):
                session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def somebody_leads(url: str) -> bool:
    """Raises StoreUnavailable."""
    try:
        with psycopg.connect(autocommit=True, **link(url)) as session:
            row = session.execute(_WHO).fetchone()
    except psycopg.Error as error:
        raise StoreUnavailable(reason(error)) from error
    return row is not None and row[0]
