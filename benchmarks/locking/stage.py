"""What happens while clients ask for one film, or each for another: where a fault steps in."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from benchmarks.locking.desk import Desk
from benchmarks.locking.paid_model import PaidCall, PaidModel
from benchmarks.locking.round_trips import Trips, so_far
from benchmarks.locking.servers import Servers
from benchmarks.locking.setup import Pace
from benchmarks.locking.strategy import Job, Strategy
from benchmarks.locking.workers import Workers


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """All that works for a strategy. `front` is the strategy as those have it who take requests,
    `trips_beside` asks what runs beside its workers for its round trips so far."""

    desk: Desk
    workers: Workers
    model: PaidModel
    servers: Servers
    front: Strategy
    trips_beside: Callable[[], Trips]
    pace: Pace


class Missed(Exception):
    """A fault came too late: the call that it was meant for had ended."""


@dataclass(slots=True)
class Client:
    """`seconds` from its request to its answer, once it is there. Without an answer its job is lost, and
    `why_lost` says why."""

    seconds: float | None = None
    why_lost: str = ""


@dataclass
class Stage:
    """Each client asks for its film of `slugs`, half of them not before a fault lets them, which befalls the
    film of the first. The staged moments are told in lifetimes of a lock."""

    crew: Crew
    slugs: Sequence[str]
    asked: list[Client] = field(default_factory=list)
    _others: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    @property
    def slug(self) -> str:
        return self.slugs[0]

    def play(self, act: Callable[["Stage"], None]) -> None:
        """Returns when every client has its answer or has given up, and nobody works any more. Raises Missed,
        then too."""
        early = (len(self.slugs) + 1) // 2
        together = threading.Barrier(early)
        for slug in self.slugs[:early]:
            self._begin(slug, together.wait)
        for slug in self.slugs[early:]:
            self._begin(slug, self._others.wait)
        try:
            act(self)
        except Missed:
            self._end()
            raise
        self._end()

    def first_call(self) -> PaidCall:
        """The first worker is inside: it has asked the model."""
        call = self.crew.model.wait_for_call(self.slug, 1, self.crew.pace.patience)
        assert call is not None, f"nobody writes about {self.slug}: {self.crew.desk.lost}"
        return call

    def must_be_inside(self, call: PaidCall) -> None:
        """Raises Missed where that worker had its text before the fault struck."""
        if not self.crew.model.is_open(call):
            raise Missed

    def somebody_else_writes(self, *, within: float) -> None:
        """Returns when that is so, or when so many lifetimes are over."""
        self.crew.model.wait_for_call(self.slug, 2, within * self.crew.pace.ttl)

    def somebody_is_done(self, *, within: float) -> None:
        """Returns when somebody has said so, or when so many lifetimes are over."""
        self.crew.desk.wait_for_answers(self.slug, within * self.crew.pace.ttl)

    def wait(self, lifetimes: float) -> None:
        """There is nothing to look for while a lock runs out."""
        time.sleep(lifetimes * self.crew.pace.ttl)

    def others_ask(self) -> None:
        self._others.set()

    def one_more_asks(self) -> None:
        """Beside all the others."""
        self._begin(self.slug, lambda: None)

    def everybody_asks_again(self) -> None:
        """While their first requests are still waited for."""
        together = threading.Barrier(len(self.slugs) + 1)
        for slug in self.slugs:
            self._begin(slug, together.wait)
        together.wait()

    def _end(self) -> None:
        """What is delivered now would be written about in nobody's round."""
        self.others_ask()
        for thread in self._threads:
            thread.join()
        self.crew.desk.clear()
        self.crew.desk.wait_until_idle()

    def _begin(self, slug: str, wait: Callable[[], object]) -> None:
        thread = threading.Thread(target=self._ask_after, args=(wait, slug), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _ask_after(self, wait: Callable[[], object], slug: str) -> None:
        wait()
        client = Client()
        self.asked.append(client)
        ask(self.crew, slug, client)


def ask(crew: Crew, slug: str, client: Client) -> None:
    """One request, and the wait for its answer."""
    started, before = time.perf_counter(), so_far()
    try:
        job = crew.front.request(Job(uuid4(), slug))
    except Exception as error:  # noqa: BLE001 - a request that is refused is a lost job
        client.why_lost = f"{type(error).__name__}: {error}"
        return
    finally:
        crew.desk.add_trips(so_far() - before)
    if not crew.front.sends_jobs:
        crew.desk.put(job)
    if crew.desk.wait_for_answer(job.job_id, crew.pace.patience):
        client.seconds = time.perf_counter() - started
    else:
        client.why_lost = crew.desk.lost.get(job.job_id, "no answer in time")
