"""What users read says all there is and nothing that is gone: settings, commands, routes, problems, events,
make targets, records, links."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from application import errors as application_errors
from application.call_ledger import Account
from application.call_limits import CallLimits
from application.circuit_breaker import BreakerState, CircuitBreaker
from application.gate_status import GateStatus
from application.read_models import HistoryView, JobsView, MoviesView
from application.spending import SpendingView
from application.tallies import Tally
from application.texts import TextsView
from application.throughput import ThroughputView
from domain import errors as domain_errors
from domain.errors import MovieMindError
from domain.events import Event
from infrastructure.choices import PREFIX
from infrastructure.settings import Settings
from interfaces.cli import reference
from interfaces.cli.app import COMMANDS
from interfaces.http.app import without_a_service
from interfaces.http.measuring import Measured
from interfaces.http.metrics import Metrics
from interfaces.http.problems import STATUS
from interfaces.service import RedisState

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

INSIDE = {
    domain_errors.AlreadyClaimed,
    domain_errors.AttemptNotStarted,
    domain_errors.DifferentFilm,
    domain_errors.NotDueYet,
    domain_errors.TitleMakesNoSlug,
    application_errors.EventUnreadable,
    application_errors.NotAdmitted,
    application_errors.RowsRefused,
    application_errors.ViewMoved,
    application_errors.ViewNeedsRebuild,
    application_errors.ViewTooNew,
}
"""Errors that no request meets."""


def _text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_stands_in_the_table_with_its_default_and_its_meaning(name: str) -> None:
    field = Settings.model_fields[name]

    assert f"| `{PREFIX}{name.upper()}` | {_default(field.default)} | {field.description} |" in _text(
        "docs/settings.md"
    )


def test_the_table_holds_no_setting_that_is_gone() -> None:
    named = re.findall(rf"^\| `{PREFIX}(\w+)`", _text("docs/settings.md"), re.MULTILINE)

    assert sorted(named) == sorted(name.upper() for name in Settings.model_fields)


def test_the_readme_names_every_command() -> None:
    assert [name for name in COMMANDS if f"moviemind {name}" not in _text("README.md")] == []


def test_the_reference_has_every_command() -> None:
    titles = re.findall(r"^## (moviemind .+)$", _text("docs/cli.md"), re.MULTILINE)

    assert titles == [name for name, _ in reference.commands()]


@pytest.mark.parametrize("page", ["README.md", "docs/http.md"])
def test_every_route_is_named(page: str) -> None:
    assert [route for route in _routes() if f"`{route}`" not in _text(page)] == []


def test_the_http_guide_names_no_route_that_is_gone() -> None:
    named = re.findall(r"`((?:GET|POST|PUT|PATCH|DELETE) /[^`?]*)`", _text("docs/http.md"))

    assert set(named) - set(_routes()) == set()


def test_the_http_guide_names_every_problem_with_its_status_and_none_that_is_gone() -> None:
    named = re.findall(r"^\| (\d{3}) \| (`.+`) \|", _text("docs/http.md"), re.MULTILINE)

    assert {(code, int(status)) for status, codes in named for code in re.findall("`(.+?)`", codes)} == {
        (code, status.value) for code, status in reference.problem_statuses().items()
    }


def test_every_event_has_its_topic_its_sentence_and_all_its_fields() -> None:
    written = {
        name: (re.search("^Topic `(.+?)`", about, re.MULTILINE)[1], sentence, _fields_of_table(about))  # type: ignore[index]
        for name, sentence, about in re.findall(
            r"^### (\w+)\n\n> (.+)\n\n((?:(?!##).*\n)+)", _text("docs/events.md"), re.MULTILINE
        )
    }

    assert written == dict(_events())


def test_what_every_event_carries_is_there() -> None:
    about = _text("docs/events.md").split("## What every event carries")[1].split("##")[0]

    assert [name for name, _ in _fields_of_table(about)][-2:] == list(Event.__annotations__)


def test_the_readme_names_every_make_target() -> None:
    targets = re.findall(r"^([a-z]+):.*##", _text("Makefile"), re.MULTILINE)

    assert [target for target in targets if f"make {target}" not in _text("README.md")] == []


def test_every_decision_stands_in_the_list_of_decisions() -> None:
    records = sorted(path.name for path in (ROOT / "docs" / "adr").glob("0*.md"))

    assert re.findall(r"\]\((0\d{3}-[\w-]+\.md)\)", _text("docs/adr/README.md")) == records


def test_every_error_a_request_can_meet_has_a_status() -> None:
    errors = [
        kind
        for module in (domain_errors, application_errors)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, MovieMindError) and kind is not MovieMindError
    ]

    assert {kind for kind in errors if kind not in STATUS} == INSIDE


def test_the_operators_page_names_every_line_of_the_doctor_and_none_that_is_gone() -> None:
    about = _text("docs/operations.md").split("### What the doctor says")[1].split("###")[0]
    cells = re.findall(r"^\| (`.+?) \|", about, re.MULTILINE)
    named = {line for cell in cells for line in re.findall("`(.+?)`", cell)}

    assert named == set(_lines_of_the_doctor())


def test_the_operators_page_names_every_metric_and_none_that_is_gone() -> None:
    about = _text("docs/operations.md").split("### Metrics")[1].split("###")[0]
    named = re.findall(r"^\| `(moviemind_\w+)(?:\{(\w+)\})?` \|", about, re.MULTILINE)

    assert sorted(named) == sorted(_metrics())


def test_the_operators_page_types_only_commands_there_are() -> None:
    commands = {name for name, _ in reference.commands()}
    code = re.findall(r"^ {4}(.+)$|`([^`]+)`", _text("docs/operations.md"), re.MULTILINE)
    typed = re.findall(
        r"(?<![/@=\w])(moviemind (?:schema |queue |jobs |keys |projections |audit )?[a-z]+)",
        "\n".join(map("\n".join, code)),
    )

    assert len(set(typed)) > 10
    assert set(typed) - commands == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)", page.read_text(encoding="utf-8"))

    assert [link for link in links if not _leads_somewhere(page, *link)] == []


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "docs").glob("*.md")))
def test_the_tour_leads_to_every_page(name: str) -> None:
    assert name == "README.md" or f"]({name})" in _text("docs/README.md")


def _routes() -> list[str]:
    return [
        f"{method.upper()} {path}"
        for path, methods in without_a_service().openapi()["paths"].items()
        for method in methods
    ]


def _lines_of_the_doctor() -> Iterator[str]:
    """What findings are called; those of the views end in the name of one."""
    files = ("doctor", "doctor_history", "doctor_redis")
    pages = "".join(_text(f"interfaces/{name}.py") for name in files)
    for call in ast.walk(ast.parse(pages)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.args:
            if call.func.id not in {"Finding", "judge", "_last"}:
                continue
            match call.args[0]:
                case ast.Constant(value=str(name)):
                    yield name
                case ast.JoinedStr(values=[ast.Constant(value=str(beginning)), _]):
                    views = (JobsView, MoviesView, HistoryView, SpendingView, TextsView, ThroughputView)
                    yield from (f"{beginning}{view.name}" for view in views)


def _a_gate() -> GateStatus:
    return GateStatus(
        state=BreakerState.CLOSED,
        breaker=CircuitBreaker(),
        under_way=0,
        last_minute=0,
        today=Account(),
        limits=CallLimits(budget_microusd=1),
        is_spent=False,
        spent_requesters=frozenset(),
    )


def _metrics() -> set[tuple[str, str]]:
    """What samples are called, and what their label is."""
    redis = RedisState(answers=True)
    measured = Measured(
        jobs={},
        oldest_wait_seconds=1.0,
        messages_waiting=1,
        is_paused=False,
        redis=redis,
        provider=_a_gate(),
        workers=1,
        lag={"jobs": 1},
        seconds_behind={"jobs": 1.0},
        tallies=dict.fromkeys(Tally, 1),
    )
    return {
        (sample.name, "".join(sample.labels))
        for family in Metrics(measured).collect()
        for sample in family.samples
    }


def _events() -> Iterator[tuple[str, tuple[str, str, list[tuple[str, str]]]]]:
    """Topic, docstring and fields with their types of every event, as its class spells them."""
    for kind in ast.parse(_text("domain/events.py")).body:
        if isinstance(kind, ast.ClassDef) and kind.name != "Event":
            fields = [
                (ast.unparse(line.target), ast.unparse(line.annotation))
                for line in kind.body
                if isinstance(line, ast.AnnAssign)
            ]
            yield kind.name, (f"movie-generation:{kind.name}", ast.get_docstring(kind) or "", fields)


def _fields_of_table(about: str) -> list[tuple[str, str]]:
    rows = re.findall(r"^\| `(\w+)` \| `(.+?)` \|", about, re.MULTILINE)
    return [(name, kind.replace("\\|", "|")) for name, kind in rows]


def _leads_somewhere(page: Path, path: str, anchor: str) -> bool:
    target = page.parent / path if path else page
    return target.exists() and (not anchor or anchor in _anchors(target))


def _anchors(page: Path) -> set[str]:
    """Headings as GitHub makes anchors of them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def _default(value: object) -> str:
    if isinstance(value, tuple):
        value = ",".join(map(str, value))
    return f"`{value}`" if value is not None and str(value) else "(empty)"
