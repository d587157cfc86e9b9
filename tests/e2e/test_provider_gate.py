"""Several workers before one paid model: budgets, permits and outages, with real processes and kills."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from application.circuit_breaker import BreakerState
from application.commands.request_generation import RequestGeneration, request_generation
from application.gate_status import GateStatus
from application.spending import GroupBy
from domain.events import DescriptionGenerated, GenerationAttemptFailed, GenerationFailed, GenerationStarted
from domain.values import Actor, JobStatus, Priority
from infrastructure.settings import Settings, load_settings
from infrastructure.store import Store
from infrastructure.writers.bounds import MAX_TOKENS_OUT
from interfaces.bootstrap import LOCAL_CALLER, open_store
from interfaces.client import ServiceRefused
from interfaces.writers import build_gate
from tests.support.cluster import Cluster, Part
from tests.support.model_server import (
    TOKENS_IN,
    ModelServer,
    answers,
    gathers,
    model_server,
    never_answers,
    one_after_the_other,
    refuses,
    takes,
)
from tests.support.process import wait_until

MODEL = "the-model"
PRICES = f"[{MODEL}]\ninput_usd = 0.01\noutput_usd = 1\n"
COST_MICROUSD = MAX_TOKENS_OUT + TOKENS_IN // 100
"""Of every call, whose answer takes as many tokens as it may."""

REST_MICROUSD = 200
"""What a budget has beside the cost of so many calls: enough to reserve for the last of them."""

WORKERS, THREADS = 2, 12


class House:
    """A cluster whose workers ask a model on loopback."""

    def __init__(self, cluster: Cluster, server: ModelServer) -> None:
        self.cluster = cluster
        self.server = server

        self.parts: list[Part] = []

    def open(self, *, works: bool = True, **settings: str) -> None:
        self.cluster.settings |= settings
        self.parts = [self.cluster.start_api(), self.cluster.start_projector()]
        if works:
            self.work()

    def work(self) -> None:
        self.parts.append(self.cluster.start_worker(processes=WORKERS, threads=THREADS))

    def close(self) -> None:
        for part in self.parts:
            part.stop()

    def ask(self, films: int) -> None:
        slugs = [f"film-number-{number}-1999" for number in range(films)]
        self.cluster.ask(slugs, priority=Priority.BULK)

    def status(self) -> GateStatus:
        with closing(self.store()) as store:
            return build_gate(self._settings(), store).status()

    def wait_for(self, **jobs: int) -> None:
        """Until the view has so many jobs of each status."""
        wait_until(lambda: Counter(self.cluster.statuses()) == jobs, f"jobs are {jobs}", log=self._jobs)

    def is_spent(self) -> bool:
        """And nobody will pay anything any more."""
        status = self.status()
        return status.is_spent and status.under_way == 0

    def spent(self) -> int:
        """On whatever days."""
        ((spent,),) = self.cluster.postgres.execute(
            "SELECT sum(spent)::bigint FROM call_accounts WHERE scope = 'everybody'"
        )
        return int(spent)

    def store(self) -> Store:
        return open_store(self._settings())

    def health(self) -> dict[str, Any]:
        health: dict[str, Any] = httpx.get(f"{self.cluster.url}/health").json()
        return health

    def _jobs(self) -> str:
        return str(Counter(self.cluster.statuses()))

    def _settings(self) -> Settings:
        """Those that concern the gate."""
        ours = {
            name: value
            for name, value in self.cluster.settings.items()
            if name.startswith("ai_") or name == "store_url"
        }
        return load_settings(**ours)


@pytest.fixture(params=["database"])
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory(prefix="moviemind-")))
        home.chmod(0o755)
        (home / "prices.toml").write_text(PRICES, encoding="utf-8")
        server = stack.enter_context(model_server(answers()))
        server.tokens_out = MAX_TOKENS_OUT
        cluster = Cluster(
            home,
            queue=request.param,
            ai_model=MODEL,
            ai_base_url=server.url,
            ai_prices_file=str(home / "prices.toml"),
            ai_breaker_seconds="0.1",
        )
        stack.enter_context(closing(cluster))
        yield House(cluster, server)


@pytest.mark.parametrize("house", ["redis"], indirect=True)
def test_no_more_calls_are_made_than_a_budget_pays_for_and_the_others_wait(house: House) -> None:
    """Should it be midnight meanwhile, there is a second budget."""
    jobs, calls = 200, 50
    began = datetime.now(UTC).date()
    house.open(works=False, ai_daily_budget_usd=_dollars(calls), resend_seconds="120")
    house.ask(jobs)
    house.work()

    wait_until(house.is_spent, "the budget is spent", 60)
    days = (datetime.now(UTC).date() - began).days + 1
    assert len(house.server.asked) == calls * days
    assert house.spent() == calls * days * COST_MICROUSD
    assert house.health()["status"] == "degraded"
    with pytest.raises(ServiceRefused, match="The daily budget of the service is spent"):
        house.cluster.ask(["one-more-film-1999"])
    house.wait_for(DONE=calls * days, PENDING=jobs - calls * days)
    assert len(house.cluster.of(GenerationStarted)) == calls * days, "those who wait have used no try"

    house.close()
    house.open(ai_daily_budget_usd=_dollars(jobs))
    house.cluster.wait_until_done(jobs)

    assert len(house.server.asked) == jobs
    house.cluster.is_sound()


def test_what_one_key_has_spent_stops_nobody_else(house: House) -> None:
    began = datetime.now(UTC).date()
    house.open(ai_daily_budget_per_key_usd=_dollars(3))
    house.ask(50)
    wait_until(lambda: LOCAL_CALLER in house.status().spent_requesters, "the key has nothing left")
    other = RequestGeneration(slug="of-somebody-else-1999", by=Actor("other", correlation_id="request"))
    with closing(house.store()) as store:
        (job,) = request_generation(other, generations=store.generations).requested

    with closing(house.cluster.client()) as client:
        assert client.wait(job.job_id).status is JobStatus.DONE

    days = (datetime.now(UTC).date() - began).days + 1
    house.wait_for(DONE=3 * days + 1, PENDING=50 - 3 * days)


def test_no_more_calls_are_made_at_once_than_are_allowed(house: House) -> None:
    house.server.behaviour = gathers(3, takes(0.1, answers()))
    house.open(ai_max_calls="3")

    house.ask(30)
    house.cluster.wait_until_done(30)

    assert house.server.most_at_once == 3
    house.cluster.is_sound()


def test_an_outage_costs_no_job_its_tries(house: House) -> None:
    jobs, probes = 40, 5
    house.server.behaviour = refuses(503)
    house.open(works=False)
    house.ask(jobs)
    house.work()
    wait_until(lambda: house.status().breaker.openings > probes, "the provider was asked again and again", 60)
    health = house.health()
    assert health["status"] == "degraded"
    assert health["provider"]["breaker"] in ("open", "half-open")
    assert "HTTP 503" in health["provider"]["reason"]

    house.server.behaviour = answers()
    house.cluster.wait_until_done(jobs, 60)

    assert house.cluster.of(GenerationFailed) == []
    failed = house.cluster.of(GenerationAttemptFailed)
    assert len(failed) <= 3 + WORKERS * THREADS + probes + 2, "the others were not even tried"
    assert all(attempt.spared for attempt in failed)
    assert house.status().state is BreakerState.CLOSED
    assert house.health()["status"] == "ok"
    logs = "".join(part.log() for part in house.parts)
    assert "provider.left_alone" in logs
    assert "provider.answers_again" in logs
    house.cluster.is_sound()


def test_the_permit_of_a_worker_that_is_killed_in_its_call_goes_to_another(house: House) -> None:
    house.server.behaviour = one_after_the_other(never_answers, answers())
    house.open(works=False, ai_max_calls="1", ai_daily_budget_usd=_dollars(10))
    victim = house.cluster.start_worker(threads=1)
    house.ask(1)
    wait_until(lambda: house.server.asked, "the model is asked")

    victim.kill9()
    house.cluster.start_worker(threads=1)
    house.cluster.wait_until_done(1)

    (lost,) = house.cluster.of(GenerationAttemptFailed)
    assert [(call["outcome"], call["cost_microusd"]) for call in lost.calls] == [("worker_lost", None)]
    (made,) = house.cluster.of(DescriptionGenerated)
    assert made.attempt == 2
    wait_until(lambda: not house.status().under_way, "both are settled")
    spent = house.spent()
    assert 2 * COST_MICROUSD < spent < 2 * COST_MICROUSD + REST_MICROUSD, "the lost one counts as the worst"
    with closing(house.cluster.client()) as client:
        total = client.spending(first=None, last=None, group_by=GroupBy.DAY).total
    assert (total.calls, total.cost_microusd, total.unknown_cost_calls) == (2, COST_MICROUSD, 1)


def _dollars(calls: int) -> str:
    """A budget for so many calls, and no more."""
    return str(Decimal(calls * COST_MICROUSD + REST_MICROUSD) / 1_000_000)
