"""The systemd units: right by systemd's own judgement, and in step with settings and commands."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from infrastructure.choices import Auth, Queue
from infrastructure.errors import WrongSettings
from infrastructure.settings import Settings
from interfaces.cli import processes

UNITS = sorted((Path(__file__).parents[2] / "deploy" / "systemd").glob("*.service"))
ODD = "a$b&c;d#e f"
EXAMPLE = UNITS[0].with_name("moviemind.env.example")
PROGRAM = "/opt/moviemind/bin/moviemind"
KEY = "a-key-nobody-else-has"
MOST_EXPOSED = 2.0
"""By systemd's count, from 0 to 10; it calls less than 2.5 OK."""

each = pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
with_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed (package systemd)"
)


def _read(unit: Path) -> dict[str, list[str]]:
    """What is assigned, whatever the section; a name may be assigned more than once."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text(encoding="utf-8").splitlines():
        name, is_assigned, value = line.partition("=")
        if is_assigned and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def _only(unit: Path, name: str) -> str:
    (value,) = _read(unit)[name]
    return value


def _environment(**filled_in: str) -> dict[str, str]:
    """As the units read the file: quotes around a value are none of it."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name: value.strip("'") for name, _, value in pairs} | filled_in


def _analyze(unit: Path, tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """systemd-analyze on a copy that runs the moviemind of this checkout: it looks whether there is one."""
    copy = tmp_path / unit.name
    program = Path(sys.executable).with_name("moviemind")
    copy.write_text(unit.read_text(encoding="utf-8").replace(PROGRAM, str(program)), encoding="utf-8")
    return subprocess.run(
        ["systemd-analyze", *arguments, copy], capture_output=True, text=True, cwd=tmp_path, check=False
    )


def test_there_is_a_unit_for_each_kind_of_process() -> None:
    assert [unit.name for unit in UNITS] == [
        "moviemind-api.service",
        "moviemind-projector@.service",
        "moviemind-worker@.service",
    ]


@with_systemd
@each
def test_systemd_finds_no_fault(unit: Path, tmp_path: Path) -> None:
    verified = _analyze(unit, tmp_path, "verify", "--man=no")

    assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")


@with_systemd
@each
def test_systemd_finds_little_that_the_process_could_do_harm_with(unit: Path, tmp_path: Path) -> None:
    judged = _analyze(unit, tmp_path, "security", "--offline=true", "--no-pager")
    if "unrecognized option" in judged.stderr:
        pytest.skip("this systemd-analyze judges loaded units only; version 250 and later judge files")

    exposure = re.search(r"exposure level for \S+ ([\d.]+)", judged.stdout)
    assert exposure, judged.stderr
    assert float(exposure[1]) <= MOST_EXPOSED


@each
def test_it_runs_a_command_there_is(unit: Path, understands: Callable[[Sequence[str]], bool]) -> None:
    program, *arguments = shlex.split(_only(unit, "ExecStart"))

    assert program == PROGRAM
    assert arguments[0] in unit.name
    assert understands(arguments)


@each
def test_what_has_children_tells_them_itself_to_end_and_leaves_none_behind(unit: Path) -> None:
    """The parent is told; control-group would tell all, process would leave what does not end."""
    assert _only(unit, "KillMode") == "mixed"


@each
def test_it_is_given_the_time_it_takes_to_end(
    unit: Path, load: Callable[[Mapping[str, object]], Settings]
) -> None:
    settings = load(_environment(MOVIEMIND_BOOTSTRAP_ADMIN_KEY=KEY))
    longest = {
        "worker": settings.shutdown_seconds + processes.BEYOND_SHUTDOWN_SECONDS,
        "api": processes.API_GRACE_SECONDS,
        "projector": processes.API_GRACE_SECONDS,
    }
    command = shlex.split(_only(unit, "ExecStart"))[1]

    assert int(_only(unit, "TimeoutStopSec")) > longest[command]
    assert longest["worker"] > settings.ai_deadline_seconds


@each
def test_it_comes_back_however_often_it_ends_and_waits_for_no_server_that_it_can_outlive(unit: Path) -> None:
    assert _only(unit, "Restart") == "always"
    assert _only(unit, "StartLimitIntervalSec") == "0"
    assert {"postgresql.service", "redis-server.service"} <= set(_only(unit, "After").split())
    assert "Requires" not in _read(unit)


@each
def test_its_secrets_are_in_a_file_and_not_in_the_unit(unit: Path) -> None:
    assert _only(unit, "EnvironmentFile") == "/etc/moviemind/moviemind.env"
    assert "Environment" not in _read(unit)


def test_a_shell_reads_the_example_as_the_units_do() -> None:
    """It does so for commands; what means something to it is put where secrets are written."""
    told = subprocess.run(
        ["sh", "-c", f"set -a; {_with_odd_secrets()}; env -0"],
        capture_output=True,
        text=True,
        env={},
        check=True,
    )
    read = dict(line.split("=", 1) for line in told.stdout.split("\0") if line.startswith("MOVIEMIND_"))

    assert read["MOVIEMIND_BOOTSTRAP_ADMIN_KEY"] == ODD
    assert ODD in read["MOVIEMIND_STORE_URL"]
    assert read.keys() == _environment().keys()


def _with_odd_secrets() -> str:
    example = EXAMPLE.read_text(encoding="utf-8")
    return example.replace("PASSWORD", ODD).replace("KEY=''", f"KEY='{ODD}'").strip()


def test_the_example_of_that_file_holds_settings_that_are_right(
    load: Callable[[Mapping[str, object]], Settings],
) -> None:
    settings = load(_environment(MOVIEMIND_BOOTSTRAP_ADMIN_KEY=KEY))

    assert settings.is_on_postgres
    assert settings.queue_in_use is Queue.REDIS
    assert settings.auth_in_use is Auth.ON


def test_as_it_is_it_starts_nothing_so_that_nobody_serves_with_a_key_that_was_published(
    load: Callable[[Mapping[str, object]], Settings],
) -> None:
    with pytest.raises(WrongSettings, match="BOOTSTRAP_ADMIN_KEY"):
        load(_environment())
