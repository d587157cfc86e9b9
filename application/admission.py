"""Whether a job may be started now. Asked before the claim, so that waiting costs no try and no money."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from application.call_ledger import PlannedCall
from application.call_limits import Refusal
from application.dispatching import Dispatches
from application.errors import NotAdmitted, StoreUnavailable
from application.ports import Quote
from application.provider_gate import PERMIT_SECONDS, ProviderGate
from application.queue_switch import QueueSwitch
from domain.job import Job
from domain.values import Failure, PaidCall

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Admission:
    """The switch of the queue and the gate before a paid model. A call is None where writing is free."""

    switch: QueueSwitch
    gate: ProviderGate
    dispatches: Dispatches

    def check_switch(self, job_id: UUID) -> None:
        """Raises NotAdmitted during a pause; the message is sent again when the queue is resumed."""
        if self.switch.state().is_paused:
            raise NotAdmitted(job_id, "paused")

    def admit(self, quote: Quote | None, job: Job, slug: str) -> PlannedCall | None:
        """The call for the attempt a job is about to start. Raises NotAdmitted.

        The dispatcher sees what we see and sends the job again, except where only the price of this call is
        too high for what is left of a budget: its message comes again in a while.
        """
        if quote is None:
            return None
        call = PlannedCall(
            job_id=job.job_id,
            attempt=job.attempt,
            slug=slug,
            requester=job.requested_by,
            model=quote.model,
            at_most_microusd=quote.at_most_microusd,
        )
        refusal = self.gate.admit(call)
        if refusal is None:
            return call
        if refusal is not Refusal.BUDGET:
            self.dispatches.forget(call.job_id)
        raise NotAdmitted(call.job_id, refusal)

    def has_lapsed(self, call: PlannedCall | None, *, after: timedelta) -> bool:
        """Whether a call lost its permit because it took so long to claim the job."""
        is_late = after > timedelta(seconds=PERMIT_SECONDS)
        return call is not None and is_late and not self.gate.holds(call.job_id, call.attempt)

    def heard(self, call: PlannedCall | None, failure: Failure | None) -> datetime | None:
        """Returns until when the provider is left alone, if it is the reason of this failure.

        Nobody's text waits for a store that is away: what is not noted now is when it fails again.
        """
        if call is None:
            return None
        try:
            return self.gate.heard(call.job_id, call.attempt, failure)
        except StoreUnavailable as error:
            log.warning("call.not_noted", slug=call.slug, job_id=str(call.job_id), reason=error.reason)
            return None

    def settle(self, call: PlannedCall | None, calls: tuple[PaidCall, ...]) -> None:
        """Account for what an attempt took. What cannot be settled now is found later by `settle_calls`."""
        if call is None:
            return
        try:
            self.gate.settle(call.job_id, call.attempt, calls)
        except StoreUnavailable as error:
            log.warning("call.not_settled", slug=call.slug, job_id=str(call.job_id), reason=error.reason)
