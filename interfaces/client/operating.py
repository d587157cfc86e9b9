"""What commands and operators need beside asking and reading."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, TypedDict, TypeVar, Unpack
from uuid import UUID

from application.api_keys import Scope
from application.spending import GroupBy
from application.throughput import Span
from domain.values import ContextTag, FailureType, Locale, PromotionScope
from interfaces.client.calls import PAGE, Call, movie_path, segment
from interfaces.client.synchronous import Client
from interfaces.http.schemas.admin import QueueAnswer, RetriedJobs
from interfaces.http.schemas.audit import RefusedPage, TextAnswer, TextEntry
from interfaces.http.schemas.generation import JobAnswer, PreviewAnswer
from interfaces.http.schemas.keys import ForgottenAnswer, KeyAnswer, KeysAnswer, NewKeyAnswer
from interfaces.http.schemas.movies import AuditEntry, DiffAnswer, MovieAnswer
from interfaces.http.schemas.stats import SpendingAnswer, ThroughputAnswer

T = TypeVar("T")


class AuditFilters(TypedDict, total=False):
    """Which events are told. None is as good as nothing."""

    slug: str | None
    actor: str | None
    event: str | None
    since: datetime | None


class TextFilters(TypedDict, total=False):
    """Which texts are listed. None is as good as nothing."""

    model: str | None
    prompt_version: str | None
    locale: Locale | None
    since: datetime | None


class Operator(Client):
    """Its methods raise what those of Client do. What must not happen twice is asked once."""

    def preview(self, slug: str, context_tags: Sequence[ContextTag], **wanted: Any) -> PreviewAnswer:
        """What a request would come to; nothing is accepted."""
        body = {"slug": slug, "context_tag": list(context_tags), **wanted}
        return self._post("/v1/generate/preview", PreviewAnswer, body, repeats=True)

    def cancel(self, job_id: UUID | str) -> JobAnswer:
        return self._ask(
            Call(
                method="DELETE",
                path=f"/v1/jobs/{segment(job_id)}",
                answers={None: JobAnswer},
                repeats=False,
            )
        )

    def retry(self, job_id: UUID | str, reason: str) -> JobAnswer:
        return self._post(f"/v1/jobs/{segment(job_id)}/retry", JobAnswer, {"reason": reason})

    def failed_jobs(self, error_type: FailureType | None = None) -> Iterator[JobAnswer]:
        """Jobs that failed for good."""
        return self._items("/v1/admin/failed-jobs", JobAnswer, error_type=error_type)

    def retry_failed(self, reason: str, error_type: FailureType | None = None) -> Iterator[RetriedJobs]:
        """Give all failed jobs new tries, or those of one type; an answer for each hundred of them."""
        body = {"reason": reason, "error_type": error_type, "cursor": None}
        while True:
            answer = self._post("/v1/admin/failed-jobs/retry", RetriedJobs, body)
            yield answer
            if answer.next_cursor is None:
                return
            body["cursor"] = answer.next_cursor

    def queue(self) -> QueueAnswer:
        return self._get("/v1/admin/queues", QueueAnswer)

    def pause_queue(self, reason: str) -> QueueAnswer:
        return self._post("/v1/admin/queues/pause", QueueAnswer, {"reason": reason}, repeats=True)

    def resume_queue(self) -> QueueAnswer:
        return self._post("/v1/admin/queues/resume", QueueAnswer, repeats=True)

    def recover_queue(self) -> QueueAnswer:
        return self._post("/v1/admin/queues/recover", QueueAnswer, repeats=True)

    def diff(self, slug: str, from_version: int, to_version: int) -> DiffAnswer:
        versions = {"from": from_version, "to": to_version}
        return self._get(f"{movie_path(slug)}/diff", DiffAnswer, **versions)

    def audit(self, **filters: Unpack[AuditFilters]) -> Iterator[AuditEntry]:
        """Events of all films, in the order of the log."""
        return self._items("/v1/audit", AuditEntry, cursor_name="after", **filters)

    def text(self, description_id: UUID | str) -> TextAnswer:
        """How a text came to be, and what became of it."""
        return self._get(f"/v1/audit/texts/{segment(description_id)}", TextAnswer)

    def texts(self, **filters: Unpack[TextFilters]) -> Iterator[TextEntry]:
        """Accepted texts, the newest first."""
        return self._items("/v1/audit/texts", TextEntry, **filters)

    def refused(self, *, model: str | None, since: datetime | None) -> Iterator[RefusedPage]:
        """What was paid for and not accepted, page by page, the newest first."""
        query = {"model": model, "since": since, "limit": PAGE, "cursor": None}
        while True:
            answer = self._get("/v1/audit/refused", RefusedPage, **query)
            yield answer
            if answer.next_cursor is None:
                return
            query["cursor"] = answer.next_cursor

    def spending(self, *, first: date | None, last: date | None, group_by: GroupBy) -> SpendingAnswer:
        """What paid calls took from one day to another."""
        query = {"from": first, "to": last, "group_by": group_by}
        return self._get("/v1/stats/spending", SpendingAnswer, **query)

    def throughput(self, *, first: date | None, last: date | None, group_by: Span) -> ThroughputAnswer:
        """How much was done from one day to another."""
        query = {"from": first, "to": last, "group_by": group_by}
        return self._get("/v1/stats/throughput", ThroughputAnswer, **query)

    def promote(
        self, slug: str, description_id: UUID, scope: PromotionScope, *, seen: int | None
    ) -> MovieAnswer:
        """Changes of a film are decided on the version of it that was `seen`, or whatever its version."""
        body = {"description_id": str(description_id), "scope": scope}
        return self._change("POST", slug, "/promotions", body, seen)

    def edit(
        self,
        slug: str,
        text: str,
        *,
        based_on: UUID,
        locale: Locale,
        context_tag: ContextTag,
        seen: int | None,
    ) -> MovieAnswer:
        body = {"locale": locale, "context_tag": context_tag, "text": text, "based_on": str(based_on)}
        return self._change("POST", slug, "/descriptions", body, seen)

    def withdraw(self, slug: str, description_id: UUID, reason: str) -> MovieAnswer:
        body = {"description_id": str(description_id), "reason": reason}
        return self._change("POST", slug, "/withdrawals", body, None)

    def correct(self, slug: str, facts: dict[str, Any], reason: str, *, seen: int | None) -> MovieAnswer:
        return self._change("PATCH", slug, "", {**facts, "reason": reason}, seen)

    def keys(self) -> list[KeyAnswer]:
        return self._get("/v1/admin/keys", KeysAnswer).items

    def create_key(self, name: str, scope: Scope, contact: str | None = None) -> NewKeyAnswer:
        body = {"name": name, "contact": contact, "scope": scope}
        return self._post("/v1/admin/keys", NewKeyAnswer, body)

    def revoke_key(self, key_id: str) -> KeyAnswer:
        path = f"/v1/admin/keys/{segment(key_id)}"
        return self._ask(Call(method="DELETE", path=path, answers={None: KeyAnswer}))

    def forget(self, actor: str) -> ForgottenAnswer:
        path = f"/v1/admin/actors/{segment(actor)}"
        return self._ask(Call(method="DELETE", path=path, answers={None: ForgottenAnswer}))

    def _get(self, path: str, of: type[T], **params: Any) -> T:
        return self._ask(Call(method="GET", path=path, answers={None: of}, params=params))

    def _post(
        self, path: str, of: type[T], body: dict[str, Any] | None = None, *, repeats: bool = False
    ) -> T:
        return self._ask(Call(method="POST", path=path, answers={None: of}, body=body, repeats=repeats))

    def _change(
        self, method: str, slug: str, path: str, body: dict[str, Any], seen: int | None
    ) -> MovieAnswer:
        return self._ask(
            Call(
                method=method,
                path=f"{movie_path(slug)}{path}",
                answers={None: MovieAnswer},
                body=body,
                headers={"If-Match": "*" if seen is None else f'"v{seen}"'},
                repeats=False,
            )
        )
