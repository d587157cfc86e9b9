"""Names that an older version kept with the keys move to where they can be deleted, on SQLite."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from infrastructure.errors import StoreNotUsable
from infrastructure.settings import load_settings
from infrastructure.sqlite import event_store
from interfaces.bootstrap import open_store, open_store_beside
from interfaces.cli.backups import backup

VERSION_1 = """
CREATE TABLE log_epochs (epoch TEXT NOT NULL PRIMARY KEY);
INSERT INTO log_epochs VALUES ('0a1b2c3d');
CREATE TABLE api_keys (
    key_id TEXT PRIMARY KEY, name TEXT NOT NULL, scope TEXT NOT NULL, secret_hash BLOB NOT NULL,
    created_by TEXT NOT NULL, created_at TEXT NOT NULL, last_used_at TEXT, revoked_at TEXT
);
INSERT INTO api_keys (key_id, name, scope, secret_hash, created_by, created_at)
    VALUES ('mm_1', 'Anna', 'read', x'00', 'local', '2026-01-01T00:00:00.000000+00:00');
PRAGMA user_version = 1;
"""


def test_they_move_once_and_the_file_is_of_the_new_version(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path)
    with closing(sqlite3.connect(settings.event_store_path)) as older:
        older.executescript(VERSION_1)

    for _ in range(2):
        with closing(open_store(settings)) as store:
            assert [(key.key_id, key.name, key.contact) for key in store.keys.all()] == [
                ("mm_1", "Anna", None)
            ]
            assert set(store.keys.live()) == {"mm_1"}

    with closing(sqlite3.connect(settings.event_store_path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (event_store.SCHEMA_VERSION,)
        assert "Anna" not in str(connection.execute("SELECT * FROM api_keys").fetchall())


def test_whoever_moved_can_be_forgotten_to_the_last_byte(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path)
    with closing(sqlite3.connect(settings.event_store_path)) as older:
        older.executescript(VERSION_1)

    with closing(open_store(settings)) as store:
        assert store.keys.forget("mm_1") is not None

    held = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert (b"mm_1" in held, b"Anna" in held) == (True, False)


def test_beside_a_service_that_may_be_of_the_older_version_nothing_moves(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path)
    open_store(settings).close()
    settings.event_store_path.unlink()
    with closing(sqlite3.connect(settings.event_store_path)) as older:
        older.executescript(VERSION_1)
    before = settings.event_store_path.read_bytes()

    with pytest.raises(StoreNotUsable, match="of version 1, and 2 is needed; stop the service, and start it"):
        open_store_beside(settings)

    assert settings.event_store_path.read_bytes() == before


def test_a_backup_of_an_older_version_can_be_taken_and_changes_nothing_of_it(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path / "data")
    settings.event_store_path.parent.mkdir()
    open_store(settings).close()
    with closing(sqlite3.connect(settings.event_store_path)) as older:
        older.executescript("DROP TABLE log_epochs; DROP TABLE api_keys; DROP TABLE actors;" + VERSION_1)
    before = settings.event_store_path.read_bytes()

    backup(tmp_path / "backup", data_dir=tmp_path / "data")

    assert '"0a1b2c3d"' in (tmp_path / "backup" / "manifest.json").read_text()
    assert settings.event_store_path.read_bytes() == before
