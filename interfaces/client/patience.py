"""How long a client goes on asking a service that is busy, restarting, or counts its requests."""

import time
from typing import Any
from uuid import UUID

from interfaces.client.calls import Call
from interfaces.client.errors import JobNotEnded, ServiceRefused, ServiceUnreachable
from interfaces.http.schemas.generation import JobAnswer

SECONDS = 120.0
"""Above the minute after which a rate limit lets requests through again."""

FIRST_LOOK_SECONDS, LAST_LOOK_SECONDS, SLOWER = 0.1, 1.0, 1.3


class Patience:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.renew()

    def renew(self) -> None:
        self._deadline = time.monotonic() + self._seconds

    def pause_after(self, refusal: ServiceRefused, call: Call[Any]) -> float:
        """Seconds to wait before it is asked again. Raises the refusal where that is of no use, or where
        patience ends."""
        pause = refusal.retry_after_seconds
        if not call.may_be_repeated_after(refusal) or time.monotonic() + pause > self._deadline:
            raise refusal
        return pause

    def bear(self, failure: ServiceUnreachable) -> None:
        """Raises the failure once patience has ended."""
        if time.monotonic() > self._deadline:
            raise failure


class Looks:
    """When somebody who waits for a job looks at it: often at first, then less."""

    def __init__(self, job_id: UUID | str, timeout_seconds: float | None) -> None:
        self._job_id = UUID(str(job_id))
        self._timeout = timeout_seconds
        self._began_at = time.monotonic()
        self._pause = FIRST_LOOK_SECONDS

    def pause_after(self, job: JobAnswer) -> float | None:
        """Seconds until the next look; None when the job has ended. Raises JobNotEnded."""
        if not job.status.is_active:
            return None
        pause, self._pause = self._pause, min(self._pause * SLOWER, LAST_LOOK_SECONDS)
        if self._timeout is None:
            return pause
        left = self._began_at + self._timeout - time.monotonic()
        if left <= 0:
            raise JobNotEnded(self._job_id, self._timeout)
        return min(pause, left)
