"""A job's changes as they happen: what is told of one, and how a stream that broke is taken up again."""

from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

import httpx
from httpx_sse import ServerSentEvent

from interfaces.client.calls import Call, segment
from interfaces.http.schemas.generation import JobAnswer

RECONNECT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class JobEvent:
    """A job as it stood after a change; `id` is what to go on from."""

    id: str
    job: JobAnswer


class Following:
    """Where somebody who follows a job stands, from one connection to the next."""

    def __init__(self, job_id: UUID | str, after: str | None) -> None:
        self._path = f"/v1/jobs/{segment(job_id)}/events"
        self._last_id = after
        self.has_begun = self.is_over = False

    def call(self) -> Call[JobAnswer]:
        headers = {"Accept": "text/event-stream"}
        if self._last_id is not None:
            headers["Last-Event-ID"] = self._last_id
        return Call(method="GET", path=self._path, answers={None: JobAnswer}, headers=headers)

    def tells(self, response: httpx.Response) -> bool:
        """Whether the answer is a stream; where everything was told before, it is not."""
        self.has_begun = True
        self.is_over = response.status_code == HTTPStatus.NO_CONTENT
        return response.is_success and not self.is_over

    def hear(self, event: ServerSentEvent) -> JobEvent | None:
        """None for what only keeps the line open."""
        if event.event != "status":
            return None
        heard = JobEvent(event.id, JobAnswer.model_validate_json(event.data))
        self._last_id = heard.id
        self.is_over = not heard.job.status.is_active
        return heard
