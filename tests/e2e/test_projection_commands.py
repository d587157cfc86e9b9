"""Views are rebuilt and verified by commands while a service takes requests and works on them."""

import json
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from tests.support.cluster import Cluster
from tests.support.process import MOVIEMIND, Up, environment, moviemind, wait_until
from tests.support.traffic import Traffic

NAMES = ["movies", "history", "spending", "texts", "throughput", "jobs"]


@dataclass(frozen=True)
class Served:
    """A service, and the settings of commands for its store."""

    url: str
    settings: dict[str, str]


@pytest.fixture
def on_sqlite(start_up: Callable[..., Up]) -> Served:
    up = start_up()
    return Served(up.url, {"data_dir": str(up.data_dir)})


@pytest.fixture
def on_postgresql() -> Iterator[Served]:
    with TemporaryDirectory(prefix="moviemind-") as home:
        Path(home).chmod(0o755)
        cluster = Cluster(Path(home), queue="database")
        try:
            cluster.start_api()
            cluster.start_projector()
            cluster.start_worker()
            yield Served(cluster.url, cluster.settings)
        finally:
            cluster.close()


@pytest.fixture(params=["on_sqlite", "on_postgresql"])
def served(request: pytest.FixtureRequest) -> Served:
    found: Served = request.getfixturevalue(request.param)
    return found


def test_views_are_rebuilt_under_requests_and_nothing_is_refused_lost_or_started_twice(
    served: Served,
) -> None:
    with Traffic(served.url, "films") as traffic:
        traffic.wait_for_accepted(10)
        for _ in range(3):
            killed = subprocess.Popen(
                [MOVIEMIND, "projections", "rebuild", "--all"],
                env=environment(**served.settings),
                stderr=subprocess.PIPE,
            )
            traffic.wait_for_accepted(4)
            killed.send_signal(signal.SIGKILL)
            killed.communicate()
            rebuilt = moviemind("projections", "rebuild", "--all", "--json", "all", **served.settings)
            assert rebuilt.returncode == 0, rebuilt.stderr
            assert [one["view"] for one in json.loads(rebuilt.stdout)] == NAMES
            verified = moviemind("projections", "verify", "--all", **served.settings)
            assert verified.returncode == 0, verified.stdout + verified.stderr

    assert (traffic.refused(), traffic.errors) == ([], [])
    jobs = {answer.body["job_id"] for answer in traffic.accepted()}
    with httpx.Client(base_url=served.url) as client:
        done = [_ended(client, job_id) for job_id in sorted(jobs)]
        films = {client.get(f"/v1/movies/{job['slug']}").json()["descriptions_count"] for job in done}
    assert {(job["status"], job["attempts"]) for job in done} == {("DONE", 1)}
    assert films == {1}
    verified = moviemind("projections", "verify", "--all", **served.settings)
    assert verified.stdout.splitlines() == [f"{name}: holds what the events say" for name in NAMES]


def test_a_wrong_row_is_named_and_mended(on_sqlite: Served) -> None:
    with httpx.Client(base_url=on_sqlite.url) as client:
        job_id = client.post("/v1/generate", json={"slug": "heat-1995"}).json()["job_id"]
        _ended(client, job_id)
        with sqlite3.connect(Path(on_sqlite.settings["data_dir"]) / "moviemind-views.db") as views:
            views.execute("UPDATE movies SET title = 'Cold'")

        verified = moviemind("projections", "verify", "movies", "jobs", **on_sqlite.settings)
        assert verified.returncode == 1
        assert verified.stdout.splitlines() == [
            "movies: heat-1995 differs in title",
            "jobs: holds what the events say",
        ]
        assert moviemind("projections", "rebuild", "movies", **on_sqlite.settings).returncode == 0
        assert client.get("/v1/movies/heat-1995").json()["title"] == "Heat"


def _ended(client: httpx.Client, job_id: str) -> dict[str, Any]:
    def ended() -> dict[str, Any] | None:
        job: dict[str, Any] = client.get(f"/v1/jobs/{job_id}").json()
        return job if job["status"] in ("DONE", "FAILED", "CANCELLED") else None

    job: dict[str, Any] = wait_until(ended, "the job ends")
    return job
