"""One round of a cell: clients ask, a fault steps in, and then the store itself is looked into."""

import random
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from benchmarks.locking.faults import Fault
from benchmarks.locking.round_trips import Trips
from benchmarks.locking.stage import Client, Crew, Stage, ask

SEED = 1999
SHORT_SECONDS = 0.05
"""How long writing takes where the throughput is measured: what is compared is what comes on top of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was found. Milliseconds are from request to answer, of those that were answered; None where nobody
    was. Round trips are those of requests, of workers while they have a job, and of what runs beside them."""

    accepted_descriptions: int
    duplicates: int
    paid_calls: int
    contradictory_answers: int
    lost_jobs: int
    p50_ms: float | None
    p99_ms: float | None
    throughput_per_s: float
    redis_round_trips: int
    database_round_trips: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Round(Figures):
    """`pays_twice` for some film."""

    pays_twice: bool
    why_lost: tuple[str, ...]


def staged(crew: Crew, fault: Fault, stages: Sequence[Sequence[str]]) -> Round:
    """One stage after the other, each with a client for each of its films: often all for the same."""

    def play(slugs: Sequence[str]) -> list[Client]:
        stage = Stage(crew, slugs)
        stage.play(fault.act)
        return stage.asked

    crew.model.seconds = lambda slug, call: fault.seconds_of(_chance(slug, call), crew.pace.ttl)
    films = sorted({slug for slugs in stages for slug in slugs})
    return _measured(crew, films, lambda: [client for slugs in stages for client in play(slugs)])


def different_films(crew: Crew, slugs: Sequence[str], *, clients: int) -> Round:
    """No fault, and each client asks for one film after the other, and nobody else does for the same."""

    def share(number: int, asked: list[Client]) -> None:
        for slug in slugs[number::clients]:
            if crew.desk.is_closed:  # the lab is broken off
                return
            client = Client()
            asked.append(client)
            ask(crew, slug, client)

    def play() -> list[Client]:
        asked: list[Client] = []
        threads = [
            threading.Thread(target=share, args=(number, asked), daemon=True) for number in range(clients)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        crew.desk.clear()
        crew.desk.wait_until_idle()
        return asked

    crew.model.seconds = lambda _slug, _call: SHORT_SECONDS
    return _measured(crew, slugs, play)


def _measured(crew: Crew, slugs: Sequence[str], play: Callable[[], list[Client]]) -> Round:
    trips_before, started = _trips(crew), time.perf_counter()
    asked = play()
    seconds = time.perf_counter() - started
    trips = _trips(crew) - trips_before
    accepted = {slug: crew.front.accepted(slug) for slug in slugs}
    paid = [len(crew.model.calls(slug)) for slug in slugs]
    times = sorted(client.seconds for client in asked if client.seconds is not None)
    return Round(
        accepted_descriptions=sum(map(len, accepted.values())),
        duplicates=sum(max(0, len(texts) - 1) for texts in accepted.values()),
        paid_calls=sum(paid),
        contradictory_answers=sum(_contradictions(crew, slug, accepted[slug]) for slug in slugs),
        lost_jobs=len(asked) - len(times),
        p50_ms=statistics.median(times) * 1_000 if times else None,
        p99_ms=times[(len(times) * 99 - 1) // 100] * 1_000 if times else None,
        throughput_per_s=len(times) / seconds,
        redis_round_trips=trips.redis,
        database_round_trips=trips.database,
        pays_twice=max(paid) > 1,
        why_lost=tuple(client.why_lost for client in asked if client.why_lost),
    )


def _trips(crew: Crew) -> Trips:
    return crew.desk.trips + crew.trips_beside()


def _chance(slug: str, call: int) -> random.Random:
    """The same for the same call about the film of the same number, whichever strategy has it."""
    _, number, _ = slug.rsplit("-", 2)
    return random.Random(f"{SEED} {number} {call}")


def _contradictions(crew: Crew, slug: str, accepted: Sequence[UUID]) -> int:
    """Answers that name another description than the first one about that film did, or one that is not there,
    also where nobody waited for them any more."""
    named = [answer.description_id for answer in crew.desk.answers_about(slug)]
    return sum(one != named[0] or one not in accepted for one in named)
