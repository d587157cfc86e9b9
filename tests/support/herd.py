"""A client process: many threads that all ask at the same moment. Run as `python -m tests.support.herd`.

Reads {"url", "bodies"} from standard input; says "ready", waits for a line, asks for all bodies at once,
and prints [[status, answer], ...].
"""

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

Answers = list[tuple[int, dict[str, Any]]]


def stampede(url: str, bodies: list[dict[str, Any]], *, processes: int) -> Answers:
    """Ask for all bodies at the same moment, spread over several processes."""
    shares = [bodies[number::processes] for number in range(processes)]
    herds = [_start(url, share) for share in shares]
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


def _start(url: str, bodies: list[dict[str, Any]]) -> subprocess.Popen[str]:
    herd = subprocess.Popen(
        [sys.executable, "-m", "tests.support.herd"],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert herd.stdin is not None
    herd.stdin.write(json.dumps({"url": url, "bodies": bodies}) + "\n")
    herd.stdin.flush()
    return herd


def _ask_all_at_once(url: str, bodies: list[dict[str, Any]]) -> Answers:
    together = threading.Barrier(len(bodies))
    limits = httpx.Limits(max_connections=None)
    with httpx.Client(base_url=url, timeout=100, limits=limits, trust_env=False) as client:

        def ask(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
            together.wait()
            response = client.post("/v1/generate", json=body)
            return response.status_code, response.json()

        with ThreadPoolExecutor(len(bodies)) as pool:
            return list(pool.map(ask, bodies))


def main() -> None:
    order = json.loads(sys.stdin.readline())
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    json.dump(_ask_all_at_once(order["url"], order["bodies"]), sys.stdout)


if __name__ == "__main__":
    main()
