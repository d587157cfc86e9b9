"""What SQLite's errors mean to whoever runs the service, and what can be done about them."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from eventsourcing.persistence import IntegrityError, OperationalError, PersistenceError

DISK_FULL = "its disk is full; make room there, nothing that was accepted is lost"
DIRECTORY_IN_ITS_PLACE = "a directory stands in its place; move that away"

_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_MAYBE_FULL = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
_SMALLEST_ROOM_BYTES = 65_536


def reason(error: BaseException | None, path: Path, *, if_damaged: str) -> str:
    """An error of SQLite in a clause for people, with the way out of it."""
    code = _code(error)
    if code == sqlite3.SQLITE_FULL or (code in _MAYBE_FULL and _has_no_room(path)):
        return DISK_FULL
    if code in _DAMAGE:
        return if_damaged
    if code == sqlite3.SQLITE_READONLY:
        return f"{path.name} can only be read; make it and its directory writable"
    if code == sqlite3.SQLITE_CANTOPEN:
        return f"{path} must be a file, in a directory that is there, that may be read and written"
    return f"{error}; try again in a moment"


@contextmanager
def explained(path: Path, *, if_damaged: str) -> Iterator[None]:
    """Errors of the library say what they mean; a conflict is the answer of a store that works, and stays."""
    try:
        yield
    except (IntegrityError, sqlite3.IntegrityError):
        raise
    except PersistenceError as error:
        raise type(error)(reason(error.__cause__ or error, path, if_damaged=if_damaged)) from error
    except sqlite3.Error as error:
        raise OperationalError(reason(error, path, if_damaged=if_damaged)) from error


def is_damaged(path: Path) -> bool:
    """Read a whole file for damage, and change nothing, not even by a checkpoint of its journal.

    Damage met later would hit one film at a time, after more had been written on top. A GB takes 0.9 s
    while the system has it in memory, and 17 s from the disk it was measured on.
    """
    try:
        with closing(sqlite3.connect(path.resolve().as_uri() + "?mode=ro", uri=True)) as connection:
            found: str = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        if _code(error) in _DAMAGE:
            return True
        raise
    return found != "ok"


def unreadable(path: Path) -> str | None:
    """Why a store cannot be read from end to end, in a clause for people; None when it can."""
    if path.is_dir():
        return DIRECTORY_IN_ITS_PLACE
    try:
        return "it is damaged or no store of events" if is_damaged(path) else None
    except sqlite3.Error as error:
        return reason(error, path, if_damaged="it is damaged")


def _code(error: BaseException | None) -> int:
    """The primary one, which is the low byte of what SQLite says."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code & 0xFF


def _has_no_room(path: Path) -> bool:
    """A file that SQLite maps into memory cannot grow: it says I/O error and not why."""
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < _SMALLEST_ROOM_BYTES
