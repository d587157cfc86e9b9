"""The one reader of the log: it goes on whatever happens to it, and ends when nobody waits."""

import asyncio
from typing import Any, cast

from structlog.testing import capture_logs

from application.errors import StoreUnavailable
from application.event_log import EventLog, Recorded
from application.read_models import JobsView
from interfaces.http import log_tail
from interfaces.http.log_tail import LogTail


class _Log:
    """Raises what it is told to, and then has two events."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.reads = 0

    def after(self, position: int, *, limit: int) -> list[Recorded]:
        self.reads += 1
        if self.errors:
            raise self.errors.pop()
        return [Recorded(at, "heat-1995", cast(Any, object())) for at in (1, 2) if at > position]


class _Jobs:
    def __init__(self) -> None:
        self.at = 0

    def position(self) -> int:
        return self.at


def _tail(log: _Log, jobs: _Jobs) -> LogTail:
    return LogTail(cast(EventLog, log), cast(JobsView, jobs))


async def _one_event(log: _Log) -> Recorded | None:
    jobs = _Jobs()
    async with _tail(log, jobs).watching() as watch:
        jobs.at = 1
        return await watch.next(10)


def test_a_reader_that_fails_goes_on(monkeypatch: Any) -> None:
    monkeypatch.setattr(log_tail, "OUTAGE_SECONDS", 0.01)
    log = _Log(StoreUnavailable("away"), ValueError("an event of a newer version"), ValueError("again"))

    with capture_logs() as logs:
        heard = asyncio.run(_one_event(log))

    assert heard is not None
    assert heard.position == 1
    assert [entry["event"] for entry in logs] == ["tail.failed", "tail.failed", "tail.held_up"]


def test_nothing_is_told_that_the_jobs_view_does_not_show() -> None:
    async def wait() -> Recorded | None:
        async with _tail(log, _Jobs()).watching() as watch:
            return await watch.next(0.2)

    log = _Log()
    assert asyncio.run(wait()) is None
    assert log.reads == 0


def test_nothing_behind_what_the_jobs_view_shows_is_told_either() -> None:
    async def wait() -> list[Recorded | None]:
        jobs = _Jobs()
        async with _tail(_Log(), jobs).watching() as watch:
            jobs.at = 1
            told = [await watch.next(10), await watch.next(0.2)]
            jobs.at = 2
            return [*told, await watch.next(10)]

    first, nothing, second = asyncio.run(wait())
    assert nothing is None
    assert first is not None
    assert second is not None
    assert (first.position, second.position) == (1, 2)


def test_nobody_reads_when_nobody_waits() -> None:
    async def leave() -> set[asyncio.Task[Any]]:
        await _one_event(log)
        await asyncio.sleep(0)
        return asyncio.all_tasks() - {cast(asyncio.Task[Any], asyncio.current_task())}

    log = _Log()
    assert asyncio.run(leave()) == set()


def test_a_tail_that_was_stopped_keeps_nobody_waiting() -> None:
    async def wait() -> tuple[Recorded | None, bool]:
        tail = _tail(_Log(), _Jobs())
        async with tail.watching() as watch:
            tail.stop()
            first = await watch.next(30)
        async with tail.watching() as late:
            await late.next(30)
        return first, late.is_over

    assert asyncio.run(wait()) == (None, True)
