"""Send everything due to the queue again, as when its messages may have been lost."""

from dataclasses import dataclass

import structlog

from application.movie_generations import Clock
from application.provider_gate import ProviderGate
from application.queue_switch import QueueState, QueueSwitch
from domain.values import Actor

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverQueue:
    by: Actor


def recover_queue(
    command: RecoverQueue, *, switch: QueueSwitch, clock: Clock, gate: ProviderGate | None = None
) -> QueueState:
    """Messages that were not lost come twice, which does no harm. Raises StoreUnavailable.

    Nobody has to do this after a loss: the dispatcher notices one by itself, at the latest after
    RESEND_SECONDS. A provider that is left alone is asked again at once: somebody has mended something.
    """
    if gate is not None:
        gate.ask_again()
    switch.send_again(by=command.by.id, at=clock())
    log.info("queue.recovered", by=command.by.id)
    return switch.state()
