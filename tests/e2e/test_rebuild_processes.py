"""Rebuilds that a service was asked for are processes of their own, and die with it."""

import json
import os
import re
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from application.audit.history_tree import TilesView
from interfaces.client import Client
from tests.support.cluster import Cluster
from tests.support.process import Up, moviemind, rebuilders_of, wait_until

REBUILD, STATUS = "/v1/admin/projections/rebuild", "/v1/admin/projections"
NAMES = ["movies", "history", "spending", "texts", "throughput", "jobs"]

FOR_EVER = """
CREATE FUNCTION for_ever() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN PERFORM pg_sleep(600); RETURN new; END $$
"""
HOLD_UP = """
CREATE TRIGGER hold_up BEFORE UPDATE ON tracking FOR EACH ROW WHEN (new.view ~ '^movies_')
  EXECUTE FUNCTION for_ever()
"""
LET_GO = "DROP TRIGGER hold_up ON tracking"
END_SLEEPERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """In which a film was described, and a rebuild of movies takes for ever."""
    with TemporaryDirectory(prefix="moviemind-") as home:
        Path(home).chmod(0o755)
        with closing(Cluster(Path(home), queue="database")) as cluster:
            cluster.start_projector()
            cluster.start_worker()
            api = cluster.start_api()
            with Client(cluster.url) as client:
                client.wait(client.generate("heat-1995").job_id)
            assert api.stop() == 0
            cluster.postgres.execute(FOR_EVER)
            cluster.postgres.execute(HOLD_UP)
            yield cluster


def _rebuilds(url: str) -> dict[str, Any]:
    views = httpx.get(f"{url}{STATUS}").json()["items"]
    return {view["view"]: view["rebuild"] for view in views}


def _states(url: str) -> set[str | None]:
    return {told and told["state"] for told in _rebuilds(url).values()}


def _start(url: str) -> httpx.Response:
    return httpx.post(f"{url}{REBUILD}", json={}, timeout=30)


def _is_alive(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def test_every_process_tells_of_one_and_none_lets_in_another(cluster: Cluster) -> None:
    api, other = cluster.start_api(), cluster.start("api", "--port", "0")
    other_url = wait_until(lambda: _served_at(other.log()), "the other API serves", log=other.log)

    assert _start(cluster.url).status_code == 202

    (pid,) = rebuilders_of(api.pid)
    assert _states(cluster.url) == _states(other_url) == {"runs"}
    told = moviemind("projections", "status", "--json", "view,rebuild", **cluster.settings)
    assert {one["rebuild"]["state"] for one in json.loads(told.stdout)} == {"runs"}
    shown = moviemind("projections", "status", **cluster.settings).stdout.splitlines()
    # All is read while the held view folds; whether that is told yet is a matter of moments.
    (told_of_all,) = {line.split("\t")[-1] for line in shown}
    assert re.fullmatch(r"runs, (0 of 4 events|4 of 4 events, \d+/s)", told_of_all)
    assert len(shown) == len(NAMES)
    refused = _start(other_url)
    assert (refused.status_code, refused.json()["type"]) == (409, "rebuild-under-way")
    command = moviemind("projections", "rebuild", "--all", **cluster.settings)
    assert (command.returncode, command.stderr) == (1, f"error: {refused.json()['detail']}\n")

    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not rebuilders_of(api.pid), "the process is gone")
    _let_go(cluster)

    assert httpx.get(f"{cluster.url}/v1/movies/heat-1995").json()["title"] == "Heat"
    assert _start(other_url).status_code == 202
    wait_until(lambda: _states(cluster.url) == {"done"}, "it is done")
    tracked = cluster.postgres.execute("SELECT view FROM tracking ORDER BY view")
    assert [view for (view,) in tracked] == sorted([*NAMES, TilesView.name])


def test_one_dies_with_its_service_and_stands_in_nobodys_way(cluster: Cluster) -> None:
    api = cluster.start_api()
    assert _start(cluster.url).status_code == 202
    (pid,) = rebuilders_of(api.pid)

    api.kill9()

    wait_until(lambda: not _is_alive(pid), "the rebuild has ended too")
    cluster.start_api()
    wait_until(lambda: _states(cluster.url) == {"broken off"}, "it has fallen silent", seconds=20)
    assert httpx.get(f"{cluster.url}/v1/movies/heat-1995").json()["title"] == "Heat"
    _let_go(cluster)
    rebuilt = moviemind("projections", "rebuild", "--all", **cluster.settings)
    assert (rebuilt.returncode, _states(cluster.url)) == (0, {"done"}), rebuilt.stderr


def test_one_of_the_command_is_told_of_by_the_service(cluster: Cluster) -> None:
    cluster.start_api()
    command = cluster.start("projections", "rebuild", "movies", "jobs")

    wait_until(lambda: "runs" in _states(cluster.url), "it has begun", log=command.log)

    running = _rebuilds(cluster.url)
    assert [view for view, told in running.items() if told] == ["movies", "jobs"]
    assert _start(cluster.url).status_code == 409


def test_one_on_sqlite_dies_with_its_service_too(start_up: Callable[..., Up]) -> None:
    up = start_up()
    with Client(up.url) as client:
        client.wait(client.generate("heat-1995").job_id)
    views = up.data_dir / "moviemind-views.db"
    for_ever = "WITH RECURSIVE one AS (SELECT 1 AS n UNION ALL SELECT n FROM one) SELECT count(*) FROM one"
    with closing(sqlite3.connect(views)) as file, file:
        file.execute(
            "CREATE TRIGGER hold_up AFTER UPDATE ON tracking WHEN new.view GLOB 'movies_*'"
            f" BEGIN UPDATE tracking SET position = ({for_ever}); END"
        )
    assert _start(up.url).status_code == 202
    (pid,) = rebuilders_of(up.pid)

    up.kill9()

    wait_until(lambda: not _is_alive(pid), "the rebuild has ended too")
    with closing(sqlite3.connect(views)) as file, file:
        file.execute("DROP TRIGGER hold_up")
    up = start_up()
    assert httpx.get(f"{up.url}/v1/movies/heat-1995").json()["title"] == "Heat"
    assert _start(up.url).status_code == 202
    wait_until(lambda: _states(up.url) == {"done"}, "it is done")


def _let_go(cluster: Cluster) -> None:
    cluster.postgres.execute(LET_GO)
    cluster.postgres.execute(END_SLEEPERS)


def _served_at(log: str) -> str | None:
    _, _, rest = log.partition(" at http://")
    return f"http://{rest.split()[0]}" if rest else None
