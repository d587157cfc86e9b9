"""What clients see while the store or a view cannot be written, and that nothing is lost by it."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from eventsourcing.persistence import OperationalError, StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteCursor

from application import movie_generations, reading
from infrastructure.sqlite import event_store
from interfaces.http import job_events
from tests.integration.http.api import Serve, problem_of


@contextmanager
def _held(database: Path) -> Iterator[None]:
    """Another process writes, and does not come to an end."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_a_store_that_cannot_be_written_is_not_ready_and_health_says_so(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_store, "PROBE_SECONDS", 0.01)
    with serve(works=False) as api:
        with _held(tmp_path / "data" / "moviemind.db"):
            ready, health, metrics = (api.get(path) for path in ("/health/ready", "/health", "/metrics"))

            problem_of(ready, 503, "store-unavailable")
            assert ready.headers["retry-after"]
            assert health.status_code == 503
            assert (health.json()["status"], health.json()["store"]) == ("unavailable", "unavailable")
            assert (metrics.status_code, metrics.text.splitlines()[2:]) == (200, ["moviemind_store_up 0.0"])
            assert api.get("/health/live").status_code == 200
        assert api.get("/health/ready").status_code == 200


def test_texts_that_are_in_hand_when_the_store_refuses_them_are_accepted_afterwards(
    serve: Serve, film: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[str] = []
    insert = SQLiteApplicationRecorder._insert_events

    def refuse_texts(
        recorder: SQLiteApplicationRecorder, cursor: SQLiteCursor, events: list[StoredEvent], **more: object
    ) -> object:
        if events[0].topic.endswith("DescriptionGenerated") and len(refused) < 4:
            refused.append(events[0].topic)
            raise OperationalError("database or disk is full")
        return insert(recorder, cursor, events, **more)

    monkeypatch.setattr(SQLiteApplicationRecorder, "_insert_events", refuse_texts)
    monkeypatch.setattr(movie_generations, "STORE_RETRY_SECONDS", 0.01)
    with serve() as api:
        jobs = [api.accepted(film, context_tag=tag)["job_id"] for tag in ("modern", "critical")]
        ended = [api.ended(job) for job in jobs]

    assert len(refused) == 4
    assert [(job["status"], job["attempts"]) for job in ended] == [("DONE", 1)] * 2


def test_a_command_that_has_happened_is_not_answered_with_an_error(
    serve: Serve, tmp_path: Path, film: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(works=False) as api:
        job_id = api.accepted(film)["job_id"]
        assert api.job(job_id)["status"] == "PENDING"
        monkeypatch.setattr(reading, "CATCH_UP_SECONDS", 0.01)
        api.asks_again = False
        with _held(tmp_path / "data" / "moviemind-views.db"):
            cancelled = api.delete(f"/v1/jobs/{job_id}")
            listed, spent = api.get("/v1/jobs"), api.get("/v1/stats/spending")

        assert (cancelled.status_code, cancelled.json()["status"]) == (202, "CANCELLED")
        problem_of(listed, 503, "read-behind")
        problem_of(spent, 503, "read-behind")


def test_a_stream_that_is_asked_for_while_views_are_behind_waits_for_them(
    serve: Serve, tmp_path: Path, film: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CATCH_UP_SECONDS", 0.01)
    monkeypatch.setattr(job_events, "BEHIND_SECONDS", 0.01)
    with serve(works=False) as api:
        job_id = api.accepted(film)["job_id"]
        api.settle()
        with ExitStack() as following:
            with _held(tmp_path / "data" / "moviemind-views.db"):
                api.delete(f"/v1/jobs/{job_id}")
                stream = following.enter_context(api.stream("GET", f"/v1/jobs/{job_id}/events"))
                lines = stream.iter_lines()
                comments = [line for _ in range(4) if (line := next(lines))]

            assert stream.status_code == 200
            assert [line[:2] for line in comments] == [": "] * 2
            assert [json.loads(line[6:])["status"] for line in lines if line.startswith("data: ")] == [
                "PENDING",
                "CANCELLED",
            ]


@pytest.mark.parametrize(
    "path", ["/v1/jobs", "/v1/movies", "/v1/movies/{film}/history", "/v1/stats/spending"]
)
def test_a_log_that_cannot_be_read_is_503_and_not_500(
    serve: Serve, film: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> int:
        raise OperationalError("disk I/O error")

    with serve(works=False) as api:
        api.accepted(film)
        api.settle()
        with monkeypatch.context() as patch:
            patch.setattr("eventsourcing.sqlite.SQLiteApplicationRecorder.max_notification_id", broken)
            response = api.get(path.format(film=film))

    assert "disk I/O error" in problem_of(response, 503, "store-unavailable")["detail"]
