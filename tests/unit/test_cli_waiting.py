"""What a command says while it has to wait."""

from typing import Any
from uuid import uuid4

import pytest

from domain.values import JobStatus
from interfaces.cli import following
from interfaces.cli.following import follow
from interfaces.cli.output import WaitingHint
from interfaces.client import Operator, ServiceRefused
from interfaces.http.schemas.admin import QueueAnswer
from interfaces.http.schemas.generation import JobAnswer

JOB_ID = uuid4()
JOB: dict[str, Any] = {
    "job_id": JOB_ID,
    "slug": "heat-1995",
    "requested_slug": "heat-1995",
    "locale": "en-US",
    "context_tag": "DEFAULT",
    "confidence": 0.9,
    "attempts": 0,
    "max_attempts": 3,
    "next_attempt_at": None,
    "description_id": None,
    "error": None,
    "created_at": "2026-01-31T12:00:00Z",
    "updated_at": "2026-01-31T12:00:01Z",
    "_links": {},
}
PROVIDER: dict[str, Any] = {
    "breaker": "open",
    "open_until": None,
    "reason": "HTTP 503",
    "calls_under_way": 0,
    "max_calls": None,
    "calls_last_minute": 0,
    "max_calls_per_minute": None,
    "spent_today_microusd": 0,
    "reserved_microusd": 0,
    "daily_budget_microusd": None,
    "daily_budget_per_key_microusd": None,
    "is_budget_spent": False,
    "keys_without_budget": [],
    "waits_for": "the provider is left alone",
}
QUEUE: dict[str, Any] = {
    "driver": "embedded",
    "is_paused": False,
    "changed_by": None,
    "changed_at": None,
    "reason": None,
    "messages_waiting": 1,
    "jobs": {"PENDING": 1},
    "oldest_wait_seconds": None,
    "workers": 1,
    "provider": None,
}


class Service(Operator):
    """Whose job stands in each status once, one after the other, and whose queue is always the same."""

    def __init__(self, statuses: list[JobStatus], **queue: Any) -> None:
        super().__init__("http://service")
        self._statuses = iter(statuses)
        self._queue = QueueAnswer(**QUEUE | queue)

    def job(self, job_id: object) -> JobAnswer:
        return JobAnswer(status=next(self._statuses), **JOB)

    def queue(self) -> QueueAnswer:
        return self._queue


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look at a job that has not ended is one too long waited for."""
    monkeypatch.setattr(following, "LONG_PENDING_SECONDS", 0.0)


def test_why_a_command_waits_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    on_wait = WaitingHint()

    on_wait(ServiceRefused({"type": "store-unavailable", "status": 503, "detail": "The disk is full."}))
    on_wait("the queue is paused: the provider is down")

    assert capsys.readouterr().err == "waiting: The disk is full.\n"


@pytest.mark.parametrize(
    ("queue", "why"),
    [
        ({"is_paused": True, "reason": "by hand", "workers": 0}, "the queue is paused: by hand"),
        ({"workers": 0, "provider": PROVIDER}, "no worker is alive; start one with: moviemind worker"),
        ({"provider": PROVIDER}, "the provider is left alone"),
    ],
    ids=["paused", "no worker", "provider"],
)
def test_whoever_waits_for_a_job_that_cannot_start_is_told_why(queue: dict[str, Any], why: str) -> None:
    told: list[str] = []
    statuses = [JobStatus.PENDING, JobStatus.PENDING, JobStatus.DONE]

    with Service(statuses, **queue) as service:
        assert follow(JOB_ID, service, on_wait=told.append).status is JobStatus.DONE

    assert told == [why]


@pytest.mark.parametrize(
    ("statuses", "queue"),
    [
        ([JobStatus.IN_PROGRESS, JobStatus.IN_PROGRESS, JobStatus.DONE], {"is_paused": True, "reason": ""}),
        (
            [JobStatus.PENDING, JobStatus.PENDING, JobStatus.FAILED],
            {"provider": {**PROVIDER, "waits_for": None}},
        ),
        ([JobStatus.PENDING, JobStatus.PENDING, JobStatus.CANCELLED], {}),
    ],
    ids=["it runs", "nothing holds the provider back", "it costs nothing"],
)
def test_nothing_is_said_of_a_job_that_may_start_any_moment(
    statuses: list[JobStatus], queue: dict[str, Any]
) -> None:
    told: list[str] = []

    with Service(statuses, **queue) as service:
        assert not follow(JOB_ID, service, on_wait=told.append).status.is_active

    assert told == []
