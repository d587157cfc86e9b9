"""A service that stood still for longer than all its limits (SIGSTOP) goes on where it was."""

import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from domain.values import JobStatus
from interfaces.client import Client
from tests.support.process import Up, wait_until

FILMS = [f"film-number-{number}-1999" for number in range(20)]


def test_after_a_freeze_past_every_limit_each_job_ends_done_with_one_description(
    start_up: Callable[..., Up], connect: Callable[[Up], Client]
) -> None:
    up = start_up(
        template_latency_ms="300",
        ai_deadline_seconds="0.4",
        claim_limit_seconds="0.6",
        heartbeat_seconds="0.1",
        worker_dead_seconds="0.4",
        rescue_seconds="0.1",
    )
    client = connect(up)
    jobs = {slug: client.generate(slug).job_id for slug in FILMS}
    wait_until(lambda: _latest_claim(up.data_dir), "attempts are at work")

    os.kill(up.pid, signal.SIGSTOP)
    frozen_claims_end = _latest_claim(up.data_dir) or datetime.now(UTC)
    wait_until(lambda: datetime.now(UTC) > frozen_claims_end, "all claims are too old")
    os.kill(up.pid, signal.SIGCONT)

    ended = {slug: client.wait(job_id) for slug, job_id in jobs.items()}
    assert {job.status for job in ended.values()} == {JobStatus.DONE}
    for slug, job in ended.items():
        made = [e.data for e in client.history(slug) if e.event == "DescriptionGenerated"]
        assert [data["description_id"] for data in made] == [str(job.description_id)]
    assert client.generate("asked-afterwards-1999").status is JobStatus.PENDING, "the store is not stuck"


def _latest_claim(data_dir: Path) -> datetime | None:
    """When the last of the open claims is too old; None while there is none."""
    with closing(sqlite3.connect(data_dir / "moviemind-views.db")) as views:
        (latest,) = views.execute(
            "SELECT max(claim_expires_at) FROM jobs WHERE status = 'IN_PROGRESS'"
        ).fetchone()
    return datetime.fromisoformat(latest) if latest else None
