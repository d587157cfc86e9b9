"""Import rules that reach into packages of others, which the contracts of import-linter cannot say."""

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOMAIN_MAY = ("domain", "eventsourcing.domain", "slugify")
STORES = ("eventsourcing.sqlite", "eventsourcing.postgres", "eventsourcing.popo")


def test_the_domain_imports_only_the_librarys_domain_and_slugify() -> None:
    assert list(_violations("domain", _foreign_to_the_domain)) == []


@pytest.mark.parametrize("package", ["domain", "application", "interfaces"])
def test_event_stores_are_named_only_in_the_infrastructure(package: str) -> None:
    assert list(_violations(package, _a_store)) == []


@pytest.mark.parametrize(
    "line",
    [
        "import sqlite3.dbapi2 as db, httpx",
        "from eventsourcing.application import Application",
        "from eventsourcing import persistence",
        "from application.errors import MovieNotFound",
        "import pydantic",
        "def late():\n    import structlog",
    ],
)
def test_the_check_of_the_domain_finds_a_violation(line: str) -> None:
    assert any(_foreign_to_the_domain(module) for module in _imported(line))


@pytest.mark.parametrize(
    "line",
    [
        "import eventsourcing.sqlite",
        "from eventsourcing.sqlite import SQLiteFactory",
        "from eventsourcing import postgres",
        "def late():\n    from eventsourcing.popo import POPOFactory",
    ],
)
def test_the_check_of_stores_finds_a_violation(line: str) -> None:
    assert any(_a_store(module) for module in _imported(line))


@pytest.mark.parametrize(
    "line",
    [
        "from eventsourcing.domain import Aggregate",
        "from domain import errors",
        "import re",
        "from slugify import slugify",
        "from collections.abc import Iterator",
    ],
)
def test_what_the_domain_may_import_is_no_violation(line: str) -> None:
    assert not any(_foreign_to_the_domain(module) or _a_store(module) for module in _imported(line))


def _violations(package: str, is_wrong: Callable[[str], bool]) -> Iterator[str]:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files, f"{package} has moved"
    for path in files:
        for module in _imported(path.read_text(encoding="utf-8")):
            if is_wrong(module):
                yield f"{path.relative_to(ROOT)} imports {module}"


def _imported(source: str) -> Iterator[str]:
    """Every imported name, in full: `from a import b` is `a.b`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _foreign_to_the_domain(module: str) -> bool:
    return module.split(".")[0] not in sys.stdlib_module_names and not _within(module, DOMAIN_MAY)


def _a_store(module: str) -> bool:
    return _within(module, STORES)


def _within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)
