"""Somebody who has done everything that can be done is forgotten: no store holds their name any more."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from eventsourcing.sqlite import SQLiteConnection, SQLiteConnectionPool
from pydantic import SecretStr

from application.api_keys import KeyRing, Scope
from application.verify import verify
from infrastructure.choices import Auth
from infrastructure.settings import Settings, load_settings
from interfaces.bootstrap import open_store, open_store_beside, projections_of
from interfaces.embedded import embedded_service
from interfaces.shared import shared_service
from tests.integration.http.api import Api, body_of, operations_of
from tests.support.process import wait_until
from tests.support.rebuilding import NAMES, rebuilt

BOOTSTRAP = "the-first-key-of-all"
NAME, CONTACT = "Zdzisława Marker", "zdzislawa@marker.example"
MARKS = ("zdzis", "marker")
HEAT, ALIEN = "heat-1995", "alien-1979"


def _guarded(settings: Settings) -> Settings:
    """With keys."""
    return settings.model_copy(
        update={
            "port": 0,
            "auth": Auth.ON,
            "bootstrap_admin_key": SecretStr(BOOTSTRAP),
            "poll_seconds": 0.05,
            "worker_threads": 2,
        }
    )


@contextmanager
def _serving(settings: Settings) -> Iterator[Api]:
    """For the admin of the settings."""
    served = shared_service(settings, works=True) if settings.is_on_postgres else embedded_service(settings)
    with served as url, Api(url) as api:
        api.headers["X-API-Key"] = BOOTSTRAP
        yield api


class Busy(Api):
    """Does everything that can be done by a request that changes something, and notes what it was."""

    def __init__(self, url: str, key: str) -> None:
        super().__init__(url)
        self.headers["X-API-Key"] = key
        self.did: set[tuple[str, str]] = set()

    def everything(self) -> None:
        first = self._described("/v1/generate", {"slug": HEAT})
        second = self._described("/v1/generate", {"slug": HEAT, "force": True})
        self._do("POST", "/v1/generate/preview", {"slug": HEAT})
        text = {"locale": "en-US", "context_tag": "DEFAULT", "text": "Mine.", "based_on": first}
        self._do("POST", "/v1/movies/{slug}/descriptions", text, slug=HEAT)
        promotion = {"description_id": second, "scope": "film"}
        self._do("POST", "/v1/movies/{slug}/promotions", promotion, slug=HEAT)
        self._do(
            "POST", "/v1/movies/{slug}/withdrawals", {"description_id": first, "reason": "no"}, slug=HEAT
        )
        self._do("PATCH", "/v1/movies/{slug}", {"director": "Michael Mann", "reason": "missing"}, slug=HEAT)
        self._do("POST", "/v1/admin/queues/pause", {"reason": "to cancel something"})
        cancelled = self._do("POST", "/v1/generate", {"slug": ALIEN})["job_id"]
        self._do("DELETE", "/v1/jobs/{job_id}", job_id=cancelled)
        self._do("POST", "/v1/jobs/{job_id}/retry", {"reason": "no"}, is_refused=True, job_id=cancelled)
        self._do("POST", "/v1/admin/failed-jobs/retry", {})
        self._do("POST", "/v1/admin/queues/resume")
        self._do("POST", "/v1/admin/queues/recover")
        self._do("POST", "/v1/admin/projections/rebuild", {"views": ["spending"]})
        wait_until(self._is_rebuilt, "the view is rebuilt")
        made = self._do("POST", "/v1/admin/keys", {"name": "a key of theirs"})["key_id"]
        self._do("DELETE", "/v1/admin/actors/{actor}", actor=made)
        self._do("DELETE", "/v1/admin/keys/{key_id}", key_id=made)
        self.settle()

    def _is_rebuilt(self) -> bool:
        views = body_of(self.get("/v1/admin/projections"))["items"]
        return {view["rebuild"]["state"] for view in views if view["rebuild"]} == {"done"}

    def _described(self, path: str, body: dict[str, Any]) -> str:
        job = self.ended(self._do("POST", path, body)["job_id"])
        assert job["status"] == "DONE"
        self.settle()
        return str(job["description_id"])

    def _do(
        self, method: str, path: str, body: Any = None, *, is_refused: bool = False, **parts: str
    ) -> dict[str, Any]:
        self.did.add((method, path))
        headers = {"If-Match": "*", "Idempotency-Key": uuid4().hex}
        response = self.request(method, path.format(**parts), json=body, headers=headers)
        assert response.is_success is not is_refused, response.text
        return response.json()  # type: ignore[no-any-return]


@pytest.fixture
def forgotten(settings: Settings) -> Iterator["Forgotten"]:
    guarded = _guarded(settings)
    with _serving(guarded) as admin:
        key = body_of(admin.post("/v1/admin/keys", json={"name": NAME, "contact": CONTACT, "scope": "admin"}))
        with Busy(str(admin.base_url), key["key"]) as busy:
            busy.everything()
            writing = {operation for operation in operations_of(admin) if operation[0] != "GET"}
            assert busy.did == writing, "a new route that changes something belongs into everything()"
        yield Forgotten(guarded, admin, key["key_id"])


class Forgotten:
    """A service, what it says of somebody, and what its store holds."""

    def __init__(self, settings: Settings, admin: Api, key_id: str) -> None:
        self.settings, self.admin, self.key_id = settings, admin, key_id

    def forget(self) -> None:
        self.admin.delete(f"/v1/admin/actors/{self.key_id}").raise_for_status()

    def told(self) -> dict[str, Any]:
        """All that is told of what they did."""
        return {
            path: self.admin.get(path).json()
            for path in (
                f"/v1/movies/{HEAT}/history",
                f"/v1/movies/{HEAT}",
                f"/v1/audit?limit=100&actor={self.key_id}",
                "/v1/stats/spending?group_by=requester",
                "/v1/jobs",
            )
        }

    def tables(self) -> dict[str, str]:
        """All rows of every table there is, in small letters."""
        return (
            _postgres_tables(self.settings) if self.settings.is_on_postgres else _sqlite_tables(self.settings)
        )

    def named_in(self) -> set[str]:
        return {table for table, rows in self.tables().items() if any(mark in rows for mark in MARKS)}


def test_a_name_stands_in_one_table_and_after_it_was_deleted_in_none(forgotten: Forgotten) -> None:
    assert forgotten.named_in() == {"actors"}

    forgotten.forget()

    assert forgotten.named_in() == set()
    id_is_in = {table for table, rows in forgotten.tables().items() if forgotten.key_id in rows}
    assert {"api_keys", "stored_events", "history", "jobs"} <= id_is_in, "by which it is still known"


def test_what_they_did_is_told_as_before_under_their_id(forgotten: Forgotten) -> None:
    before = forgotten.told()
    entries = before[f"/v1/audit?limit=100&actor={forgotten.key_id}"]["items"]
    assert {entry["event"] for entry in entries} >= {
        "GenerationRequested",
        "GenerationCancelled",
        "DescriptionEdited",
        "DescriptionWithdrawn",
        "MovieFactsCorrected",
    }

    forgotten.forget()

    assert forgotten.told() == before
    assert {entry["actor"] for entry in entries} == {forgotten.key_id}


def test_views_are_verified_and_rebuilt_as_before(forgotten: Forgotten) -> None:
    forgotten.forget()

    with closing(open_store_beside(forgotten.settings)) as store:
        verified = verify(projections_of(store), log=store.log, second_sets=store.second_sets)
        assert {one.view: one.difference for one in verified} == dict.fromkeys(NAMES)
        rebuilt(store)
    assert forgotten.named_in() == set()


def test_no_byte_of_a_name_is_left_in_the_files_of_sqlite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it deletes it leaves in the file, unless it is told to write over it; some builds are told so."""
    _leave_what_is_deleted(monkeypatch)
    settings = load_settings(data_dir=tmp_path)
    with closing(open_store(settings)) as store:
        ring = KeyRing(store.keys, clock=store.generations.clock)
        kept, _ = ring.create("Somebody else", Scope.READ, by="local")
        key, _ = ring.create(NAME, Scope.READ, by="local", contact=CONTACT)
        ring.forget(key.key_id)

    held = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert kept.key_id.encode() in held
    assert b"Somebody else" in held
    assert NAME.encode() not in held
    assert CONTACT.encode() not in held


