"""What a command does not import: it would make it slower."""

import json
import subprocess
import sys

import pytest

FEW_USE = {"fastapi", "prometheus_client", "genai_prices", "pydantic_ai", "openai", "py3langid", "numpy"}
OF_A_SERVICE = FEW_USE | {"dramatiq", "limits", "psycopg", "redis", "uvicorn"}
_ALL = "from interfaces.cli.app import COMMANDS, app_of; app_of(COMMANDS)"
_ONE = "from interfaces.cli.app import app_for; app_for(['history', 'heat-1995'])"


@pytest.mark.parametrize(("command", "heavy"), [(_ALL, FEW_USE), (_ONE, OF_A_SERVICE)])
def test_commands_do_not_wait_for_libraries_they_do_not_use(command: str, heavy: set[str]) -> None:
    code = f"import json, sys; {command}; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.check_output([sys.executable, "-c", code]))

    assert heavy.isdisjoint(loaded)
