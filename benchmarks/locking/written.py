"""The files of a run: figures as JSON, the page, its charts."""

import json
from pathlib import Path

from benchmarks.locking.charts import draw
from benchmarks.locking.page import PAGE, page
from benchmarks.locking.report import Report

FIGURES = "locking.json"


def write(report: Report, directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / FIGURES).write_text(json.dumps(report.as_json(), indent=2) + "\n", encoding="utf-8")
    (directory / PAGE).write_text(page(report), encoding="utf-8")
    draw(report, directory)
