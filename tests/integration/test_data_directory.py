"""One process at a time holds a data directory; the hold dies with the process."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infrastructure.data_directory import LOCK_FILE, DataDirectory, serving_url
from infrastructure.errors import DataDirectoryInUse, DataDirectoryNotUsable

ROOT = Path(__file__).parents[2]
URL = "http://127.0.0.1:4711"

_HOLD = """
import sys
from pathlib import Path
from infrastructure.data_directory import DataDirectory
directory = DataDirectory(Path(sys.argv[1]))
directory.announce(sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the directory and says where it serves."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path), URL],
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
    with pytest.raises(DataDirectoryInUse) as refused:
        DataDirectory(tmp_path)

    assert f"{tmp_path} is already served at {URL};" in str(refused.value)
    assert serving_url(tmp_path) == URL, "asking and being refused does not disturb the holder"


def test_the_hold_of_a_killed_process_is_gone_although_its_file_is_there(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    holder.kill()
    holder.wait()
    left = json.loads((tmp_path / LOCK_FILE).read_text(encoding="utf-8"))
    assert left == {"pid": holder.pid, "url": URL}, "it could not tidy up"

    assert serving_url(tmp_path) is None
    with DataDirectory(tmp_path) as directory:
        directory.announce("http://127.0.0.1:1")
        assert serving_url(tmp_path) == "http://127.0.0.1:1"


def test_a_holder_that_does_not_serve_yet_has_no_url_and_still_refuses_others(tmp_path: Path) -> None:
    with DataDirectory(tmp_path):
        assert serving_url(tmp_path) is None
        with pytest.raises(DataDirectoryInUse, match="is already served; stop that process"):
            DataDirectory(tmp_path)


def test_a_released_directory_is_free_and_serves_nowhere(tmp_path: Path) -> None:
    with DataDirectory(tmp_path) as directory:
        directory.announce(URL)

    assert serving_url(tmp_path) is None
    DataDirectory(tmp_path).release()


def test_a_shorter_url_leaves_nothing_of_the_longer_one(tmp_path: Path) -> None:
    with DataDirectory(tmp_path) as directory:
        directory.announce("http://127.0.0.1:65535")
        directory.announce("http://[::1]:1")

        assert serving_url(tmp_path) == "http://[::1]:1"


def test_asking_who_serves_creates_nothing(tmp_path: Path) -> None:
    assert serving_url(tmp_path / "never" / "used") is None
    assert serving_url(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_not_there_is_made(tmp_path: Path) -> None:
    with DataDirectory(tmp_path / "a" / "b") as directory:
        assert directory.path.is_dir()


@pytest.mark.parametrize("inside", [".", "data", "data/films"])
def test_a_file_in_the_way_is_named_with_a_way_out(inside: str, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a directory", encoding="utf-8")
    path = in_the_way / inside

    with pytest.raises(DataDirectoryNotUsable) as refused:
        DataDirectory(path)

    assert str(path) in str(refused.value)
    assert "choose another with --data-dir" in str(refused.value)
    assert serving_url(path) is None
