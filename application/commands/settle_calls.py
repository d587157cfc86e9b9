"""Settle paid calls whose workers did not: they died, or had no store, between the last append and that."""

import structlog

from application.call_ledger import PlannedCall, Reservation
from application.errors import MovieNotFound, StoreUnavailable
from application.movie_generations import MovieGenerations
from application.movie_replay import stream_of
from application.provider_gate import ProviderGate
from domain import events
from domain.errors import JobNotFound
from domain.values import PaidCall

log = structlog.get_logger()


def settle_calls(*, generations: MovieGenerations, gate: ProviderGate) -> int:
    """Returns how many calls were settled. A film that cannot be read stands in nobody's way."""
    settled = 0
    for reservation in gate.left_unsettled():
        try:
            settled += settle_call(reservation, generations=generations, gate=gate)
        except StoreUnavailable:
            raise
        except Exception:
            log.exception("call.cannot_be_settled", slug=reservation.call.slug)
    return settled


def settle_call(reservation: Reservation, *, generations: MovieGenerations, gate: ProviderGate) -> bool:
    """Settle a call whose attempt has ended, as the film's stream tells, or release one that was never made.

    False while it may be under way: its attempt runs, or was ended by somebody who does not know, as by a
    person who cancelled the job.
    """
    call = reservation.call
    try:
        job = generations.load(call.slug).jobs.find(call.job_id)
    except (MovieNotFound, JobNotFound):  # of a log that was replaced by an older copy
        gate.release(reservation)
        return True
    if job.attempt < call.attempt:
        gate.release(reservation)
        return True
    ended, paid = _told_of(call, generations)
    if job.is_running(call.attempt) or (not ended and gate.may_be_under_way(reservation)):
        return False
    gate.settle(call.job_id, call.attempt, paid)
    log.info("call.settled_for_its_worker", slug=call.slug, job_id=str(call.job_id), attempt=call.attempt)
    return True


def _told_of(call: PlannedCall, generations: MovieGenerations) -> tuple[bool, list[PaidCall]]:
    """Whether an event tells how the attempt ended, and what it paid for; the last of several knows most."""
    ended, paid = False, list[PaidCall]()
    for event in stream_of(call.slug, generations=generations):
        match event:
            case (
                events.DescriptionGenerated()
                | events.GenerationAttemptFailed()
                | events.StaleResultRejected()
            ) if (event.job_id, event.attempt) == (call.job_id, call.attempt):
                ended, paid = True, [PaidCall(**told) for told in event.calls] or paid
    return ended, paid
