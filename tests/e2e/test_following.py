"""Following jobs over several API processes of which one is killed: nothing is missed, nothing doubled."""

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from tests.support.cluster import QUEUES, Cluster
from tests.support.process import wait_until

FILMS, CLIENTS, WAITING = 10, 30, 20


@pytest.fixture(params=QUEUES)
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    with TemporaryDirectory(prefix="moviemind-") as home:
        Path(home).chmod(0o755)
        with closing(Cluster(Path(home), queue=request.param, template_latency_ms="300")) as cluster:
            yield cluster


def test_clients_whose_process_is_killed_go_on_with_another(cluster: Cluster) -> None:
    """The parent starts a process anew; the streams of the killed one break, and their clients come back."""
    api = cluster.start_api(processes=2)
    cluster.start_projector()
    jobs = [str(job.job_id) for job in cluster.ask(f"film-{number}-1999" for number in range(FILMS))]
    told: list[list[tuple[str, str]]] = [[] for _ in range(CLIENTS)]

    with ThreadPoolExecutor(CLIENTS + WAITING) as threads:
        following = [
            threads.submit(_follow, cluster.url, jobs[number % FILMS], told[number])
            for number in range(CLIENTS)
        ]
        wait_until(lambda: all(told), "everybody has heard something")
        _kill_one_of(api.children())
        cluster.start_worker()
        waiting = [
            threads.submit(_ask_and_wait, cluster.url, f"film-{number % FILMS}-1999")
            for number in range(WAITING)
        ]
        for client in following:
            client.result()
        answers = [answer.result() for answer in waiting]

    whole: dict[str, list[tuple[str, str]]] = {}
    for job_id in jobs:
        _follow(cluster.url, job_id, whole.setdefault(job_id, []))
    for number, events in enumerate(told):
        assert events == whole[jobs[number % FILMS]]
        assert [status for _, status in events] == ["PENDING", "IN_PROGRESS", "DONE"]
    assert all(answer["status"] == "DONE" and answer["description_id"] for answer in answers)
    cluster.is_sound()


def _follow(url: str, job_id: str, told: list[tuple[str, str]]) -> None:
    """As a browser does: come back with the last id until the job has ended."""
    while not told or told[-1][1] not in ("DONE", "FAILED"):
        headers = {"Last-Event-ID": told[-1][0]} if told else {}
        path = f"{url}/v1/jobs/{job_id}/events"
        try:
            with httpx.stream("GET", path, headers=headers, trust_env=False, timeout=60) as response:
                _read(response.iter_lines(), told)
        except httpx.TransportError:
            continue


def _read(lines: Iterator[str], told: list[tuple[str, str]]) -> None:
    status = ""
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "data":
            status = json.loads(value)["status"]
        elif name == "id":
            told.append((value, status))


def _ask_and_wait(url: str, slug: str) -> dict[str, Any]:
    """Again where the connection breaks, as clients do: whoever asks again joins the job."""
    while True:
        try:
            response = httpx.post(
                f"{url}/v1/generate",
                json={"slug": slug},
                headers={"Prefer": "wait=30"},
                trust_env=False,
                timeout=60,
            )
        except httpx.TransportError:
            continue
        if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            answer: dict[str, Any] = response.json()
            return answer


def _kill_one_of(processes: list[int]) -> None:

    os.kill(processes[0], signal.SIGKILL)
