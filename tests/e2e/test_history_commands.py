"""The history is signed by a running service, and verified by commands and by whoever has only the key."""

import json
import re
import sqlite3
import subprocess
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psycopg
import pytest

from application.audit.published import PublishedHistory
from infrastructure.places import DirectoryPlace
from tests.support.cluster import Cluster
from tests.support.file_server import FileServer
from tests.support.histories import KEY
from tests.support.process import Up, moviemind, wait_until
from tests.unit.audit.verifier import Verifier

SECRET = KEY.secret_text()
_DELETE = """
DELETE FROM stored_events
WHERE {position} = (SELECT {position} FROM stored_events ORDER BY {position} LIMIT 1 OFFSET %s)
"""
FILMS = ("heat-1995", "the-matrix-1999", "playtime-1967")


@dataclass(frozen=True)
class Served:
    """A service that signs, and the settings of commands for its store."""

    url: str
    settings: dict[str, str]
    place: Path

    def describe(self, *slugs: str) -> None:
        with httpx.Client(base_url=self.url) as client:
            for slug in slugs:
                job_id = client.post("/v1/generate", json={"slug": slug}).json()["job_id"]
                wait_until(lambda: client.get(f"/v1/jobs/{job_id}").json()["status"] == "DONE", slug)  # noqa: B023

    def signed(self) -> int:
        """How many events are."""
        published = PublishedHistory(DirectoryPlace(self.place), KEY.verifier_key).checkpoint()
        return published.size if published else 0

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return moviemind("audit", *arguments, **self.settings)

    def verified(self) -> dict[str, Any]:
        run = self.run("verify", "--json", "all")
        found: dict[str, Any] = json.loads(run.stdout)
        assert run.returncode == (0 if found["is_proven"] else 1), run.stderr
        return found

    def delete(self, sequence: int) -> None:
        """An event, behind the back of the service."""
        if "store_url" in self.settings:
            with psycopg.connect(self.settings["store_url"]) as server:
                server.execute(_DELETE.format(position="notification_id"), (sequence,))
            return
        with closing(sqlite3.connect(Path(self.settings["data_dir"]) / "moviemind.db")) as file, file:
            file.execute(_DELETE.format(position="rowid").replace("%s", "?"), (sequence,))


@pytest.fixture
def on_sqlite(start_up: Callable[..., Up], tmp_path: Path) -> Served:
    place = tmp_path / "published"
    place.mkdir()
    signing = {"audit_signing_key": SECRET, "checkpoint_place": str(place), "checkpoint_seconds": "0.1"}
    up = start_up(**signing)
    served = Served(up.url, {"data_dir": str(up.data_dir), **signing}, place)
    assert served.run("checkpoint", "--begin").returncode == 0
    return served


@pytest.fixture
def on_postgresql(tmp_path: Path) -> Iterator[Served]:
    place = tmp_path / "published"
    place.mkdir()
    signing = {"audit_signing_key": SECRET, "checkpoint_place": str(place), "checkpoint_seconds": "0.1"}
    with TemporaryDirectory(prefix="moviemind-") as home:
        Path(home).chmod(0o755)
        cluster = Cluster(Path(home), queue="database", **signing)
        try:
            cluster.start_api()
            cluster.start_projector()
            cluster.start_worker()
            served = Served(cluster.url, cluster.settings, place)
            assert served.run("checkpoint", "--begin").returncode == 0
            yield served
        finally:
            cluster.close()


@pytest.fixture(params=["on_sqlite", "on_postgresql"])
def served(request: pytest.FixtureRequest) -> Served:
    found: Served = request.getfixturevalue(request.param)
    return found


def test_the_service_signs_what_happens_and_commands_prove_it(served: Served, tmp_path: Path) -> None:
    served.describe(*FILMS)
    wait_until(lambda: served.signed() == 4 * len(FILMS), "all events are signed")

    verified = served.verified()
    assert verified == {
        "is_proven": True,
        "events": 12,
        "signed": 12,
        "tampering": None,
        "is_tree_damaged": False,
    }
    said = served.run("verify").stdout
    assert said == "12 events were read.\nThe first 12 are those that were signed.\n"

    exported = served.run("export", "--out", str(tmp_path / "events.ndjson"))
    assert exported.returncode == 0, exported.stderr
    verifier = Verifier(tmp_path)
    proven = verifier.run("events.ndjson", str(served.place / "checkpoint"), str(KEY.verifier_key))
    assert proven.stdout == "Proven: the first 12 of 12 events are those that were signed.\n"

    with httpx.Client(base_url=served.url) as client:
        text = client.get("/v1/movies/the-matrix-1999").json()["default_description"]
    proved = served.run("prove", text["id"], "--out", str(tmp_path / "proof.json"))
    assert proved.returncode == 0, proved.stderr
    proven = verifier.run("--proof", "proof.json", str(KEY.verifier_key))
    assert proven.stdout == "Proven: this is event 7 of the 12 that were signed.\n"
    state = b64decode(json.loads((tmp_path / "proof.json").read_text())["event"]["state"])
    assert json.loads(state)["text"] == text["text"]


