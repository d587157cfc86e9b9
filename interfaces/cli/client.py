"""The service as the command line sees it: its HTTP API."""

import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx

from domain.errors import MovieMindError
from domain.values import JobStatus
from interfaces.cli.output import hint

Answer = dict[str, Any]

FINAL = {JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED}
TIMEOUT_SECONDS = 35.0
PATIENCE_SECONDS = 60.0
BUSY_SECONDS = 1.0
FOLLOW_SECONDS = 0.1
LONG_PENDING_SECONDS = 3.0
PAGE = 100


class ServiceRefused(MovieMindError):
    """The service refused a request; `problem` is its problem document."""

    def __init__(self, problem: Answer) -> None:
        super().__init__()
        self.problem = problem

    def __str__(self) -> str:
        return str(self.problem.get("detail", self.problem))

    @property
    def code(self) -> str:
        return str(self.problem.get("type", super().code))


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


class Client:
    """Safe to use from any number of threads. Methods raise ServiceRefused, ServiceUnreachable,
    NotMovieMind."""

    def __init__(self, url: str, *, connections: int = 10, key: str | None = None) -> None:
        """`key` is for a service that wants one."""
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._http = httpx.Client(
            base_url=url,
            timeout=TIMEOUT_SECONDS,
            limits=limits,
            trust_env=False,
            headers={"X-API-Key": key} if key else None,
        )
        # More requests than connections, and the pool makes room by closing one that another thread has
        # just been given: that thread would wait for an answer until its time-out.
        self._connections = threading.BoundedSemaphore(connections)
        self._has_told_of_waiting = False
        self._stops_waiting = threading.Event()

    def generate(self, body: Answer) -> Answer:
        """Asked again as often as need be: what is accepted already is not accepted twice, unless forced."""
        return self._ask("POST", "/v1/generate", repeats=not body.get("force"), json=body)

    def preview(self, body: Answer) -> Answer:
        """What `generate` would come to; nothing is accepted."""
        return self._ask("POST", "/v1/generate/preview", json=body)

    def keys(self) -> list[Answer]:
        items: list[Answer] = self._ask("GET", "/v1/admin/keys")["items"]
        return items

    def create_key(self, name: str, scope: str) -> Answer:
        return self._ask("POST", "/v1/admin/keys", repeats=False, json={"name": name, "scope": scope})

    def revoke_key(self, key_id: str) -> Answer:
        return self._ask("DELETE", f"/v1/admin/keys/{quote(key_id, safe='')}")

    def job(self, job_id: str) -> Answer:
        return self._ask("GET", f"/v1/jobs/{job_id}")

    def follow(self, job_id: str) -> Answer:
        """Wait until a job is final; say so if it cannot start."""
        looks_at = time.monotonic() + LONG_PENDING_SECONDS
        while (job := self.job(job_id))["status"] not in FINAL:
            if job["status"] == JobStatus.PENDING and time.monotonic() > looks_at:
                self._tell_why_nothing_starts()
                looks_at = time.monotonic() + LONG_PENDING_SECONDS
            time.sleep(FOLLOW_SECONDS)
        return job

    def jobs(self, **filters: Any) -> Iterator[Answer]:
        """Newest request first, page by page."""
        return self._items("/v1/jobs", filters)

    def cancel(self, job_id: str) -> Answer:
        return self._ask("DELETE", f"/v1/jobs/{job_id}", repeats=False)

    def retry(self, job_id: str, reason: str) -> Answer:
        return self._ask("POST", f"/v1/jobs/{job_id}/retry", repeats=False, json={"reason": reason})

    def failed_jobs(self, error_type: str | None = None) -> Iterator[Answer]:
        """Jobs that failed for good, page by page."""
        return self._items("/v1/admin/failed-jobs", {"error_type": error_type})

    def retry_failed(self, reason: str, error_type: str | None = None) -> Iterator[Answer]:
        """Give all failed jobs new tries, or those of one type; an answer for each hundred of them."""
        body = {"reason": reason, "error_type": error_type, "cursor": None}
        while True:
            answer = self._ask("POST", "/v1/admin/failed-jobs/retry", repeats=False, json=body)
            yield answer
            if answer["next_cursor"] is None:
                return
            body["cursor"] = answer["next_cursor"]

    def queue(self) -> Answer:
        return self._ask("GET", "/v1/admin/queues")

    def pause_queue(self, reason: str) -> Answer:
        return self._ask("POST", "/v1/admin/queues/pause", json={"reason": reason})

    def resume_queue(self) -> Answer:
        return self._ask("POST", "/v1/admin/queues/resume")

    def recover_queue(self) -> Answer:
        return self._ask("POST", "/v1/admin/queues/recover")

    def movies(self, **search: Any) -> Iterator[Answer]:
        """Described films in the order they got their first description, page by page."""
        return self._items("/v1/movies", search)

    def movie(self, slug: str, **selected: Any) -> Answer:
        """A film with its descriptions. One that has none yet is asked for by this."""
        return self._ask("GET", f"/v1/movies/{slug}", params=selected)

    def history(self, slug: str) -> Iterator[Answer]:
        """Every event of a film, page by page."""
        return self._items(f"/v1/movies/{slug}/history", {})

    def diff(self, slug: str, from_version: int, to_version: int) -> Answer:
        return self._ask("GET", f"/v1/movies/{slug}/diff", params={"from": from_version, "to": to_version})

    def spending(self, query: dict[str, str]) -> Answer:
        """What paid calls took; `query` may name `from`, `to` and `group_by`."""
        return self._ask("GET", "/v1/stats/spending", params=query)

    def change(self, method: str, slug: str, path: str, body: Answer, *, seen: int | None) -> Answer:
        """Change a film, decided on the version of it that was `seen`, or whatever its version; returns it
        as it is then. Not asked twice: what was done the first time would be done again, or refused."""
        headers = {"If-Match": "*" if seen is None else f'"v{seen}"'}
        return self._ask(method, f"/v1/movies/{slug}{path}", repeats=False, json=body, headers=headers)

    def stop_waiting(self) -> None:
        """Let requests that wait for a service that says 503 end now."""
        self._stops_waiting.set()

    def close(self) -> None:
        self._http.close()

    def _items(self, path: str, query: dict[str, Any]) -> Iterator[Answer]:
        query = {name: value for name, value in query.items() if value is not None} | {"limit": PAGE}
        while True:
            page = self._ask("GET", path, params=query)
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            query["cursor"] = page["next_cursor"]

    def _ask(self, method: str, path: str, *, repeats: bool = True, **more: Any) -> Answer:
        """With `repeats`, a service that says 503 is asked again for a while."""
        deadline = time.monotonic() + (PATIENCE_SECONDS if repeats else 0)
        while True:
            try:
                with self._connections:
                    response = self._http.request(method, path, **more)
            except (httpx.TransportError, httpx.InvalidURL) as error:
                raise ServiceUnreachable(str(self._http.base_url), str(error)) from error
            body = self._body(response)
            if not response.is_error:
                return body
            is_busy = response.status_code == httpx.codes.SERVICE_UNAVAILABLE
            if not is_busy or time.monotonic() > deadline:
                raise ServiceRefused(body)
            self._tell_of_waiting(body)
            if self._stops_waiting.wait(BUSY_SECONDS):
                raise ServiceRefused(body)

    def _tell_why_nothing_starts(self) -> None:
        queue = self.queue()
        if queue["is_paused"]:
            self._tell_of_waiting({"detail": f"the queue is paused: {queue['reason']}"})
        elif queue["workers"] == 0:
            self._tell_of_waiting({"detail": "no worker is alive; start one with: moviemind worker"})
        elif (provider := queue["provider"]) and provider["waits_for"]:
            self._tell_of_waiting({"detail": provider["waits_for"]})

    def _tell_of_waiting(self, problem: Answer) -> None:
        """Once: whoever reads it knows what to mend, and a thousand requests wait for the same thing."""
        if not self._has_told_of_waiting:
            self._has_told_of_waiting = True
            hint(f"waiting: {problem.get('detail', 'the service is busy')}")

    def _body(self, response: httpx.Response) -> Answer:
        """Raises NotMovieMind: our answers are JSON objects, and our problems have a detail."""
        try:
            body = response.json()
        except ValueError:
            raise NotMovieMind(str(self._http.base_url)) from None
        if not isinstance(body, dict):
            raise NotMovieMind(str(self._http.base_url))
        return body
