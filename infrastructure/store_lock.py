"""An embedded event store, held by one process at a time through a file lock beside it.

The lock file says where the holder serves, so that other commands can talk to it. The lock dies with the
process; the file's text alone means nothing.
"""

import fcntl
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Self

from infrastructure.errors import DirectoryNotUsable, StoreInUse

_LOCK_TRIES, _LOCK_PAUSE_SECONDS = 10, 0.02


class StoreLock:
    """Holds a store, whose directory is made if need be. Raises StoreInUse, DirectoryNotUsable."""

    def __init__(self, store: Path) -> None:
        try:
            store.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[str] = lock_file(store).open("a+")
        except OSError as error:
            raise DirectoryNotUsable(str(store.parent), error.strerror or str(error)) from error
        if not _lock_soon(self._file):
            url = _read(self._file).get("url")
            self._file.close()
            raise StoreInUse(str(store), f" at {url}" if url else "")
        self.announce(None)

    def announce(self, url: str | None) -> None:
        """Tell other commands where this process serves."""
        self._file.truncate(0)
        self._file.write(json.dumps({"pid": os.getpid(), "url": url}))
        self._file.flush()

    def release(self) -> None:
        self._file.truncate(0)
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def lock_file(store: Path) -> Path:
    """`moviemind.lock` for `moviemind.db`, wherever the path to it leads."""
    return store.resolve().with_suffix(".lock")


def serving_url(store: Path) -> str | None:
    """Where the process that holds the store serves; None if nobody holds it or it does not serve."""
    try:
        file = lock_file(store).open("r+")
    except OSError:
        return None
    with file:  # a shared lock: others who only ask must not look like a holder
        return None if _try_lock(file, fcntl.LOCK_SH) else _read(file).get("url")


def _lock_soon(file: IO[str]) -> bool:
    """Somebody who only asks `serving_url` holds the lock for an instant; that must not turn us away."""
    for _ in range(_LOCK_TRIES):
        if _try_lock(file, fcntl.LOCK_EX):
            return True
        time.sleep(_LOCK_PAUSE_SECONDS)
    return False


def _try_lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(file: IO[str]) -> dict[str, Any]:
    file.seek(0)
    found: dict[str, Any] = {}
    with suppress(json.JSONDecodeError):  # between truncate and write of the holder
        found = json.loads(file.read())
    return found