def test_a_text_that_there_is_not_cannot_be_proven(on_sqlite: Served) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"

    assert f"No film has a description {unknown}." in on_sqlite.run("prove", unknown).stderr


def test_what_somebody_changes_in_the_database_is_named(served: Served) -> None:
    served.describe(*FILMS)
    wait_until(lambda: served.signed() == 12, "all events are signed")

    served.delete(7)

    assert served.verified()["tampering"] == {
        "kind": "missing",
        "sequence": 7,
        "events": 1,
        "event": "MovieRegistered",
        "version": 1,
        "film": "playtime-1967",
    }
    said = served.run("verify")
    assert said.returncode == 1
    assert said.stdout.splitlines()[-1] == (
        "1 event is missing from event 7 on; there stands MovieRegistered, version 1 of playtime-1967,"
        " which came after."
    )


def test_a_place_on_a_server_will_do(start_up: Callable[..., Up]) -> None:
    with FileServer() as server:
        url = f"http://{server.address}/history"
        up = start_up(audit_signing_key=SECRET, checkpoint_place=url, checkpoint_seconds="0.1")
        settings = {"data_dir": str(up.data_dir), "audit_signing_key": SECRET, "checkpoint_place": url}
        assert "audit checkpoint --begin" in moviemind("audit", "verify", **settings).stderr
        assert moviemind("audit", "checkpoint", "--begin", **settings).returncode == 0
        with httpx.Client(base_url=up.url) as client:
            client.post("/v1/generate", json={"slug": "heat-1995"})
        wait_until(lambda: b"\n4\n" in server.files.get("/history/checkpoint", b""), "it is published")

        assert moviemind("audit", "verify", **settings).returncode == 0
        server.answers = 500
        refused = moviemind("audit", "verify", **settings)

    assert refused.returncode == 1
    assert f"The place of checkpoints {url} cannot be used: it answers GET" in refused.stderr


class TestWithoutAService:
    def test_a_checkpoint_is_taken_kept_and_verified_by_its_key(self, tmp_path: Path) -> None:
        home = {"data_dir": str(tmp_path / "var")}
        made = moviemind("audit", "new-key", "films.example/history").stdout
        secret = re.findall(r"^MOVIEMIND_AUDIT_SIGNING_KEY=(.+)$", made, re.MULTILINE)[0]
        verifier = re.findall(r"^verifier key: (.+)$", made, re.MULTILINE)[0]
        assert moviemind("generate", "heat-1995", **home).returncode == 0

        kept = tmp_path / "kept"
        taken = moviemind("audit", "checkpoint", "--out", str(kept), **home, audit_signing_key=secret)
        assert taken.returncode == 0, taken.stderr
        assert kept.read_text(encoding="utf-8").startswith("films.example/history\n4\n")

        assert moviemind("audit", "checkpoint", "--out", str(kept), **home).returncode == 1, "without a key"
        assert kept.read_text(encoding="utf-8").startswith("films.example/history\n4\n"), "it is still kept"

        asked = ("audit", "verify", "--checkpoint", str(kept))
        assert "name the key that signed it with --key" in moviemind(*asked, **home).stderr
        assert moviemind(*asked, "--key", verifier, **home).returncode == 0
        other = moviemind(*asked, "--key", str(KEY.verifier_key), **home)
        assert (other.returncode, "has no signature of the key" in other.stderr) == (1, True)

    def test_without_a_key_nothing_is_signed_and_little_is_proven(self, tmp_path: Path) -> None:
        home = {"data_dir": str(tmp_path / "var")}
        nowhere = moviemind("audit", "verify", **home)
        assert (nowhere.returncode, "it is not there" in nowhere.stderr) == (1, True)
        assert not (tmp_path / "var").exists(), "to verify makes no store"
        assert moviemind("generate", "heat-1995", **home).returncode == 0

        assert "moviemind audit new-key NAME" in moviemind("audit", "checkpoint", **home).stderr
        verified = moviemind("audit", "verify", **home)
        assert (verified.returncode, "and proves nothing" in verified.stdout) == (1, True)

    @pytest.mark.parametrize(
        ("settings", "said"),
        [
            ({"audit_signing_key": "PRIVATE+KEY+films"}, "Make one with: moviemind audit new-key NAME"),
            ({"checkpoint_place": "/tmp/elsewhere"}, "CHECKPOINT_PLACE needs MOVIEMIND_AUDIT_SIGNING_KEY"),
            (
                {"checkpoint_place": "s3://bucket/films", "audit_signing_key": SECRET},
                "write a directory, or a URL that begins with http:// or https://",
            ),
            (
                {"checkpoint_place": "https://films.example/?sig=hush", "audit_signing_key": SECRET},
                "without ? and #",
            ),
            (
                {"checkpoint_place": "var/published", "audit_signing_key": SECRET},
                "(var/published) is in the directory of the events",
            ),
        ],
    )
    def test_settings_that_cannot_be_meant_are_refused(self, settings: dict[str, str], said: str) -> None:
        refused = moviemind("up", **settings)

        assert refused.returncode == 1
        assert said in refused.stderr
        assert "PRIVATE" not in refused.stderr
        assert "hush" not in refused.stderr
