"""End the attempts of workers that died or ran out of time, so that their jobs are due again."""

from dataclasses import dataclass

import structlog

from application.errors import EventTooNew, TooMuchContention
from application.movie_generations import MovieGenerations
from application.provider_gate import ProviderGate
from application.read_models import JobsView, OpenClaim
from application.worker_watch import WorkerWatch
from domain.movie_generation import MovieGeneration
from domain.values import Actor

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class RescueGenerations:
    by: Actor


def rescue_generations(
    command: RescueGenerations,
    *,
    generations: MovieGenerations,
    jobs: JobsView,
    watch: WorkerWatch,
    gate: ProviderGate,
) -> int:
    """Returns how many attempts were ended. A worker that comes back late is refused by the film itself."""
    claims = jobs.open_claims()
    watch.look()  # after the claims were read: whoever holds one of them has beaten before
    lost = [(claim, why) for claim in claims if (why := _why_lost(claim, generations, watch))]
    return sum(_end_attempt(command, claim, why, generations, gate) for claim, why in lost)


def _end_attempt(
    command: RescueGenerations,
    claim: OpenClaim,
    why: str,
    generations: MovieGenerations,
    gate: ProviderGate,
) -> bool:
    calls = gate.lost_calls(claim.job_id, claim.attempt)

    def lose(movie: MovieGeneration) -> bool:
        return movie.lose(claim.job_id, claim.attempt, why=why, calls=calls)

    try:
        ended = generations.decide(claim.slug, lose, by=command.by)
    except (TooMuchContention, EventTooNew) as error:  # there is a next round; other claims must not wait
        log.warning("generation.not_rescued", slug=claim.slug, job_id=str(claim.job_id), reason=str(error))
        return False
    if ended:
        gate.settle(claim.job_id, claim.attempt, calls)  # the next attempt may need its permit
        log.warning(
            "generation.rescued", slug=claim.slug, job_id=str(claim.job_id), attempt=claim.attempt, why=why
        )
    return ended


def _why_lost(claim: OpenClaim, generations: MovieGenerations, watch: WorkerWatch) -> str | None:
    if watch.is_dead(claim.worker_id):
        return f"worker {claim.worker_id} gives no sign of life"
    if claim.expires_at < generations.clock():
        return f"worker {claim.worker_id} held the job past its limit"
    return None
