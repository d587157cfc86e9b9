"""The requests of the API as data, for both kinds of client: what is sent, and what its answer is read as."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import Any, Generic, Literal, TypedDict, TypeVar
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from application.movie_listing import MovieOrder
from domain import slugs
from domain.values import ContextTag, JobStatus, Locale, Priority
from interfaces.client.errors import NotMovieMind, ServiceRefused, ServiceUnreachable
from interfaces.http.schemas.generation import GenerationAnswer, GenerationsAnswer, JobAnswer
from interfaces.http.schemas.movies import MovieAnswer, MovieChoices

T = TypeVar("T")
Item = TypeVar("Item", bound=BaseModel)

PAGE = 100
_OF_PROXIES = {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
_JSON_OBJECT: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


class Wanted(TypedDict, total=False):
    """What a request for descriptions may say beside the slug."""

    locale: Locale
    force: bool
    title: str
    release_year: int
    director: str
    genres: Sequence[str]
    priority: Priority
    wait_seconds: int
    """For the texts, 30 at most."""
    idempotency_key: str


class Selected(TypedDict, total=False):
    """Which of a film's texts is wanted, or the film as it was. None is as good as nothing."""

    locale: Locale | None
    context_tag: ContextTag | None
    description_id: UUID | str | None
    version: int | None
    as_of: datetime | str | None
    wait_seconds: int


class MovieFilters(TypedDict, total=False):
    """What described films may be looked for by, and how they are sorted. None is as good as nothing."""

    slug: str | None
    q: str | None
    year: int | None
    director: str | None
    genre: str | None
    description_id: UUID | str | None
    sort: MovieOrder | None
    order: Literal["asc", "desc"] | None


class JobFilters(TypedDict, total=False):
    """Which jobs are listed. None is as good as nothing."""

    status: JobStatus | None
    slug: str | None
    since: datetime | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[T]):
    """`answers` is what the answer is read as, by status where they differ. With `repeats` on, asking again
    what may have been done already does no harm."""

    method: str
    path: str
    answers: dict[int | None, Any]
    params: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    repeats: bool = True

    def request(self, client: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        params = {name: value for name, value in self.params.items() if value is not None}
        return client.build_request(
            self.method, self.path, params=params, json=self.body, headers=self.headers
        )

    def read(self, response: httpx.Response) -> T:
        """Raises ServiceRefused, NotMovieMind: our answers are JSON objects of a known shape. Raises
        ServiceUnreachable where a proxy has answered that it does not reach the service."""
        try:
            if response.is_error:
                problem = _JSON_OBJECT.validate_json(response.content)
                raise ServiceRefused(problem, retry_after_seconds=_retry_after(response))
            answer: T = _reader(self._model(response.status_code)).validate_json(response.content)
        except ValidationError:
            if response.status_code in _OF_PROXIES:
                raise ServiceUnreachable(origin(response), f"HTTP {response.status_code}") from None
            raise NotMovieMind(origin(response)) from None
        return answer

    def may_be_repeated_after(self, refusal: ServiceRefused) -> bool:
        """A request that is rate-limited was not carried out; one that was answered 503 may have been."""
        is_busy = refusal.status == HTTPStatus.SERVICE_UNAVAILABLE
        return refusal.code == "rate-limited" or (is_busy and self.repeats)

    def _model(self, status: int) -> Any:
        return self.answers.get(status) or self.answers[None]


class Page(BaseModel, Generic[Item]):
    items: list[Item]
    next_cursor: str | None


def generate(
    slug: str,
    *,
    context_tags: Sequence[ContextTag],
    wait_seconds: int = 0,
    idempotency_key: str | None = None,
    **wanted: Any,
) -> Call[GenerationAnswer | GenerationsAnswer]:
    """What is accepted already is not accepted twice; the key makes that true of `force` as well."""
    headers = {"Prefer": f"wait={wait_seconds}"} if wait_seconds else {}
    if idempotency_key is None and wanted.get("force"):
        idempotency_key = str(uuid4())
    if idempotency_key is not None:
        headers["Idempotency-Key"] = idempotency_key
    answers = GenerationsAnswer if len(set(context_tags)) > 1 else GenerationAnswer
    body = {"slug": slug, "context_tag": list(context_tags), **wanted}
    return Call(method="POST", path="/v1/generate", answers={None: answers}, body=body, headers=headers)


def job(job_id: UUID | str) -> Call[JobAnswer]:
    return Call(method="GET", path=f"/v1/jobs/{segment(job_id)}", answers={None: JobAnswer})


def movie(
    slug: str, *, wait_seconds: int = 0, **selected: Any
) -> Call[MovieAnswer | GenerationAnswer | MovieChoices]:
    return Call(
        method="GET",
        path=movie_path(slug),
        answers={
            None: MovieAnswer,
            HTTPStatus.ACCEPTED: GenerationAnswer,
            HTTPStatus.MULTIPLE_CHOICES: MovieChoices,
        },
        params=selected,
        headers={"Prefer": f"wait={wait_seconds}"} if wait_seconds else {},
    )


def page(
    path: str, of: type[Item], *, cursor: str | None, cursor_name: str = "cursor", **filters: Any
) -> Call[Page[Item]]:
    params = {**filters, "limit": PAGE, cursor_name: cursor}
    return Call(method="GET", path=path, answers={None: Page[of]}, params=params)  # type: ignore[valid-type]


def movie_path(slug: str) -> str:
    """Raises SlugRefused, as the service would: what is no slug must not become part of a path."""
    slugs.assess(slug, current_year=datetime.now(UTC).year)
    return f"/v1/movies/{slug}"


def segment(part: UUID | str) -> str:
    """As one part of a path."""
    return quote(str(part), safe="")


def origin(response: httpx.Response) -> str:
    """The URL of what has answered."""
    return str(response.request.url.copy_with(raw_path=b""))


@cache
def _reader(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)


def _retry_after(response: httpx.Response) -> float:
    given = response.headers.get("retry-after", "")
    return float(given) if given.isdecimal() else 1.0
