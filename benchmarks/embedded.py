"""Measures the embedded service: generations per second, and memory idle and after 10,000 jobs.

Run with `make bench`. Clients and service are processes of their own; the template writer is instant, so
what is measured is the service. Rates are those of the slices of one run: if the cost of a job grew with
the number of jobs, later slices would be slower. Prints a Markdown table and, with --json FILE, writes it.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from infrastructure.data_directory import serving_url
from interfaces.cli.client import Client

MOVIEMIND = Path(sys.executable).with_name("moviemind")
CLIENTS = 8


@dataclass(frozen=True)
class Slice:
    """A part of the run; `client_cpu_ms` is what asking and following one job cost the client."""

    jobs_before: int
    jobs: int
    generations_per_second: float
    client_cpu_ms: float
    service_rss_mib: float


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--jobs", type=int, default=10_000)
    options.add_argument("--slices", type=int, default=5)
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="moviemind-bench-") as directory:
        service, client = _start(Path(directory))
        try:
            idle = _rss_mib(service.pid)
            size = chosen.jobs // chosen.slices
            slices = [_measure(client, service.pid, number * size, size) for number in range(chosen.slices)]
        finally:
            client.close()
            service.terminate()
            service.wait()
    _print(idle, slices)
    if chosen.json:
        result = {"idle_rss_mib": idle, "slices": [asdict(one) for one in slices]}
        chosen.json.write_text(json.dumps(result, indent=2), encoding="utf-8")


def _start(directory: Path) -> tuple[subprocess.Popen[bytes], Client]:
    environment = os.environ | {"MOVIEMIND_LOG_LEVEL": "WARNING"}
    service = subprocess.Popen(
        [MOVIEMIND, "up", "--port", "0", "--data-dir", directory], env=environment, stdout=subprocess.DEVNULL
    )
    while (url := serving_url(directory)) is None:
        if service.poll() is not None:
            raise SystemExit("the service did not start")
        time.sleep(0.05)
    return service, Client(url, connections=CLIENTS)


def _measure(client: Client, pid: int, first: int, jobs: int) -> Slice:
    slugs = [f"benchmark-film-{number}-1999" for number in range(first, first + jobs)]
    started, cpu = time.perf_counter(), _cpu_seconds()
    with ThreadPoolExecutor(CLIENTS) as pool:
        job_ids = list(pool.map(lambda slug: client.generate({"slug": slug})["job_id"], slugs))
    for job_id in reversed(job_ids):  # the last one first: the others are then mostly done
        client.follow(job_id)
    seconds = time.perf_counter() - started
    return Slice(first, jobs, jobs / seconds, (_cpu_seconds() - cpu) / jobs * 1000, _rss_mib(pid))


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _rss_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _print(idle: float, slices: list[Slice]) -> None:
    rows = [
        "| jobs before | generations/s | client CPU per job (ms) | service RSS (MiB) |",
        "|---|---|---|---|",
    ]
    rows += [f"| idle | – | – | {idle:.0f} |"]
    rows += [
        f"| {one.jobs_before} | {one.generations_per_second:.0f} | {one.client_cpu_ms:.2f} | {one.service_rss_mib:.0f} |"
        for one in slices
    ]
    median = statistics.median(one.generations_per_second for one in slices)
    sys.stdout.write("\n".join([*rows, f"\nmedian: {median:.0f} generations/s", ""]))


if __name__ == "__main__":
    main()
