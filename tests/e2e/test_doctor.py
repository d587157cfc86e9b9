"""`moviemind doctor` on servers that run: what is wrong is named with a way out, and nothing else is."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
import redis

from application.audit.checkpoints import sign_checkpoint
from infrastructure.postgres import schema
from tests.e2e.conftest import Ended
from tests.support.cluster import Cluster
from tests.support.disk import SmallDisk
from tests.support.histories import KEY
from tests.support.process import Up, wait_until
from tests.support.servers import free_port, stopped

Command = Callable[..., Ended]
Findings = dict[str, dict[str, str]]
"""By the name of the check."""

SHARED = [
    *("store", "schema", "log", "writes", "queue switch", "queue", "provider", "workers", "projector"),
    *("view movies", "view history", "view spending", "view texts", "view throughput", "view jobs"),
    "oldest due job",
    "history",
]
REDIS = [
    *("redis", "redis appendonly", "redis appendfsync", "redis save", "redis maxmemory-policy"),
    *("redis memory", "redis last AOF write", "redis last bgsave", "redis last AOF rewrite"),
]
PASSWORD = "hunter2"
PAID = {"ai_model": "openai:gpt-4o-mini", "ai_api_key": "unused"}


class Doctor:
    """Asked about one service."""

    def __init__(self, command: Command, **settings: str) -> None:
        self._command = command
        self._settings = settings

    def ask(self, **settings: str) -> Findings:
        """All findings, after a look at what is true of all of them."""
        ended = self._command("doctor", "--json", "all", **(self._settings | settings))
        assert ended.err == ""
        found: list[dict[str, str]] = ended.json()
        findings = {one["check"]: one for one in found}
        assert len(findings) == len(found), "no check is made twice"
        assert ended.code == (1 if "bad" in _verdicts(findings).values() else 0)
        for one in found:
            assert one["verdict"] in ("ok", "warn", "bad")
            assert one["verdict"] == "ok" or one["advice"], one
        return findings

    def finds(self, verdict: str, *checks: str, **settings: str) -> Findings:
        """Nothing is wrong but these, as soon as it is so."""
        expected = dict.fromkeys(checks, verdict)

        def found() -> Findings | None:
            findings = self.ask(**settings)
            return findings if _wrong(findings) == expected else None

        findings: Findings = wait_until(
            found, str(expected or "all is well"), log=lambda: str(self.ask(**settings))
        )
        return findings


def _verdicts(findings: Findings) -> dict[str, str]:
    return {check: one["verdict"] for check, one in findings.items()}


def _wrong(findings: Findings) -> dict[str, str]:
    return {check: verdict for check, verdict in _verdicts(findings).items() if verdict != "ok"}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """With everything a service needs, Redis too."""
    with TemporaryDirectory(prefix="moviemind-") as home:
        Path(home).chmod(0o755)
        cluster = Cluster(Path(home), queue="redis")
        cluster.start_projector()
        cluster.start_worker()
        yield cluster
        cluster.close()


@pytest.fixture
def doctor(cluster: Cluster, command: Command) -> Doctor:
    """Of a service that is well, whatever the tests before have done to it."""
    doctor = Doctor(command, **cluster.settings)
    doctor.finds("ok")
    return doctor


@pytest.fixture
def database(cluster: Cluster) -> Iterator[str]:
    """URL of an empty database on the same server."""
    cluster.postgres.execute("CREATE DATABASE other")
    yield cluster.postgres.url("other")
    cluster.postgres.execute("DROP DATABASE other WITH (FORCE)")


@pytest.fixture
def client(cluster: Cluster) -> Iterator["redis.Redis"]:
    assert cluster.redis is not None
    with closing(cluster.redis.client()) as client:
        yield client


@contextmanager
def _configured(client: "redis.Redis", name: str, value: object) -> Iterator[None]:
    before: Any = client.config_get(name)
    client.config_set(name, str(value))
    try:
        yield
    finally:
        client.config_set(name, before[name])


def test_all_is_well(doctor: Doctor, cluster: Cluster) -> None:
    findings = doctor.finds("ok")

    assert list(findings) == SHARED + REDIS
    assert findings["store"]["found"] == f"postgresql://127.0.0.1:{cluster.postgres.port}/postgres answers"
    assert findings["queue"]["found"] == "redis, 0 messages wait for a worker"
    assert findings["workers"]["found"] == "1 alive, 4 attempts at the same time"
    assert findings["projector"]["found"] == "one leads"
    assert findings["redis appendfsync"]["found"] == "everysec"
    assert findings.pop("history")["advice"] == "docs/proof.md says how"
    assert {one["advice"] for one in findings.values()} == {""}


def test_without_a_redis_nothing_is_said_of_one(cluster: Cluster, command: Command) -> None:
    settings = cluster.settings | {"queue": "database"}
    del settings["redis_url"]

    findings = Doctor(command, **settings).finds("ok")

    assert list(findings) == SHARED
    assert findings["queue"]["found"] == "database, 0 messages wait for a worker"


@pytest.mark.parametrize(
    ("name", "value", "check", "verdict", "found"),
    [
        ("appendonly", "no", "redis appendonly", "warn", "no"),
        ("appendfsync", "no", "redis appendfsync", "warn", "no"),
        ("save", "", "redis save", "warn", "off"),
        ("maxmemory-policy", "allkeys-lru", "redis maxmemory-policy", "bad", "allkeys-lru"),
    ],
)
def test_what_redis_is_told_while_it_runs_counts(
    name: str, value: str, check: str, verdict: str, found: str, doctor: Doctor, client: "redis.Redis"
) -> None:
    with _configured(client, name, value):
        finding = doctor.finds(verdict, check)[check]

    assert finding["found"] == found
    assert f"set {name} " in finding["advice"]


def test_a_redis_whose_memory_is_nearly_full(doctor: Doctor, client: "redis.Redis") -> None:
    used: Any = client.info("memory")["used_memory"]
    with _configured(client, "maxmemory", int(used * 1.05)):
        assert "raise maxmemory" in doctor.finds("warn", "redis memory")["redis memory"]["advice"]


def test_a_redis_that_is_full(doctor: Doctor, client: "redis.Redis") -> None:
    with _configured(client, "maxmemory", 1_000):
        findings = doctor.finds("bad", "queue", "redis memory")

    assert "Redis is full" in findings["queue"]["found"]


def test_a_redis_that_can_only_be_read(doctor: Doctor, client: "redis.Redis") -> None:
    client.replicaof("127.0.0.1", str(free_port()))
    try:
        findings = doctor.finds("bad", "queue", "redis")
    finally:
        client.replicaof("NO", "ONE")

    assert "name the master" in findings["redis"]["advice"]
    assert "a replica that can only be read" in findings["queue"]["found"]


def test_a_redis_whose_last_snapshot_failed(doctor: Doctor, cluster: Cluster, client: "redis.Redis") -> None:
    """A directory stands where it wants to put the dump: that stops an administrator's Redis too."""
    assert cluster.redis is not None
    dump = cluster.redis.home / "dump.rdb"
    dump.unlink(missing_ok=True)
    (dump / "in the way").mkdir(parents=True)
    client.bgsave()

    try:
        findings = doctor.finds("bad", "queue", "redis last bgsave")
    finally:
        shutil.rmtree(dump)
        client.bgsave()
    finding = findings["redis last bgsave"]

    assert (finding["found"], finding["advice"]) == (
        "failed",
        "its disk may be full or unwritable; Redis' log says why",
    )
    assert "Redis cannot save to its disk" in findings["queue"]["found"]


