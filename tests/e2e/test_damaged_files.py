"""Files that are damaged, of another version, or none at all: what people are told, and that nothing is
overwritten. What can be made again is made again."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest

from domain.values import JobStatus
from infrastructure.sqlite import event_store, view_store
from interfaces.client import Client
from tests.integration.http.api import Api, problem_of
from tests.support.process import DEADLINE_SECONDS, Up, moviemind, moviemind_within

FILMS = [f"film-number-{number}-1999" for number in range(20)]
SLUG = FILMS[0]
PAGE_BYTES = 4096
BACKUP = "move it away, with moviemind.db-wal if there is one, and put a backup in its place"
LEFT_ALONE = f"nothing in it was changed: {BACKUP}."
DAMAGED = f"it is damaged or no store of events; {LEFT_ALONE}"

Ruin = Callable[[Path], object]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with some films."""
    data = tmp_path_factory.mktemp("filled") / "data"
    ended = moviemind("generate", *FILMS, "--data-dir", str(data))
    assert ended.returncode == 0, ended.stderr
    return data


@pytest.fixture
def data(filled: Path, tmp_path: Path) -> Path:
    """A copy of it, where `start_up` starts."""
    return Path(shutil.copytree(filled, tmp_path / "data"))


@pytest.fixture
def store(data: Path) -> Path:
    return data / "moviemind.db"


@pytest.fixture
def views(data: Path) -> Path:
    return data / "moviemind-views.db"


def _noise(length: int) -> bytes:
    return Random(1999).randbytes(length)


def _be_noise(file: Path) -> None:
    file.write_bytes(_noise(10 * PAGE_BYTES))


