"""How a moment may be typed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
import typer

from interfaces.cli import moments

CET = timezone(timedelta(hours=1))


@pytest.mark.parametrize("parse", [moments._beginning, moments._end])
@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00+01:00", datetime(2026, 1, 31, 12, tzinfo=CET)),
        ("2026-01-31T12:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31 12:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
    ],
)
def test_a_moment_is_itself_in_utc_unless_it_says(
    parse: Callable[[str], datetime], typed: str, moment: datetime
) -> None:
    assert parse(typed) == moment


def test_a_day_is_looked_at_from_its_beginning_and_looked_back_to_at_its_end() -> None:
    assert moments._beginning("2026-01-31") == datetime(2026, 1, 31, tzinfo=UTC)
    assert moments._end("2026-01-31") == datetime(2026, 2, 1, tzinfo=UTC) - timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("typed", "span"),
    [
        ("90m", timedelta(minutes=90)),
        ("12h", timedelta(hours=12)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
    ],
)
@pytest.mark.parametrize("parse", [moments._beginning, moments._end])
def test_a_span_counts_back_from_now(parse: Callable[[str], datetime], typed: str, span: timedelta) -> None:
    before = datetime.now(UTC)
    found = parse(typed)

    assert before - span <= found <= datetime.now(UTC) - span


@pytest.mark.parametrize(
    "typed", ["", "7", "d", "7 d", "7y", "-7d", "1.5h", "yesterday", "2026-02-30", "999999w"]
)
def test_what_is_none_is_refused(typed: str) -> None:
    with pytest.raises(typer.BadParameter, match="write a day such as 2026-01-31, a moment such as"):
        moments._beginning(typed)
