"""One process at a time holds an event store; the hold dies with the process."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infrastructure.errors import DirectoryNotUsable, StoreInUse
from infrastructure.store_lock import StoreLock, lock_file, serving_url

ROOT = Path(__file__).parents[2]
STORE = "moviemind.db"
URL = "http://127.0.0.1:4711"

_HOLD = """
import sys
from pathlib import Path
from infrastructure.store_lock import StoreLock
lock = StoreLock(Path(sys.argv[1]))
lock.announce(sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the directory and says where it serves."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path / STORE), URL],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_process_is_refused_and_told_where_the_first_serves(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    with pytest.raises(StoreInUse) as refused:
        StoreLock(tmp_path / STORE)

    assert f"{tmp_path / STORE} is already served at {URL};" in str(refused.value)
    assert serving_url(tmp_path / STORE) == URL, "asking and being refused does not disturb the holder"


def test_the_hold_of_a_killed_process_is_gone_although_its_file_is_there(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    holder.kill()
    holder.wait()
    left = json.loads(lock_file(tmp_path / STORE).read_text(encoding="utf-8"))
    assert left == {"pid": holder.pid, "url": URL}, "it could not tidy up"

    assert serving_url(tmp_path / STORE) is None
    with StoreLock(tmp_path / STORE) as lock:
        lock.announce("http://127.0.0.1:1")
        assert serving_url(tmp_path / STORE) == "http://127.0.0.1:1"


def test_a_holder_that_does_not_serve_yet_has_no_url_and_still_refuses_others(tmp_path: Path) -> None:
    with StoreLock(tmp_path / STORE):
        assert serving_url(tmp_path / STORE) is None
        with pytest.raises(StoreInUse, match="is already used by another command; stop that process"):
            StoreLock(tmp_path / STORE)


def test_a_store_is_the_same_store_by_every_path_that_leads_to_it(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    with StoreLock(tmp_path / "real" / STORE), pytest.raises(StoreInUse):
        StoreLock(tmp_path / "link" / STORE)


def test_two_stores_of_one_directory_are_held_apart(tmp_path: Path) -> None:
    with StoreLock(tmp_path / "one.db"):
        StoreLock(tmp_path / "two.db").release()


def test_a_released_store_is_free_and_serves_nowhere(tmp_path: Path) -> None:
    with StoreLock(tmp_path / STORE) as lock:
        lock.announce(URL)

    assert serving_url(tmp_path / STORE) is None
    StoreLock(tmp_path / STORE).release()


def test_a_shorter_url_leaves_nothing_of_the_longer_one(tmp_path: Path) -> None:
    with StoreLock(tmp_path / STORE) as lock:
        lock.announce("http://127.0.0.1:65535")
        lock.announce("http://[::1]:1")

        assert serving_url(tmp_path / STORE) == "http://[::1]:1"


def test_asking_who_serves_creates_nothing(tmp_path: Path) -> None:
    assert serving_url(tmp_path / "never" / "used" / STORE) is None
    assert serving_url(tmp_path / STORE) is None
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_not_there_is_made(tmp_path: Path) -> None:
    with StoreLock(tmp_path / "a" / "b" / STORE):
        assert (tmp_path / "a" / "b").is_dir()


@pytest.mark.parametrize("inside", [".", "data", "data/films"])
def test_a_file_in_the_way_is_named_with_a_way_out(inside: str, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a directory", encoding="utf-8")
    path = in_the_way / inside

    with pytest.raises(DirectoryNotUsable) as refused:
        StoreLock(path / STORE)

    assert str(path) in str(refused.value)
    assert "choose another with --data-dir" in str(refused.value)
    assert serving_url(path / STORE) is None
