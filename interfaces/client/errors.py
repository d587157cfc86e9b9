"""What a client of the service can meet. All are MovieMindErrors."""

from typing import Any
from uuid import UUID

from domain.errors import MovieMindError


class ServiceRefused(MovieMindError):
    """The service refused a request; `problem` is its problem document (RFC 9457)."""

    def __init__(self, problem: dict[str, Any], *, retry_after_seconds: float = 1.0) -> None:
        """`retry_after_seconds` is what the service asked for."""
        super().__init__()
        self.problem = problem
        self.retry_after_seconds = retry_after_seconds

    def __str__(self) -> str:
        return str(self.problem.get("detail", self.problem))

    @property
    def code(self) -> str:
        """The type of the problem, such as `rate-limited`."""
        return str(self.problem.get("type", super().code))

    @property
    def status(self) -> int:
        return int(self.problem.get("status", 0))


class ServiceUnreachable(MovieMindError):
    """The service does not answer at {url}: {reason}."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__()
        self.url, self.reason = url, reason


class NotMovieMind(MovieMindError):
    """What answers at {url} is not MovieMind; check the address."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url


class KeyUnusable(MovieMindError):
    """The API key holds characters that no header may hold; take it as it was shown when it was made."""


class JobNotEnded(MovieMindError):
    """The job {job_id} has not ended within {seconds:g} seconds."""

    def __init__(self, job_id: UUID, seconds: float) -> None:
        super().__init__()
        self.job_id, self.seconds = job_id, seconds
