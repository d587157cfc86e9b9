"""Labs beside one another, each a process of its own: `python -m benchmarks.locking.lanes`.

A task comes in on standard input; on standard output there is a line for each cell, and a last one.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from types import FrameType
from typing import IO

from benchmarks.locking.lab import Lab, Progress
from benchmarks.locking.report import Cell
from benchmarks.locking.size import Size
from tests.support.process import die_with_parent

ROOT = Path(__file__).parents[2]
END_SECONDS = 60
DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is measured in one lane."""

    strategies: Sequence[str]
    faults: Sequence[str]
    size: Size
    before: str = ""


def measured_in_lanes(tasks: Sequence[Task], progress: Progress) -> list[list[Cell]]:
    """The cells of each task. AssertionError where a lane is broken off; then all are."""
    heard = SimpleQueue[tuple[int, str]]()
    found: list[list[Cell]] = [[] for _ in tasks]
    done: set[int] = set()
    with ExitStack() as lanes:
        for number, task in enumerate(tasks):
            Thread(target=_hear, args=(lanes.enter_context(_lane(task)), number, heard), daemon=True).start()
        while len(done) < len(tasks):
            number, line = heard.get()
            if number in done:  # and this is the end of what it says
                continue
            assert line, "a part of the lab has ended before it was done"
            told = json.loads(line)
            if told == DONE:
                done.add(number)
            else:
                found[number].append(Cell(**told["cell"]))
                progress(found[number][-1], told["why_lost"])
    return found


@contextmanager
def _lane(task: Task) -> Iterator[IO[str]]:
    """What it says. At the end of the block it ends too, and clears up."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.locking.lanes"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,  # Ctrl-C is for the lab, which ends it
        preexec_fn=die_with_parent,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(asdict(task)) + "\n")
        process.stdin.flush()
        yield process.stdout
    finally:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdin.close()
        process.stdout.close()


def _hear(lane: IO[str], number: int, heard: SimpleQueue[tuple[int, str]]) -> None:
    """The end of what it says is an empty line."""
    for line in lane:
        heard.put((number, line))
    heard.put((number, ""))


def main() -> None:
    signal.signal(signal.SIGTERM, _interrupt)
    told = json.loads(sys.stdin.readline())
    task = Task(**told | {"size": Size(**told["size"])})

    def tell(cell: Cell, why_lost: Sequence[str]) -> None:
        _say({"cell": asdict(cell), "why_lost": list(why_lost)})

    with Lab.opened(tell, task.before) as lab:
        for _ in lab.measure(task.strategies, task.faults, task.size):
            pass
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends by itself now
    _say(DONE)


def _say(told: object) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except (AssertionError, EOFError, OSError) as error:
        sys.stderr.write(f"{str(error) or type(error).__name__}\n")
        sys.exit(1)
