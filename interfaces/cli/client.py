"""The service as the command line sees it: its HTTP API."""

import time
from collections.abc import Iterator
from typing import Any

import httpx

from domain.errors import MovieMindError
from domain.values import JobStatus

Answer = dict[str, Any]

FINAL = {JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED}
TIMEOUT_SECONDS = 35.0
PATIENCE_SECONDS = 60.0
FOLLOW_SECONDS = 0.1


class ServiceRefused(MovieMindError):
    """The service refused a request; `problem` is its problem document."""

    def __init__(self, problem: Answer) -> None:
        super().__init__()
        self.problem = problem

    def __str__(self) -> str:
        return str(self.problem.get("detail", self.problem))


class ServiceUnreachable(MovieMindError):
    """The service does not answer at {url}: {reason}."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__()
        self.url, self.reason = url, reason


class Client:
    """Safe to use from several threads. Methods raise ServiceRefused, ServiceUnreachable."""

    def __init__(self, url: str, *, connections: int = 10) -> None:
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._http = httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS, limits=limits, trust_env=False)

    def generate(self, body: Answer) -> Answer:
        return self._answer(self._send("POST", "/v1/generate", json=body))

    def job(self, job_id: str) -> Answer:
        return self._answer(self._send("GET", f"/v1/jobs/{job_id}"))

    def follow(self, job_id: str) -> Answer:
        """Wait until a job is final."""
        while (job := self.job(job_id))["status"] not in FINAL:
            time.sleep(FOLLOW_SECONDS)
        return job

    def history(self, slug: str) -> Iterator[Answer]:
        """Every event of a film, page by page."""
        path = f"/v1/movies/{slug}/history"
        query: dict[str, Any] = {"limit": 100}
        while True:
            page = self._answer(self._send("GET", path, params=query))
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            query["cursor"] = page["next_cursor"]

    def close(self) -> None:
        self._http.close()

    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A service that says 503 is asked again for a while: nothing that is asked here happens twice."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                response = self._http.request(method, path, **more)
            except httpx.TransportError as error:
                raise ServiceUnreachable(str(self._http.base_url), str(error)) from error
            if response.status_code != httpx.codes.SERVICE_UNAVAILABLE or time.monotonic() > deadline:
                return response
            time.sleep(float(response.headers.get("Retry-After", 1)))

    @staticmethod
    def _answer(response: httpx.Response) -> Answer:
        body: Answer = response.json()
        if response.is_error:
            raise ServiceRefused(body)
        return body
