"""One round of one cell: what a fault takes of a queue, in the middle of traffic."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from benchmarks.persistence import jobs
from benchmarks.persistence.faults import Fault
from benchmarks.persistence.host import Host
from benchmarks.persistence.messages import Sending, send, take_all
from tests.support.traffic import Traffic

LONGEST_WAIT_SECONDS = 1.0
"""The fault comes at any moment of the second in which `appendfsync everysec` syncs once."""


@dataclass(frozen=True, slots=True)
class Size:
    """`settled` messages are sent before the queue has had time to keep them, `fresh` ones as quickly as
    possible before the fault. The service has `films` jobs in the queue, and `asked` more are accepted while
    the fault comes nearer."""

    settled: int
    fresh: int
    films: int
    asked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Counts are of what was acknowledged or accepted before the fault or during it. Rates are a second.
    `recovery_s` is what the fault and the return of the server took, `resent_s` how long after it, or after
    the service was there again, a message of each job that is not done waited in the queue. A backup is one
    of the messages, where the fault has one."""

    messages: int
    messages_lost: int
    jobs_lost_alone: int
    jobs: int
    jobs_lost_with_event_store: int
    enqueue_per_s: float
    drain_per_s: float
    recovery_s: float
    resent_s: float
    backup_s: float | None = None
    backup_bytes: int | None = None


def measure(host: Host, fault: Fault, size: Size, films: str, random: Random) -> Round:
    """On a host that knows how to keep its queue, which is empty again in the end. `films` is how those of
    this round are called."""
    host.sync()
    accepted = jobs.ask(host, films, size.films)
    jobs.wait_until_queued(host, accepted)
    acknowledged = send(host.alone, size.settled)
    host.settle()

    with Sending(host.alone, timed=size.fresh) as sending:
        enqueue_per_s = sending.per_second()
        with Traffic(host.cluster.url, f"{films}-asked") as traffic:
            traffic.wait_for_accepted(size.asked)
            backup = fault.prepare(host)
            time.sleep(random.uniform(0, LONGEST_WAIT_SECONDS))
            recovery_s = _seconds(lambda: fault.strike(host))
            sending.stop()
            recovery_s += _seconds(lambda: fault.mend(host))
            back_at = time.perf_counter()
    accepted += [answer.slug for answer in traffic.accepted()]
    acknowledged += sending.acknowledged

    if not host.is_serving():
        host.start_service()
        back_at = time.perf_counter()
    jobs.wait_until_queued_again(host, accepted)
    resent_s = time.perf_counter() - back_at
    survived = host.alone.job_ids()
    taken = take_all(host.alone, at_least=size.settled + size.fresh)
    return Round(
        messages=len(acknowledged),
        messages_lost=len(set(acknowledged) - survived),
        jobs_lost_alone=len(set(acknowledged) - taken.job_ids),
        jobs=len(accepted),
        jobs_lost_with_event_store=jobs.lost(host, accepted),
        enqueue_per_s=enqueue_per_s,
        drain_per_s=taken.per_second(),
        recovery_s=recovery_s,
        resent_s=resent_s,
        backup_s=backup.seconds if backup else None,
        backup_bytes=backup.bytes if backup else None,
    )


def _seconds(step: Callable[[], None]) -> float:
    started = time.perf_counter()
    step()
    return time.perf_counter() - started
