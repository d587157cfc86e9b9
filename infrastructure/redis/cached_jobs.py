"""The jobs view with a cache of statuses in front of it."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from application.read_models import JobCounts, JobRow, JobSearch, JobsView, OpenClaim
from application.view import BatchRows, ViewStatus
from domain.values import FailureType
from infrastructure.redis.in_flight import RedisInFlightTokens
from infrastructure.redis.status_cache import RedisStatusCache


class CachedJobsView(JobsView):
    """Who reads asks the cache first; who folds keeps it, and takes away the tokens of jobs that end."""

    def __init__(
        self,
        view: JobsView,
        cache: RedisStatusCache,
        tokens: RedisInFlightTokens,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._view = view
        self._cache = cache
        self._tokens = tokens
        self._clock = clock
        self._left_at: int | None = None

    def position(self) -> int:
        return self._view.position()

    def status(self) -> ViewStatus:
        return self._view.status()

    def stop(self, *, at: int, because: str) -> None:
        self._view.stop(at=at, because=because)

    def get(self, job_id: UUID) -> JobRow | None:
        return self._cache.get(job_id) or self._view.get(job_id)

    @contextmanager
    def writing(
        self, keys: Collection[UUID] = (), *, after: int, up_to: int
    ) -> Iterator[BatchRows[UUID, JobRow]]:
        """Where the transaction fails the cache stays shut: it may have been committed all the same."""
        self._cache.shut(is_as_left=after == self._left_at)
        with self._view.writing(keys, after=after, up_to=up_to) as rows:
            yield rows
        self._left_at = up_to
        put = [*rows.new, *rows.changed]
        kept_since = self._clock() - timedelta(seconds=self._cache.entry_seconds)
        news = [row for row in put if row.updated_at >= kept_since]
        # A view that is made anew from the log would fill Redis with what nobody has asked for in years.
        old = [row.job_id for row in put if row.updated_at < kept_since]
        self._cache.open(news, without=old)
        self._tokens.release([row for row in put if not row.status.is_active])

    @contextmanager
    def replaced(self) -> Iterator[None]:
        """Around the moment in which other rows take the place of the view's: whatever the cache holds then,
        from whichever side of it, counts no more."""
        self._cache.shut(is_as_left=False)
        try:
            yield
        finally:  # whoever does not know whether they have taken it reckons with that
            self._cache.shut(is_as_left=False)

    def keep(self) -> None:
        """To be called several times a second by whoever folds, whether or not there is anything to fold."""
        self._cache.renew(lambda: self._view.position() == self._left_at)

    def list(self, search: JobSearch, *, before: int | None, limit: int) -> Sequence[JobRow]:
        return self._view.list(search, before=before, limit=limit)

    def failures_by_type(self) -> dict[FailureType, int]:
        return self._view.failures_by_type()

    def open_claims(self) -> Sequence[OpenClaim]:
        return self._view.open_claims()

    def counts(self, now: datetime) -> JobCounts:
        return self._view.counts(now)
