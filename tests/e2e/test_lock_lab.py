"""The lab finds what strategies and queues do. Outcomes are asserted, never times."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.locking.faults import FAULTS
from benchmarks.locking.main import measured
from benchmarks.locking.report import Cell
from benchmarks.locking.size import QUICK
from benchmarks.locking.strategy import STRATEGIES
from benchmarks.persistence.main import QUICK_CELLS
from tests.support import version_check
from tests.support.process import moviemind_within

OURS = ("moviemind", "moviemind-token")
STORE_DECIDES = ("unique-index-postgresql", "unique-index-sqlite", "token-unique-index", *OURS)
"""Their store refuses a second description, whatever happens before."""
LETS_ANOTHER_IN = ("writer-slower-than-ttl", "worker-frozen")
"""Of a lock that expires, unless the machine stands still for longer than one lives."""
UNPROTECTED = ("none", "cache-lock")
QUICK_SECONDS = 180
UNHURRIED = replace(QUICK, scale=10, films=1)
"""Locks live for three seconds: where nothing goes wrong none runs out, however busy the machine is."""


def _cell(strategy: str, fault: str = "none", *, before: str = "") -> Cell:
    """On the same film."""
    return measured(size=QUICK, strategies=[strategy], faults=[fault], before=before).cells[0]


def test_every_strategy_is_right_where_nothing_goes_wrong() -> None:
    protected = [name for name in STRATEGIES if name not in UNPROTECTED]

    report = measured(size=UNHURRIED, strategies=protected, faults=["none"])
    cells = report.cells

    assert [(cell.strategy, cell.films) for cell in cells] == [
        (name, films) for name in protected for films in ("same", "different")
    ]
    for cell in cells:
        assert (cell.duplicates, cell.contradictory_answers, cell.lost_jobs) == (0, 0, 0), cell
        assert cell.films == "same" or cell.paid_calls == cell.accepted_descriptions, cell
        assert cell.strategy not in (*OURS, "token-unique-index") or not cell.pays_twice, cell
    assert set(report.overhead_ms) == set(protected)


def test_a_cache_lock_without_a_second_look_makes_the_second_description_of_the_note() -> None:
    found = _cell("cache-lock")

    assert found.duplicates > 0
    assert found.contradictory_answers > 0


def test_a_lock_on_a_row_is_held_for_as_long_as_a_slow_writer_takes() -> None:
    found = measured(
        size=replace(QUICK, scale=20), strategies=["select-for-update"], faults=["writer-slower-than-ttl"]
    )

    (cell,) = found.cells
    assert (cell.duplicates, cell.lost_jobs) == (0, 0), "its session is not ended while it writes"


def test_a_full_run_finds_a_frozen_worker_to_duplicate_also_where_nobody_else_asks_for_its_film() -> None:
    same, different = measured(strategies=["none"], faults=["worker-frozen"]).cells

    assert (same.films, different.films) == ("same", "different")
    assert (different.duplicates, different.lost_jobs) == (1, 0)


def test_without_its_version_check_the_lab_finds_ours_to_duplicate() -> None:
    mutant = f"{version_check.__name__}:{version_check.remove_version_check_on_postgres.__name__}"

    assert _cell("moviemind", "worker-frozen", before=mutant).duplicates > 0


def test_a_quick_run_measures_every_strategy_under_every_fault_and_some_queues(tmp_path: Path) -> None:
    ended = moviemind_within(2 * QUICK_SECONDS, "lab", "locking", "--quick", "--out", str(tmp_path))

    assert ended.returncode == 0, ended.stderr
    _strategies_do_what_they_do(tmp_path)
    _queues_lose_what_they_lose(tmp_path)


def _strategies_do_what_they_do(tmp_path: Path) -> None:
    found = json.loads((tmp_path / "locking.json").read_text(encoding="utf-8"))
    cells = {(c["strategy"], c["fault"]): c for c in found["cells"] if c["films"] == "same"}
    assert set(cells) == {(strategy, fault) for strategy in STRATEGIES for fault in FAULTS}
    for (strategy, fault), cell in cells.items():
        if strategy in STORE_DECIDES:
            assert _is_right(cell), cell
        elif strategy == "cache-lock-recheck" and fault in LETS_ANOTHER_IN:
            assert cell["duplicates"] > 0, cell
    assert (tmp_path / "locking.md").exists()


def _queues_lose_what_they_lose(tmp_path: Path) -> None:
    found = json.loads((tmp_path / "persistence.json").read_text(encoding="utf-8"))
    cells = {(cell["queue"], cell["fault"]): cell for cell in found["cells"]}
    assert set(cells) == {(queue, fault) for queue, named in QUICK_CELLS.items() for fault in named}
    for cell in cells.values():
        assert cell["jobs"] > 0
        assert cell["jobs_lost_with_event_store"] == 0, cell
    always, none = cells["redis-aof-always", "kill-9"], cells["redis-none", "restart"]
    assert always["messages"] > 0
    assert always["messages_lost"] == always["jobs_lost_alone"] == 0
    assert none["messages_lost"] == none["jobs_lost_alone"] == none["messages"] > 0
    assert (tmp_path / "persistence.md").exists()


def _is_right(cell: dict[str, Any]) -> bool:
    return (cell["duplicates"], cell["contradictory_answers"], cell["lost_jobs"]) == (0, 0, 0)