def _lose_the_second_half(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def _overwrite(file: Path, start: int, end: int) -> None:
    with file.open("r+b") as opened:
        opened.seek(start)
        opened.write(_noise(end - start))


def _overwrite_the_header(file: Path) -> None:
    _overwrite(file, 0, PAGE_BYTES)


def _overwrite_a_page_in_the_middle(file: Path, *, journal: Path | None = None) -> None:
    """One that is not in the `journal` too, which would be read instead."""
    newer = _pages_in(journal) if journal else set()
    pages = file.stat().st_size // PAGE_BYTES
    middle = next(page for page in range(pages // 2, pages) if page + 1 not in newer) * PAGE_BYTES
    assert middle > PAGE_BYTES
    _overwrite(file, middle, middle + PAGE_BYTES)


def _pages_in(journal: Path) -> set[int]:
    """Their numbers, from 1: each page stands behind 24 bytes that begin with it."""
    content = journal.read_bytes()
    return {
        int.from_bytes(content[start : start + 4], "big")
        for start in range(32, len(content), 24 + PAGE_BYTES)
    }


def _overwrite_all_but_the_header(file: Path) -> None:
    """Under a running service: what is in the journal or in a connection's memory counts no more."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        busy, *_ = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        assert not busy
        _overwrite(file, PAGE_BYTES, file.stat().st_size)
        version = other.execute("PRAGMA user_version").fetchone()[0]
        other.execute(f"PRAGMA user_version={version}")


def _be_a_directory(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _raise_schema(file: Path, version: int) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"PRAGMA user_version={version}")


def _content(file: Path) -> bytes | None:
    return None if file.is_dir() else file.read_bytes()


RUINED: dict[str, tuple[Ruin, str]] = {
    "noise": (_be_noise, DAMAGED),
    "cut off": (_lose_the_second_half, DAMAGED),
    "header overwritten": (_overwrite_the_header, DAMAGED),
    "page overwritten": (_overwrite_a_page_in_the_middle, DAMAGED),
    "emptied": (
        lambda store: store.write_bytes(b""),
        f"it is empty, and moviemind-views.db is not; {LEFT_ALONE}",
    ),
    "directory": (_be_a_directory, "a directory stands in its place; move that away."),
}


@pytest.mark.parametrize(("ruin", "reason"), RUINED.values(), ids=RUINED.keys())
def test_an_event_store_that_cannot_be_used_is_refused_and_left_as_it_is(
    ruin: Ruin, reason: str, store: Path, views: Path
) -> None:
    ruin(store)
    before = _content(store), views.read_bytes()

    for command in (["up", "--port", "0"], ["generate", "heat-1995"]):
        ended = moviemind_within(DEADLINE_SECONDS, *command, "--data-dir", str(store.parent))

        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr == f"error: The store {store} cannot be opened: {reason}\n"
    assert (_content(store), views.read_bytes()) == before


@pytest.fixture
def journal(store: Path, start_up: Callable[..., Up], connect: Callable[[Up], Client]) -> Path:
    """Events that are not in the store itself: the service that wrote them was killed."""
    up = start_up()
    client = connect(up)
    client.wait(client.generate("heat-1995").job_id)
    up.kill9()
    journal = store.with_name("moviemind.db-wal")
    assert journal.read_bytes()
    return journal


def test_an_emptied_event_store_keeps_the_journal_that_holds_its_newest_events(
    store: Path, views: Path, journal: Path
) -> None:
    newest = journal.read_bytes()
    views.unlink()
    store.write_bytes(b"")

    ended = moviemind_within(DEADLINE_SECONDS, "up", "--port", "0", "--data-dir", str(store.parent))

    said = f"it is empty, and moviemind.db-wal is not; {LEFT_ALONE}"
    assert ended.stderr == f"error: The store {store} cannot be opened: {said}\n"
    assert journal.read_bytes() == newest


def test_a_damaged_event_store_and_its_journal_are_kept_apart(store: Path, journal: Path) -> None:
    """Whoever mends it may need both: closing a store usually puts its journal into it."""
    _overwrite_a_page_in_the_middle(store, journal=journal)
    before = store.read_bytes(), journal.read_bytes()

    ended = moviemind_within(DEADLINE_SECONDS, "up", "--port", "0", "--data-dir", str(store.parent))

    assert ended.stderr == f"error: The store {store} cannot be opened: {DAMAGED}\n"
    assert (store.read_bytes(), journal.read_bytes()) == before


def test_an_empty_file_that_never_held_an_event_is_begun(tmp_path: Path, start_up: Callable[..., Up]) -> None:
    """A first start that was cut short leaves one."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "moviemind.db").touch()

    assert start_up().stop() == 0


def test_an_event_store_of_a_newer_version_is_refused_and_left_as_it_is(store: Path) -> None:
    known = event_store.SCHEMA_VERSION
    _raise_schema(store, known + 1)
    before = store.read_bytes()

    ended = moviemind_within(DEADLINE_SECONDS, "up", "--port", "0", "--data-dir", str(store.parent))

    assert (ended.returncode, ended.stdout) == (1, "")
    newer = f"was written by a newer MovieMind (schema {known + 1}, this one knows {known})"
    assert ended.stderr == f"error: {store} {newer}; upgrade MovieMind.\n"
    assert store.read_bytes() == before


RUINED_VIEWS: dict[str, Ruin] = {
    "noise": _be_noise,
    "cut off": _lose_the_second_half,
    "page overwritten": _overwrite_a_page_in_the_middle,
    "newer schema": lambda views: _raise_schema(views, view_store.SCHEMA_VERSION + 1),
}


@pytest.mark.parametrize("ruin", RUINED_VIEWS.values(), ids=RUINED_VIEWS.keys())
def test_views_that_cannot_be_used_are_made_again(
    ruin: Ruin, views: Path, start_up: Callable[..., Up]
) -> None:
    before = _rows(views)
    ruin(views)

    with Api(start_up().url) as api:
        api.settle()

        assert api.movie(SLUG)["slug"] == SLUG
    assert _rows(views) == before


@pytest.mark.parametrize("versions", [-1, 1], ids=["older", "newer"])
@pytest.mark.parametrize("asked", [("status",), ("rebuild", "--all"), ("verify", "--all")])
def test_commands_leave_views_of_another_version_as_they_are(
    versions: int, asked: tuple[str, ...], views: Path
) -> None:
    _raise_schema(views, view_store.SCHEMA_VERSION + versions)
    before = _rows(views)

    ended = moviemind("projections", *asked, "--data-dir", str(views.parent))

    assert (ended.returncode, ended.stdout) == (1, "")
    said = "another version of MovieMind has made it; start the service with this one, and it is made anew"
    assert ended.stderr == f"error: The store {views} cannot be opened: {said} from the events.\n"
    assert _rows(views) == before


def test_a_directory_in_the_place_of_the_views_is_named(views: Path) -> None:
    _be_a_directory(views)

    ended = moviemind("history", SLUG, "--data-dir", str(views.parent))

    assert ended.returncode == 1
    reason = "a directory stands in its place; move that away."
    assert ended.stderr == f"error: The store {views} cannot be opened: {reason}\n"


def test_damage_in_the_event_store_under_a_running_service_is_an_outage(
    store: Path, start_up: Callable[..., Up]
) -> None:
    up = start_up()
    _overwrite_all_but_the_header(store)

    with Api(up.url) as api:
        for answer in (api.generate(SLUG), api.get("/v1/jobs"), api.get("/health/ready")):
            problem = problem_of(answer, 503, "store-unavailable")
            said = f"moviemind.db is damaged; stop the service, {BACKUP}."
            assert problem["detail"] == f"The store cannot be used at the moment: {said}"
        assert api.get(f"/v1/movies/{SLUG}").status_code == 200, "the views know it"
        assert api.get("/health/live").status_code == 200
    assert up.stop() == 0
    assert "Traceback" not in up.log()


def test_damage_in_the_views_under_a_running_service_is_gone_after_the_next_start(
    views: Path, start_up: Callable[..., Up], connect: Callable[[Up], Client]
) -> None:
    up = start_up()
    _overwrite_all_but_the_header(views)

    with Api(up.url) as api:
        problem = problem_of(api.get(f"/v1/movies/{SLUG}"), 503, "store-unavailable")
        said = "moviemind-views.db is damaged; start the service again, and it is made anew from the events."
        assert problem["detail"] == f"The store cannot be used at the moment: {said}"
        job_id = api.accepted("heat-1995")["job_id"]
    assert up.stop() == 0
    assert "Traceback" not in up.log()

    client = connect(start_up())
    assert client.wait(job_id).status is JobStatus.DONE
    assert list(client.history(SLUG))


def _rows(views: Path) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(views)) as connection:
        return {
            view: connection.execute(f"SELECT * FROM {view} ORDER BY 1, 2").fetchall()
            for view in ("jobs", "movies", "history", "spending", "texts", "throughput")
        }
