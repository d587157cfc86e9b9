"""docs/verify_history.py run as anybody would run it, and what it is given."""

import json
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from application.audit.checkpoints import sign_checkpoint
from application.audit.leaves import Leaf
from application.audit.merkle import root_of
from application.audit.proofs import inclusion_proof
from application.audit.signed_notes import SigningKey
from tests.unit.audit.trees import subtrees_of

SCRIPT = Path(__file__).parents[3] / "docs" / "verify_history.py"
NAME = "films.example/history"
KEY = SigningKey(NAME, bytes(range(32)))
STREAM = UUID("0d5b1e8e-7c1f-5d3a-9a52-3f6a0e1c9b77")

SIGNED = 13
"""How many events the checkpoints of most tests cover."""

Lines = list[dict[str, Any]]


def history(size: int) -> list[Leaf]:
    """Of three streams, with states of text, bytes and nothing, and topics as they could be at worst."""
    topics = ["movie-generation:MovieRegistered", "żółw:Ł", "two\nlines"]
    states = [b'{"slug":"heat-1995"}', bytes(range(256)), b""]
    return [
        Leaf(
            sequence=number,
            stream_id=uuid5(STREAM, str(number % 3)),
            stream_version=number // 3 + 1,
            topic=topics[number % 3],
            state=states[number // 3 % 3],
        )
        for number in range(size)
    ]


def checkpoint_of(events: list[Leaf], key: SigningKey = KEY) -> str:
    return sign_checkpoint(len(events), root_of([event.hash for event in events]), key)


class Verifier:
    """The script in a process of its own, in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", str(SCRIPT), *arguments]
        return subprocess.run(
            command, cwd=self._directory, capture_output=True, encoding="utf-8", timeout=60, check=False
        )

    def export(
        self, lines: Lines | bytes, checkpoint: str, key: SigningKey = KEY
    ) -> subprocess.CompletedProcess[str]:
        if not isinstance(lines, bytes):
            lines = ndjson(lines)
        (self._directory / "export.ndjson").write_bytes(lines)
        (self._directory / "checkpoint").write_text(checkpoint, encoding="utf-8")
        return self.run("export.ndjson", "checkpoint", str(key.verifier_key))

    def proof(self, proof: dict[str, Any], key: SigningKey = KEY) -> subprocess.CompletedProcess[str]:
        (self._directory / "proof.json").write_text(json.dumps(proof), encoding="utf-8")
        return self.run("--proof", "proof.json", str(key.verifier_key))


def ndjson(lines: Lines) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def proof_of(events: list[Leaf], number: int) -> dict[str, Any]:
    proof = inclusion_proof(number, len(events), subtrees_of([event.hash for event in events]))
    return {
        "checkpoint": checkpoint_of(events),
        "event": events[number].as_json(),
        "proof": [b64encode(sibling).decode() for sibling in proof],
    }
