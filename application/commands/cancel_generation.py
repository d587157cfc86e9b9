"""Stop caring about a job; a late result will be refused."""

from dataclasses import dataclass
from uuid import UUID

from application.movie_generations import MovieGenerations
from application.read_models import JobsView
from domain.job import Job
from domain.values import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelGeneration:
    job_id: UUID
    reason: str
    by: Actor


def cancel_generation(command: CancelGeneration, *, generations: MovieGenerations, jobs: JobsView) -> Job:
    """Returns the cancelled job. Raises JobNotFound, JobIsFinal, NotTheRequester."""
    slug = jobs.slug_of(command.job_id)
    return generations.decide(
        slug, lambda movie: movie.cancel(command.job_id, reason=command.reason), by=command.by
    )
