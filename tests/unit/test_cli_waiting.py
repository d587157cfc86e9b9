"""Commands that have to wait: what they say, and how often they look."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.values import JobStatus
from interfaces.cli import following
from interfaces.cli.following import follow, watch_all
from interfaces.cli.output import WaitingHint
from interfaces.client import Operator, ServiceRefused
from tests.support.clients import JOB, Clock, answered_by

JOB_ID = UUID(JOB["job_id"])
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


def _service(statuses: list[JobStatus], **queue: Any) -> Operator:
    """Its job stands in each status once, one after the other, and its queue is always the same."""
    left = iter(statuses)

    def answer(request: httpx.Request) -> httpx.Response:
        is_of_queue = request.url.path == "/v1/admin/queues"
        return httpx.Response(200, json=QUEUE | queue if is_of_queue else JOB | {"status": next(left)})

    return answered_by(answer, Operator("http://service"))


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
    statuses = [JobStatus.PENDING, JobStatus.DONE]

    with _service(statuses, **queue) as service:
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

    with _service(statuses, **queue) as service:
        assert not follow(JOB_ID, service, on_wait=told.append).status.is_active

    assert told == []


class Jobs:
    """They are active for as many looks as is said, and every look is noted with its time."""

    def __init__(self, clock: Clock, looks: Sequence[int]) -> None:
        self.looked: dict[UUID, list[float]] = {uuid4(): [] for _ in looks}
        self._looks = dict(zip(self.looked, looks, strict=True))
        self._clock = clock

    def answer(self, request: httpx.Request) -> httpx.Response:
        job_id = UUID(request.url.path.rpartition("/")[2])
        self.looked[job_id].append(self._clock.now)
        is_active = len(self.looked[job_id]) < self._looks[job_id]
        return httpx.Response(
            200, json=JOB | {"job_id": str(job_id), "status": "PENDING" if is_active else "DONE"}
        )


@pytest.mark.parametrize("looks", [[9], [3, 9], [5] * 3, [30] * 20, []])
def test_jobs_are_watched_without_asking_more_than_a_key_may(
    looks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    jobs = Jobs(clock, looks)
    monkeypatch.setattr(following, "time", clock)

    with answered_by(jobs.answer, Operator("http://service")) as client:
        ended = watch_all([*jobs.looked, *jobs.looked], client, tell=None)

    assert [job.job_id for job in ended] == [*jobs.looked, *jobs.looked]
    assert [len(times) for times in jobs.looked.values()] == looks, "until they have ended, and no more"
    a_tenth, a_second = 0.1 - 1e-9, 1 - 1e-9
    for times in jobs.looked.values():
        assert all(later - earlier >= a_tenth for earlier, later in pairwise(times))
    at_all = sorted(time for times in jobs.looked.values() for time in times)
    assert all(later - earlier >= a_second for earlier, later in zip(at_all, at_all[20:], strict=False))
