"""What the lock lab writes down: every cell, the worst of what must not happen, the same from the same."""

from dataclasses import replace
from pathlib import Path

from benchmarks.locking.claims import CLAIMS
from benchmarks.locking.faults import FAULTS
from benchmarks.locking.judgements import JUDGEMENTS
from benchmarks.locking.page import page
from benchmarks.locking.report import Cell, Report
from benchmarks.locking.rounds import Round
from benchmarks.locking.strategy import STRATEGIES
from benchmarks.locking.written import write

FIELDS = [
    "strategy",
    "fault",
    "films",
    "clients",
    "accepted_descriptions",
    "duplicates",
    "paid_calls",
    "contradictory_answers",
    "lost_jobs",
    "p50_ms",
    "p99_ms",
    "throughput_per_s",
    "redis_round_trips",
    "database_round_trips",
]
RIGHT = Round(
    accepted_descriptions=1,
    duplicates=0,
    paid_calls=1,
    contradictory_answers=0,
    lost_jobs=0,
    p50_ms=10.0,
    p99_ms=20.0,
    throughput_per_s=5.0,
    redis_round_trips=1,
    database_round_trips=2,
    pays_twice=False,
    why_lost=(),
)
WRONG = replace(RIGHT, accepted_descriptions=2, duplicates=1, paid_calls=2, pays_twice=True, p50_ms=400.0)


def _cell(strategy: str = "setnx", fault: str = "none", *rounds: Round) -> Cell:
    return Cell.of(rounds or [RIGHT], strategy=strategy, fault=fault, films="same", clients=6)


def _report() -> Report:
    cells = [_cell(strategy, fault) for strategy in STRATEGIES for fault in FAULTS]
    cells += [replace(_cell(strategy), films="different") for strategy in STRATEGIES]
    conditions = {"workers": 4, "scale": 30, "ttl_seconds": 1.0, "block_seconds": 0.3, "token_seconds": 30.0}
    return Report(
        environment=conditions | {"visibility_seconds": 3.0, "patience_seconds": 15.0, "lanes": 2},
        rounds=3,
        cells=tuple(cells),
        overheads_ms=dict.fromkeys(STRATEGIES, (0.9, 1.0, 1.2)),
    )


def test_a_strategy_that_duplicates_in_one_round_of_three_duplicates() -> None:
    cell = _cell("setnx", "none", RIGHT, WRONG, RIGHT)

    assert (cell.duplicates, cell.accepted_descriptions, cell.paid_calls) == (1, 2, 2)


def test_times_are_the_median_of_the_rounds_that_had_answers() -> None:
    nothing = replace(RIGHT, p50_ms=None, lost_jobs=6)

    assert _cell("setnx", "none", RIGHT, nothing, replace(RIGHT, p50_ms=30.0)).p50_ms == 20.0
    assert _cell("setnx", "none", nothing).p50_ms is None


def test_the_figures_have_the_fields_that_were_agreed_upon() -> None:
    found = _report().as_json()

    assert {"environment", "rounds", "cells"} <= set(found)
    assert all(list(cell) == FIELDS for cell in found["cells"])


def test_every_strategy_has_its_words_and_every_fault_its_story() -> None:
    written = page(_report())

    assert set(JUDGEMENTS) == set(STRATEGIES)
    assert [name for name in STRATEGIES if f"### {name}\n" not in written] == []
    assert [name for name in FAULTS if f"- **{name}**: {FAULTS[name].about}" not in written] == []


def test_what_must_not_happen_stands_out() -> None:
    report = replace(_report(), cells=(_cell("setnx", "redis-flushed", WRONG),))

    assert "**1 too many**, 2 paid" in page(report)
    assert "a text too many under redis-flushed;" in page(report)


def test_what_goes_wrong_when_nothing_does_is_not_called_a_fault() -> None:
    report = replace(_report(), cells=(_cell("none", "none", WRONG), _cell("none", "worker-frozen")))

    assert "a text too many when nothing goes wrong;" in page(report)


def test_what_always_goes_wrong_is_said_once() -> None:
    report = replace(_report(), cells=tuple(_cell("none", fault, WRONG) for fault in FAULTS))

    assert "a text too many under every fault and under none;" in page(report)


