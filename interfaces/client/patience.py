"""How long a client goes on asking a service that is busy or counts its requests, and goes on with what it
had begun when the service restarted."""

import math
import time
from typing import Any
from uuid import UUID

from interfaces.client.calls import Call
from interfaces.client.errors import JobNotEnded, ServiceRefused, ServiceUnreachable
from interfaces.http.schemas.generation import JobAnswer

SECONDS = 120.0
"""Above the minute after which a rate limit lets requests through again."""

RECONNECT_SECONDS = 1.0

FIRST_LOOK_SECONDS, LAST_LOOK_SECONDS, SLOWER = 0.1, 1.0, 1.3


class Patience:
    """It begins with a failure: the first of all, or the first since something worked."""

    def __init__(self, seconds: float, *, has_begun: bool = False) -> None:
        self._seconds = seconds
        self._deadline: float | None = None
        self._has_begun = has_begun

    def renew(self) -> None:
        """Something has worked."""
        self._deadline = None
        self._has_begun = True

    def pause_after(self, failure: ServiceRefused | ServiceUnreachable, call: Call[Any]) -> float:
        """Seconds to wait before it is asked again. Raises the failure where that is of no use, where
        patience ends, and where nobody answers who has not answered before."""
        if isinstance(failure, ServiceRefused):
            if not call.may_be_repeated_after(failure):
                raise failure
            return self.bear(failure, failure.retry_after_seconds)
        if not self._has_begun:
            raise failure
        return self.bear(failure, RECONNECT_SECONDS)

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

    def __init__(
        self,
        job_id: UUID | str,
        timeout_seconds: float | None,
        *,
        patience_seconds: float,
        has_begun: bool,
    ) -> None:
        super().__init__(patience_seconds, has_begun=has_begun)
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
