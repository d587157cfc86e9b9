"""What a command does not import: it would make every one of them slower."""

import json
import subprocess
import sys

HEAVY = {"fastapi", "prometheus_client", "genai_prices", "pydantic_ai", "openai", "py3langid", "numpy"}
_MODULES = "import json, sys, interfaces.cli.app; print(json.dumps(sorted(sys.modules)))"


def test_commands_do_not_wait_for_libraries_that_few_of_them_use() -> None:
    loaded = json.loads(subprocess.check_output([sys.executable, "-c", _MODULES]))

    assert HEAVY.isdisjoint(loaded)
