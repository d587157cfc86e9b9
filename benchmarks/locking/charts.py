"""The charts of docs/locking.md."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot
from matplotlib.patches import Rectangle

from benchmarks.locking.faults import FAULTS
from benchmarks.locking.page import OUTCOMES, OVERHEAD
from benchmarks.locking.report import Cell, Report

RIGHT, DEARER, LOST, TWICE = "#cfe8cf", "#fff1c2", "#f6d3a8", "#f3b3b0"
"""One text each for one payment each; more payments than that; lost jobs; a second text."""


def draw(report: Report, directory: Path) -> None:
    """The same report gives the same files."""
    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "moviemind"
    _outcomes(report).savefig(directory / OUTCOMES, metadata={"Date": None})
    if report.overhead_ms:
        _overhead(report).savefig(directory / OVERHEAD, metadata={"Date": None})
    pyplot.close("all")


def _outcomes(report: Report) -> Any:
    """A field for each strategy under each fault, coloured by the worst that came of it."""
    cells = [cell for cell in report.cells if cell.films == "same"]
    strategies = list(dict.fromkeys(cell.strategy for cell in cells))
    faults = [name for name in FAULTS if any(cell.fault == name for cell in cells)]
    figure, axes = pyplot.subplots(
        figsize=(2.6 + 1.5 * len(faults), 1.6 + 0.45 * len(strategies)), layout="constrained"
    )
    for cell in cells:
        column, row = faults.index(cell.fault), strategies.index(cell.strategy)
        axes.add_patch(Rectangle((column, row), 1, 1, facecolor=_colour(cell), edgecolor="white"))
        axes.text(column + 0.5, row + 0.5, _label(cell), ha="center", va="center", fontsize=7)
    axes.set(xlim=(0, len(faults)), ylim=(len(strategies), 0))
    axes.set_xticks([n + 0.5 for n in range(len(faults))], faults, rotation=30, ha="right", fontsize=8)
    axes.set_yticks([n + 0.5 for n in range(len(strategies))], strategies, fontsize=8)
    axes.tick_params(length=0)
    axes.set_title(
        "One film, many clients: texts too many, answers that differ, jobs lost, calls paid", fontsize=9
    )
    return figure


def _overhead(report: Report) -> Any:
    found = report.overhead_ms
    figure, axes = pyplot.subplots(figsize=(7, 0.8 + 0.35 * len(found)), layout="constrained")
    bars = axes.barh(list(found), list(found.values()), color="#7a9cc6")
    axes.bar_label(bars, fmt="%.1f", padding=3, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel(
        "median latency above no lock at all, ms (different films, nothing goes wrong)", fontsize=8
    )
    axes.tick_params(labelsize=8)
    return figure


def _colour(cell: Cell) -> str:
    if cell.duplicates or cell.contradictory_answers:
        return TWICE
    if cell.lost_jobs:
        return LOST
    return DEARER if cell.pays_twice else RIGHT


def _label(cell: Cell) -> str:
    said = [f"{cell.duplicates} too many"] if cell.duplicates else []
    said += [f"{cell.contradictory_answers} differ"] if cell.contradictory_answers else []
    said += [f"{cell.lost_jobs} lost"] if cell.lost_jobs else []
    return "\n".join([*said, f"{cell.paid_calls} paid"])
