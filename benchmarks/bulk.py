"""A file of 20,000 films asked for by one command that is killed in the middle, and asked for again.

Run with `python -m benchmarks.bulk`. The rows are made from the thousand real films, each with nineteen
sequels of its own. The command works alone, without a running service, so its memory is that of client,
service and workers together. It is killed (SIGKILL) when half of the texts are written; the second run must
complete the rest, and the event store must hold exactly one accepted description for every row.
"""

import argparse
import csv
import json
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from interfaces.cli.demo import FILMS

MOVIEMIND = Path(sys.executable).with_name("moviemind")
LOOKS_EVERY_SECONDS = 1.0
MOST_GROWTH_MIB = 32


@dataclass(frozen=True)
class Run:
    """Memory is the median of the looks in the second and in the last tenth of a run."""

    seconds: float
    texts_written: int
    texts_per_second: float
    early_rss_mib: float
    late_rss_mib: float


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=20_000)
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="moviemind-bulk-") as directory:
        films, data = Path(directory) / "films.csv", Path(directory) / "data"
        _write_films(films, chosen.rows)
        killed = _run(films, data, kill_at=chosen.rows // 2)
        completed = _run(films, data, kill_at=None)
        texts, doubles = _texts(data), _doubles(data)
    for name, run in (("killed half way", killed), ("asked again", completed)):
        sys.stdout.write(
            f"{name}: {run.texts_written} texts in {run.seconds:.0f} s ({run.texts_per_second:.0f}/s), "
            f"memory {run.early_rss_mib:.0f} MiB early, {run.late_rss_mib:.0f} MiB late\n"
        )
    sys.stdout.write(f"{chosen.rows} rows, {texts} accepted descriptions, {doubles} films with several\n")
    if chosen.json:
        figures = {"rows": chosen.rows, "texts": texts, "doubles": doubles}
        runs = {"killed": asdict(killed), "completed": asdict(completed)}
        chosen.json.write_text(json.dumps(figures | runs, indent=2) + "\n", encoding="utf-8")
    if texts != chosen.rows or doubles:
        raise SystemExit("every row must have exactly one accepted description")
    if completed.late_rss_mib > killed.early_rss_mib + MOST_GROWTH_MIB:
        raise SystemExit("memory must not grow with the file")


def _write_films(path: Path, rows: int) -> None:
    with FILMS.open(encoding="utf-8", newline="") as file:
        real = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=["title", "year", "director", "genre"])
        writer.writeheader()
        for number in range(rows):
            film = real[number % len(real)]
            part = number // len(real)
            writer.writerow(film | ({"title": f"{film['title']} Part {part}"} if part else {}))


def _run(films: Path, data: Path, *, kill_at: int | None) -> Run:
    """Run the command to its end, or until so many texts are written."""
    before, started, looks = _texts(data), time.monotonic(), list[float]()
    command = [str(MOVIEMIND), "generate", "--from", str(films), "--data-dir", str(data)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        time.sleep(LOOKS_EVERY_SECONDS)
        if kill_at is not None and _texts(data) >= kill_at:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            break
        looks.append(_rss_mib(process.pid))
    if kill_at is None and process.returncode:
        raise SystemExit(f"the command ended with {process.returncode}")
    seconds, written = time.monotonic() - started, _texts(data) - before
    tenth = max(1, len(looks) // 10)
    early, late = looks[tenth : 2 * tenth] or looks, looks[-tenth - 1 : -1] or looks
    return Run(seconds, written, written / seconds, statistics.median(early), statistics.median(late))


def _rss_mib(pid: int) -> float:
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return 0.0
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _texts(data: Path) -> int:
    return _count(data, "SELECT count(*) FROM stored_events WHERE topic LIKE '%:DescriptionGenerated'")


def _doubles(data: Path) -> int:
    """Films with more than one accepted description; each row asked for one style."""
    return _count(
        data,
        "SELECT count(*) FROM (SELECT 1 FROM stored_events WHERE topic LIKE '%:DescriptionGenerated' "
        "GROUP BY originator_id HAVING count(*) > 1)",
    )


def _count(data: Path, query: str) -> int:
    if not (data / "moviemind.db").exists():
        return 0
    with closing(sqlite3.connect(data / "moviemind.db", timeout=30)) as store:
        try:
            return int(store.execute(query).fetchone()[0])
        except sqlite3.OperationalError:  # its tables are not there yet
            return 0


if __name__ == "__main__":
    main()