def test_a_strategy_that_pays_twice_for_a_film_of_one_round_pays_twice() -> None:
    assert _cell("setnx", "none", RIGHT, replace(RIGHT, paid_calls=2, pays_twice=True)).pays_twice
    assert not _cell("setnx", "none", RIGHT, replace(RIGHT, accepted_descriptions=0)).pays_twice


def test_faults_on_different_films_have_a_table_of_their_own() -> None:
    alone = replace(_cell("setnx", "worker-frozen", WRONG), films="different")
    report = replace(_report(), cells=(_cell("setnx", "worker-frozen"), alone))

    assert "| different films | worker-frozen |\n| --- | --- |\n| `setnx` | **1 too many**" in page(report)
    assert "a text too many on different films under worker-frozen;" in page(report)
    assert "right in 0 of 1 cases" in page(report)


def test_what_a_strategy_costs_is_what_it_does_where_nothing_goes_wrong() -> None:
    disturbed = replace(_cell("setnx", "client-retry", WRONG), films="different")

    report = replace(_report(), cells=(*_report().cells, disturbed))

    assert report.undisturbed()["setnx"].p50_ms == RIGHT.p50_ms


def _about(strategy: str, report: Report) -> str:
    return page(report).partition(f"### {strategy}\n")[2].partition("### ")[0]


def test_a_sentence_of_the_note_is_confirmed_where_the_figures_bear_it_out() -> None:
    symptom = (_cell("cache-lock", "none", WRONG), _cell("cache-lock-recheck"), _cell("setnx"))
    report = replace(
        _report(), cells=symptom, overheads_ms={"cache-lock-recheck": (8.0, 9.0), "setnx": (2.0, 3.0)}
    )

    first, setnx = _about("cache-lock", report), _about("setnx", report)

    assert "*high risk of duplicates*. **Confirmed**: a text too many when nothing goes wrong." in first
    assert "and did not*. **Confirmed**: 1 too many when nothing goes wrong." in first
    assert "*low overhead*. **Confirmed**: 2.5 (2.0 to 3.0) ms above no lock at all, `cache-lock" in setnx
    assert '"the record already exists" logic*. **Confirmed**: a cache lock makes 1 too many when' in setnx


def test_a_sentence_of_the_note_is_contradicted_where_they_do_not() -> None:
    cells = (_cell("unique-index-postgresql", "worker-frozen", WRONG), _cell("cache-lock-recheck"))
    report = replace(
        _report(), cells=cells, overheads_ms={"cache-lock-recheck": (1.0,), "unique-index-postgresql": (2.0,)}
    )

    said = _about("unique-index-postgresql", report)

    assert "*deterministic*. **Contradicted**: a text too many under worker-frozen, 0 contradictory" in said
    assert "*low overhead*. **Contradicted**: 2.0 (2.0 to 2.0) ms" in said


def test_of_rounds_that_overlap_nothing_can_be_told() -> None:
    rounds = {"cache-lock-recheck": (1.0, 3.0), "unique-index-postgresql": (2.0, 4.0)}

    said = _about("unique-index-postgresql", replace(_report(), overheads_ms=rounds))

    assert "*low overhead*. **Cannot be told**: 3.0 (2.0 to 4.0) ms above" in said


def test_nothing_is_said_of_a_herd_that_was_not_measured() -> None:
    cells = (_cell("cache-lock", "worker-frozen"), _cell("setnx", "worker-frozen"))

    written = page(replace(_report(), cells=cells, overheads_ms={}))

    assert "second job must notice" not in written
    assert '"the record already exists" logic*.' not in written


def test_nothing_is_said_of_what_was_not_measured() -> None:
    report = replace(_report(), cells=(_cell("setnx"),), overheads_ms={})

    assert "onfirmed" not in page(report)
    assert "locking-overhead.svg" not in page(report)


def test_every_sentence_is_about_a_strategy_there_is() -> None:
    assert {claim.strategy for claim in CLAIMS} == {*STRATEGIES} - {"none"}


def test_the_same_figures_make_the_same_files(tmp_path: Path) -> None:
    for name in ("first", "second"):
        write(_report(), tmp_path / name)

    first = {path.name: path.read_bytes() for path in (tmp_path / "first").iterdir()}
    assert set(first) == {"locking.json", "locking.md", "locking-outcomes.svg", "locking-overhead.svg"}
    assert first == {path.name: path.read_bytes() for path in (tmp_path / "second").iterdir()}
