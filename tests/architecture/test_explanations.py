"""Whatever a person can meet is explained, nothing else is, and the written pages say what the code says."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

import application
from domain.errors import MovieMindError
from domain.values import FailureType
from interfaces.cli import reference
from interfaces.cli.app import COMMANDS, app_of
from interfaces.client import ServiceRefused
from interfaces.explanations import EXPLANATIONS
from interfaces.http import bounded, problems
from tests.architecture.test_docs import INSIDE

ROOT = Path(__file__).parents[2]
PACKAGES = {"domain", "application", "infrastructure", "interfaces"}


@pytest.mark.parametrize("name", reference.pages())
def test_the_page_is_what_make_docs_would_write(name: str) -> None:
    assert (reference.DOCS / name).read_text(encoding="utf-8") == reference.pages()[name], "run `make docs`"


def test_every_error_that_a_person_can_meet_is_explained() -> None:
    met = {kind for kind in _errors() if kind not in INSIDE}

    assert {reference.code_of(kind) for kind in met} - EXPLANATIONS.keys() == set()


def test_every_problem_that_is_no_error_of_ours_is_explained_with_its_status() -> None:
    of_the_framework = {code: status for status, (code, _) in problems._OF_THE_FRAMEWORK.items()}

    assert _without_an_error() - EXPLANATIONS.keys() == set()
    assert of_the_framework.items() <= reference.WITHOUT_AN_ERROR.items()
    assert reference.WITHOUT_AN_ERROR.keys() == _without_an_error()


def test_every_failure_of_a_job_is_explained_as_one() -> None:
    assert {code for code, known in EXPLANATIONS.items() if known.met == "job"} == set(FailureType)


def test_what_is_explained_as_a_problem_of_the_api_is_one() -> None:
    explained = {code for code, known in EXPLANATIONS.items() if known.met == "api"}

    assert explained == reference.problem_statuses().keys()


def test_every_explanation_is_of_something_that_exists() -> None:
    exists = {reference.code_of(kind) for kind in _errors()} | _without_an_error() | set(FailureType)

    assert EXPLANATIONS.keys() - exists == set()


def _errors() -> Iterator[type[MovieMindError]]:
    """Every error class of the service but ServiceRefused, which goes by the code that the service gave."""
    assert app_of(COMMANDS), "imports what commands need"
    for module in walk_packages(application.__path__, "application."):
        import_module(module.name)
    waiting = MovieMindError.__subclasses__()
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.split(".")[0] in PACKAGES and kind is not ServiceRefused:
            yield kind


def _without_an_error() -> set[str]:
    """Codes that the HTTP interface writes down itself."""
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "interfaces" / "http").glob("*.py")]
    return {code for source in sources for code in re.findall(r'code="([\w-]+)"', source)} | {
        bounded.CODE,
        *(code for code, _ in problems._OF_THE_FRAMEWORK.values()),
    }
