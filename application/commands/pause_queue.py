"""Start no more jobs until the queue is resumed; requests are still accepted, and wait."""

from dataclasses import dataclass

import structlog

from application.movie_generations import Clock
from application.queue_switch import QueueState, QueueSwitch
from domain.values import Actor

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseQueue:
    reason: str
    by: Actor


def pause_queue(command: PauseQueue, *, switch: QueueSwitch, clock: Clock) -> QueueState:
    """Attempts that run may finish. Raises StoreUnavailable."""
    switch.pause(by=command.by.id, at=clock(), reason=command.reason)
    log.warning("queue.paused", by=command.by.id, reason=command.reason)
    return switch.state()
