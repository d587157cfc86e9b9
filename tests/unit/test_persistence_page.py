"""The page about queues says what the figures say, whichever way they fall."""

import json
from collections.abc import Mapping
from dataclasses import replace

from benchmarks.persistence import faults, queues
from benchmarks.persistence.cell import Round
from benchmarks.persistence.page import page
from benchmarks.persistence.report import Cell, Report

ROUND = Round(
    messages=1_000,
    messages_lost=0,
    jobs_lost_alone=0,
    jobs=70,
    jobs_lost_with_event_store=0,
    enqueue_per_s=1_000.0,
    drain_per_s=500.0,
    recovery_s=0.1,
    resent_s=0.2,
)

SLOW = replace(ROUND, enqueue_per_s=100.0, drain_per_s=50.0)
LOST = replace(ROUND, messages_lost=400, jobs_lost_alone=400)
RESTORED = replace(ROUND, messages_lost=30, jobs_lost_alone=30, backup_s=0.25, backup_bytes=204_800)


def test_every_cell_has_its_row() -> None:
    text = page(_report({}))
    for queue in queues.TITLES.values():
        for fault in faults.TITLES.values():
            assert f"| {queue} | {fault} | 1,000 |" in text


def test_a_sentence_of_the_note_is_confirmed_where_the_figures_bear_it_out() -> None:
    text = page(_report({("redis-none", "restart"): LOST}))
    assert "- *the Redis queue needs AOF*. **Confirmed**: without it, restart in order: 400 of 1,000" in text


def test_a_sentence_of_the_note_is_contradicted_where_they_do_not() -> None:
    text = page(_report({}))
    assert "- *the Redis queue needs AOF*. **Contradicted**: without it, restart in order: 0 of 1,000" in text


def test_the_database_queue_is_slower_only_if_it_is() -> None:
    slower = {("database", fault): SLOW for fault in faults.TITLES if fault != faults.RESTORED.name}
    sentence = "*the database queue is the slower alternative*. **{}**: it takes {} messages a second"
    assert sentence.format("Confirmed", 100) in page(_report(slower))
    assert sentence.format("Contradicted", "1,000") in page(_report({}))


def test_one_job_that_is_lost_in_one_round_is_seen_beside_the_event_store() -> None:
    rounds = [ROUND, replace(ROUND, jobs_lost_with_event_store=1), ROUND]
    text = page(Report({}, 3, [Cell("database", "kill-9", rounds)]))
    assert "**With the event store behind the queue 1 of 210 accepted jobs were lost**" in text
    assert "| database queue | `kill -9` | 1,000 | 0 | 0 | 1 |" in text


def test_rates_of_the_disk_that_can_lose_power_are_in_no_comparison() -> None:
    report = Report({}, 1, [Cell("database", "kill-9", [ROUND]), Cell("database", "power-loss", [SLOW])])
    assert report.rates("database", "enqueue_per_s") == [1_000.0]


def test_what_one_round_of_three_loses_is_not_kept() -> None:
    rounds = [ROUND, LOST, ROUND]
    text = page(Report({}, 3, [Cell("redis-aof-always", "kill-9", rounds)]))
    assert "*AOF is what the Redis queue needs*. **Contradicted**: with it, `kill -9`: 400 of 1,000" in text
    assert "| Redis, AOF always | `kill -9` | 1,000 | 400 | 400 | 0 |" in text


def test_rates_are_told_with_their_spread() -> None:
    rounds = [ROUND, SLOW, replace(ROUND, enqueue_per_s=2_000.0)]
    text = page(Report({}, 3, [Cell("database", "kill-9", rounds)]))
    assert "| 1,000 (100 to 2,000) | 500 (50 to 500) |" in text


def test_what_was_not_measured_is_called_so() -> None:
    text = page(Report({}, 1, [Cell("database", "kill-9", [ROUND])]))
    assert "| database queue | safer and slower | not measured | 0 of 1,000 | not measured |" in text


def test_what_a_backup_takes_and_gives_back_is_told_of_each_queue() -> None:
    text = page(_report({}))
    told = "A backup of 200 KiB took 0.25 s. Started from it, the queue had lost 30 of 1,000 jobs"
    assert text.count(told) == len(queues.QUEUES)
    assert text.count("| 0.25 | 200 |") == len(queues.QUEUES)


def test_a_figure_that_a_fault_does_not_have_is_null() -> None:
    cells = json.loads(_report({}).as_json())["cells"]
    assert {cell["fault"] for cell in cells if cell["backup_s"] is not None} == {faults.RESTORED.name}


def _report(different: Mapping[tuple[str, str], Round]) -> Report:
    """One round of each cell."""
    usual = dict.fromkeys(faults.TITLES, ROUND) | {faults.RESTORED.name: RESTORED}
    cells = [
        Cell(queue, fault, [different.get((queue, fault), usual[fault])])
        for queue in queues.TITLES
        for fault in faults.TITLES
    ]
    return Report({}, 1, cells)
