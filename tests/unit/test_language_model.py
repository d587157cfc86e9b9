"""A model that cannot be used is refused at the start, with what to do."""

import sys
import tomllib
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import pytest

from infrastructure.errors import WrongSettings
from infrastructure.writers.language_model import language_model

ROOT = Path(__file__).parents[2]


def _refusal(name: str) -> str:
    with pytest.raises(WrongSettings) as refused:
        language_model(name, base_url="", api_key="")
    return str(refused.value)


def test_a_provider_that_nobody_knows() -> None:
    assert "MOVIEMIND_AI_MODEL (acme:writer) cannot be used: Unknown" in _refusal("acme:writer")


def test_a_key_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    assert "The key can be given as MOVIEMIND_AI_API_KEY too" in _refusal("openai:gpt-4o-mini")


def test_a_package_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anthropic", None)

    assert "pip install 'pydantic-ai-slim[anthropic]'" in _refusal("anthropic:claude-haiku-4-5")


def test_a_provider_and_its_key_are_taken_as_they_are_named() -> None:
    model = language_model("openai:gpt-4o-mini", base_url="", api_key="sk-of-the-tests")

    assert (model.model_name, model.system) == ("gpt-4o-mini", "openai")


@pytest.mark.parametrize("name", ["llama3.2", "openai:llama3.2"])
def test_a_server_of_ones_own_has_its_own_names(name: str) -> None:
    model = language_model(name, base_url="http://127.0.0.1:8080/v1", api_key="")

    assert model.model_name == "llama3.2"
    assert model.base_url == "http://127.0.0.1:8080/v1/"


def test_extras_are_packages_of_the_model_library_in_the_versions_it_is_wanted_in() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (wanted,) = (line for line in project["dependencies"] if line.startswith("pydantic-ai-slim[openai]"))
    extras = _extras(project)

    assert "anthropic" in extras
    assert extras == {name: [wanted.replace("[openai]", f"[{name}]")] for name in extras}
    assert extras.keys() <= set(metadata("pydantic-ai-slim").get_all("Provides-Extra", []))


def test_the_guide_names_the_extras_there_are() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    guide = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")

    assert [
        name for name in _extras(project) if f"`{name}`" not in guide and f"'.[{name}]'" not in guide
    ] == []


def _extras(project: dict[str, Any]) -> dict[str, list[str]]:
    """Those of providers."""
    extras: dict[str, list[str]] = project["optional-dependencies"]
    return {name: lines for name, lines in extras.items() if name not in ("build", "dev")}
