"""Whatever a model's server does, the job that asks it comes to an end, and nothing is left behind.

One service meets all of them, a film each: what one left behind, the next would run into.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import KW_ONLY, dataclass
from typing import Any

import httpx
import pytest

from application.spending import GroupBy
from domain.values import JobStatus
from interfaces.client import Operator
from interfaces.http.schemas.generation import JobAnswer
from interfaces.http.schemas.stats import SpentByGroupAnswer
from tests.support.model_server import (
    Behaviour,
    Exchange,
    ModelServer,
    answers,
    completes,
    model_server,
    never_answers,
    one_after_the_other,
    refuses,
    resets,
    serves_a_page,
    trickles,
)
from tests.support.process import Up, wait_until

COST_MICROUSD = 210
"""Of every answer that is a completion, whatever stands in it."""

DEADLINE_SECONDS = 2
GRACE_SECONDS = 10
"""For a busy machine, and still too short for a call that was left behind to be settled by the rescuer."""

FRENCH = [
    "Un pirate informatique apprend que son monde est une simulation.",
    "Il rejoint ceux qui la combattent avec courage.",
]
MARKUP = ["<p>Two strangers share a train through the whole of a night.</p>", "<p>They talk.</p>"]


@dataclass(frozen=True, slots=True)
class Case:
    """What the server does to the first requests, `times` of them, before it answers well.

    Each of those is recorded as a `failure` that says `why`, at a `cost` in micro-dollars: None where nobody
    knows it.
    """

    first: Behaviour
    failure: str = ""
    why: str = ""
    _: KW_ONLY
    cost: int | None
    times: int = 1
    ends: str = "DONE"

    @property
    def is_described(self) -> bool:
        return self.ends == "DONE"

    @property
    def outcomes(self) -> list[str]:
        return [self.failure.lower()] * self.times + ["accepted"] * self.is_described

    @property
    def costs(self) -> list[int | None]:
        return [self.cost] * self.times + [COST_MICROUSD] * self.is_described


def _useless(first: Behaviour, why: str, *, times: int = 1, ends: str = "DONE") -> Case:
    """An answer that is paid for, and refused."""
    return Case(first, "VALIDATION_ERROR", why, cost=COST_MICROUSD, times=times, ends=ends)


def _breaks_off(exchange: Exchange) -> None:
    exchange.send(200, b'{"id": "chatcmpl-1", "cho')


BROKEN = completes('{"known": tru')
REFUSAL = completes(None, refusal="I cannot help with that.")

CASES = {
    "good-answer": Case(answers(), times=0, cost=COST_MICROUSD),
    "slow-trickle": Case(trickles(0.1), "TIMEOUT", cost=None),
    "no-answer": Case(never_answers, "TIMEOUT", cost=None),
    "connection-reset": Case(resets, "AI_API_ERROR", "while it should read", cost=None),
    "broken-body": Case(_breaks_off, "AI_API_ERROR", cost=None),
    "rate-limit": Case(refuses(429, Retry_After="1"), "RATE_LIMITED", "HTTP 429", cost=0),
    "two-failures": Case(refuses(500), "AI_API_ERROR", "HTTP 500", cost=0, times=2),
    "refused-key": Case(refuses(401), "AI_API_ERROR", "HTTP 401", cost=0, ends="FAILED"),
    "page-for-people": Case(serves_a_page, "AI_API_ERROR", "", cost=None),
    "broken-json": _useless(BROKEN, "not-the-format"),
    "broken-json-thrice": _useless(BROKEN, "not-the-format", times=3, ends="FAILED"),
    "truncated": _useless(completes('{"known": true, "ti', finish_reason="length"), "cut-off"),
    "refusal": _useless(REFUSAL, "refusal"),
    "refusal-thrice": _useless(REFUSAL, "refusal", times=3, ends="FAILED"),
    "wrong-language": _useless(answers(description=FRENCH), "wrong-language"),
    "wrong-film": _useless(answers(title="Alien"), "other-title"),
    "markup": _useless(answers(description=MARKUP), "markup"),
    "markup-thrice": _useless(answers(description=MARKUP), "markup", times=3, ends="FAILED"),
    "megabyte": _useless(answers(description=["x" * 1_000_000]), "not-the-format"),
    "unknown-film": Case(answers(known=False), "NOT_FOUND", cost=COST_MICROUSD, ends="FAILED"),
}


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with model_server() as server:
        yield server


class Service:
    """`moviemind up` with a model, as its users see it."""

    def __init__(self, client: Operator, url: str) -> None:
        self.client = client
        self._url = url

    def finishes(self, slug: str, within_seconds: float) -> JobAnswer:
        """Ask for a film; the job, once it has ended. Raises JobNotEnded."""
        return self.client.wait(self.client.generate(slug).job_id, timeout_seconds=within_seconds)

    def attempts(self, slug: str) -> list[dict[str, Any]]:
        """What each of them ended with."""
        return [entry.data for entry in self.client.history(slug) if "calls" in entry.data]

    def spent_on(self, slug: str) -> SpentByGroupAnswer:
        spent = self.client.spending(first=None, last=None, group_by=GroupBy.SLUG)
        (film,) = [group for group in spent.groups if group.group == slug]
        return film

    def is_at_rest(self) -> bool:
        health = httpx.get(f"{self._url}/health").json()
        provider = health["provider"]
        return (health["status"], provider["breaker"], provider["calls_under_way"]) == ("ok", "closed", 0)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, server: ModelServer) -> Iterator[Service]:
    up = Up(
        tmp_path_factory.mktemp("up") / "data",
        ai_model="openai:gpt-4o-mini",
        ai_base_url=server.url,
        ai_api_key="sk-of-the-tests",
        ai_deadline_seconds=str(DEADLINE_SECONDS),
        ai_breaker_seconds="0.2",
        retry_backoff_seconds="0.1,0.1",
    )
    with closing(up.start()), closing(Operator(up.url)) as client:
        yield Service(client, up.url)


@pytest.mark.parametrize("name", CASES)
def test_whatever_a_server_does_the_job_ends_and_each_call_is_accounted_for(
    name: str, service: Service, server: ModelServer
) -> None:
    case, slug = CASES[name], f"{name}-1999"
    server.behaviour = one_after_the_other(*[case.first] * case.times, answers())
    server.asked.clear()

    job = service.finishes(slug, case.times * DEADLINE_SECONDS + GRACE_SECONDS)

    assert (job.status, job.attempts) == (case.ends, len(case.outcomes))
    assert len(server.asked) == len(case.outcomes), "a request for each attempt, and no other"
    attempts = service.attempts(slug)
    failed = [attempt for attempt in attempts if "failure_type" in attempt]
    assert [attempt["failure_type"] for attempt in failed] == [case.failure] * case.times
    assert all(case.why in attempt["technical_message"] for attempt in failed)
    assert (job.error and job.error.type) == (None if case.is_described else case.failure)

    calls = [call for attempt in attempts for call in attempt["calls"]]
    assert [call["outcome"] for call in calls] == case.outcomes
    assert [call["cost_microusd"] for call in calls] == case.costs
    assert max(call["latency_ms"] for call in calls) < (DEADLINE_SECONDS + GRACE_SECONDS) * 1_000
    spent = service.spent_on(slug)
    assert spent.calls == len(calls)
    assert spent.cost_microusd == sum(cost or 0 for cost in case.costs)
    assert spent.refused_cost_microusd == case.times * (case.cost or 0)
    assert spent.unknown_cost_calls == case.costs.count(None)

    assert service.finishes(f"after-{name}-1999", GRACE_SECONDS).status is JobStatus.DONE
    wait_until(service.is_at_rest, "no call is under way, and none is held back", GRACE_SECONDS)
