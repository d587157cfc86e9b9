"""`python -m benchmarks.production`: the service as processes on PostgreSQL, with each of its two queues.

One API, one worker and one projector process with default settings; client and servers share the machine.
The template writer is instant, so what is measured is the service. Two figures: generations from request to
accepted description, as quickly as eight clients can ask; and, on an idle service, how long after the
request is answered its job is started. Prints a Markdown table.
"""

import statistics
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from domain.events import GenerationRequested, GenerationStarted
from infrastructure.settings import Settings
from interfaces.client import Client
from tests.support.cluster import QUEUES, QUICK, Cluster
from tests.support.process import wait_until

CLIENTS, FILMS, ROUNDS, IDLE_FILMS = 8, 1_000, 3, 40
PATIENCE_SECONDS = 300


def main() -> None:
    print_row("queue", "generations/s, median of rounds", "rounds", "idle: request to start, median / p95")
    print_row(*["---"] * 4)
    for queue in QUEUES:
        with _cluster(queue) as cluster:
            rates = [_generations_per_second(cluster, number) for number in range(ROUNDS)]
            waits = sorted(_idle_waits(cluster))
            print_row(
                queue,
                f"{statistics.median(rates):.0f}",
                ", ".join(f"{rate:.0f}" for rate in rates),
                f"{statistics.median(waits):.0f} / {waits[int(0.95 * len(waits))]:.0f} ms",
            )
            cluster.is_sound()


@contextmanager
def _cluster(queue: str) -> Iterator[Cluster]:
    with TemporaryDirectory(prefix="moviemind-benchmark-") as home:
        Path(home).chmod(0o755)
        defaults = {name: _default(name) for name in QUICK}
        cluster = Cluster(Path(home), queue=queue, **defaults)
        try:
            cluster.start_api()
            cluster.start_projector()
            cluster.start_worker(threads=8)
            yield cluster
        finally:
            cluster.close()


def _default(name: str) -> str:
    value = Settings.model_fields[name].default
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _generations_per_second(cluster: Cluster, number: int) -> float:
    slugs = [f"film-{number}-{film}-1999" for film in range(FILMS)]
    client = Client(cluster.url, connections=CLIENTS)
    started = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(client.generate, slugs))
    wait_until(lambda: _done(cluster) == (number + 1) * FILMS, "all are written", PATIENCE_SECONDS)
    seconds = time.monotonic() - started
    client.close()
    return FILMS / seconds


def _done(cluster: Cluster) -> int:
    ((count,),) = cluster.postgres.execute("SELECT count(*) FROM jobs WHERE status = 'DONE'")
    return int(count)


def _idle_waits(cluster: Cluster) -> list[float]:
    """In milliseconds, from the times in the events."""
    for film in range(IDLE_FILMS):
        before = _done(cluster)
        cluster.ask([f"idle-{film}-1999"])
        wait_until(lambda before=before: _done(cluster) > before, "it is written")  # type: ignore[misc]
    events = [recorded for recorded in cluster.events() if recorded.slug.startswith("idle-")]
    requested = {r.slug: r.event.timestamp for r in events if isinstance(r.event, GenerationRequested)}
    started = {r.slug: r.event.timestamp for r in events if isinstance(r.event, GenerationStarted)}
    return [(started[slug] - requested[slug]).total_seconds() * 1000 for slug in requested]


def print_row(*cells: str) -> None:
    sys.stdout.write(f"| {' | '.join(cells)} |\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
