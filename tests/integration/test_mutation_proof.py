"""The version check is what holds: on a store that has lost it, the tests of the collisions fail."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
COLLISIONS = "tests/integration/test_three_collisions.py"


def _run(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", COLLISIONS, "-rA", "-p", "no:xdist", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_without_the_version_check_every_collision_test_fails() -> None:
    named = set(re.findall(r"def (test_\w+)", (ROOT / COLLISIONS).read_text(encoding="utf-8")))

    mutated = _run("--without-version-check")

    failed = set(re.findall(r"^FAILED .*::(test_\w+)", mutated.stdout, re.MULTILINE))
    assert mutated.returncode == 1, mutated.stdout
    assert failed == named
    assert len(named) >= 11


def test_the_same_tests_pass_with_it() -> None:
    assert _run().returncode == 0
