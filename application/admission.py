"""Whether a job may be started now. Asked before the claim, so that waiting costs no try and no money."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from application.call_ledger import PlannedCall
from application.call_limits import Refusal
from application.commands.settle_calls import settle_call
from application.dispatching import Dispatches
from application.errors import NotAdmitted, StoreUnavailable
from application.movie_generations import STORE_RETRY_SECONDS, MovieGenerations
from application.ports import Quote
from application.provider_gate import ProviderGate
from application.queue_switch import QueueSwitch
from domain.job import Job
from domain.values import Failure, PaidCall

log = structlog.get_logger()

MOMENT_SECONDS = 1.0
"""What a gate that is shut lets through may be another call than the dispatcher thought, if only because the
clocks of two hosts differ. Nobody shall ask it in a tight loop."""


@dataclass(frozen=True, slots=True)
class Admission:
    """The switch of the queue and the gate before a paid model. A call is None where writing is free.

    `ends_within` waits so many seconds and says whether the worker is to end.
    """

    switch: QueueSwitch
    gate: ProviderGate
    dispatches: Dispatches
    ends_within: Callable[[float], bool]

    def check_switch(self, job_id: UUID) -> None:
        """Raises NotAdmitted during a pause; the message is sent again when the queue is resumed."""
        if self.switch.state().is_paused:
            raise NotAdmitted(job_id, "paused")

    def admit(self, quote: Quote | None, job: Job, slug: str) -> PlannedCall | None:
        """The call for the attempt a job is about to start. Raises NotAdmitted.

        Who is turned away asks once more after a moment, and then leaves the job to the dispatcher, which
        sends it again when there is room. It does not know of a call that is too dear where cheaper ones can
        be paid for: such a message comes again in a while.
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
        if refusal is not None and not self.ends_within(MOMENT_SECONDS):
            refusal = self.gate.admit(call)
        if refusal is None:
            return call
        if refusal is not Refusal.TOO_DEAR:
            self.dispatches.forget(call.job_id)
        raise NotAdmitted(call.job_id, refusal)

    def confirm(self, call: PlannedCall | None) -> bool:
        """Whether a call may be made, now that its attempt is claimed.

        A store that is away is waited for: the claim is ours, and nobody else would start the job. Raises
        StoreUnavailable when the worker is to end.
        """
        while call is not None:
            try:
                return self.gate.confirm(call)
            except StoreUnavailable:
                if self.ends_within(STORE_RETRY_SECONDS):
                    raise
        return True

    def give_up(self, call: PlannedCall | None, generations: MovieGenerations) -> None:
        """The claim came to nothing: the permit is free, unless another worker has claimed that attempt."""
        reservation = self.gate.unsettled(call.job_id, call.attempt) if call else None
        if reservation is not None:
            settle_call(reservation, generations=generations, gate=self.gate)

    def heard(self, call: PlannedCall | None, failure: Failure | None) -> datetime | None:
        """Returns until when the provider is left alone, if it is the reason of this failure.

        Which may be over. Nobody's text waits for a store that is away: the next failure is noted.
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
