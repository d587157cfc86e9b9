"""The comparison of queues, in the short form: what is lost where, never how long anything takes."""

import json
from dataclasses import replace
from random import Random

import pytest

from benchmarks.persistence import faults, jobs, queues
from benchmarks.persistence.cell import measure
from benchmarks.persistence.host import Host, host
from benchmarks.persistence.main import QUICK_SIZE, measured
from benchmarks.persistence.report import Report

SOON_LOST_SECONDS = 3.0


@pytest.fixture(scope="module")
def report() -> Report:
    return measured(quick=True)


def test_no_accepted_job_is_lost_in_any_cell_with_the_event_store_behind_the_queue(report: Report) -> None:
    assert report.cells
    for cell in report.cells:
        assert all(one.jobs > 0 and one.jobs_lost_with_event_store == 0 for one in cell.rounds), cell


def test_a_redis_that_syncs_always_loses_no_acknowledged_message_when_it_is_killed(report: Report) -> None:
    (one,) = report.cell("redis-aof-always", "kill-9").rounds
    assert one.messages > 0
    assert one.messages_lost == one.jobs_lost_alone == 0


def test_a_redis_without_persistence_loses_everything_when_it_is_restarted(report: Report) -> None:
    (one,) = report.cell("redis-none", "restart").rounds
    assert one.messages_lost == one.jobs_lost_alone == one.messages > 0


def test_the_figures_are_written_as_they_were_measured(report: Report) -> None:
    written = json.loads(report.as_json())
    assert written["rounds"] == 1
    assert written["environment"]["seed"]
    assert [(cell["queue"], cell["fault"]) for cell in written["cells"]] == [
        (cell.queue, cell.fault) for cell in report.cells
    ]
    for cell in written["cells"]:
        assert {
            "messages",
            "messages_lost",
            "jobs_lost_alone",
            "jobs_lost_with_event_store",
            "enqueue_per_s",
            "drain_per_s",
            "recovery_s",
        } <= cell.keys()


def test_a_service_whose_dispatcher_is_dead_is_seen_to_lose_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise nothing lost would mean nothing."""

    def kill_the_projector_and_mend(host: Host) -> None:
        host.projector.kill9()
        faults.RESTART.mend(host)

    monkeypatch.setattr(jobs, "LOST_SECONDS", SOON_LOST_SECONDS)
    fault = replace(faults.RESTART, mend=kill_the_projector_and_mend)
    queue = queues.QUEUES[0]
    with host(queue.driver, can_lose_power=False) as running:
        running.keep_as(queue)
        one = measure(running, queue, fault, QUICK_SIZE, "film", Random(1))
    assert one.jobs_lost_with_event_store == one.jobs > 0
