"""How much is done: the rows of the throughput view, one for each minute, and what it is asked.

A minute counts what was recorded in it. How long jobs took from request to text is not told: the event of a
text does not hold when its job was requested, and to look that up would take a row for each job.
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from application.view import View


class ThroughputRow(NamedTuple):
    """What happened in a minute of UTC, such as 2026-01-31T12:34."""

    minute: str
    jobs_requested: int = 0
    attempts_started: int = 0
    texts_accepted: int = 0
    attempts_failed: int = 0
    jobs_failed: int = 0
    results_refused: int = 0
    jobs_cancelled: int = 0


class Span(StrEnum):
    """What there is a sum of each of."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """Accepted texts are those that writers wrote; a result that came too late was refused."""

    jobs_requested: int = 0
    attempts_started: int = 0
    texts_accepted: int = 0
    attempts_failed: int = 0
    jobs_failed: int = 0
    results_refused: int = 0
    jobs_cancelled: int = 0


class ThroughputView(View[str, ThroughputRow]):
    name = "throughput"
    version = 1

    @abstractmethod
    def between(self, first: date, last: date, span: Span) -> Mapping[str, Throughput]:
        """What happened from one UTC day to another, both included, in the order of time.

        By minutes as 2026-01-31T12:34, hours as 2026-01-31T12, or days; without those in which nothing did.
        """
