"""A client process: many threads that all ask at the same moment. Run as `python -m tests.support.herd`.

Reads {"url", "bodies", "over_seconds"} from standard input; says "ready", waits for a line, asks for all
bodies at once, or one after the other for so long, and prints [[status, answer], ...].
"""

import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from domain.values import JobStatus
from interfaces.http.schemas.generation import JobAnswer

Answers = list[tuple[int, dict[str, Any]]]


def stampede(url: str, bodies: list[dict[str, Any]], *, processes: int, over_seconds: float = 0.0) -> Answers:
    """Ask for all bodies at the same moment, or spread over some time, from several processes."""
    shares = [bodies[number::processes] for number in range(processes)]
    herds = [_start(url, share, over_seconds) for share in shares]
    for herd in herds:
        assert herd.stdout is not None
        assert herd.stdout.readline() == "ready\n"
    for herd in herds:
        assert herd.stdin is not None
        herd.stdin.write("go\n")
        herd.stdin.flush()
    answers: Answers = []
    for herd in herds:
        output, _ = herd.communicate(timeout=120)
        assert herd.returncode == 0
        answers += [(status, body) for status, body in json.loads(output)]
    return answers


def assert_consistent(answers: Answers, slug: str, ended: dict[str, JobAnswer]) -> None:
    """200 came with the description the job ended with, 202 without any. `ended` are the jobs by id."""
    for status, answer in answers:
        job = ended[answer["job_id"]]
        assert job.status is JobStatus.DONE
        assert answer["slug"] == slug
        if status == httpx.codes.OK:
            assert (answer["status"], answer["description_id"]) == ("DONE", str(job.description_id))
        else:
            assert status == httpx.codes.ACCEPTED
            assert answer["status"] in ("PENDING", "IN_PROGRESS")
            assert answer["description_id"] is None


def _start(url: str, bodies: list[dict[str, Any]], over_seconds: float) -> subprocess.Popen[str]:
    herd = subprocess.Popen(
        [sys.executable, "-m", "tests.support.herd"],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert herd.stdin is not None
    order = {"url": url, "bodies": bodies, "over_seconds": over_seconds}
    herd.stdin.write(json.dumps(order) + "\n")
    herd.stdin.flush()
    return herd


def _ask_all(url: str, bodies: list[dict[str, Any]], over_seconds: float) -> Answers:
    together = threading.Barrier(len(bodies))
    limits = httpx.Limits(max_connections=None)
    with httpx.Client(base_url=url, timeout=100, limits=limits, trust_env=False) as client:

        def ask(number: int, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
            together.wait()
            time.sleep(number / len(bodies) * over_seconds)
            response = client.post("/v1/generate", json=body)
            return response.status_code, response.json()

        with ThreadPoolExecutor(len(bodies)) as pool:
            return list(pool.map(ask, range(len(bodies)), bodies))


def main() -> None:
    order = json.loads(sys.stdin.readline())
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    json.dump(_ask_all(**order), sys.stdout)


if __name__ == "__main__":
    main()
