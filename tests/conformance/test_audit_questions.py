"""What auditors look for in a long history is found by an index: little else is read, nothing is missed."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from application.read_models import AuditSearch, HistoryRow
from application.spending import RefusedSearch, SpendingRow
from application.texts import TextRow, TextSearch
from application.view import Place, Row, View
from tests.support.film import BEGIN
from tests.support.stores import DIALECTS, SqliteViews, Views

ROWS, PAGE = 12_000, 51
ROWS_AT_ONCE = 1_000
STEP = timedelta(seconds=30)
"""From one event to the next: four days in all, of a hundred hours."""
END = BEGIN + STEP * ROWS
EVENTS = ("GenerationRequested", "GenerationStarted", "DescriptionGenerated")


@pytest.fixture(scope="module", params=DIALECTS)
def views(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Views]:
    """Of a long history, in which one actor, one model and one prompt are rare."""
    is_sqlite = request.param == "sqlite"
    directory: Path = tmp_path_factory.mktemp("views")
    stores = SqliteViews(directory) if is_sqlite else request.getfixturevalue("postgres_views")
    with closing(stores.open()) as views:
        numbers = range(1, ROWS + 1)
        _fill(views.history, [*map(_event, numbers)])
        _fill(views.texts, [*map(_text, numbers)])
        _fill(views.spending, [*map(_attempt, numbers)])
        if not is_sqlite:  # PostgreSQL does it by itself, a little later
            with views.store.writing() as cursor:
                cursor.execute("ANALYZE")
        yield views


def _fill(view: View[Any, Row], rows: Sequence[Row]) -> None:
    """In short transactions: one that is silent for five seconds is ended, as on a busy machine."""
    for first in range(0, ROWS, ROWS_AT_ONCE):
        with view.writing(after=first, up_to=first + ROWS_AT_ONCE) as written:
            for row in rows[first : first + ROWS_AT_ONCE]:
                written.put(row)


def _at(number: int) -> datetime:
    """Some clocks are wrong by hours."""
    wrong = random.Random(number).choice([-300, -40, *20 * [0], 90, 700])
    return BEGIN + STEP * number + timedelta(minutes=wrong)


def _is_rare(number: int) -> bool:
    return number % 1_500 == 0


def _event(number: int) -> HistoryRow:
    return HistoryRow(
        position=number,
        slug=f"film-{number % 500}-1999",
        version=number,
        event="DescriptionWithdrawn" if _is_rare(number) else EVENTS[number % 3],
        at=_at(number),
        actor="mm_rare" if _is_rare(number) else f"mm_{number % 3}",
        correlation_id="request",
        data={},
    )


def _text(number: int) -> TextRow:
    return TextRow(
        description_id=UUID(int=number),
        slug=f"film-{number % 500}-1999",
        locale="en-US",
        context_tag="DEFAULT",
        revision=1,
        origin="GENERATED",
        job_id=UUID(int=number),
        ai_model="rare" if _is_rare(number) else f"model-{number % 3}",
        prompt_version="rare" if _is_rare(number) else f"prompt-{number % 3}",
        prompt_hash=None,
        actor="worker",
        version=4,
        at=_at(number),
        position=number,
    )


def _attempt(number: int) -> SpendingRow:
    return SpendingRow(
        job_id=UUID(int=number),
        attempt=1,
        slug=f"film-{number % 500}-1999",
        locale="en-US",
        context_tag="DEFAULT",
        requested_by="client",
        at=_at(number),
        position=number,
        model="rare" if _is_rare(number) else f"model-{number % 3}",
        calls=1,
        cost_microusd=1,
        outcome="accepted",
        is_accepted=number % 2 == 0 and not _is_rare(number),
    )


def _log(**search: Any) -> Callable[[Views], object]:
    after = search.pop("after", 0)
    return lambda views: views.history.of_all(AuditSearch(**search), after=after, limit=PAGE)


def _texts(before: Place | None = None, **search: Any) -> Callable[[Views], object]:
    return lambda views: views.texts.list(TextSearch(**search), before=before, limit=PAGE)


def _refused(before: Place | None = None, **search: Any) -> Callable[[Views], object]:
    return lambda views: views.spending.refused(RefusedSearch(**search), before=before, limit=PAGE)


LATE, LAST_DAY, MIDDLE = END - timedelta(hours=3), END - timedelta(days=1), Place(_at(ROWS // 2), ROWS // 2)
QUESTIONS: dict[str, Callable[[Views], object]] = {
    "since lately": _log(since=LATE),
    "since yesterday": _log(since=LAST_DAY),
    "since the beginning": _log(since=BEGIN),
    "since then, further on": _log(since=LAST_DAY, after=ROWS - 100),
    "what this key did since yesterday": _log(actor="mm_rare", since=LAST_DAY),
    "all that this key did": _log(actor="mm_rare"),
    "a key that did nothing": _log(actor="mm_nobody"),
    "a rare event": _log(event="DescriptionWithdrawn"),
    "a rare event since yesterday": _log(event="DescriptionWithdrawn", since=LAST_DAY),
    "texts of a model": _texts(ai_model="rare"),
    "texts of a prompt": _texts(prompt_version="rare"),
    "texts of a prompt, further on": _texts(MIDDLE, prompt_version="prompt-1"),
    "texts lately": _texts(since=LATE),
    "texts of a frequent model lately": _texts(ai_model="model-1", since=LATE),
    "refused lately": _refused(since=LATE),
    "refused, further on": _refused(MIDDLE),
    "refused of a model": _refused(model="rare"),
    "a text by its id": lambda views: views.texts.get(UUID(int=7)),
    "events by their positions": lambda views: views.history.at([7, 70, 700]),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_little_is_read_for_an_answer(question: str, views: Views, monkeypatch: pytest.MonkeyPatch) -> None:
    work: list[int] = []
    watch = _watching_sqlite if "sqlite" in type(views.store).__module__ else _watching_postgres
    reading = views.store.reading

    @contextmanager
    def watched() -> Iterator[Any]:
        with reading() as cursor:
            yield watch(cursor, work)

    monkeypatch.setattr(views.store, "reading", watched)
    QUESTIONS[question](views)

    assert sum(work) < ROWS / 6


def test_of_a_question_that_no_index_answers_it_is_seen(views: Views) -> None:
    work: list[int] = []
    watch = _watching_sqlite if "sqlite" in type(views.store).__module__ else _watching_postgres
    with views.store.reading() as cursor:
        watch(cursor, work).execute("SELECT * FROM history WHERE correlation_id = 'x' AND position > 0", ())

    assert work[0] >= ROWS


@pytest.mark.parametrize("hours", [-1, 0, 1, 25.5, 60, 97, 99.5, 110, 130])
@pytest.mark.parametrize("more", [{}, {"actor": "mm_rare"}, {"event": EVENTS[0]}], ids=str)
def test_no_event_since_a_moment_is_missed_whatever_clocks_said(
    hours: float, more: dict[str, Any], views: Views
) -> None:
    since = BEGIN + timedelta(hours=hours)
    everything = views.history.of_all(AuditSearch(**more), after=0, limit=ROWS)

    for after in (0, ROWS // 2):
        found = views.history.of_all(AuditSearch(since=since, **more), after=after, limit=ROWS)
        assert found == [row for row in everything if row.at >= since and row.position > after]


class _Watching:
    """A cursor that notes for each statement how much was read for it."""

    def __init__(self, cursor: Any, work: list[int], measure: Callable[[Any, str, Any], int]) -> None:
        self._cursor, self._work, self._measure = cursor, work, measure

    def execute(self, statement: str, values: Any = ()) -> None:
        self._work.append(self._measure(self._cursor, statement, values))
        self._cursor.execute(statement, values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


def _watching_postgres(cursor: Any, work: list[int]) -> _Watching:
    def measure(cursor: Any, statement: str, values: Any) -> int:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values)
        ((plan,),) = (row.values() for row in cursor.fetchall())
        return _rows_read(plan[0]["Plan"])

    return _Watching(cursor, work, measure)


def _rows_read(node: dict[str, Any]) -> int:
    """By a step of a plan and all steps below it, those that were left out again too."""
    removed = sum(rows for name, rows in node.items() if name.startswith("Rows Removed"))
    own = (node["Actual Rows"] + removed) * node["Actual Loops"] if "Relation Name" in node else 0
    return round(own) + sum(_rows_read(below) for below in node.get("Plans", ()))


def _watching_sqlite(cursor: Any, work: list[int]) -> _Watching:
    """SQLite does not say what it reads; to look at a row takes it three steps at least."""

    def measure(cursor: Any, statement: str, values: Any) -> int:
        connection, steps = cursor.sqlite_cursor.connection, [0]

        def step() -> int:
            steps[0] += 1
            return 0

        connection.set_progress_handler(step, 3)
        try:
            cursor.execute(statement, values)
            cursor.fetchall()
        finally:
            connection.set_progress_handler(None, 0)
        return steps[0]

    return _Watching(cursor, work, measure)