def test_a_redis_that_is_down(doctor: Doctor, cluster: Cluster) -> None:
    """It is said where the jobs wait, and that is all that can be said of Redis."""
    assert cluster.redis is not None
    with stopped(cluster.redis):
        findings = doctor.finds("bad", "queue", "redis")

    assert list(findings) == [*SHARED, "redis"]
    assert findings["redis"]["advice"].startswith("requests are still accepted")
    assert findings["queue"]["advice"].startswith("accepted jobs wait and nothing is lost")


def test_a_redis_that_is_down_beside_another_queue(doctor: Doctor) -> None:
    doctor.finds("bad", "redis", queue="database", redis_url=f"redis://127.0.0.1:{free_port()}/0")


def test_a_queue_that_is_paused(doctor: Doctor, cluster: Cluster, command: Command) -> None:
    command("queue", "pause", "--reason", "the provider is down", **cluster.settings)

    finding = doctor.finds("warn", "queue switch")["queue switch"]

    assert finding["found"] == "paused by local: the provider is down"
    assert "moviemind queue resume" in finding["advice"]
    command("queue", "resume", **cluster.settings)


def test_a_job_that_nobody_starts(doctor: Doctor, cluster: Cluster, command: Command) -> None:
    """Whatever the reason is; here it is known."""
    cluster.start_api()
    command("queue", "pause", **cluster.settings)
    cluster.ask(["a-film-that-waits-1999"])
    waits = {**cluster.settings, "resend_seconds": "0.1"}

    findings = Doctor(command, **waits).finds("warn", "queue switch", "oldest due job")
    command("queue", "resume", **cluster.settings)

    assert "do not reach workers" in findings["oldest due job"]["advice"]
    doctor.finds("ok")


