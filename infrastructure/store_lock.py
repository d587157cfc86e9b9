"""An embedded event store, held by one process at a time through a file lock beside it.

The lock file says where the holder serves, so that other commands can talk to it. The lock dies with the
process; the file's text alone means nothing.
"""

import errno
import fcntl
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Self

from infrastructure.errors import DirectoryNotUsable, StoreInUse

_LOCK_TRIES, _LOCK_PAUSE_SECONDS = 10, 0.02

_WAYS_OUT = {
    errno.EROFS: "the service writes there, and its file system is read-only; make that writable",
    errno.EACCES: "the service writes there, and may not; give it the permission",
    errno.ENOSPC: "its disk is full; make room there",
    errno.EEXIST: "there is a file in its place; move that away",
    errno.ENOTDIR: "there is a file on the way to it; move that away",
}


class StoreLock:
    """Holds a store, whose directory is made if need be. Raises StoreInUse, DirectoryNotUsable."""

    def __init__(self, store: Path) -> None:
        try:
            store.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[bytes] = lock_file(store).open("a+b", buffering=0)
        except OSError as error:
            raise _not_usable(store, error) from error
        self._store = store
        if not _lock_soon(self._file):
            url = _read(self._file).get("url")
            self._file.close()
            raise StoreInUse(str(store), f"served at {url}" if url else "used by another command")
        self.withdraw()

    def announce(self, url: str) -> None:
        """Tell other commands where this process serves. Raises DirectoryNotUsable."""
        self.withdraw()
        try:
            self._file.write(json.dumps({"pid": os.getpid(), "url": url}).encode())
        except OSError as error:
            raise _not_usable(self._store, error) from error

    def withdraw(self) -> None:
        """Serve nowhere, and still hold the store. Takes no room, so that it works on a full disk too."""
        self._file.truncate(0)

    def release(self) -> None:
        self.withdraw()
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
        file = lock_file(store).open("r+b")
    except OSError:
        return None
    with file:  # a shared lock: others who only ask must not look like a holder
        return None if _try_lock(file, fcntl.LOCK_SH) else _read(file).get("url")


def _not_usable(store: Path, error: OSError) -> DirectoryNotUsable:
    found = error.strerror or str(error)
    return DirectoryNotUsable(str(store.parent), _WAYS_OUT.get(error.errno or 0, f"{found}; mend that"))


def _lock_soon(file: IO[bytes]) -> bool:
    """Somebody who only asks `serving_url` holds the lock for an instant; that must not turn us away."""
    for _ in range(_LOCK_TRIES):
        if _try_lock(file, fcntl.LOCK_EX):
            return True
        time.sleep(_LOCK_PAUSE_SECONDS)
    return False


def _try_lock(file: IO[bytes], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(file: IO[bytes]) -> dict[str, Any]:
    file.seek(0)
    found: dict[str, Any] = {}
    with suppress(json.JSONDecodeError):  # between truncate and write of the holder
        found = json.loads(file.read())
    return found
