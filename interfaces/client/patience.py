"""How long a client goes on asking a service that is busy or counts its requests, and tries to take up a
stream that broke, as streams do when the service restarts."""

import math
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
    """It begins with a failure: the first of all, or the first since something worked."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.renew()

    def renew(self) -> None:
        """Something has worked."""
        self._deadline: float | None = None

    def pause_after(self, refusal: ServiceRefused, call: Call[Any]) -> float:
        """Seconds to wait before it is asked again. Raises the refusal where that is of no use, or where
        patience ends."""
        if not call.may_be_repeated_after(refusal):
            raise refusal
        return self.bear(refusal, refusal.retry_after_seconds)

    def bear(self, failure: ServiceRefused | ServiceUnreachable, pause: float) -> float:
        """The pause, in seconds. Raises the failure where patience ends before it does."""
        now = time.monotonic()
        if self._deadline is None:
            self._deadline = now + self._seconds
        if now + pause > self._deadline:
            raise failure
        return pause


class Looks(Patience):
    """When somebody who waits for a job looks at it: often at first, then less."""

    def __init__(self, job_id: UUID | str, timeout_seconds: float | None, *, patience_seconds: float) -> None:
        super().__init__(patience_seconds)
        self._job_id = UUID(str(job_id))
        self._timeout = math.inf if timeout_seconds is None else timeout_seconds
        self._ends_at = time.monotonic() + self._timeout
        self._pause = FIRST_LOOK_SECONDS

    def next_after(self, job: JobAnswer) -> float | None:
        """Seconds until the next look; None when the job has ended. Raises JobNotEnded."""
        self.renew()
        if not job.status.is_active:
            return None
        pause, self._pause = self._pause, min(self._pause * SLOWER, LAST_LOOK_SECONDS)
        return self._in_time(pause)

    def bear(self, failure: ServiceRefused | ServiceUnreachable, pause: float) -> float:
        """Raises JobNotEnded as well."""
        return self._in_time(super().bear(failure, pause))

    def _in_time(self, pause: float) -> float:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise JobNotEnded(self._job_id, self._timeout)
        return min(pause, left)
