"""Give a failed job new tries."""

from dataclasses import dataclass
from uuid import UUID

from application.movie_generations import MovieGenerations
from application.read_models import JobsView
from domain.job import Job
from domain.values import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryGeneration:
    job_id: UUID
    reason: str
    by: Actor


def retry_generation(command: RetryGeneration, *, generations: MovieGenerations, jobs: JobsView) -> Job:
    """Returns the job: PENDING again, or DONE when a description made new tries needless.

    Raises JobNotFound, JobHasNotFailed, AnotherJobActive.
    """
    slug = jobs.slug_of(command.job_id)
    return generations.decide(
        slug, lambda movie: movie.retry(command.job_id, reason=command.reason), by=command.by
    )
