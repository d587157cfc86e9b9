"""A PostgreSQL whose disk fills up: people are told, what is there can be read, nothing accepted is lost."""

import os
import pwd
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from domain.events import GenerationAttemptFailed, GenerationStarted
from tests.integration.http.api import Api, problem_of
from tests.support.cluster import QUEUES, Cluster, Part
from tests.support.disk import SmallDisk, small_disk
from tests.support.process import wait_until

SIZE = "256m"
"""Room for what PostgreSQL makes for itself, and for films."""

SLUG = "the-matrix-1999"
WAITING = 8
BACK_TO_WORK_SECONDS = 30.0
NOBODY_WAITS_FOR_THAT = "60"
FULL = (
    "The store cannot be used at the moment: its disk is full; make room there, nothing that was accepted is"
    " lost."
)

_numbers = iter(range(1, 1_000_000))


@dataclass
class House:
    cluster: Cluster
    parts: list[Part]
    disk: SmallDisk


@pytest.fixture(params=QUEUES)
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """All that PostgreSQL writes, it writes on a small disk. Its own log is elsewhere."""
    with TemporaryDirectory(prefix="moviemind-") as name:
        home = Path(name)
        home.chmod(0o755)
        (home / "postgres").mkdir()
        with small_disk(home / "postgres" / "data", size=SIZE) as disk:
            nobody = pwd.getpwnam("nobody")  # who mounts is root, and PostgreSQL refuses to be
            os.chown(disk.path, nobody.pw_uid, nobody.pw_gid)
            cluster = Cluster(
                home, queue=request.param, resend_seconds=NOBODY_WAITS_FOR_THAT, template_latency_ms="4000"
            )
            parts = [cluster.start_api(), cluster.start_projector(), cluster.start_worker()]
            yield House(cluster, parts, disk)
            cluster.close()


def _refused(api: Api) -> httpx.Response | None:
    """The answer to one more request, unless it found room in a page that is half empty."""
    response = api.generate(f"film-{next(_numbers)}-1999")
    return None if response.status_code == httpx.codes.ACCEPTED else response


def test_a_full_disk_holds_the_work_up_and_loses_none_of_it(house: House) -> None:
    cluster, disk = house.cluster, house.disk
    with Api(cluster.url, asks_again=False) as api:
        described = api.described(SLUG)["job_id"]
        for _ in range(WAITING):
            assert _refused(api) is None
        wait_until(lambda: len(cluster.of(GenerationStarted)) > 1, "texts are being written")

        disk.fill()

        refused: httpx.Response = wait_until(lambda: _refused(api), "a request is refused")
        assert problem_of(refused, 503, "store-unavailable")["detail"] == FULL
        wait_until(lambda: api.get("/health/ready").status_code == 503, "it is not ready")
        assert problem_of(api.get("/health/ready"), 503, "store-unavailable")["detail"] == FULL
        for path in (f"/v1/movies/{SLUG}", f"/v1/jobs/{described}"):
            assert api.get(path).status_code == 200, path
        complete = api.get(f"/v1/movies/{SLUG}/history")  # or it says that it is not: no view can follow now
        assert complete.status_code == 200 or problem_of(complete, 503, "read-behind")
        assert api.get("/health/live").status_code == 200
        assert "DONE" in cluster.statuses()
        assert "FAILED" not in cluster.statuses()
        assert cluster.statuses().count("DONE") < cluster.requested(), "work is held up"

        disk.make_room()

        promised = cluster.requested()
        cluster.wait_until_done(promised, BACK_TO_WORK_SECONDS)
        assert api.get("/health/ready").status_code == 200
        assert api.described("heat-1995")["status"] == "DONE"
    assert all(part.is_running() for part in house.parts), "nothing has to be started anew"
    assert cluster.of(GenerationAttemptFailed) == [], "nobody was declared dead"
    assert "PANIC" not in cluster.postgres.log()
    cluster.is_sound()
