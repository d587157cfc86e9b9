"""The end of the log, read once for all who wait for something to happen, however many they are.

Nobody is told what reading does not show yet: the log is followed as far as the jobs view, which is folded
last. Nobody reads while nobody waits, and waiting holds no thread.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import UUID

import structlog
from anyio import CapacityLimiter, to_thread

from application.errors import EventUnreadable, StoreUnavailable
from application.event_log import EventLog, Recorded
from application.job_following import job_of
from application.read_models import JobsView

log = structlog.get_logger()

POLL_SECONDS = 0.05
OUTAGE_SECONDS = 1.0
BATCH_SIZE = 500


class Watch:
    """What happens to some jobs from now on; to all of them until they are named."""

    def __init__(self) -> None:
        self._events: deque[Recorded] = deque()
        self._jobs: frozenset[UUID] | None = None
        self._woken = asyncio.Event()
        self.is_over = False
        """The service is stopping: nothing comes any more."""

    def only(self, *jobs: UUID) -> None:
        self._jobs = frozenset(jobs)
        self._events = deque(filter(self._is_wanted, self._events))

    async def next(self, seconds: float) -> Recorded | None:
        """The next event; None when none has come in time, or none will."""
        try:
            async with asyncio.timeout(seconds):
                while not self._events and not self.is_over:
                    self._woken.clear()
                    await self._woken.wait()
        except TimeoutError:
            return None
        return self._events.popleft() if self._events else None

    def hear(self, events: list[Recorded]) -> None:
        self._events.extend(filter(self._is_wanted, events))
        self._woken.set()

    def end(self) -> None:
        self.is_over = True
        self._woken.set()

    def _is_wanted(self, recorded: Recorded) -> bool:
        return self._jobs is None or job_of(recorded.event) in self._jobs


class LogTail:
    """Used by one event loop; only `stop` may come from elsewhere."""

    def __init__(self, events: EventLog, jobs: JobsView) -> None:
        self._log = events
        self._jobs = jobs
        self._watches: set[Watch] = set()
        self._position = 0
        self._starting = asyncio.Lock()
        self._reader: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = CapacityLimiter(1)  # of its own: those for requests may all be busy
        self._is_stopping = False

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[Watch]:
        """What the jobs view has not seen when the block begins is heard in it. Raises StoreUnavailable."""
        watch = Watch()
        async with self._starting:
            if not self._watches:
                self._loop = asyncio.get_running_loop()
                self._position = await to_thread.run_sync(self._jobs.position, limiter=self._thread)
                self._reader = asyncio.create_task(self._read())
            self._watches.add(watch)
            if self._is_stopping:
                watch.end()
        try:
            yield watch
        finally:
            self._watches.discard(watch)
            if not self._watches and self._reader is not None:
                self._reader.cancel()

    def stop(self) -> None:
        """End all watches: they would keep their connections, and with them the server, from ending."""
        self._is_stopping = True
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed, so nobody waits any more
                self._loop.call_soon_threadsafe(self._end_all)

    def _end_all(self) -> None:
        for watch in self._watches:
            watch.end()

    async def _read(self) -> None:
        while True:
            try:
                events = await to_thread.run_sync(self._next_batch, limiter=self._thread)
            except (StoreUnavailable, EventUnreadable) as error:
                log.warning("tail.held_up", reason=str(error))
                await asyncio.sleep(OUTAGE_SECONDS)
                continue
            except Exception:
                log.exception("tail.failed")
                await asyncio.sleep(OUTAGE_SECONDS)
                continue
            if events:
                self._position = events[-1].position
                for watch in self._watches:
                    watch.hear(events)
            else:
                await asyncio.sleep(POLL_SECONDS)

    def _next_batch(self) -> list[Recorded]:
        up_to = self._jobs.position()
        if up_to <= self._position:
            return []
        return [
            recorded
            for recorded in self._log.after(self._position, limit=BATCH_SIZE)
            if recorded.position <= up_to
        ]
