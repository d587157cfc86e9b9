"""Give all failed jobs, or those that failed in one way, new tries."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from application.commands.retry_generation import RetryGeneration, retry_generation
from application.errors import EventTooNew, TooMuchContention
from application.movie_generations import MovieGenerations
from application.read_models import JobSearch, JobsView
from domain.errors import AnotherJobActive, JobHasNotFailed, MovieMindError
from domain.values import Actor, FailureType, JobStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryFailedGenerations:
    """`failure_type` None means all. At most `limit` jobs are tried, the newest requests first, and of those
    only the ones requested before the position `before`."""

    failure_type: FailureType | None
    before: int | None
    limit: int
    reason: str
    by: Actor


@dataclass(frozen=True, slots=True)
class RetriedGenerations:
    """How many jobs got new tries, why others did not, and where to go on: None when these were the last."""

    retried: int
    refused: Sequence[tuple[UUID, MovieMindError]]
    next_before: int | None


def retry_failed_generations(
    command: RetryFailedGenerations, *, generations: MovieGenerations, jobs: JobsView
) -> RetriedGenerations:
    """What is refused for one job does not keep the others waiting. Raises StoreUnavailable."""
    search = JobSearch(status=JobStatus.FAILED, failure_type=command.failure_type)
    refused: list[tuple[UUID, MovieMindError]] = []
    failed = jobs.list(search, before=command.before, limit=command.limit)
    for row in failed:
        retry = RetryGeneration(job_id=row.job_id, reason=command.reason, by=command.by)
        try:
            retry_generation(retry, generations=generations, jobs=jobs)
        except (AnotherJobActive, JobHasNotFailed, TooMuchContention, EventTooNew) as error:
            refused.append((row.job_id, error))
    next_before = failed[-1].position if len(failed) == command.limit else None
    return RetriedGenerations(len(failed) - len(refused), refused, next_before)
