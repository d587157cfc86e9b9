"""Wakes followers in other processes when something was appended. Nothing depends on it: they also ask.

A notification takes a lock of the whole cluster when it commits, so that it is never part of an append; a
thread of its own sends one for all the appends of the last moment.
"""

import threading
from collections.abc import Callable
from typing import Self

import psycopg
import structlog

from infrastructure.postgres.datastore import open_session
from infrastructure.postgres.failures import reason

log = structlog.get_logger()

CHANNEL = "moviemind_appended"
REST_SECONDS = 0.01
LISTEN_SECONDS = 0.5
RECONNECT_SECONDS = 1.0


class Bell:
    """`ring` costs the caller nothing."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._rung, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="bell", daemon=True)
        self._session: psycopg.Connection | None = None
        self._thread.start()

    def ring(self) -> None:
        self._rung.set()

    def close(self) -> None:
        self._stopping.set()
        self._rung.set()
        self._thread.join()
        _close(self._session)

    def _run(self) -> None:
        while True:
            self._rung.wait()
            self._rung.clear()
            if self._stopping.is_set():
                return
            try:
                if self._session is None:
                    self._session = open_session(self._url)
                self._session.execute(f"NOTIFY {CHANNEL}")
            except psycopg.Error as error:  # they ask anyway
                log.info("bell.silent", reason=reason(error))
                _close(self._session)
                self._session = None
                self._stopping.wait(RECONNECT_SECONDS)
            self._stopping.wait(REST_SECONDS)


class BellListener:
    """Calls `heard` soon after a bell was rung in any process."""

    def __init__(self, url: str, heard: Callable[[], None]) -> None:
        self._url = url
        self._heard = heard
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bell-listener", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with open_session(self._url) as session:
                    session.execute(f"LISTEN {CHANNEL}")
                    while not self._stopping.is_set():
                        for _ in session.notifies(timeout=LISTEN_SECONDS, stop_after=1):
                            self._heard()
            except psycopg.Error as error:  # we ask anyway
                log.info("bell.not_heard", reason=reason(error))
                self._stopping.wait(RECONNECT_SECONDS)


def _close(session: psycopg.Connection | None) -> None:
    if session is not None:
        session.close()
