"""The client, told by a service that it has to wait, cut off by it, or answered by something else."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Never
from uuid import uuid4

import httpx
import pytest

from application.api_keys import Scope
from domain.values import ContextTag, JobStatus, Locale
from interfaces.client import (
    Client,
    JobNotEnded,
    NotMovieMind,
    Operator,
    ServiceRefused,
    ServiceUnreachable,
    asynchronous,
    patience,
    synchronous,
)
from interfaces.client.calls import JobFilters, MovieFilters
from tests.support.clients import JOB, JOB_ID, KINDS, Clock, answered_by, connecting

SLUG = "heat-1995"
OPENAPI = Path(__file__).parents[2] / "docs" / "openapi.json"
FULL = {
    "type": "store-unavailable",
    "status": 503,
    "detail": "The store cannot be used at the moment: its disk is full.",
}
ACCEPTED = {
    "job_id": JOB_ID,
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

    def __init__(self, *answers: httpx.Response | httpx.TransportError) -> None:
        self._answers = iter(answers)
        self.asked: list[httpx.Request] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = next(self._answers)
        if isinstance(answer, httpx.TransportError):
            raise answer
        return answer


class Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """Tells what it is given; what can be called happens in between."""

    def __init__(self, *parts: bytes | Callable[[], object]) -> None:
        self._parts = parts

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts:
            if isinstance(part, bytes):
                yield part
            else:
                part()

    async def __aiter__(self) -> Any:
        for part in self:
            yield part


Connect = Callable[..., Any]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(patience, "time", clock)
    monkeypatch.setattr(synchronous, "time", clock)
    monkeypatch.setattr(asynchronous, "asyncio", SimpleNamespace(sleep=clock.sleep_async))
    return clock


@pytest.fixture(params=KINDS)
def connect(
    request: pytest.FixtureRequest, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Connect]:
    """Makes clients of a service, of both kinds, which wait by the clock."""
    with connecting(request.param) as client_of:

        def connect(service: Service, *, patience_seconds: float = 60) -> Any:
            client = client_of("http://service", patience_seconds=patience_seconds)
            if isinstance(client, Client):
                monkeypatch.setattr(client._stops_waiting, "wait", clock.sleep)
            return answered_by(service.answer, client)

        yield connect


def _operator(
    service: Service,
    *,
    on_wait: Callable[[ServiceRefused | ServiceUnreachable], None] = lambda _: None,
) -> Operator:
    return answered_by(service.answer, Operator("http://service", on_wait=on_wait))


def _busy(retry_after: str | None = "0") -> httpx.Response:
    return httpx.Response(503, json=FULL, headers={"Retry-After": retry_after} if retry_after else {})


def _too_many(code: str) -> httpx.Response:
    problem = {"type": code, "status": 429, "detail": "That is too much."}
    return httpx.Response(429, json=problem, headers={"Retry-After": "0"})


def _job(status: str = "DONE") -> httpx.Response:
    return httpx.Response(200, json=JOB | {"status": status})


def _accepted() -> httpx.Response:
    return httpx.Response(202, json=ACCEPTED)


def _stream(*parts: bytes | Callable[[], object]) -> httpx.Response:
    return httpx.Response(200, headers={"Content-Type": "text/event-stream"}, stream=Stream(*parts))


def _event(status: str) -> bytes:
    return f"event: status\nid: {status}\ndata: {json.dumps(JOB | {'status': status})}\n\n".encode()


def _cut() -> Never:
    raise httpx.ReadError("cut")


def _down(seconds: int) -> list[httpx.TransportError]:
    """What those meet who try once a second."""
    return [httpx.ConnectError("nobody is there")] * seconds


def test_a_request_waits_for_a_service_that_cannot_serve(connect: Connect) -> None:
    assert connect(Service(_busy(), _busy(), _job())).job(JOB_ID).status is JobStatus.DONE


def test_why_a_request_waits_is_told() -> None:
    told: list[ServiceRefused | ServiceUnreachable] = []

    _operator(Service(_busy(), _busy(), _job()), on_wait=told.append).job(JOB_ID)

    assert [str(refusal) for refusal in told] == [FULL["detail"]] * 2


@pytest.mark.parametrize(("retry_after", "seconds"), [("7", 7.0), (None, 1.0), ("tomorrow", 1.0)])
def test_it_waits_as_long_as_the_service_says_and_a_second_where_it_says_nothing(
    retry_after: str | None, seconds: float, connect: Connect, clock: Clock
) -> None:
    connect(Service(_busy(retry_after), _job())).job(JOB_ID)

    assert clock.pauses == [seconds]


def test_patience_has_an_end(connect: Connect, clock: Clock) -> None:
    client = connect(Service(*[_busy("7")] * 5), patience_seconds=20)

    with pytest.raises(ServiceRefused) as refused:
        client.job(JOB_ID)
    assert (refused.value.code, refused.value.status) == ("store-unavailable", 503)
    assert clock.pauses == [7, 7]


def test_waiting_can_be_ended_from_outside() -> None:
    client = _operator(Service(_busy(retry_after="30")))
    client.stop_waiting()

    with pytest.raises(ServiceRefused):
        client.job(JOB_ID)


def test_whoever_waits_for_a_job_of_a_busy_service_waits_no_longer_than_said(
    connect: Connect, clock: Clock
) -> None:
    client = connect(Service(_job("PENDING"), *[_busy("2")] * 9))

    with pytest.raises(JobNotEnded, match="within 5 seconds"):
        client.wait(JOB_ID, timeout_seconds=5)
    assert clock.now == pytest.approx(5)


def test_every_look_at_a_job_has_all_the_patience(connect: Connect) -> None:
    looks = [_busy("50"), _job("PENDING")] * 3

    assert connect(Service(*looks, _job())).wait(JOB_ID).status is JobStatus.DONE


def test_a_service_that_is_not_there_is_told_at_once(connect: Connect, clock: Clock) -> None:
    for ask in (
        lambda client: client.job(JOB_ID),
        lambda client: client.wait(JOB_ID),
        lambda client: list(client.events(JOB_ID)),
    ):
        with pytest.raises(ServiceUnreachable, match="nobody is there"):
            ask(connect(Service(*_down(1))))
    assert clock.pauses == []


def test_whoever_waits_for_a_job_waits_for_the_service_to_restart(connect: Connect) -> None:
    service = Service(_job("PENDING"), *_down(50), _job("IN_PROGRESS"), *_down(50), _job())

    assert connect(service).wait(JOB_ID).status is JobStatus.DONE


def test_a_service_that_has_accepted_a_job_is_waited_for_from_the_first_look_on(connect: Connect) -> None:
    client = connect(Service(_accepted(), *_down(50), _job()))

    assert client.wait(client.generate(SLUG).job_id).status is JobStatus.DONE


def test_a_service_that_stays_away_ends_the_waiting(connect: Connect, clock: Clock) -> None:
    client = connect(Service(_job("PENDING"), *_down(90)))

    with pytest.raises(ServiceUnreachable):
        client.wait(JOB_ID)
    assert clock.now == pytest.approx(60, abs=1)


def test_whoever_waits_is_told_how_the_job_stands(connect: Connect) -> None:
    told: list[str] = []
    client = connect(Service(_job("PENDING"), _job("IN_PROGRESS"), _job()))

    client.wait(JOB_ID, on_look=lambda job: told.append(job.status.value))
    assert told == ["PENDING", "IN_PROGRESS"]


def test_patience_with_a_stream_begins_when_it_breaks(connect: Connect, clock: Clock) -> None:
    def long_silence() -> None:
        clock.now += 1_000

    service = Service(
        _stream(_event("PENDING"), long_silence, _cut),
        _stream(_event("IN_PROGRESS"), long_silence, _cut),
        _busy("5"),
        _stream(long_silence),
        *_down(2),
        _stream(_event("DONE")),
    )

    assert _statuses(connect(service)) == ["PENDING", "IN_PROGRESS", "DONE"]
    assert clock.pauses == [1, 1, 5, 1, 1, 1]
    heard_last = [request.headers.get("Last-Event-ID") for request in service.asked]
    assert heard_last == [None, "PENDING", *["IN_PROGRESS"] * 5]


def test_a_stream_that_is_connected_again_has_all_the_patience_again(connect: Connect) -> None:
    service = Service(
        _stream(_event("PENDING"), _cut),
        *_down(50),
        _stream(_cut),
        *_down(50),
        _stream(_event("DONE")),
    )

    assert _statuses(connect(service)) == ["PENDING", "DONE"]


def test_patience_with_a_stream_has_an_end(connect: Connect, clock: Clock) -> None:
    client = connect(Service(_stream(_event("PENDING"), _cut), *_down(90)))

    with pytest.raises(ServiceUnreachable):
        list(client.events(JOB_ID))
    assert clock.now == 60


def _statuses(client: Any) -> list[str]:
    return [event.job.status.value for event in client.events(JOB_ID)]


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
        change(_operator(service))
    assert len(service.asked) == 1


def test_another_text_is_asked_for_again_with_the_key_of_the_first_request(connect: Connect) -> None:
    service = Service(_busy(), _too_many("rate-limited"), _accepted())

    assert str(connect(service).generate(SLUG, force=True).job_id) == JOB_ID
    assert len(service.asked) == 3
    assert len(_idempotency_keys(service.asked)) == 1


def test_every_request_for_another_text_has_a_key_of_its_own(connect: Connect) -> None:
    service = Service(_accepted(), _accepted())
    client = connect(service)

    for _ in range(2):
        client.generate(SLUG, force=True)
    assert len(_idempotency_keys(service.asked)) == 2


def test_who_repeats_requests_gives_them_a_key(connect: Connect) -> None:
    service = Service(_accepted(), _accepted())
    client = connect(service)

    client.generate(SLUG, force=True, idempotency_key="mine")
    client.generate_styles(SLUG, [ContextTag.MODERN], force=True, idempotency_key="mine")
    assert _idempotency_keys(service.asked) == {"mine"}


def _idempotency_keys(requests: Iterable[httpx.Request]) -> set[str]:
    return {request.headers["Idempotency-Key"] for request in requests}


@pytest.mark.parametrize(
    "ask", [*CHANGES.values(), lambda client: client.job(JOB_ID)], ids=[*CHANGES, "read"]
)
def test_whatever_was_over_the_rate_limit_is_asked_again(ask: Callable[[Operator], object]) -> None:
    service = Service(_too_many("rate-limited"), httpx.Response(404, json={"type": "not-found"}))

    with pytest.raises(ServiceRefused) as refused:
        ask(_operator(service))
    assert refused.value.code == "not-found"


def test_reading_over_the_rate_limit_is_tried_again(connect: Connect) -> None:
    assert connect(Service(_too_many("rate-limited"), _job())).job(JOB_ID).status is JobStatus.DONE


def test_a_spent_budget_is_not_waited_for(connect: Connect) -> None:
    service = Service(_too_many("budget-exceeded"))

    with pytest.raises(ServiceRefused, match="That is too much"):
        connect(service).generate(SLUG)
    assert len(service.asked) == 1


@pytest.mark.parametrize("status", [200, 302, 500])
@pytest.mark.parametrize("body", ["<html>", "[]"])
def test_what_speaks_no_moviemind_is_named(body: str, status: int, connect: Connect) -> None:
    for ask in (
        lambda client: client.job(JOB_ID),
        lambda client: client.wait(JOB_ID),
        lambda client: list(client.events(JOB_ID)),
    ):
        with pytest.raises(NotMovieMind, match="What answers at http://service is not MovieMind"):
            ask(connect(Service(httpx.Response(status, text=body))))


def test_events_of_something_else_are_no_events(connect: Connect) -> None:
    client = connect(Service(_stream(b"event: status\ndata: {}\n\n")))

    with pytest.raises(NotMovieMind, match="What answers at http://service is not MovieMind"):
        list(client.events(JOB_ID))


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_proxy_that_does_not_reach_the_service_is_no_other_service(status: int, connect: Connect) -> None:
    away = httpx.Response(status, text="<html>")

    with pytest.raises(ServiceUnreachable, match=f"does not answer at http://service: HTTP {status}"):
        connect(Service(away)).job(JOB_ID)

    service = Service(_stream(_event("PENDING"), _cut), away, _stream(_event("DONE")))
    assert _statuses(connect(service)) == ["PENDING", "DONE"]


@pytest.mark.parametrize(("path", "filters"), [("/v1/movies", MovieFilters), ("/v1/jobs", JobFilters)])
def test_listings_take_all_the_filters_of_the_api(path: str, filters: type) -> None:
    route = json.loads(OPENAPI.read_text(encoding="utf-8"))["paths"][path]["get"]

    paging = {"limit", "cursor"}
    assert filters.__annotations__.keys() == {one["name"] for one in route["parameters"]} - paging
