"""Measures the embedded service: generations per second, and memory idle and after 10,000 jobs.

Run with `make bench`. Client and service are processes of their own; the template writer is instant, so
what is measured is the service. Two rates: of clients that ask for films and follow the jobs over HTTP, in
slices of one run (if the cost of a job grew with the number of jobs, later slices would be slower); and of
workers alone, which find jobs waiting. Prints a Markdown table and, with --json FILE, writes the figures.
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

from domain.events import DescriptionGenerated, GenerationStarted
from infrastructure.logs import configure_logs
from infrastructure.settings import LogLevel, Settings, load_settings
from infrastructure.store_lock import serving_url
from interfaces.bootstrap import build
from interfaces.cli.client import Client
from interfaces.embedded import embedded_service

MOVIEMIND = Path(sys.executable).with_name("moviemind")
CLIENTS = 8
DRAINS = 3
DRAINED_JOBS = 1_000


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
    configure_logs(LogLevel.ERROR, load_settings().log_format)
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
    drained = statistics.median(_drain() for _ in range(DRAINS))
    _print(idle, slices, drained)
    if chosen.json:
        result = {
            "idle_rss_mib": idle,
            "slices": [asdict(one) for one in slices],
            "drained_generations_per_second": drained,
        }
        chosen.json.write_text(json.dumps(result, indent=2), encoding="utf-8")


def _start(directory: Path) -> tuple[subprocess.Popen[bytes], Client]:
    environment = os.environ | {"MOVIEMIND_LOG_LEVEL": "WARNING"}
    service = subprocess.Popen(
        [MOVIEMIND, "up", "--port", "0", "--data-dir", directory], env=environment, stdout=subprocess.DEVNULL
    )
    while (url := serving_url(directory / "moviemind.db")) is None:
        if service.poll() is not None:
            raise SystemExit("the service did not start")
        time.sleep(0.05)
    return service, Client(url, connections=CLIENTS)


def _measure(client: Client, pid: int, first: int, jobs: int) -> Slice:
    films = [{"slug": f"benchmark-film-{number}-1999"} for number in range(first, first + jobs)]
    started, cpu = time.perf_counter(), _cpu_seconds()
    _follow(client, _ask(client, films))
    seconds = time.perf_counter() - started
    return Slice(first, jobs, jobs / seconds, (_cpu_seconds() - cpu) / jobs * 1000, _rss_mib(pid))


def _drain() -> float:
    """Generations per second of a service that starts on waiting jobs, from its first claim to the end."""
    with tempfile.TemporaryDirectory(prefix="moviemind-bench-") as directory:
        settings = load_settings(data_dir=Path(directory), store_url="", port=0)
        films = [{"slug": f"waiting-film-{number}-1999"} for number in range(DRAINED_JOBS)]
        with embedded_service(settings, works=False) as url:
            job_ids = _ask(Client(url, connections=CLIENTS), films)
        service, client = _start(Path(directory))
        _follow(client, job_ids)
        client.close()
        service.terminate()
        service.wait()
        return DRAINED_JOBS / _seconds_of_work(settings)


def _seconds_of_work(settings: Settings) -> float:
    service, _ = build(settings)
    work = GenerationStarted | DescriptionGenerated
    times = [r.event.timestamp for r in service.log.after(0, limit=10**6) if isinstance(r.event, work)]
    service.close()
    return (times[-1] - times[0]).total_seconds()


def _ask(client: Client, films: list[dict[str, str]]) -> list[str]:
    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(lambda film: client.generate(film)["job_id"], films))


def _follow(client: Client, job_ids: list[str]) -> None:
    for job_id in reversed(job_ids):  # the last one first: the others are then mostly done
        client.follow(job_id)


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _rss_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _print(idle: float, slices: list[Slice], drained: float) -> None:
    lines = [
        "| jobs before | asked, written and followed /s | client CPU per job (ms) | service memory (MiB) |",
        "|---|---|---|---|",
        f"| idle | | | {idle:.0f} |",
    ]
    for one in slices:
        rate, cpu, memory = one.generations_per_second, one.client_cpu_ms, one.service_rss_mib
        lines.append(f"| {one.jobs_before} | {rate:.0f} | {cpu:.2f} | {memory:.0f} |")
    median = statistics.median(one.generations_per_second for one in slices)
    lines += ["", f"asked, written and followed: {median:.0f}/s (median of the slices)"]
    lines += [f"written, of jobs that were waiting: {drained:.0f}/s (median of {DRAINS})", ""]
    sys.stdout.write("\n".join(lines))


if __name__ == "__main__":
    main()
