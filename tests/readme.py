"""Does what the README says, as somebody who has just found it: a fresh clone, an empty home.

Run with `python -m tests.readme`. Every `console` block is typed into one shell, command by command, and what
it prints is held against what the README shows: `…` stands for anything in a line, and alone for any lines.
`make test` is left out; whoever runs this runs that as well.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
DEADLINE_SECONDS = 900
_END = "--- the command above has ended ---"


@dataclass(frozen=True)
class Step:
    """A command of the README, and what it is said to print."""

    command: str
    printed: str


def main() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    steps = list(steps_of(readme))
    with tempfile.TemporaryDirectory(prefix="moviemind-readme-") as directory:
        checkout, home = Path(directory) / "moviemind", Path(directory) / "home"
        home.mkdir()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(checkout)], check=True)
        printed = _typed(steps, checkout, home)
    wrong = [
        (step, found, code)
        for step, (found, code) in zip(steps, printed, strict=True)
        if not matches(step.printed, found) or (code != 0) != step.printed.startswith("error:")
    ]
    for step, found, code in wrong:
        sys.stdout.write(f"$ {step.command}\n--- the README shows\n{step.printed}\n")
        sys.stdout.write(f"--- it prints, ending with {code}\n{found}\n")
    sys.stdout.write(f"{len(steps) - len(wrong)} passed, {len(wrong)} failed\n")
    sys.exit(bool(wrong))


def steps_of(readme: str) -> Iterator[Step]:
    """Every command of the console blocks, in order."""
    for block in re.findall(r"^```console\n(.*?)^```", readme, re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, printed = part.partition("\n")
            yield Step(command, printed.rstrip("\n"))


def matches(shown: str, printed: str) -> bool:
    """Whether a command printed what is shown; spaces that fill lines and table cells do not count."""
    pattern = "\n".join(
        r"(?:.*\n)*?.*" if line == "…" else re.escape(_plain(line)).replace("…", ".*")
        for line in shown.splitlines()
    )
    return re.fullmatch(pattern, "\n".join(map(_plain, printed.splitlines()))) is not None


def _plain(line: str) -> str:
    return re.sub(r" +│", " │", line.rstrip())


def _typed(steps: list[Step], checkout: Path, home: Path) -> list[tuple[str, int]]:
    """What each command prints, on either output, and its exit code; in one shell."""
    script = "".join(f"{step.command}\necho '{_END}' $?\n" for step in steps)
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    # The registry to install from may be set by variables; nothing else of whoever runs this counts.
    environment |= {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    shell = subprocess.run(
        ["bash"],
        input=script,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=checkout,
        env=environment,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    parts = re.split(rf"{_END} (\d+)\n", shell.stdout)
    return [(part.strip("\n"), int(code)) for part, code in zip(parts[::2], parts[1::2], strict=False)]


if __name__ == "__main__":
    main()
