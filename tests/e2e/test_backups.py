"""A service is backed up while it works, and goes on from the backup on servers that were empty."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from infrastructure.postgres import schema
from tests.support.cluster import QUEUES, Cluster
from tests.support.process import moviemind

WRITTEN, WAITING = 12, 8


@pytest.fixture
def home() -> Iterator[Path]:
    with TemporaryDirectory(prefix="moviemind-") as home:
        Path(home).chmod(0o755)
        yield Path(home)


@pytest.mark.parametrize("queue", QUEUES)
def test_what_was_written_is_there_again_and_what_waited_is_done(queue: str, home: Path) -> None:
    before, after = Cluster(home / "before", queue=queue), Cluster(home / "after", queue=queue)
    try:
        before.start_api()
        before.start_projector()
        worker = before.start_worker()
        before.ask(f"film-{number}-1999" for number in range(WRITTEN))
        before.wait_until_done(WRITTEN)
        worker.kill9()
        before.ask(f"waiting-{number}-1999" for number in range(WAITING))

        copied = moviemind("backup", str(home / "backup"), **before.settings)
        assert copied.returncode == 0, copied.stderr
        restored = moviemind("restore", str(home / "backup"), **after.settings)
        assert restored.returncode == 0, restored.stderr
        again = moviemind("restore", str(home / "backup"), **after.settings)
        assert "0 of them now" in again.stdout

        after.start_api()
        after.start_projector()
        refused = moviemind("restore", str(home / "backup"), **after.settings)
        assert refused.returncode == 1
        assert "is already led by a projector; stop that process" in refused.stderr
        after.start_worker()
        after.wait_until_done(WRITTEN + WAITING)
        after.is_sound()
        texts = "SELECT slug, descriptions FROM movies WHERE slug LIKE 'film-%' ORDER BY slug"
        assert [(slug, str(d)) for slug, d in after.postgres.execute(texts)] == [
            (slug, str(d)) for slug, d in before.postgres.execute(texts)
        ]
        assert schema.status(after.postgres.url()).epoch != schema.status(before.postgres.url()).epoch
    finally:
        before.close()
        after.close()
