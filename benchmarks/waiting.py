"""Measures what those who wait cost those who do not: `/health/live` while 200 clients wait for texts.

Run with `python -m benchmarks.waiting`. Service, waiting clients and the one who measures are processes of
their own. Every client asks for a film of its own with `Prefer: wait=30`; a text takes half a second, and 16
are written at the same time. Prints a Markdown table.
"""

import os
import statistics
import tempfile
import time
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx

from benchmarks.embedded import Service
from infrastructure.settings import load_settings
from interfaces.cli.output import say

CLIENTS, ROUNDS, IDLE_LOOKS = 200, 3, 300
PAUSE_SECONDS = 0.01


def main() -> None:
    os.environ |= {"MOVIEMIND_TEMPLATE_LATENCY_MS": "500", "MOVIEMIND_WORKER_THREADS": "16"}
    with tempfile.TemporaryDirectory() as directory, ProcessPoolExecutor(1) as others:
        service = Service(load_settings(data_dir=Path(directory), store_url=""))
        client = _client(service.url, 1)
        try:
            say("| /health/live while | median ms | p99 ms | looks |\n|---|---|---|---|")
            say(f"| nobody waits | {_row([_look(client) for _ in range(IDLE_LOOKS)])} |")
            for number in range(ROUNDS):
                herd = others.submit(_herd, service.url, number)
                looks = _looks_during(herd, client)
                answered, seconds = herd.result()
                say(f"| {answered} of {CLIENTS} get their text within {seconds:.1f} s | {_row(looks)} |")
        finally:
            client.close()
            service.stop()


def _looks_during(herd: "Future[tuple[int, float]]", client: httpx.Client) -> list[float]:
    looks = []
    while not herd.done():
        looks.append(_look(client))
        time.sleep(PAUSE_SECONDS)
    return looks


def _look(client: httpx.Client) -> float:
    """In milliseconds."""
    started = time.perf_counter()
    client.get("/health/live").raise_for_status()
    return (time.perf_counter() - started) * 1_000


def _client(url: str, connections: int) -> httpx.Client:
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    return httpx.Client(base_url=url, limits=limits, trust_env=False, timeout=60)


def _herd(url: str, number: int) -> tuple[int, float]:
    """How many were answered with their text, and how long all of them took."""
    started = time.perf_counter()
    with _client(url, CLIENTS) as client, ThreadPoolExecutor(CLIENTS) as threads:
        answers = threads.map(partial(_wait, client, number), range(CLIENTS))
        return sum(answer == httpx.codes.OK for answer in answers), time.perf_counter() - started


def _wait(client: httpx.Client, number: int, film: int) -> int:
    body, headers = {"slug": f"film-{number}-{film}-1999"}, {"Prefer": "wait=30"}
    return client.post("/v1/generate", json=body, headers=headers).status_code


def _row(looks: list[float]) -> str:
    return f"{statistics.median(looks):.1f} | {statistics.quantiles(looks, n=100)[98]:.1f} | {len(looks)}"


if __name__ == "__main__":
    main()
