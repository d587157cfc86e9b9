from pathlib import Path

import pytest

from application.audit.leaves import Leaf
from tests.unit.audit.verifier import SIGNED, Verifier, history


@pytest.fixture
def events() -> list[Leaf]:
    """Those that are signed, and two more."""
    return history(SIGNED + 2)


@pytest.fixture
def verifier(tmp_path: Path) -> Verifier:
    return Verifier(tmp_path)
