"""docs/verify_history.py proves an event with its proof, and nothing that was tampered with."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from application.audit.leaves import Leaf
from application.audit.merkle import root_of
from application.audit.signed_notes import SigningKey
from tests.unit.audit.verifier import NAME, SIGNED, Verifier, proof_of


@pytest.fixture
def proof(events: list[Leaf]) -> dict[str, Any]:
    return proof_of(events[:SIGNED], 6)


@pytest.mark.parametrize("size", [1, 2, SIGNED])
def test_every_event_is_proven(verifier: Verifier, events: list[Leaf], size: int) -> None:
    for number in range(size):
        run = verifier.proof(proof_of(events[:size], number))

        assert (run.returncode, run.stderr) == (0, "")
        assert run.stdout == f"Proven: this is event {number} of the {size} that were signed.\n"


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (lambda proof: proof["event"].update(state=b64encode(b"{}").decode()), "not event 6 of the 13"),
        (lambda proof: proof["event"].update(sequence=7), "not event 7 of the 13"),
        (lambda proof: proof["event"].update(sequence=-1), "does not fit the place"),
        (lambda proof: proof["event"].update(sequence=SIGNED), "does not fit the place"),
        (lambda proof: proof["event"].update(sequence="6"), "cannot be read"),
        (lambda proof: proof["event"].pop("stream_version"), "cannot be read"),
        (lambda proof: proof["proof"].pop(), "does not fit the place"),
        (lambda proof: proof["proof"].clear(), "does not fit the place"),
        (lambda proof: proof["proof"].append(proof["proof"][0]), "does not fit the place"),
        (lambda proof: proof["proof"].insert(0, proof["proof"][0]), "does not fit the place"),
        (lambda proof: proof["proof"].reverse(), "not event 6 of the 13"),
        (
            lambda proof: proof["proof"].insert(0, proof["proof"].pop(0).swapcase()),
            "not event 6 of the 13",
        ),
        (lambda proof: proof["proof"].insert(0, "?"), "cannot be read"),
        (
            lambda proof: proof.update(checkpoint=proof["checkpoint"].replace("\n13\n", "\n14\n")),
            "changed",
        ),
        (lambda proof: proof.pop("checkpoint"), "cannot be read"),
    ],
)
def test_tampering_is_found_out(
    verifier: Verifier, proof: dict[str, Any], tamper: Callable[[dict[str, Any]], Any], said: str
) -> None:
    tamper(proof)
    run = verifier.proof(proof)

    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("Not proven: ")
    assert run.stderr.count("\n") == 1
    assert said in run.stderr


def test_the_children_of_the_root_as_one_long_hash_prove_nothing(
    verifier: Verifier, events: list[Leaf], proof: dict[str, Any]
) -> None:
    hashes = [event.hash for event in events[:SIGNED]]
    children = root_of(hashes[:8]) + root_of(hashes[8:])
    proof["event"]["state"] = b64encode(b"never happened").decode()

    assert verifier.proof(proof | {"proof": [b64encode(children).decode()]}).returncode == 1
    assert verifier.proof(proof | {"proof": ["", b64encode(children).decode()]}).returncode == 1


def test_another_key_proves_nothing(verifier: Verifier, proof: dict[str, Any]) -> None:
    run = verifier.proof(proof, key=SigningKey.generate(NAME))

    assert run.returncode == 1
    assert "no checkpoint that films.example/history signed with that key" in run.stderr
