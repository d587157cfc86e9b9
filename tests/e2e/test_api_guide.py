"""Runs every example of docs/api.md, in order, and compares what they print with what is shown."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.process import Up

GUIDE = Path(__file__).parents[2] / "docs" / "api.md"
SECONDS = 60
RUN_BY = {
    "sh": ["sh", "-eu"],
    "python": [sys.executable, "-"],
    "js": ["node", "--input-type=module", "-"],
}


@pytest.mark.skipif(
    not all(map(shutil.which, ("curl", "node"))), reason="the examples are for curl and Node.js"
)
def test_every_example_prints_what_the_guide_shows(start_up: Callable[..., Up]) -> None:
    sections = GUIDE.read_text(encoding="utf-8").split("\n## ")[1:]
    assert len(sections) >= 5
    up = start_up()

    for section in sections:
        blocks = re.findall(r"```(\w+)\n(.*?)```\n", section, re.DOTALL)
        *examples, (_, shown) = blocks
        assert [language for language, _ in blocks] == [*RUN_BY, "text"], section
        printed = "".join(_run(language, example, up.url) for language, example in examples)
        pattern = re.escape(shown).replace("…", ".+")
        assert re.fullmatch(pattern, printed), f"{section}\nprinted {printed}"


def _run(language: str, example: str, url: str) -> str:
    code = example.replace("http://localhost:8000", url).replace(
        "localhost:8000", url.removeprefix("http://")
    )
    ended = subprocess.run(
        RUN_BY[language], input=code, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert ended.returncode == 0, f"{example}\n{ended.stdout}{ended.stderr}"
    return ended.stdout
