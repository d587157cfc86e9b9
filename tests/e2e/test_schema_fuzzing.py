"""A fuzzer makes up requests from the OpenAPI document, and finds no answer that it does not declare."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import httpx
import pytest

from application.api_keys import Scope
from domain.values import ContextTag, JobStatus
from interfaces.client import Client, Operator
from tests.support.cluster import Cluster
from tests.support.process import MOVIEMIND, Up

ROOT = Path(__file__).parents[2]
KEY = "the-first-key-of-all"
SETTINGS = {
    "auth": "on",
    "bootstrap_admin_key": KEY,
    "rate_limit_read": "1000000",
    "rate_limit_generate": "1000000",
}
FAILS = {"template_latency_ms": "50", "ai_deadline_seconds": "0.01", "retry_backoff_seconds": "0.01,0.01"}
SLUG = "the-matrix-1999"
FUZZER = Path(MOVIEMIND).with_name("schemathesis")
CASES, CASES_PER_OPERATION, SECONDS, REQUEST_SECONDS = 3_000, 45, 400, 30


HARD_TO_MEET = {"DELETE /v1/jobs/{job_id}", "POST /v1/jobs/{job_id}/retry"}
"""Texts are written before anybody cancels, and the job that failed may have been retried with all others."""


class Service(NamedTuple):
    url: str
    failed_job: str


@contextmanager
def _on_sqlite(home: Path) -> Iterator[Service]:
    with closing(Up(home / "data", **SETTINGS | FAILS)) as failing:
        failed_job = _failed_job(failing.start().url)
        assert failing.stop() == 0
    with closing(Up(home / "data", **SETTINGS)) as up:
        yield Service(up.start().url, failed_job)
        assert up.stop() == 0


@contextmanager
def _on_postgresql(home: Path) -> Iterator[Service]:
    with closing(Cluster(home, queue="database", **SETTINGS)) as cluster:
        cluster.start_api()
        cluster.start_projector()
        failing = cluster.start("worker", **FAILS)
        failed_job = _failed_job(cluster.url)
        assert failing.stop() == 0
        cluster.start_worker()
        yield Service(cluster.url, failed_job)


def _failed_job(url: str) -> str:
    with Client(url, key=KEY) as client:
        job = client.wait(client.generate("heat-1995").job_id, timeout_seconds=60)
        assert job.status is JobStatus.FAILED
        return str(job.job_id)


@pytest.mark.parametrize("serving", [_on_sqlite, _on_postgresql])
def test_no_answer_is_undeclared_and_none_is_an_error_of_ours(serving: Any) -> None:
    with TemporaryDirectory(prefix="moviemind-") as directory:
        home = Path(directory)
        home.chmod(0o755)
        with serving(home) as service:
            operations, run = _operations(service), _fuzz(service, home)
        accepted = set((home / "accepted").read_text(encoding="utf-8").splitlines())

    assert operations - accepted <= HARD_TO_MEET
    assert run["exit_code"] == 0
    assert run["operations"]["tested"] == run["operations"]["total"] > 30
    assert run["test_cases"]["generated"] >= CASES
    assert set(run["phases"]) == {"examples", "coverage", "fuzzing", "stateful"}


def _operations(service: Service) -> set[str]:
    paths = httpx.get(f"{service.url}/openapi.json", trust_env=False).json()["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


def _fuzz(service: Service, home: Path) -> dict[str, Any]:
    """The report of a run with all checks; its complaints are in the failure of the test."""
    with Operator(service.url, key=KEY) as client:
        texts = [
            client.wait(one.job_id).description_id for one in client.generate_styles(SLUG, list(ContextTag))
        ]
        actor = client.create_key("who may be forgotten", Scope.READ).key_id
    there = {
        "slug": SLUG,
        "texts": [str(text) for text in texts],
        "failed_job": service.failed_job,
        "actor": actor,
    }
    report = home / "report.json"
    command = [
        str(FUZZER),
        f"--config-file={ROOT / 'tests/fuzzing/schemathesis.toml'}",
        "run",
        f"{service.url}/openapi.json",
        f"--header=X-API-Key: {KEY}",
        "--checks=all",
        # Nothing is ever gone here: DELETE cancels a job or revokes a key, which can be read as before.
        # And where views are behind, 503 says to ask again: hooks.py looks at all that is 500 and above.
        "--exclude-checks=use_after_free,not_a_server_error",
        "--phases=examples,coverage,fuzzing,stateful",
        f"--max-examples={CASES_PER_OPERATION}",
        "--seed=1",
        "--continue-on-failure",
        f"--request-timeout={REQUEST_SECONDS}",
        f"--max-response-time={REQUEST_SECONDS}",  # its own limit is one that a busy machine may pass
        "--suppress-health-check=all",  # of the fuzzer's own speed
        "--report=json",
        f"--report-json-path={report}",
    ]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "MOVIEMIND_API_KEY": KEY,
        "MOVIEMIND_FUZZED": json.dumps(there),
        "MOVIEMIND_ACCEPTED": str(home / "accepted"),
    }
    ended = subprocess.run(
        command, cwd=home, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    run: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return run