def test_a_transaction_that_holds_back_the_log(doctor: Doctor, cluster: Cluster) -> None:
    with psycopg.connect(cluster.postgres.url(), application_name="somebody") as other:
        other.execute("SELECT pg_current_xact_id()")
        other.execute("DELETE FROM stored_events WHERE false")
        found = doctor.finds("bad", "log")["log"]["found"]
        assert f"session {other.info.backend_pid} (somebody)" in found


def test_a_history_that_is_signed_somewhere(doctor: Doctor, tmp_path: Path) -> None:
    place = tmp_path / "published"
    place.mkdir()
    signing = {"audit_signing_key": KEY.secret_text(), "checkpoint_place": str(place)}
    assert "--begin" in doctor.finds("bad", "history", **signing)["history"]["found"]

    (place / "checkpoint").write_text(sign_checkpoint(5_000_000, bytes(32), KEY), encoding="utf-8")
    others = doctor.finds("bad", "history", **signing)["history"]
    assert "and 5000000 were signed" in others["found"]
    assert "moviemind audit verify" in others["advice"]

    (place / "checkpoint").unlink()
    place.rmdir()
    place.write_text("")
    unusable = doctor.finds("bad", "history", **signing)["history"]
    assert unusable["found"] == f"The place of checkpoints {place} cannot be used: Not a directory."


@pytest.mark.parametrize("lost", ["workers", "projector"])
def test_a_process_that_has_died(lost: str, cluster: Cluster, command: Command, database: str) -> None:
    schema.create(database)
    own: dict[str, Any] = {"store_url": database, "queue": "database"}
    parts = {"projector": cluster.start_projector(**own), "workers": cluster.start_worker(**own)}
    doctor = Doctor(command, **(cluster.settings | own))
    doctor.finds("ok")

    parts[lost].kill9()

    finding = doctor.finds("bad", lost)[lost]
    assert f"start moviemind {lost.removesuffix('s')}" in finding["advice"]
    for part in parts.values():  # the next database may have the same name
        part.close()


def test_processes_of_another_database_do_not_count(doctor: Doctor, database: str) -> None:
    schema.create(database)

    doctor.finds("bad", "workers", "projector", store_url=database)


def test_a_postgres_that_is_down(doctor: Doctor, cluster: Cluster) -> None:
    with_password = cluster.settings["store_url"].replace("postgres@", f"postgres:{PASSWORD}@")
    with stopped(cluster.postgres):
        findings = doctor.finds("bad", "store", store_url=with_password)

    assert list(findings) == ["store", *REDIS]
    assert findings["store"]["advice"] == "start PostgreSQL, or correct MOVIEMIND_STORE_URL"
    assert PASSWORD not in str(findings)


