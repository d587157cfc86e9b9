"""A service with a paid model, which is a server on loopback: what fails, and what it costs."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from application.spending import GroupBy
from interfaces.client import Operator
from interfaces.http.schemas.movies import HistoryEntry
from tests.support.model_server import (
    TOKENS_IN,
    Behaviour,
    ModelServer,
    answers,
    model_server,
    never_answers,
    one_after_the_other,
    refuses,
)
from tests.support.process import Up, wait_until

MODEL = "openai:gpt-4o-mini"
KEY = "sk-secret-of-the-tests"
COST_MICROUSD = 210
SLUG = "the-matrix-1999"


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as server:
        yield server


class Service:
    """`moviemind up` with a model, and what becomes of a film."""

    def __init__(
        self, start: Callable[..., Up], connect: Callable[[Up], Operator], server: ModelServer
    ) -> None:
        self._start = start
        self._connect = connect
        self.server = server
        self.up = self._open()

    def _open(self) -> Up:
        up = self._start(
            ai_model=MODEL,
            ai_base_url=self.server.url,
            ai_api_key=KEY,
            ai_deadline_seconds="2",
            ai_breaker_seconds="0.2",
            retry_backoff_seconds="0.1,0.1",
            log_level="DEBUG",
        )
        self.client = self._connect(up)
        return up

    def ask(self, behaviour: Behaviour) -> UUID:
        self.server.behaviour = behaviour
        return self.client.generate(SLUG).job_id

    def start_again(self) -> None:
        self.up = self._open()

    def history(self, event: str) -> list[HistoryEntry]:
        return [entry for entry in self.client.history(SLUG) if entry.event == event]

    def calls(self) -> list[dict[str, Any]]:
        """All that were paid for, or may have been."""
        return [call for entry in self.client.history(SLUG) for call in entry.data.get("calls", [])]


@pytest.fixture
def service(start_up: Callable[..., Up], connect: Callable[[Up], Operator], server: ModelServer) -> Service:
    return Service(start_up, connect, server)


def test_a_text_says_which_model_and_prompt_made_it_and_what_it_cost(service: Service) -> None:
    job = service.client.wait(service.ask(answers()))

    assert job.status == "DONE"
    (generated,) = service.history("DescriptionGenerated")
    data = generated.data
    assert (data["ai_model"], data["prompt_version"]) == (MODEL, "describe-1/en-US/DEFAULT")
    assert len(data["prompt_hash"]) == len(data["input_hash"]) == 64
    (call,) = data["calls"]
    assert (call["tokens_in"], call["cost_microusd"]) == (TOKENS_IN, COST_MICROUSD)


def test_a_failure_that_passes_is_tried_again(service: Service) -> None:
    job = service.client.wait(
        service.ask(one_after_the_other(refuses(500), answers(title="Alien"), answers()))
    )

    assert (job.status, job.attempts) == ("DONE", 3)
    assert [call["outcome"] for call in service.calls()] == ["ai_api_error", "validation_error", "accepted"]
    assert [call["cost_microusd"] for call in service.calls()] == [0, COST_MICROUSD, COST_MICROUSD]
    assert len(service.server.asked) == 3


def test_what_is_reported_as_spent_is_what_the_model_was_asked_for(service: Service) -> None:
    """To the micro-dollar, whatever became of the answers; a request that is refused costs nothing."""
    service.client.wait(
        service.ask(one_after_the_other(refuses(500), answers(title="Alien"), answers(), answers()))
    )
    copied = service.client.wait(service.client.generate(SLUG, force=True).job_id)
    assert (copied.status, copied.attempts) == ("FAILED", 3)

    spent = service.client.spending(first=None, last=None, group_by=GroupBy.SLUG)

    asked, answered = len(service.server.asked), len(service.server.asked) - 1
    (film,) = spent.groups
    assert film.model_dump() == {"group": SLUG, **spent.total.model_dump()}
    assert (film.calls, film.accepted_calls, film.refused_calls) == (asked, 1, asked - 1)
    assert (film.tokens_in, film.cost_microusd) == (answered * TOKENS_IN, answered * COST_MICROUSD)
    assert film.refused_cost_microusd == (answered - 1) * COST_MICROUSD
    assert film.cost_microusd == sum(call["cost_microusd"] for call in service.calls())


def test_a_key_that_is_refused_is_not_tried_again(service: Service) -> None:
    job = service.client.wait(service.ask(refuses(401)))

    assert job.error is not None
    assert (job.status, job.attempts, job.error.type) == ("FAILED", 1, "AI_API_ERROR")
    assert "does not let this service in" in job.error.message
    assert len(service.server.asked) == 1
    assert "HTTP 401" in service.up.log()


def test_a_provider_that_names_a_time_is_not_asked_before_it(service: Service) -> None:
    job = service.client.wait(service.ask(one_after_the_other(refuses(429, Retry_After="2"), answers())))

    assert job.status == "DONE"
    (refused,) = service.history("GenerationAttemptFailed")
    _, again = service.history("GenerationStarted")
    assert refused.data["failure_type"] == "RATE_LIMITED"
    assert (again.at - refused.at).total_seconds() >= 2


def test_a_model_that_never_answers_is_given_up_and_asked_again(service: Service) -> None:
    job_id = service.ask(one_after_the_other(*[never_answers] * 4, answers()))

    job = service.client.wait(job_id)

    assert (job.status, job.attempts) == ("DONE", 5)
    failed = [entry.data for entry in service.history("GenerationAttemptFailed")]
    assert {attempt["failure_type"] for attempt in failed} == {"TIMEOUT"}
    assert all(attempt["spared"] for attempt in failed), "that is no fault of this job"
    assert [call["cost_microusd"] for call in service.calls()] == [None] * 4 + [COST_MICROUSD]


def test_a_call_that_died_with_its_worker_is_counted(service: Service) -> None:
    job_id = service.ask(never_answers)
    wait_until(lambda: service.server.asked, "the model is asked")
    service.up.kill9()
    service.server.behaviour = answers()

    service.start_again()
    job = service.client.wait(job_id)

    assert (job.status, job.attempts) == ("DONE", 2)
    assert [entry.data["attempt"] for entry in service.history("GenerationStarted")] == [1, 2]
    (lost,) = service.history("GenerationAttemptFailed")
    assert lost.data["failure_type"] == "WORKER_LOST"


def test_no_key_no_prompt_and_no_text_is_ever_logged(service: Service) -> None:
    service.client.wait(service.ask(one_after_the_other(answers(title="Alien"), refuses(401), answers())))
    service.client.wait(service.client.generate(SLUG, force=True).job_id)

    system, user = (message["content"] for message in service.server.asked[0].body["messages"])
    log = service.up.log()
    assert "generation.accepted" in log
    for secret in (KEY, "quiet and patient", *system.splitlines()[:3], user.splitlines()[0]):
        assert not secret or secret not in log
    assert json.dumps(user)[1:40] not in log
