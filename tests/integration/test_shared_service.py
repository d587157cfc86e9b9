"""`moviemind up` over a store on PostgreSQL: what it does as one process, and what ends it."""

import subprocess
import sys
from collections.abc import Iterator
from itertools import count

import pytest

from infrastructure.settings import load_settings
from interfaces.shared import shared_service
from tests.integration.http.api import Api
from tests.support.process import environment, wait_until
from tests.support.servers import Postgres

ENDS_WITHIN_SECONDS = 30
UP_WITHOUT_A_LEAD = """
from interfaces import shared
from interfaces.cli.main import main

def lead(*_, **__):
    raise RuntimeError("nobody has thought of that")

shared.lead = lead
main()
"""

_numbers = count(1)


@pytest.fixture
def url(postgres_server: Postgres) -> Iterator[str]:
    """Of an empty database."""
    name = f"shared_{next(_numbers)}"
    postgres_server.execute(f"CREATE DATABASE {name}")
    yield postgres_server.url(name)
    postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_process_that_can_no_longer_lead_ends_and_says_why(url: str) -> None:
    """It would go on to take requests that nobody works on: a supervisor starts it anew."""
    ended = subprocess.run(
        [sys.executable, "-c", UP_WITHOUT_A_LEAD, "up", "--port", "0"],
        env=environment(store_url=url, queue="embedded", log_format="json"),
        capture_output=True,
        text=True,
        timeout=ENDS_WITHIN_SECONDS,
        check=False,
    )

    assert ended.returncode == 1
    assert '"event": "projector.failed"' in ended.stderr
    assert "RuntimeError: nobody has thought of that" in ended.stderr


def test_health_counts_the_messages_of_the_queue_that_is_inside_the_process(url: str) -> None:
    settings = load_settings(
        store_url=url,
        queue="embedded",
        port=0,
        worker_threads=1,
        template_latency_ms=1_000,
        poll_seconds=0.05,
    )
    with shared_service(settings, works=True) as service, Api(service) as api:
        for number in range(3):
            api.accepted(f"film-{number}-1999")

        wait_until(lambda: api.get("/health").json()["queue"]["messages_waiting"], "some wait", 10)
