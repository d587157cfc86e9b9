"""Moments as one types them: a day, a moment, or a span back from now."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import typer

_FORMS = "a day, a moment, or a span back such as 7d; UTC unless it says"

_SPAN = re.compile("(?P<count>[0-9]{1,6})(?P<unit>[mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def since_option(what: str) -> Any:
    """From a moment on; from the beginning of a day."""
    return typer.Option(parser=_beginning, metavar="MOMENT", help=f"{what} at or after this: {_FORMS}.")


def as_of_option(what: str) -> Any:
    """At a moment; at the end of a day."""
    return typer.Option(parser=_end, metavar="MOMENT", help=f"{what} then: {_FORMS}. Of a day, at its end.")


def _beginning(text: str) -> datetime:
    return _moment(text, of_a_day=time.min)


def _end(text: str) -> datetime:
    return _moment(text, of_a_day=time.max)


def _moment(text: str, *, of_a_day: time) -> datetime:
    try:
        if span := _SPAN.fullmatch(text):
            return datetime.now(UTC) - timedelta(**{_UNITS[span["unit"]]: int(span["count"])})
        if day := _day(text):
            return datetime.combine(day, of_a_day, UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            "write a day such as 2026-01-31, a moment such as 2026-01-31T12:00:00+01:00, or a span such as"
            " 90m, 12h, 7d or 2w"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
