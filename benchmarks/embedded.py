"""Measures the embedded service: generations per second, and memory idle and after 10,000 jobs.

Run with `make bench`. Client and service are processes of their own; the template writer is instant, so
what is measured is the service. Two rates: from requests over HTTP, as quickly as eight clients can ask, to
the last accepted description, in slices of one run (if the cost of a job grew with the number of jobs, later
slices would be slower); and of a service that starts on waiting jobs. CPU times tell how much of a rate is
the machine's. Prints a Markdown table and, with --json FILE, writes the figures.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from infrastructure.choices import LogLevel
from infrastructure.logs import configure_logs
from infrastructure.settings import Settings, load_settings
from infrastructure.store_lock import serving_url
from interfaces.client import Client
from interfaces.embedded import embedded_service

MOVIEMIND = Path(sys.executable).with_name("moviemind")
CLIENTS = 8
DRAINS = 3
DRAINED_JOBS = 1_000


@dataclass(frozen=True)
class Slice:
    """A part of the run; CPU times are of one job, from the request to its description."""

    jobs_before: int
    jobs: int
    generations_per_second: float
    service_cpu_ms: float
    client_cpu_ms: float
    service_rss_mib: float


class Service:
    """`moviemind up` over a directory, in a process of its own."""

    def __init__(self, settings: Settings) -> None:
        environment = os.environ | {"MOVIEMIND_LOG_LEVEL": "WARNING"}
        command = [str(MOVIEMIND), "up", "--port", "0", "--data-dir", str(settings.data_dir)]
        self._process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        while (url := serving_url(settings.event_store_path)) is None:
            if self._process.poll() is not None:
                raise SystemExit("the service did not start")
            time.sleep(0.01)
        self.url = url

    def wait_until_written(self) -> None:
        """Until no accepted job is waiting or being worked on."""
        while {"PENDING", "IN_PROGRESS"} & set(httpx.get(f"{self.url}/health").json()["queue"]["jobs"]):
            time.sleep(0.05)

    def cpu_seconds(self) -> float:
        user, system = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").split()[13:15]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def rss_mib(self) -> float:
        pages = Path(f"/proc/{self._process.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--jobs", type=int, default=10_000)
    options.add_argument("--slices", type=int, default=5)
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    configure_logs(LogLevel.ERROR, load_settings().log_format)
    idle, slices = _requested_and_written(chosen.jobs // chosen.slices, chosen.slices)
    drained = statistics.median(_drained() for _ in range(DRAINS))
    _print(idle, slices, drained)
    if chosen.json:
        figures = {
            "idle_rss_mib": idle,
            "slices": [asdict(one) for one in slices],
            "drained_generations_per_second": drained,
        }
        chosen.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


def _requested_and_written(jobs: int, slices: int) -> tuple[float, list[Slice]]:
    """Memory of the idle service in MiB, and the slices of one run."""
    with tempfile.TemporaryDirectory(prefix="moviemind-bench-") as directory:
        service = Service(load_settings(data_dir=Path(directory), store_url=""))
        try:
            return service.rss_mib(), [_slice(service, number * jobs, jobs) for number in range(slices)]
        finally:
            service.stop()


def _slice(service: Service, first: int, jobs: int) -> Slice:
    started = time.perf_counter()
    service_cpu, client_cpu = service.cpu_seconds(), time.process_time()
    _ask(service.url, first, jobs)
    client_cpu = time.process_time() - client_cpu
    service.wait_until_written()
    seconds = time.perf_counter() - started
    service_cpu = service.cpu_seconds() - service_cpu
    return Slice(
        jobs_before=first,
        jobs=jobs,
        generations_per_second=jobs / seconds,
        service_cpu_ms=service_cpu / jobs * 1000,
        client_cpu_ms=client_cpu / jobs * 1000,
        service_rss_mib=service.rss_mib(),
    )


def _drained() -> float:
    """Generations per second of a service that starts on waiting jobs."""
    with tempfile.TemporaryDirectory(prefix="moviemind-bench-") as directory:
        settings = load_settings(data_dir=Path(directory), store_url="", port=0)
        with embedded_service(settings, works=False) as url:
            _ask(url, 0, DRAINED_JOBS)
        service = Service(settings)
        started = time.perf_counter()
        service.wait_until_written()
        seconds = time.perf_counter() - started
        service.stop()
        return DRAINED_JOBS / seconds


def _ask(url: str, first: int, jobs: int) -> None:
    slugs = [f"benchmark-film-{number}-1999" for number in range(first, first + jobs)]
    with Client(url, connections=CLIENTS) as client, ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(client.generate, slugs))


def _print(idle: float, slices: list[Slice], drained: float) -> None:
    lines = [
        "| jobs before | requested and written /s | service CPU ms | client CPU ms | service MiB |",
        "|---|---|---|---|---|",
        f"| idle | | | | {idle:.0f} |",
    ]
    for one in slices:
        rate, memory = one.generations_per_second, one.service_rss_mib
        cpu = f"{one.service_cpu_ms:.1f} | {one.client_cpu_ms:.1f}"
        lines.append(f"| {one.jobs_before} | {rate:.0f} | {cpu} | {memory:.0f} |")
    median = statistics.median(one.generations_per_second for one in slices)
    lines += ["", f"requested over HTTP and written: {median:.0f}/s (median of the slices)"]
    lines += [f"written, of jobs that were waiting: {drained:.0f}/s (median of {DRAINS})", ""]
    sys.stdout.write("\n".join(lines))


if __name__ == "__main__":
    main()
