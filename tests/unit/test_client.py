"""The client, told by a service that it has to wait."""

from collections.abc import Callable, Iterable
from uuid import uuid4

import httpx
import pytest

from application.api_keys import Scope
from domain.values import ContextTag, JobStatus, Locale
from interfaces.client import NotMovieMind, Operator, ServiceRefused

SLUG = "heat-1995"
JOB_ID = uuid4()
FULL = {
    "type": "store-unavailable",
    "status": 503,
    "detail": "The store cannot be used at the moment: its disk is full.",
}
JOB = {
    "job_id": str(JOB_ID),
    "status": "DONE",
    "slug": SLUG,
    "requested_slug": SLUG,
    "locale": "en-US",
    "context_tag": "DEFAULT",
    "confidence": 0.9,
    "attempts": 1,
    "max_attempts": 3,
    "next_attempt_at": None,
    "description_id": None,
    "error": None,
    "created_at": "2026-01-31T12:00:00Z",
    "updated_at": "2026-01-31T12:00:01Z",
    "_links": {},
}
ACCEPTED = {
    "job_id": str(JOB_ID),
    "status": "PENDING",
    "message": "",
    "slug": SLUG,
    "locale": "en-US",
    "context_tag": "DEFAULT",
    "confidence": 0.9,
    "confidence_level": "high",
    "existing_id": None,
    "description_id": None,
    "_links": {},
}


class Service:
    """Gives one answer after the other, and keeps what it was asked."""

    def __init__(self, *answers: httpx.Response) -> None:
        self._answers = iter(answers)
        self.asked: list[httpx.Request] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return next(self._answers)


def _client(
    service: Service,
    *,
    patience_seconds: float = 60,
    on_wait: Callable[[ServiceRefused], None] = lambda _: None,
) -> Operator:
    client = Operator("http://service", patience_seconds=patience_seconds, on_wait=on_wait)
    client._http.close()
    client._http = httpx.Client(base_url="http://service", transport=httpx.MockTransport(service.answer))
    return client


def _busy(retry_after: str | None = "0") -> httpx.Response:
    return httpx.Response(503, json=FULL, headers={"Retry-After": retry_after} if retry_after else {})


def _too_many(code: str) -> httpx.Response:
    problem = {"type": code, "status": 429, "detail": "That is too much."}
    return httpx.Response(429, json=problem, headers={"Retry-After": "0"})


def _job() -> httpx.Response:
    return httpx.Response(200, json=JOB)


def test_a_request_waits_for_a_service_that_cannot_serve_and_tells_why() -> None:
    told: list[ServiceRefused] = []
    client = _client(Service(_busy(), _busy(), _job()), on_wait=told.append)

    assert client.job(JOB_ID).status is JobStatus.DONE
    assert [str(refusal) for refusal in told] == [FULL["detail"]] * 2


@pytest.mark.parametrize(("retry_after", "seconds"), [("7", 7.0), (None, 1.0), ("tomorrow", 1.0)])
def test_it_waits_as_long_as_the_service_says_and_a_second_where_it_says_nothing(
    retry_after: str | None, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, pauses = _client(Service(_busy(retry_after), _job())), list[float]()
    monkeypatch.setattr(client._stops_waiting, "wait", pauses.append)

    client.job(JOB_ID)

    assert pauses == [seconds]


def test_patience_has_an_end() -> None:
    client = _client(Service(_busy(retry_after="1")), patience_seconds=0.5)

    with pytest.raises(ServiceRefused) as refused:
        client.job(JOB_ID)
    assert (refused.value.code, refused.value.status) == ("store-unavailable", 503)


def test_waiting_can_be_ended_from_outside() -> None:
    client = _client(Service(_busy(retry_after="30")))
    client.stop_waiting()

    with pytest.raises(ServiceRefused):
        client.job(JOB_ID)


CHANGES: dict[str, Callable[[Operator], object]] = {
    "edit": lambda client: client.edit(
        SLUG, "Other words.", based_on=uuid4(), locale=Locale.EN_US, context_tag=ContextTag.DEFAULT, seen=4
    ),
    "cancel": lambda client: client.cancel(JOB_ID),
    "retry": lambda client: client.retry(JOB_ID, "again"),
    "create a key": lambda client: client.create_key("the shop", Scope.READ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_must_not_happen_twice_is_asked_once(change: Callable[[Operator], object]) -> None:
    service = Service(_busy())

    with pytest.raises(ServiceRefused):
        change(_client(service))
    assert len(service.asked) == 1


def test_another_text_is_asked_for_again_with_the_key_of_the_first_request() -> None:
    service = Service(_busy(), _too_many("rate-limited"), httpx.Response(202, json=ACCEPTED))

    assert _client(service).generate(SLUG, force=True).job_id == JOB_ID
    assert len(service.asked) == 3
    assert len(_idempotency_keys(service.asked)) == 1


def test_every_request_for_another_text_has_a_key_of_its_own() -> None:
    service = Service(*[httpx.Response(202, json=ACCEPTED)] * 2)
    client = _client(service)

    for _ in range(2):
        client.generate(SLUG, force=True)
    assert len(_idempotency_keys(service.asked)) == 2


def _idempotency_keys(requests: Iterable[httpx.Request]) -> set[str]:
    return {request.headers["Idempotency-Key"] for request in requests}


@pytest.mark.parametrize(
    "ask", [*CHANGES.values(), lambda client: client.job(JOB_ID)], ids=[*CHANGES, "read"]
)
def test_whatever_was_over_the_rate_limit_is_asked_again(ask: Callable[[Operator], object]) -> None:
    service = Service(_too_many("rate-limited"), httpx.Response(404, json={"type": "not-found"}))

    with pytest.raises(ServiceRefused) as refused:
        ask(_client(service))
    assert refused.value.code == "not-found"


def test_a_spent_budget_is_not_waited_for() -> None:
    service = Service(_too_many("budget-exceeded"))

    with pytest.raises(ServiceRefused, match="That is too much"):
        _client(service).generate(SLUG)
    assert len(service.asked) == 1


@pytest.mark.parametrize("status", [200, 503])
@pytest.mark.parametrize("body", ["<html>", "[]"])
def test_what_speaks_no_moviemind_is_named(body: str, status: int) -> None:
    client = _client(Service(httpx.Response(status, text=body)))

    with pytest.raises(NotMovieMind, match="What answers at http://service is not MovieMind"):
        client.job(JOB_ID)
