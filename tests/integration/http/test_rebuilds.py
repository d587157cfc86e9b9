"""POST /v1/admin/projections/rebuild: views are folded anew beside the service."""

import fcntl
import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import pytest
from structlog.testing import capture_logs

from application.audit.history_tree import TilesView
from interfaces.rebuild_processes import BEGUN, _heard
from tests.integration.http.api import Api, Serve, body_of, problem_of
from tests.support.process import rebuilders_of, wait_until

REBUILD, STATUS = "/v1/admin/projections/rebuild", "/v1/admin/projections"
AT_ONCE = 6
NAMES = ["movies", "history", "spending", "texts", "throughput", "jobs"]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Where the service of `serve` keeps its views."""
    return tmp_path / "data" / "moviemind-views.db"


def _rebuilds(api: Api) -> dict[str, Any]:
    """What each view tells of its newest rebuild."""
    return {view["view"]: view["rebuild"] for view in body_of(api.get(STATUS))["items"]}


def _ended(api: Api, view: str = "movies") -> dict[str, Any]:
    ended: dict[str, Any] = wait_until(
        lambda: (told := _rebuilds(api)[view])["state"] != "runs" and told, "the rebuild ends", seconds=30
    )
    return ended


def test_all_views_are_folded_anew_and_what_was_wrong_is_right(serve: Serve, files: Path) -> None:
    with serve() as api:
        api.described("heat-1995")
        assert set(_rebuilds(api).values()) == {None}
        with closing(sqlite3.connect(files)) as views, views:
            views.execute("UPDATE movies SET title = 'Cold'")

        started = api.post(REBUILD, json={})

        assert (started.status_code, started.headers["location"]) == (202, STATUS), started.text
        told = {view["view"]: view["rebuild"] for view in body_of(started)["items"]}
        assert [*told] == NAMES
        assert len({str(one) for one in told.values()}) == 1, "all of them tell of one rebuild"
        done = _ended(api)
        assert (done["state"], done["failure"]) == ("done", None)
        assert done["events"] == done["of_events"] == 4
        assert done["started_at"] <= done["told_at"]
        assert done["events_per_second"] > 0
        assert api.movie("heat-1995")["title"] == "Heat"


def test_only_the_views_that_are_named_are_folded_anew(serve: Serve, files: Path) -> None:
    with serve() as api:
        api.described("heat-1995")
        with closing(sqlite3.connect(files)) as views, views:
            views.execute("UPDATE movies SET title = 'Cold'")

        assert api.post(REBUILD, json={"views": ["history", "jobs"]}).status_code == 202

        assert _ended(api, "jobs")["state"] == "done"
        assert [view for view, told in _rebuilds(api).items() if told] == ["history", "jobs"]
        assert api.movie("heat-1995")["title"] == "Cold"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"views": []}, "body.views"),
        ({"views": ["films"]}, "body.views.0"),
        ({"views": "movies"}, "body.views"),
        ({"view": "movies"}, "body.view"),
    ],
)
def test_what_names_no_view_is_refused(api: Api, body: dict[str, Any], field: str) -> None:
    refused = problem_of(api.post(REBUILD, json=body), 422, "validation-error")

    assert [error["field"] for error in refused["errors"]] == [field]
    assert set(_rebuilds(api).values()) == {None}


def test_one_at_a_time_is_let_in(serve: Serve, files: Path) -> None:
    with serve() as api, files.with_suffix(".rebuild").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        refused = problem_of(api.post(REBUILD, json={}), 409, "rebuild-under-way")

        assert refused["detail"].startswith("Views of this store are being rebuilt or verified already")
        assert set(_rebuilds(api).values()) == {None}
        fcntl.flock(lock, fcntl.LOCK_UN)
        assert api.post(REBUILD, json={}).status_code == 202
        assert _ended(api)["state"] == "done"


def test_of_many_who_ask_at_once_one_is_let_in_and_no_process_is_started_for_the_others(
    serve: Serve, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Any] = []

    class Counted(subprocess.Popen[str]):
        def __init__(self, command: list[str], **more: Any) -> None:
            started.append(command)
            super().__init__(command, **more)

    with serve() as api:
        api.described("heat-1995")
        _hold_up(files)
        monkeypatch.setattr(subprocess, "Popen", Counted)
        with ThreadPoolExecutor(AT_ONCE) as clients:
            answers = list(clients.map(lambda _: api.post(REBUILD, json={}).status_code, range(AT_ONCE)))
        answers.append(api.post(REBUILD, json={}).status_code)

        assert sorted(answers) == [202, *[409] * AT_ONCE]
        assert len(started) == len(rebuilders_of(os.getpid())) == 1
    _let_go(files)


def test_one_that_has_begun_at_the_last_moment_is_not_killed() -> None:
    said: SimpleQueue[str] = LateQueue()

    assert _heard(said) == BEGUN


class LateQueue(SimpleQueue[str]):
    """What is said in it is said while its reader stops waiting."""

    def get(self, block: bool = True, timeout: float | None = None) -> str:
        if timeout is None:
            return super().get(block)
        self.put(BEGUN)
        raise Empty


def test_who_asked_for_one_is_in_the_log(serve: Serve) -> None:
    with serve() as api, capture_logs() as logs:
        assert api.post(REBUILD, json={"views": ["jobs"]}).status_code == 202
        assert _ended(api, "jobs")["state"] == "done"

    asked = [line for line in logs if line["event"] == "rebuild.asked"]
    assert asked == [{"event": "rebuild.asked", "log_level": "info", "views": ["jobs"], "by": "local"}]


def test_where_no_process_can_be_started_it_is_said(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve() as api:
        monkeypatch.setenv("MOVIEMIND_NO_SUCH_SETTING", "1")

        refused = problem_of(api.post(REBUILD, json={}), 503, "rebuild-not-started")

        assert "wrong-settings" in refused["detail"]


def test_one_that_is_killed_leaves_the_views_in_use_and_the_next_sweeps_up(serve: Serve, files: Path) -> None:
    with serve() as api:
        api.described("heat-1995")
        with _held_up(api, files) as pid:
            assert _rebuilds(api)["jobs"]["state"] == "runs"
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: pid not in rebuilders_of(os.getpid()), "the process is gone")
        assert api.movie("heat-1995")["title"] == "Heat"
        assert len(_second_sets(files)) == len(NAMES)

        assert api.post(REBUILD, json={}).status_code == 202

        assert _ended(api)["state"] == "done"
        assert _second_sets(files) == []


def test_one_that_falls_silent_has_broken_off(serve: Serve, files: Path) -> None:
    with serve() as api:
        api.described("heat-1995")
        with _held_up(api, files) as pid:
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: pid not in rebuilders_of(os.getpid()), "the process is gone")
        with closing(sqlite3.connect(files)) as views, views:
            views.execute("UPDATE rebuilds SET told_at = '2026-01-01T00:00:00.000000+00:00'")

        assert {told["state"] for told in _rebuilds(api).values()} == {"broken off"}


def test_one_ends_with_its_service(serve: Serve, files: Path) -> None:
    with serve() as api:
        api.described("heat-1995")
        _hold_up(files)
        api.post(REBUILD, json={})
        assert rebuilders_of(os.getpid())
    assert rebuilders_of(os.getpid()) == []

    _let_go(files)
    with serve() as api:
        assert api.movie("heat-1995")["title"] == "Heat"
        assert api.post(REBUILD, json={}).status_code == 202
        assert _ended(api)["state"] == "done"


@contextmanager
def _held_up(api: Api, files: Path) -> Iterator[int]:
    """The process of a rebuild that has begun, and comes no further while the block runs."""
    _hold_up(files)
    assert api.post(REBUILD, json={}).status_code == 202
    (pid,) = rebuilders_of(os.getpid())
    yield pid
    _let_go(files)


def _hold_up(files: Path) -> None:
    """Let folding movies anew take for ever."""
    for_ever = "WITH RECURSIVE one AS (SELECT 1 AS n UNION ALL SELECT n FROM one) SELECT count(*) FROM one"
    with closing(sqlite3.connect(files)) as views, views:
        views.execute(
            "CREATE TRIGGER hold_up AFTER UPDATE ON tracking WHEN new.view GLOB 'movies_*'"
            f" BEGIN UPDATE tracking SET position = ({for_ever}); END"
        )


def _let_go(files: Path) -> None:
    with closing(sqlite3.connect(files)) as views, views:
        views.execute("DROP TRIGGER hold_up")


def _second_sets(files: Path) -> list[str]:
    with closing(sqlite3.connect(files)) as views:
        tracked = views.execute("SELECT view FROM tracking").fetchall()
    return [view for (view,) in tracked if view not in (*NAMES, TilesView.name)]
