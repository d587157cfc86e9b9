"""The HTTP API as a client sees it, and what every answer of a kind has in common."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from uuid import uuid4

import httpx

from tests.support.process import wait_until

FINAL = {"DONE", "FAILED", "CANCELLED"}
BODY_LIMIT_BYTES = 65_536
PLACEHOLDERS = {
    "{job_id}": "5f0e9a52-7d09-4b0e-8d3c-000000000000",
    "{slug}": "heat-1995",
    "{key_id}": "mm_nobody",
    "{actor}": "mm_nobody",
    "{description_id}": "5f0e9a52-7d09-4b0e-8d3c-000000000000",
}
FAILS: dict[str, Any] = {
    "template_latency_ms": 50,
    "ai_deadline_seconds": 0.01,
    "retry_backoff_seconds": "0.01,0.01",
}
"""Settings under which every attempt ends as TIMEOUT."""


class Api(httpx.Client):
    """A client of one service, with the steps that most tests begin with.

    What only reads is asked again, as the answer says, where views are behind: on a busy machine they may be
    for longer than the service waits for them. Unless that is what is tested: then `asks_again` is false.
    """

    def __init__(self, url: str, *, asks_again: bool = True) -> None:
        super().__init__(base_url=url, trust_env=False, timeout=30)
        self.asks_again = asks_again

    def send(self, request: httpx.Request, **more: Any) -> httpx.Response:
        def answered() -> httpx.Response | None:
            response = super(Api, self).send(request, **more)
            return None if self.asks_again and _is_behind(response) else response

        response: httpx.Response = wait_until(answered, f"views are there for {request.url}")
        return response

    def generate(self, slug: str, **more: Any) -> httpx.Response:
        return self.post("/v1/generate", json={"slug": slug, **more})

    def accepted(self, slug: str, **more: Any) -> dict[str, Any]:
        """A request that must be accepted: its answer."""
        response = self.generate(slug, **more)
        assert response.status_code == 202, response.text
        return body_of(response)

    def job(self, job_id: str) -> dict[str, Any]:
        response = self.get(f"/v1/jobs/{job_id}")
        assert response.status_code == 200, response.text
        return body_of(response)

    def ended(self, job_id: str) -> dict[str, Any]:
        """The job, once it is final."""
        job: dict[str, Any] = wait_until(
            lambda: (job := self.job(job_id))["status"] in FINAL and job, f"job {job_id} ends"
        )
        return job

    def described(self, slug: str, **more: Any) -> dict[str, Any]:
        """The DONE job of a request for one style, once every view has followed."""
        job = self.ended(self.accepted(slug, **more)["job_id"])
        assert job["status"] == "DONE"
        self.settle()
        return job

    def settle(self) -> None:
        """Wait until every view has followed the log."""
        wait_until(
            lambda: set(self.get("/health").json()["projection_lag"].values()) == {0}, "the views follow"
        )

    def movie(self, slug: str, **params: Any) -> dict[str, Any]:
        response = self.get(f"/v1/movies/{slug}", params=params)
        assert response.status_code == 200, response.text
        return body_of(response)

    def etag(self, slug: str) -> str:
        """The ETag of a described film, once every view has followed."""
        self.settle()
        return str(self.get(f"/v1/movies/{slug}").headers["etag"])

    def promote(
        self, slug: str, description_id: str, scope: str = "variant", *, on: str | None = "*"
    ) -> httpx.Response:
        """`on`, here and below, is what If-Match says; None sends none."""
        body = {"description_id": description_id, "scope": scope}
        return self.post(f"/v1/movies/{slug}/promotions", json=body, headers=_if_match(on))

    def edit(
        self, slug: str, text: str, *, based_on: str, on: str | None = "*", **variant: str
    ) -> httpx.Response:
        body = {"locale": "en-US", "context_tag": "DEFAULT", "text": text, "based_on": based_on} | variant
        return self.post(f"/v1/movies/{slug}/descriptions", json=body, headers=_if_match(on))

    def withdraw(self, slug: str, description_id: str, *, on: str | None = None) -> httpx.Response:
        body = {"description_id": description_id, "reason": "wrong"}
        return self.post(f"/v1/movies/{slug}/withdrawals", json=body, headers=_if_match(on))

    def correct(self, slug: str, /, *, on: str | None = "*", **facts: Any) -> httpx.Response:
        body = {"reason": "misspelt", **facts}
        return self.patch(f"/v1/movies/{slug}", json=body, headers=_if_match(on))

    def history(self, slug: str) -> list[dict[str, Any]]:
        """All that has happened to a film until now."""
        self.settle()
        response = self.get(f"/v1/movies/{slug}/history")
        assert response.status_code == 200, response.text
        entries: list[dict[str, Any]] = response.json()["items"]
        return entries

    def pages(self, path: str, *, cursor: str = "cursor", **params: Any) -> Iterator[list[dict[str, Any]]]:
        """All pages of a listing, found by following Link: rel="next"; `cursor` is where next_cursor goes."""
        response, followed = self.get(path, params=params), set[str]()
        while True:
            assert response.status_code == 200, response.text
            page = response.json()
            yield page["items"]
            link = response.links.get("next")
            assert (link is None) == (page["next_cursor"] is None)
            if link is None:
                return
            assert httpx.URL(link["url"]).params[cursor] == page["next_cursor"]
            assert page["next_cursor"] not in followed, "the pages go round in circles"
            followed.add(page["next_cursor"])
            response = self.get(link["url"])


Serve = Callable[..., AbstractContextManager[Api]]
"""Serves a test's own data directory; takes settings, and `works`."""


def operations_of(api: Api) -> dict[tuple[str, str], dict[str, Any]]:
    """Every method of every route, so that a new one cannot be forgotten."""
    paths: dict[str, dict[str, Any]] = api.get("/openapi.json").json()["paths"]
    return {
        (method.upper(), path): told for path, methods in paths.items() for method, told in methods.items()
    }


def requests_to(api: Api) -> list[tuple[str, str]]:
    """One to each of them, for what is not there."""
    return [(method, filled(path)) for method, path in operations_of(api)]


def filled(path: str) -> str:
    for name, value in PLACEHOLDERS.items():
        path = path.replace(name, value)
    return path


def body_of(response: httpx.Response) -> dict[str, Any]:
    assert response.headers["content-type"] == "application/json"
    body: dict[str, Any] = response.json()
    return body


def changed(response: httpx.Response, status: int = 200) -> dict[str, Any]:
    """The film that a person's change, which must have been made, was answered with."""
    assert response.status_code == status, response.text
    film = body_of(response)
    assert response.headers["etag"] == f'"v{film["version"]}"'
    return film


def problem_of(response: httpx.Response, status: int, kind: str | None = None) -> dict[str, Any]:
    """The problem document of an answer that must be one; `kind` is its type."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["status"] == status
    assert document["instance"] == response.request.url.path
    assert document["request_id"] == response.headers["x-request-id"]
    for member in ("type", "title", "detail"):
        assert isinstance(document[member], str)
        assert document[member]
    if kind is not None:
        assert document["type"] == kind
    return document


def new_film(title: str = "film") -> str:
    """The slug of a film that no other test asks for."""
    return f"{title}-{uuid4().hex[:12]}x-1999"


def _if_match(on: str | None) -> dict[str, str]:
    return {} if on is None else {"If-Match": on}


def _is_behind(response: httpx.Response) -> bool:
    if response.request.method not in ("GET", "DELETE") or response.status_code != 503:
        return False
    response.read()
    return bool(response.json().get("type") == "read-behind")
