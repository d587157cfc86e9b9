"""What every event recorder must do: the store's promises rest on nothing else."""

import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest
from eventsourcing.persistence import ApplicationRecorder, IntegrityError, Notification

from application.event_log import LogRecorder
from tests.support.core import in_threads
from tests.support.recorders import (
    KINDS,
    OpenRecorder,
    postgres_recorders,
    sqlite_recorders,
    stock_recorders,
    stored,
)

WRITERS, APPENDS = 8, 50


@pytest.fixture(params=KINDS)
def open_recorder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenRecorder]:
    if request.param == "sqlite":
        with sqlite_recorders(tmp_path) as opens:
            yield opens
    else:
        kind = postgres_recorders if request.param == "postgresql" else stock_recorders
        with kind(request.getfixturevalue("postgres_server")) as opens:
            yield opens


@pytest.fixture
def recorder(open_recorder: OpenRecorder) -> ApplicationRecorder:
    return open_recorder()


def _all(recorder: ApplicationRecorder) -> list[Notification]:
    return list(recorder.select_notifications(start=None, limit=100_000))


def test_an_empty_log_has_no_head(recorder: ApplicationRecorder) -> None:
    assert recorder.max_notification_id() is None
    assert _all(recorder) == []


def test_what_is_appended_is_read_back_as_it_was(recorder: ApplicationRecorder) -> None:
    stream = uuid4()
    events = [stored(1, stream=stream, state=b"\x00\xff"), stored(2, stream=stream, topic="other")]

    ids = recorder.insert_events(events)

    assert list(recorder.select_events(stream)) == events
    assert [notification.id for notification in _all(recorder)] == list(ids or [])
    assert recorder.max_notification_id() == (ids or [])[-1]


def test_an_append_of_nothing_changes_nothing(recorder: ApplicationRecorder) -> None:
    assert not recorder.insert_events([])

    assert recorder.max_notification_id() is None


def test_a_version_that_is_taken_is_refused_and_nothing_of_the_append_stays(
    recorder: ApplicationRecorder,
) -> None:
    stream = uuid4()
    first = stored(2, stream=stream, state=b"first")
    recorder.insert_events([first])

    with pytest.raises(IntegrityError):
        recorder.insert_events([stored(1, stream=stream), stored(2, stream=stream, state=b"second")])

    assert list(recorder.select_events(stream)) == [first]
    assert len(_all(recorder)) == 1


def test_the_same_event_a_second_time_is_a_conflict_too(recorder: ApplicationRecorder) -> None:
    """Only an append whose answer was lost may find itself; nobody else may."""
    event = stored()
    recorder.insert_events([event])

    with pytest.raises(IntegrityError):
        recorder.insert_events([event])


def test_of_64_threads_that_append_the_same_version_one_wins(recorder: ApplicationRecorder) -> None:
    stream, together, won = uuid4(), threading.Barrier(64), []

    def append(number: int) -> None:
        together.wait()
        try:
            recorder.insert_events([stored(stream=stream, state=str(number).encode())])
        except IntegrityError:
            return
        won.append(number)

    in_threads(*(lambda number=number: append(number) for number in range(64)))

    assert len(won) == 1
    assert [event.state for event in recorder.select_events(stream)] == [str(won[0]).encode()]


def test_a_part_of_a_stream_is_read_by_versions(recorder: ApplicationRecorder) -> None:
    stream = uuid4()
    recorder.insert_events([stored(version, stream=stream) for version in range(1, 8)])

    def versions(**part: object) -> list[int]:
        return [event.originator_version for event in recorder.select_events(stream, **part)]  # type: ignore[arg-type]

    assert versions(gt=2, lte=5) == [3, 4, 5]
    assert versions(desc=True, limit=2) == [7, 6]
    assert versions(gt=7) == []


def test_a_part_of_the_log_is_read_by_positions_and_topics(recorder: ApplicationRecorder) -> None:
    for topic in ("a", "b", "a", "c", "b"):
        recorder.insert_events([stored(topic=topic)])
    ids = [notification.id for notification in _all(recorder)]

    def read(start: int | None = None, limit: int = 10, **part: object) -> list[int]:
        return [n.id for n in recorder.select_notifications(start, limit, **part)]  # type: ignore[arg-type]

    assert read() == ids
    assert read(ids[1]) == ids[1:]
    assert read(ids[1], inclusive_of_start=False) == ids[2:]
    assert read(ids[1], stop=ids[3]) == ids[1:4]
    assert read(limit=2) == ids[:2]
    assert read(topics=["a", "c"]) == [ids[0], ids[2], ids[3]]
    assert read(ids[0], 1, topics=("b",), inclusive_of_start=False) == [ids[1]]


def test_positions_grow_with_every_append_and_along_every_stream(recorder: ApplicationRecorder) -> None:
    streams = [uuid4() for _ in range(WRITERS)]

    def write(writer: int) -> None:
        for version in range(1, APPENDS + 1):
            recorder.insert_events([stored(version, stream=streams[writer])])

    in_threads(*(lambda writer=writer: write(writer) for writer in range(WRITERS)))

    log = _all(recorder)
    assert len(log) == WRITERS * APPENDS
    assert all(earlier.id < later.id for earlier, later in pairwise(log))
    for stream in streams:
        versions = [n.originator_version for n in log if n.originator_id == stream]
        assert versions == list(range(1, APPENDS + 1))


def test_the_first_event_of_a_stream_is_the_one_of_version_1(recorder: ApplicationRecorder) -> None:
    if not isinstance(recorder, LogRecorder):
        pytest.skip("the library's own has no such question")
    whole, beheaded, other = uuid4(), uuid4(), uuid4()
    first = stored(1, stream=whole, state=b"first")
    recorder.insert_events([first, stored(2, stream=whole)])
    recorder.insert_events([stored(2, stream=beheaded), stored(3, stream=beheaded)])
    recorder.insert_events([stored(1, stream=other)])

    assert list(recorder.select_first_events({whole, beheaded, uuid4()})) == [first]
    assert list(recorder.select_first_events(())) == []


def test_the_log_is_there_for_whoever_opens_it_next(open_recorder: OpenRecorder) -> None:
    event = stored()
    open_recorder().insert_events([event])

    again = open_recorder()

    assert list(again.select_events(event.originator_id)) == [event]
    with pytest.raises(IntegrityError):
        again.insert_events([event])
