"""Cursors of rows that are listed by time: the place of the last one on a page."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from application.view import Place
from interfaces.http import cursors
from interfaces.http.cursors import CursorInvalid


class Listed(Protocol):
    @property
    def at(self) -> datetime: ...
    @property
    def position(self) -> int: ...


def behind(epoch: str) -> Callable[[Listed], str]:
    """What makes the cursor of what comes behind a row."""
    return lambda row: cursors.encode(epoch, row.position, row.at.isoformat())


def place(cursor: str | None, epoch: str) -> Place | None:
    """Raises CursorInvalid, CursorExpired."""
    if cursor is None:
        return None
    position, at = cursors.decode_all(cursor, epoch=epoch)
    try:
        moment = datetime.fromisoformat(at or "").astimezone(UTC)
    except (ValueError, OverflowError):
        raise CursorInvalid(cursor) from None
    if moment.isoformat() != at:
        raise CursorInvalid(cursor)
    return Place(moment, position)
