"""What users read says all there is: settings, commands, routes, make targets, records."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from application import errors as application_errors
from domain import errors as domain_errors
from domain.errors import MovieMindError
from infrastructure.settings import PREFIX, Settings
from interfaces.cli.app import app as cli
from interfaces.http.app import create_app
from interfaces.http.problems import STATUS

ROOT = Path(__file__).parents[2]


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
    commands = get_command(cli).commands  # type: ignore[attr-defined]

    assert [name for name in commands if f"moviemind {name}" not in _text("README.md")] == []


def test_the_readme_names_every_route() -> None:
    routes = [
        f"`{method.upper()} {path}`"
        for path, methods in create_app(None).openapi()["paths"].items()  # type: ignore[arg-type]
        for method in methods
    ]

    assert [route for route in routes if route not in _text("README.md")] == []


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
    inside = {
        domain_errors.AlreadyClaimed,
        domain_errors.AttemptNotStarted,
        domain_errors.DifferentFilm,
        domain_errors.NotDueYet,
        domain_errors.TitleMakesNoSlug,
    }

    assert {kind for kind in errors if kind not in STATUS} == inside


def _default(value: object) -> str:
    if isinstance(value, tuple):
        return f"`{','.join(map(str, value))}`"
    return f"`{value}`" if str(value) else "(empty)"
