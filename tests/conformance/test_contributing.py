"""The examples of CONTRIBUTING.md are carried out in a copy of the code, and checked as ours would be.

What a contributor may forget must be found.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
COPIED = ("domain", "application", "infrastructure", "interfaces", "tests", "pyproject.toml")
FIELD, RENAMED = "a field is added", "an event is renamed"
ON_STORES = "tests/conformance/test_golden_streams.py"
BY_THEMSELVES = (
    "tests/unit/domain/test_golden_streams.py",
    "tests/architecture/test_event_topics.py",
)


class Step(NamedTuple):
    """A command to type, or a change of a file."""

    kind: str
    text: str

    def without(self, forgotten: str) -> "Step":
        """As somebody does it who leaves out what matches a pattern."""
        return self._replace(text=re.sub(forgotten, "", self.text, flags=re.MULTILINE))

    def do(self, copy: Path) -> None:
        if self.kind == "sh":
            done = _run(["sh", "-euc", self.text], copy)
            assert done.returncode == 0, done.stderr
        elif re.search("^[-+]", self.text, re.MULTILINE):
            self._change(copy)

    def _change(self, copy: Path) -> None:
        first, *lines = self.text.splitlines(keepends=True)
        path = copy / first.removeprefix("# ").strip()
        before = "".join(line[1:] for line in lines if line[0] in " -")
        after = "".join(line[1:] for line in lines if line[0] in " +")
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1, f"{path.name} has changed; so must the example:\n{self.text}"
        path.write_text(text.replace(before, after), encoding="utf-8")


def _steps(example: str) -> list[Step]:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    about = page.split(f"### Example: {example}\n")[1].split("\n###")[0]
    return [Step(*found) for found in re.findall(r"```(diff|sh)\n(.*?)```", about, re.DOTALL)]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in COPIED:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("example", [FIELD, RENAMED])
def test_who_does_as_it_says_can_read_and_fold_all_that_was_ever_written(example: str, copy: Path) -> None:
    steps = _steps(example)
    assert len(steps) >= 4
    for step in [*steps, *_golden_of(example)]:
        step.do(copy)

    tested = _tests(copy, [*BY_THEMSELVES, ON_STORES])

    assert tested.returncode == 0, tested.stdout


FORGOTTEN = {
    "the version": (
        FIELD,
        r"^\+    class_version = 2\n",
        "test_an_event_of_a_version_has_the_same_fields_wherever_it_was_written",
    ),
    "the upcaster": (
        FIELD,
        r"^\+    @staticmethod\n(\+.*\n){3}",
        "test_a_golden_stream_loads_and_means_what_it_meant",
    ),
    "what old events say": (
        FIELD,
        r'^\+        state\["attempt"\] = None\n',
        "test_whatever_its_version_an_event_is_read_with_the_fields_of_its_class",
    ),
    "the golden stream of a new version": (
        FIELD,
        r"^python -m tests.golden.record .*\n",
        "test_every_version_of_every_event_is_in_a_golden_stream",
    ),
    "the former topic": (
        RENAMED,
        r"^[-+]FORMER_TOPICS.*\n",
        "test_a_golden_stream_loads_and_means_what_it_meant",
    ),
    "the new topic": (
        RENAMED,
        r"^\+movie-generation:GenerationJoined\n",
        "test_topics_are_those_that_were_committed",
    ),
    "the golden stream of a new topic": (
        RENAMED,
        r"^python -m tests.golden.record .*\n",
        "test_every_topic_that_an_event_has_or_had_is_in_a_golden_stream",
    ),
}
"""A pattern of what is left out, and the test that finds it."""


@pytest.mark.parametrize("forgotten", FORGOTTEN)
def test_who_forgets_something_is_told(forgotten: str, copy: Path) -> None:
    example, pattern, found_by = FORGOTTEN[forgotten]
    steps = [*_steps(example), *_golden_of(example)]
    done = [step.without(pattern) for step in steps]
    assert done != steps
    for step in done:
        step.do(copy)

    tested = _tests(copy, BY_THEMSELVES)

    assert tested.returncode == 1, tested.stdout
    assert found_by in tested.stdout


def _golden_of(example: str) -> list[Step]:
    """The page says it once, "as above"."""
    return [] if example == FIELD else [step for step in _steps(FIELD) if step.kind == "sh"]


def _tests(copy: Path, paths: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return _run([sys.executable, "-m", "pytest", "-p", "no:xdist", *paths], copy)


def _run(command: Sequence[str], copy: Path) -> subprocess.CompletedProcess[str]:
    """As somebody who sits in the copy: its code comes first, whatever is installed."""
    binaries = Path(sys.executable).parent
    environment = os.environ | {"PYTHONPATH": str(copy), "PATH": f"{binaries}:{os.environ['PATH']}"}
    return subprocess.run(
        command, cwd=copy, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
