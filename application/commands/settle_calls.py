"""Settle paid calls whose workers did not: they died, or had no store, between the last append and that."""

import structlog

from application.call_ledger import Reservation
from application.errors import MovieNotFound
from application.movie_generations import MovieGenerations
from application.movie_replay import stream_of
from application.provider_gate import ProviderGate
from application.read_models import JobsView
from domain import events
from domain.errors import JobNotFound
from domain.values import PaidCall

log = structlog.get_logger()


def settle_calls(*, generations: MovieGenerations, jobs: JobsView, gate: ProviderGate) -> int:
    """Returns how many calls were settled. What each has cost is read from the stream of its film."""
    left = gate.left_unsettled()
    claimed = {(claim.job_id, claim.attempt) for claim in jobs.open_claims()} if left else set()
    return sum(
        _settle(reservation, generations, gate)
        for reservation in left
        if (reservation.call.job_id, reservation.call.attempt) not in claimed
    )


def _settle(reservation: Reservation, generations: MovieGenerations, gate: ProviderGate) -> bool:
    call = reservation.call
    try:
        job = generations.load(call.slug).jobs.find(call.job_id)
    except (MovieNotFound, JobNotFound):  # of a log that was replaced by an older copy
        job = None
    if job is not None and job.is_running(call.attempt):
        return False
    if job is None or job.attempt < call.attempt:
        gate.release(reservation)
    else:
        gate.settle(call.job_id, call.attempt, _paid(reservation, generations))
    log.info("call.settled_for_its_worker", slug=call.slug, job_id=str(call.job_id), attempt=call.attempt)
    return True


def _paid(reservation: Reservation, generations: MovieGenerations) -> list[PaidCall]:
    """As the event tells that ended the attempt; of several the last one knows most."""
    call, paid = reservation.call, list[PaidCall]()
    for event in stream_of(call.slug, generations=generations):
        match event:
            case (
                events.DescriptionGenerated()
                | events.GenerationAttemptFailed()
                | events.StaleResultRejected()
            ) if (event.job_id, event.attempt) == (call.job_id, call.attempt) and event.calls:
                paid = [PaidCall(**told) for told in event.calls]
    return paid
