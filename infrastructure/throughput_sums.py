"""What the throughput views have in common on every store: the sums, which both dialects spell the same."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from application.throughput import Span, Throughput, ThroughputRow

_COUNTS = ThroughputRow._fields[1:]
_LETTERS = {
    Span.MINUTE: len("2026-01-31T12:34"),
    Span.HOUR: len("2026-01-31T12"),
    Span.DAY: len("2026-01-31"),
}


def sums(first: date, last: date, span: Span, placeholder: str) -> tuple[str, list[str]]:
    """A statement, and its values."""
    counts = ", ".join(f"sum({count}) AS {count}" for count in _COUNTS)
    statement = (
        f"SELECT substr(minute, 1, {_LETTERS[span]}) AS name, {counts} FROM throughput"
        f" WHERE minute BETWEEN {placeholder} AND {placeholder} GROUP BY name ORDER BY name"
    )
    return statement, [f"{first}T00:00", f"{last}T23:59"]


def throughput(rows: Sequence[Any]) -> Mapping[str, Throughput]:
    """The answer that the rows of such a statement hold."""
    return {row["name"]: Throughput(**{count: int(row[count]) for count in _COUNTS}) for row in rows}
