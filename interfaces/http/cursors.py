"""Opaque page cursors. Inside is `epoch.position`, so that a cursor of another log is recognised, and behind
it what a listing in another order needs."""

import base64
import binascii
from dataclasses import dataclass

from domain.errors import MovieMindError

MOST_DIGITS = 18
"""Of a position: no store takes more than 63 bits."""


@dataclass(eq=False)
class CursorInvalid(MovieMindError):
    """The cursor '{cursor}' is none of ours; take it from next_cursor of the page before."""

    cursor: str


@dataclass(eq=False)
class CursorExpired(MovieMindError):
    """The cursor '{cursor}' belongs to a log that has been replaced; start again from the first page."""

    cursor: str


@dataclass(eq=False)
class LastEventIdInvalid(MovieMindError):
    """The Last-Event-ID '{event_id}' is none of ours; send the id of the last event that was received."""

    event_id: str


def position_text(epoch: str, position: int) -> str:
    """How a position is written outside the service."""
    return f"{epoch}.{position}"


def position_in(event_id: str, *, epoch: str) -> int:
    """The position that stands outside as `event_id`; 0, before all others, if it is one of another log.
    Raises LastEventIdInvalid."""
    written = _written(event_id)
    if written is None:
        raise LastEventIdInvalid(event_id)
    return written[1] if written[0] == epoch else 0


def position_after(text: str, *, epoch: str) -> int:
    """The same for whoever must know that the log was replaced. Raises CursorInvalid, CursorExpired."""
    written = _written(text)
    if written is None:
        raise CursorInvalid(text)
    if written[0] != epoch:
        raise CursorExpired(text)
    return written[1]


def encode(epoch: str, position: int, more: str | None = None) -> str:
    """`more` is what a listing needs beside the position to go on."""
    text = position_text(epoch, position) + ("" if more is None else f".{more}")
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str, *, epoch: str) -> int:
    """The position inside a cursor. Raises CursorInvalid, CursorExpired."""
    position, more = decode_all(cursor, epoch=epoch)
    if more is not None:
        raise CursorInvalid(cursor)
    return position


def decode_all(cursor: str, *, epoch: str) -> tuple[int, str | None]:
    """The position inside a cursor, and what else is. Raises CursorInvalid, CursorExpired."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found_epoch, _, rest = base64.urlsafe_b64decode(padded).decode("ascii").partition(".")
        position, dot, found_more = rest.partition(".")
        number, more = int(position), found_more if dot else None
    except (binascii.Error, ValueError):
        raise CursorInvalid(cursor) from None
    if found_epoch != epoch:
        raise CursorExpired(cursor)
    if encode(epoch, number, more) != cursor or number < 0 or number >= 2**63:
        raise CursorInvalid(cursor)
    return number, more


def _written(text: str) -> tuple[str, int] | None:
    """Epoch and position of what `position_text` wrote."""
    epoch, _, position = text.partition(".")
    is_one = epoch and position.isascii() and position.isdecimal() and len(position) <= MOST_DIGITS
    return (epoch, int(position)) if is_one else None
