"""A job's changes as they happen: what is told of one, and how a stream that broke is taken up again."""

from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

import httpx
from httpx_sse import ServerSentEvent
from pydantic import ValidationError

from interfaces.client.calls import Call, origin, segment
from interfaces.client.errors import NotMovieMind, ServiceRefused, ServiceUnreachable
from interfaces.client.patience import Patience
from interfaces.http.schemas.generation import JobAnswer

EVENT_STREAM = "text/event-stream"


@dataclass(frozen=True, slots=True)
class JobEvent:
    """A job as it stood after a change; `id` is what to go on from."""

    id: str
    job: JobAnswer


class Following:
    """Where somebody who follows a job stands, from one connection to the next."""

    def __init__(self, job_id: UUID | str, after: str | None, *, patience_seconds: float) -> None:
        self._path = f"/v1/jobs/{segment(job_id)}/events"
        self._last_id = after
        self._patience = Patience(patience_seconds)
        self.is_over = False

    def call(self) -> Call[JobAnswer]:
        headers = {"Accept": EVENT_STREAM}
        if self._last_id is not None:
            headers["Last-Event-ID"] = self._last_id
        return Call(method="GET", path=self._path, answers={None: JobAnswer}, headers=headers)

    def tells(self, response: httpx.Response) -> bool:
        """Whether the answer is a stream: where everything was told before, it is not. Raises NotMovieMind
        where it is anything else."""
        self.is_over = response.status_code == HTTPStatus.NO_CONTENT
        if not self.is_over and _media_type(response) != EVENT_STREAM:
            raise NotMovieMind(origin(response))
        self._patience.renew()
        return not self.is_over

    def hear(self, event: ServerSentEvent, response: httpx.Response) -> JobEvent | None:
        """None for what only keeps the line open. Raises NotMovieMind."""
        if event.event != "status":
            return None
        try:
            heard = JobEvent(event.id, JobAnswer.model_validate_json(event.data))
        except ValidationError:
            raise NotMovieMind(origin(response)) from None
        self._last_id = heard.id
        self.is_over = not heard.job.status.is_active
        return heard

    def pause_after(self, failure: ServiceRefused | ServiceUnreachable) -> float:
        """Seconds to wait before the next connection. Raises what Patience does."""
        return self._patience.pause_after(failure, self.call())


def _media_type(response: httpx.Response) -> str:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()
