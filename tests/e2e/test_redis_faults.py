"""Redis restarted, killed, emptied, frozen, lost at the instant of a command, while people ask and texts are
written: every request is accepted, every accepted job ends DONE, nothing is started anew.

Messages are sent again only after a minute here, so that whatever is done soon was not waited for.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import httpx
import pytest

from domain.events import GenerationAttemptFailed, GenerationStarted
from tests.support.cluster import Cluster, Part
from tests.support.process import DEADLINE_SECONDS
from tests.support.proxy import Proxy
from tests.support.servers import Redis, free_port
from tests.support.traffic import Traffic

KINDS = ("api", "projector", "worker")
QUEUED = 40
STALL_SECONDS = 8.0
BACK_TO_WORK_SECONDS = 20.0
AT_ONCE_SECONDS = 6.0
NOBODY_WAITS_FOR_THAT = "60"

_count = iter(range(1, 10_000))


@dataclass
class House:
    """A cluster of which each process has a way of its own to Redis, and the API one to the store."""

    cluster: Cluster
    parts: dict[str, Part]
    lines: dict[str, Proxy]
    store_line: Proxy

    @property
    def redis(self) -> Redis:
        assert self.cluster.redis is not None
        return self.cluster.redis

    def start_api(self) -> None:
        self.parts["api"] = self.cluster.start_api(
            redis_url=f"redis://127.0.0.1:{self.lines['api'].port}/0",
            store_url=self.store_line.towards(self.cluster.postgres.url()),
        )

    def tell(self, *command: str) -> None:
        with closing(self.redis.client()) as client:
            client.execute_command(*command)  # type: ignore[no-untyped-call]


@contextmanager
def _house(queue: str) -> Iterator[House]:
    with TemporaryDirectory(prefix="moviemind-") as home:
        Path(home).chmod(0o755)
        cluster = Cluster(
            Path(home),
            queue=queue,
            redis_for="tokens" if queue == "database" else "queue",
            resend_seconds=NOBODY_WAITS_FOR_THAT,
            template_latency_ms="200",
        )
        assert cluster.redis is not None
        lines = {kind: Proxy(cluster.redis.port) for kind in KINDS}
        urls = {kind: f"redis://127.0.0.1:{line.port}/0" for kind, line in lines.items()}
        store_line = Proxy(cluster.postgres.port)
        parts = {
            "projector": cluster.start_projector(redis_url=urls["projector"]),
            "worker": cluster.start_worker(threads=8, redis_url=urls["worker"]),
        }
        house = House(cluster, parts, lines, store_line)
        house.start_api()
        yield house
        cluster.close()
        for line in (*lines.values(), store_line):
            line.close()


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """With the queue in Redis."""
    with _house("redis") as house:
        yield house


@contextmanager
def _under_load(house: House) -> Iterator[Traffic]:
    """What happens in the block happens while people ask; afterwards all is as if it had not."""
    cluster = house.cluster
    number = next(_count)
    with Traffic(cluster.url, f"film-{number}") as traffic:
        cluster.ask(f"queued-{number}-{film}-1999" for film in range(QUEUED))
        yield traffic
        traffic.wait_for_accepted()
    promised = cluster.requested()
    cluster.wait_until_done(promised, BACK_TO_WORK_SECONDS)
    assert traffic.errors == []
    assert traffic.refused() == []
    assert all(part.is_running() for part in house.parts.values()), "nothing has to be started anew"
    assert cluster.of(GenerationAttemptFailed) == [], "nobody was declared dead"
    assert len(cluster.of(GenerationStarted)) == promised, "and nothing was paid for twice"
    _everybody_is_told_so(cluster, traffic)
    cluster.is_sound()


def _everybody_is_told_so(cluster: Cluster, traffic: Traffic) -> None:
    """Also by tokens and cached statuses that have outlived their jobs."""
    with httpx.Client(base_url=cluster.url) as client:
        for answer in traffic.accepted():
            job = client.get(f"/v1/jobs/{answer.body['job_id']}").json()
            again = client.post("/v1/generate", json={"slug": answer.slug})
            assert (job["status"], again.status_code) == ("DONE", httpx.codes.OK)
            assert job["description_id"] == again.json()["description_id"]


def _restart(house: House, traffic: Traffic) -> None:
    house.redis.restart()


def _kill(house: House, traffic: Traffic) -> None:
    house.redis.kill9()
    traffic.wait_for_accepted()
    house.redis.start()


def _kill_when_every_write_was_synced(house: House, traffic: Traffic) -> None:
    house.tell("CONFIG", "SET", "appendfsync", "always")
    traffic.wait_for_accepted()
    _kill(house, traffic)


def _lose_data(house: House, traffic: Traffic) -> None:
    house.redis.kill9()
    house.redis.lose_data()
    traffic.wait_for_accepted()
    house.redis.start()


def _flush(house: House, traffic: Traffic) -> None:
    house.tell("FLUSHALL")


def _stall(house: House, traffic: Traffic) -> None:
    """Nobody waits for a Redis that hangs, however long it does."""
    ends_at = time.monotonic() + STALL_SECONDS
    house.redis.freeze()
    with httpx.Client(base_url=house.cluster.url, timeout=AT_ONCE_SECONDS) as client:
        while time.monotonic() < ends_at:
            slug = f"asked-of-a-frozen-redis-{next(_count)}-1999"
            assert client.post("/v1/generate", json={"slug": slug}).status_code == httpx.codes.ACCEPTED
            traffic.wait_for_accepted(1)
    house.redis.thaw()


FAULTS = (_restart, _kill, _kill_when_every_write_was_synced, _lose_data, _flush, _stall)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__.strip("_"))
def test_no_accepted_job_is_lost(house: House, fault: Callable[[House, Traffic], None]) -> None:
    with _under_load(house) as traffic:
        fault(house, traffic)


CLAIM, TOKEN = b"\r\nSET\r\n", b"\r\nEVAL\r\n"
DISPATCH, FETCH, ACK = b"\r\nenqueue\r\n", b"\r\nfetch\r\n", b"\r\nack\r\n"


@pytest.mark.parametrize(
    ("kind", "at"),
    [("api", CLAIM), ("api", TOKEN), ("projector", DISPATCH), ("worker", FETCH), ("worker", ACK)],
    ids=["claim of a request", "token of a job", "dispatch", "fetch", "ack"],
)
def test_the_line_to_redis_is_lost_at_a_command(house: House, kind: str, at: bytes) -> None:
    """Before Redis has it, and when it has done it. Redis itself lives on: nothing else tells that a message
    may be lost."""
    line = house.lines[kind]
    with _under_load(house):
        assert line.cut_next("request", at=at).wait(DEADLINE_SECONDS)
        assert line.cut_next("answer", at=at).wait(DEADLINE_SECONDS)


@pytest.mark.parametrize(("kind", "at"), [("projector", DISPATCH), ("worker", ACK)], ids=["dispatch", "ack"])
def test_redis_dies_before_it_has_a_command(house: House, kind: str, at: bytes) -> None:
    line = house.lines[kind]
    with _under_load(house) as traffic:
        assert line.hold_next("request", at=at).wait(DEADLINE_SECONDS)
        house.redis.kill9()
        line.release()
        traffic.wait_for_accepted()
        house.redis.start()


def test_an_api_killed_between_token_and_append_holds_up_nobody(house: House) -> None:
    """Its claim stands; who asks next is answered by another process at once, and then by itself."""
    cluster, slug = house.cluster, "claimed-by-a-dead-api-1999"
    other_url = f"http://127.0.0.1:{free_port()}"
    other = cluster.start("api", "--port", other_url.rpartition(":")[2])
    other.wait_for("api.started")
    held = house.store_line.hold_next("request", at=b":GenerationRequested")
    asker = Thread(target=_ask_in_vain, args=(cluster.url, slug))
    asker.start()
    assert held.wait(DEADLINE_SECONDS)
    _let_the_claim_stand(house, slug)

    house.parts["api"].kill9()
    house.store_line.go_down()
    asker.join()

    first = _ask_now(other_url, slug)
    house.store_line.come_up()
    house.store_line.release()
    house.start_api()
    again = _ask_now(cluster.url, slug)

    assert first.status_code == httpx.codes.ACCEPTED
    assert again.json()["job_id"] == first.json()["job_id"]
    assert other.stop() == 0
    with _under_load(house):
        pass


def _ask_now(url: str, slug: str) -> httpx.Response:
    return httpx.post(f"{url}/v1/generate", json={"slug": slug}, timeout=AT_ONCE_SECONDS)


def _ask_in_vain(url: str, slug: str) -> None:
    with pytest.raises(httpx.TransportError):
        httpx.post(f"{url}/v1/generate", json={"slug": slug}, timeout=DEADLINE_SECONDS)


def _let_the_claim_stand(house: House, slug: str) -> None:
    """For ever: that it ends by itself soon is not what is tested."""
    with closing(house.redis.client()) as client:
        (key,) = client.keys(f"*:in-flight:{slug}:*")
        assert str(client.get(key)).startswith("claiming ")
        assert client.persist(key)


def test_without_redis_as_a_queue_its_loss_costs_nothing_but_speed() -> None:
    """Tokens and cached statuses are all that is in it."""
    with _house("database") as house, _under_load(house) as traffic:
        for fault in (_restart, _kill, _lose_data, _flush, _stall):
            fault(house, traffic)
            traffic.wait_for_accepted()
