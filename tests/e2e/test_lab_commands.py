"""What the lab says to whoever types it wrong, and what is left of it where it is broken off."""

import signal
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from interfaces.cli.main import INTERRUPTED
from tests.support.process import MOVIEMIND, environment, moviemind, wait_until

STRATEGIES = ("--strategy", "none", "--strategy", "cache-lock")
"""Two, to have two lanes."""


@pytest.mark.parametrize(
    ("option", "named", "known"),
    [("--strategy", "mutex", "cache-lock-recheck"), ("--fault", "fire", "worker-frozen")],
)
def test_what_it_does_not_know_is_told_with_what_it_knows(option: str, named: str, known: str) -> None:
    refused = moviemind("lab", "locking", "--quick", option, named)

    assert refused.returncode == 2
    assert f"there is no '{named}'" in refused.stderr
    assert known in refused.stderr


@pytest.mark.parametrize("what", ["locking", "persistence"])
def test_a_place_that_cannot_be_written_is_found_before_anything_is_measured(
    what: str, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.touch()

    refused = moviemind("lab", what, "--quick", "--out", str(file))

    assert refused.returncode == 1
    assert f"{file} cannot be written" in refused.stderr


def test_a_wrong_name_is_found_before_a_directory_is_made(tmp_path: Path) -> None:
    refused = moviemind("lab", "locking", "--fault", "fire", "--out", str(tmp_path / "new"))

    assert refused.returncode == 2
    assert not (tmp_path / "new").exists()


def test_what_was_found_is_written_also_where_it_cannot_be_shown(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [MOVIEMIND, "lab", "locking", "--quick", *STRATEGIES, "--fault", "none", "--out", tmp_path],
            env=environment(),
            stdout=full,
            timeout=120,
            check=False,
        )

    assert ended.returncode == 1
    assert (tmp_path / "locking.json").exists()


@pytest.mark.parametrize("fault", ["none", "worker-frozen"])
def test_one_that_is_broken_off_leaves_nothing(fault: str) -> None:
    """Ctrl-C, also while cells are measured side by side: its servers, its workers and their files are gone
    with it."""
    with TemporaryDirectory(prefix="moviemind-") as home:
        Path(home).chmod(0o755)
        told = Path(home, "told")
        temporary = Path(home, "tmp")
        temporary.mkdir(mode=0o755)
        with told.open("wb") as output:
            lab = subprocess.Popen(
                [MOVIEMIND, "lab", "locking", *STRATEGIES, "--fault", fault, "--out", home],
                env=environment() | {"TMPDIR": str(temporary)},
                stdout=output,
                stderr=output,
            )
        try:
            wait_until(lambda: "1 of " in told.read_text(), "the first cell is told", log=told.read_text)
            lab.send_signal(signal.SIGINT)
            assert lab.wait(150) == INTERRUPTED, told.read_text()
        finally:
            lab.kill()
            lab.wait()

        assert [*temporary.iterdir()] == []
        assert not [one for one in Path(home).iterdir() if one.suffix in (".md", ".json", ".svg")]
        wait_until(
            lambda: not _processes_in(home), "its processes are gone", log=lambda: str(_processes_in(home))
        )


def _processes_in(home: str) -> list[str]:
    """Those whose command, directory or environment names it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().decode(errors="replace")
            settings = (process / "environ").read_bytes().decode(errors="replace")
            directory = str((process / "cwd").readlink())
        except OSError:  # it has just ended
            continue
        if any(home in told for told in (command, settings, directory)):
            found.append(command.replace("\0", " "))
    return found
