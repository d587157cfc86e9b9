"""A worker of a paid model killed at every step: its permit goes to another, and every cent is accounted."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.cluster import Cluster
from tests.support.model_server import TOKENS_IN, TOKENS_OUT, ModelServer, answers, model_server
from tests.support.process import wait_until
from tests.support.proxy import Proxy

MODEL = "the-model"
PRICES = f"[{MODEL}]\ninput_usd = 1\noutput_usd = 1\n"
COST_MICROUSD = TOKENS_IN + TOKENS_OUT
STARTED, GENERATED = b":GenerationStarted", b":DescriptionGenerated"


@dataclass(frozen=True)
class House:
    """Everything but workers, of which one may call at a time."""

    cluster: Cluster
    server: ModelServer

    def ledger(self) -> tuple[int, int, int]:
        """Calls under way, micro-dollars reserved, and spent."""
        ((under_way,),) = self.cluster.postgres.execute(
            "SELECT count(*) FROM paid_calls WHERE settled_at IS NULL"
        )
        ((reserved, spent),) = self.cluster.postgres.execute(
            "SELECT coalesce(sum(reserved), 0)::bigint, coalesce(sum(spent), 0)::bigint"
            " FROM call_accounts WHERE scope = 'everybody'"
        )
        return under_way, reserved, spent


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory(prefix="moviemind-")))
        home.chmod(0o755)
        (home / "prices.toml").write_text(PRICES, encoding="utf-8")
        server = stack.enter_context(model_server(answers()))
        cluster = Cluster(
            home,
            queue="database",
            ai_model=MODEL,
            ai_base_url=server.url,
            ai_prices_file=str(home / "prices.toml"),
            ai_max_calls="1",
        )
        stack.enter_context(closing(cluster))
        cluster.start_api()
        cluster.start_projector()
        yield House(cluster, server)


@pytest.mark.parametrize(
    ("at", "what", "calls", "unknown"),
    [
        (b"INSERT INTO paid_calls", "request", 1, 0),
        (STARTED, "request", 1, 0),
        (STARTED, "answer", 1, 1),
        (GENERATED, "request", 2, 1),
        (GENERATED, "answer", 1, 0),
    ],
    ids=[
        "before it has a permit",
        "before the claim",
        "after the claim",
        "before the text is saved",
        "after the text is saved",
    ],
)
def test_a_worker_killed_leaves_its_permit_and_no_cent_unaccounted(
    house: House, at: bytes, what: str, calls: int, unknown: int
) -> None:
    slug = f"film-{at.split()[-1].decode().strip(':').lower().replace('_', '-')}-{what}-1999"
    _, _, spent_before = house.ledger()
    asked_before = len(house.server.asked)
    line = Proxy(house.cluster.postgres.port)
    worker = house.cluster.start_worker(threads=1, store_url=line.towards(house.cluster.postgres.url()))
    held = line.hold_next(what, at=at)  # type: ignore[arg-type]
    house.cluster.ask([slug])
    assert held.wait(30)

    worker.kill9()
    line.close()
    rescuer = house.cluster.start_worker(threads=1)
    house.cluster.wait_until_done(len(house.cluster.statuses()))

    wait_until(lambda: house.ledger()[:2] == (0, 0), "nothing is under way", log=lambda: str(house.ledger()))
    assert rescuer.stop() == 0
    assert len(house.server.asked) - asked_before == calls
    spent = house.ledger()[2] - spent_before
    if unknown:
        assert spent > 2 * COST_MICROUSD, "what may have been paid counts as the worst"
    else:
        assert spent == COST_MICROUSD
    house.cluster.is_sound()
