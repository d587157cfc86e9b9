"""A fuzzer makes up requests from the OpenAPI document, and finds no answer that it does not declare."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

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
FUZZER = Path(MOVIEMIND).with_name("schemathesis")
CASES, CASES_PER_OPERATION, SECONDS = 3_000, 40, 400


@contextmanager
def _on_sqlite(home: Path) -> Iterator[str]:
    up = Up(home / "data", **SETTINGS).start()
    yield up.url
    assert up.stop() == 0


@contextmanager
def _on_postgresql(home: Path) -> Iterator[str]:
    with closing(Cluster(home, queue="database", **SETTINGS)) as cluster:
        cluster.start_api()
        cluster.start_projector()
        cluster.start_worker()
        yield cluster.url


@pytest.mark.parametrize("serving", [_on_sqlite, _on_postgresql])
def test_no_answer_is_undeclared_and_none_is_an_error_of_ours(serving: Any) -> None:
    with TemporaryDirectory(prefix="moviemind-") as directory:
        home = Path(directory)
        home.chmod(0o755)
        with serving(home) as url:
            run = _fuzz(url, home)

    assert run["exit_code"] == 0
    assert run["operations"]["tested"] == run["operations"]["total"] > 30
    assert run["test_cases"]["generated"] >= CASES
    assert set(run["phases"]) == {"examples", "coverage", "fuzzing", "stateful"}


def _fuzz(url: str, home: Path) -> dict[str, Any]:
    """The report of a run with all checks; its complaints are in the failure of the test."""
    report = home / "report.json"
    command = [
        str(FUZZER),
        f"--config-file={ROOT / 'tests/fuzzing/schemathesis.toml'}",
        "run",
        f"{url}/openapi.json",
        f"--header=X-API-Key: {KEY}",
        "--checks=all",
        # Nothing is ever gone here: DELETE cancels a job or revokes a key, which can be read as before.
        "--exclude-checks=use_after_free",
        "--phases=examples,coverage,fuzzing,stateful",
        f"--max-examples={CASES_PER_OPERATION}",
        "--seed=1",
        "--continue-on-failure",
        "--request-timeout=30",
        "--suppress-health-check=all",  # of the fuzzer's own speed
        "--report=json",
        f"--report-json-path={report}",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MOVIEMIND_API_KEY": KEY}
    ended = subprocess.run(
        command, cwd=home, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    run: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return run
