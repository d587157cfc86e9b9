"""Types every example of docs/http.md into a shell, in order, and compares the answers with those shown."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from email.parser import HeaderParser
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.process import Up

GUIDE = Path(__file__).parents[2] / "docs" / "http.md"
ANYTHING = "…"


class Answer(NamedTuple):
    """`status` is the status line."""

    status: str
    headers: dict[str, str]
    body: Any


@pytest.mark.skipif(shutil.which("curl") is None, reason="the examples are for curl")
def test_every_example_is_answered_as_the_guide_shows(start_up: Callable[..., Up]) -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    examples = re.findall(r"```sh\n(.*?)```\n(?:```http\n(.*?)```\n)?", guide, re.DOTALL)
    assert len(examples) > 20
    up = start_up(template_latency_ms="2000")

    answers = _typed([commands for commands, _ in examples], up.url.removeprefix("http://"))

    for (commands, shown), answer in zip(examples, answers, strict=True):
        if shown:
            _assert_as_shown(_answer(shown), _answer(answer), commands)


def _typed(examples: list[str], address: str) -> list[str]:
    """What the examples print, in one shell, so that one knows the variables of those before it."""
    mark = "--- end of an example ---"
    script = "".join(f"{commands}printf '%s\\n' '{mark}'\n" for commands in examples)
    shell = subprocess.run(
        ["sh", "-eu"],
        input=script.replace("localhost:8000", address),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert shell.returncode == 0, shell.stdout[-2_000:] + shell.stderr[-2_000:]
    return shell.stdout.split(mark + "\n")[:-1]


def _answer(text: str) -> Answer:
    head, _, body = text.replace("\r\n", "\n").partition("\n\n")
    status, _, headers = head.partition("\n")
    parsed = {name.lower(): value for name, value in HeaderParser().parsestr(headers).items()}
    return Answer(status, parsed, json.loads(body) if body.strip() else None)


def _assert_as_shown(shown: Answer, found: Answer, commands: str) -> None:
    assert _is_like(shown.status, found.status), f"{commands}{found}"
    for name, value in shown.headers.items():
        assert _is_like(value, found.headers.get(name)), f"{commands}{name}: {found}"
    assert _differences(shown.body, found.body, "body") == [], f"{commands}{found}"


def _differences(shown: Any, found: Any, where: str) -> list[str]:
    """Where an answer is not as shown; `…` stands for anything, as a name for the members not shown."""
    if shown == ANYTHING:
        return []
    if isinstance(shown, dict) and isinstance(found, dict):
        names = shown.keys() - {ANYTHING}
        wrong = names - found.keys() if ANYTHING in shown else names ^ found.keys()
        return [f"{where}.{name} is missing or not shown" for name in sorted(wrong)] + [
            difference
            for name in sorted(names & found.keys())
            for difference in _differences(shown[name], found[name], f"{where}.{name}")
        ]
    if isinstance(shown, list) and isinstance(found, list) and len(shown) == len(found):
        return [
            difference
            for one, other, number in zip(shown, found, count())
            for difference in _differences(one, other, f"{where}[{number}]")
        ]
    if isinstance(shown, str) and isinstance(found, str) and _is_like(shown, found):
        return []
    return [] if type(shown) is type(found) and shown == found else [f"{where} is {found!r}, not {shown!r}"]


def _is_like(shown: str, found: str | None) -> bool:
    pattern = re.escape(shown).replace(re.escape(ANYTHING), ".+")
    return found is not None and re.fullmatch(pattern, found) is not None
