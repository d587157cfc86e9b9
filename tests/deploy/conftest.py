"""What the files in deploy/ are held against: the commands and settings there are."""

from collections.abc import Callable, Mapping, Sequence

import pytest
from typer.main import get_command

from infrastructure.settings import Settings, load_settings
from interfaces.cli.app import COMMANDS, app_of


@pytest.fixture
def understands() -> Callable[[Sequence[str]], bool]:
    """Whether `moviemind` takes these arguments; nothing is run."""

    def understood(arguments: Sequence[str]) -> bool:
        command, rest = get_command(app_of(COMMANDS)), list(arguments)
        while rest and hasattr(command, "commands"):
            command = command.commands[rest.pop(0)]
        command.make_context("moviemind", rest)
        return True

    return understood


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Callable[[Mapping[str, object]], Settings]:
    """The settings of an environment, as a process would load them. Raises WrongSettings."""

    def loaded(environment: Mapping[str, object]) -> Settings:
        with monkeypatch.context() as its_own:
            for name, value in environment.items():
                its_own.setenv(name, str(value))
            return load_settings()

    return loaded