def test_no_byte_is_left_of_a_name_that_had_to_move_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _leave_what_is_deleted(monkeypatch)
    settings = load_settings(data_dir=tmp_path)
    with closing(open_store(settings)) as store:
        ring = KeyRing(store.keys, clock=store.generations.clock)
        made = [
            ring.create(f"Name of {number:03}", Scope.READ, by="local", contact=f"{number:03}@one.example")[0]
            for number in range(300)
        ]
        for key in made[::2]:
            ring.forget(key.key_id)

    held = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    left = [mark for key in made for mark in (key.name, key.contact) if mark and mark.encode() in held]
    assert left == [mark for key in made[1::2] for mark in (key.name, key.contact)]


def _leave_what_is_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    """As SQLite does by itself."""
    connect = SQLiteConnectionPool._create_connection

    def create_connection(pool: SQLiteConnectionPool) -> SQLiteConnection:
        connection = connect(pool)
        connection.cursor().execute("PRAGMA secure_delete = OFF")
        return connection

    monkeypatch.setattr(SQLiteConnectionPool, "_create_connection", create_connection)


def _sqlite_tables(settings: Settings) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in (settings.event_store_path, settings.view_store_path):
        with closing(sqlite3.connect(path)) as connection:
            connection.text_factory = lambda text: text.decode(errors="replace")
            names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
            for (name,) in names:
                rows = connection.execute(f'SELECT * FROM "{name}"').fetchall()
                found[name] = found.get(name, "") + str(rows).lower()
    return found


def _postgres_tables(settings: Settings) -> dict[str, str]:
    with psycopg.connect(settings.store_address) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return {
            name: "".join(
                _readable(row) for row in connection.execute(f'SELECT * FROM "{name}"').fetchall()
            ).lower()
            for (name,) in names
        }


def _readable(row: tuple[Any, ...]) -> str:
    """Events are stored as bytes, and `repr` would spell what is not ASCII."""
    return str([cell.decode(errors="replace") if isinstance(cell, bytes) else cell for cell in row])