def test_a_store_without_tables(doctor: Doctor, database: str) -> None:
    finding = doctor.finds("bad", "schema", store_url=database)["schema"]

    assert finding["found"].endswith("has no tables of MovieMind yet; run: moviemind schema create.")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE schema_versions SET version = 1999", "was written by a newer MovieMind (schema 1999"),
        ("UPDATE log_epochs SET timeline = 'FFFFFFFF'", "run: moviemind schema promote"),
    ],
    ids=["newer", "restored"],
)
def test_tables_that_cannot_be_used_yet(
    change: str, said: str, doctor: Doctor, cluster: Cluster, database: str
) -> None:
    schema.create(database)
    cluster.postgres.execute(change, "other")

    findings = doctor.finds("bad", "schema", store_url=database)

    assert said in findings["schema"]["found"]
    assert list(findings) == ["store", "schema", *REDIS]


def test_people_get_a_table(doctor: Doctor, cluster: Cluster, command: Command) -> None:
    ended = command("doctor", **cluster.settings)

    assert ended.code == 0
    assert all(check in ended.out for check in SHARED + REDIS)


def test_on_sqlite_there_may_be_no_store_yet(tmp_path: Path, command: Command) -> None:
    findings = Doctor(command, data_dir=str(tmp_path / "data")).finds("ok")

    assert list(findings) == ["store", "provider"]
    assert findings["store"]["advice"] == "moviemind up makes it"
    assert not (tmp_path / "data").exists(), "a look changes nothing"


def test_on_sqlite_a_store_is_read_from_end_to_end(
    tmp_path: Path, start_up: Callable[..., Up], command: Command
) -> None:
    up = start_up()
    doctor = Doctor(command, data_dir=str(tmp_path / "data"))

    findings = doctor.finds("ok")

    assert list(findings) == ["store", "disk", "service", "provider"]
    assert findings["provider"]["found"] == "none is needed: the template writes"
    assert findings["service"]["found"] == f"serves at {up.url}"
    assert up.stop() == 0
    assert doctor.finds("ok")["service"]["found"] == "does not run; moviemind up starts it"


def test_on_sqlite_a_disk_with_little_room_is_a_warning(disk: SmallDisk, command: Command) -> None:
    assert command("generate", "heat-1995", "--data-dir", disk.path).code == 0

    finding = Doctor(command, data_dir=str(disk.path)).finds("warn", "disk")["disk"]

    assert finding["advice"] == "make room soon"


@pytest.mark.parametrize("ruin", ["noise", "directory"])
def test_on_sqlite_a_store_that_cannot_be_read(ruin: str, tmp_path: Path, command: Command) -> None:
    store = tmp_path / "moviemind.db"
    if ruin == "noise":
        store.write_bytes(b"no store of events" * 1_000)
    else:
        store.mkdir()

    findings = Doctor(command, data_dir=str(tmp_path)).finds("bad", "store")

    assert list(findings) == ["store", "provider"]
    assert findings["store"]["found"].startswith(str(store))


def test_on_sqlite_it_is_said_where_the_provider_of_a_paid_model_is_seen(
    tmp_path: Path, command: Command
) -> None:
    doctor = Doctor(command, data_dir=str(tmp_path / "data"), **PAID)

    found = doctor.finds("ok")["provider"]["found"]

    assert found == "openai:gpt-4o-mini; moviemind queue status says how it is doing"
    assert not (tmp_path / "data").exists(), "a look changes nothing"


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"ai_daily_budget_usd": "0.0001"}, "MOVIEMIND_AI_DAILY_BUDGET_USD (0.0001) is too small"),
        (
            {"ai_model": "openai:mine", "ai_daily_budget_per_key_usd": "5"},
            "MOVIEMIND_AI_DAILY_BUDGET_PER_KEY_USD cannot be held: the price of openai:mine is not known",
        ),
    ],
)
def test_on_sqlite_a_budget_that_cannot_be_held(
    settings: dict[str, str], complaint: str, tmp_path: Path, command: Command
) -> None:
    doctor = Doctor(command, data_dir=str(tmp_path), **PAID)

    assert complaint in doctor.finds("bad", "provider", **settings)["provider"]["found"]
