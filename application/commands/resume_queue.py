"""Start jobs again after a pause."""

from dataclasses import dataclass

import structlog

from application.movie_generations import Clock
from application.queue_switch import QueueState, QueueSwitch
from domain.values import Actor

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeQueue:
    by: Actor


def resume_queue(command: ResumeQueue, *, switch: QueueSwitch, clock: Clock) -> QueueState:
    """Everything due is sent, also what was sent before the pause. Raises StoreUnavailable."""
    switch.resume(by=command.by.id, at=clock())
    log.info("queue.resumed", by=command.by.id)
    return switch.state()
