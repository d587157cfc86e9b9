"""docs/verify_history.py proves an export that is what was signed, and none that was tampered with."""

import sys
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from application.audit.leaves import Leaf
from application.audit.signed_notes import SigningKey
from tests.unit.audit.trees import with_a_bit_flipped
from tests.unit.audit.verifier import KEY, NAME, SCRIPT, SIGNED, Lines, Verifier, checkpoint_of, ndjson


class TestExports:
    def test_what_was_signed_is_proven_and_what_came_later_is_told(
        self, verifier: Verifier, events: list[Leaf]
    ) -> None:
        run = verifier.export([event.as_json() for event in events], checkpoint_of(events[:SIGNED]))

        assert (run.returncode, run.stderr) == (0, "")
        assert run.stdout == "Proven: the first 13 of 15 events are those that were signed.\n"

    @pytest.mark.parametrize("size", [0, 1, 2, 7, 8])
    def test_trees_of_any_shape_are_proven(self, verifier: Verifier, events: list[Leaf], size: int) -> None:
        run = verifier.export([event.as_json() for event in events[:size]], checkpoint_of(events[:size]))

        assert run.returncode == 0, run.stderr

    def test_what_a_line_says_beside_the_event_does_not_matter(
        self, verifier: Verifier, events: list[Leaf]
    ) -> None:
        lines = [event.as_json() | {"slug": "heat-1995"} for event in events]

        assert verifier.export(lines, checkpoint_of(events)).returncode == 0

    @pytest.mark.parametrize(
        ("tamper", "said"),
        [
            (lambda lines: lines[5].update(state=b64encode(b"{}").decode()), "some were changed"),
            (lambda lines: lines[5].update(topic="movie-generation:MovieRegistred"), "some were changed"),
            (lambda lines: lines[5].update(stream_version=9), "some were changed"),
            (lambda lines: lines[5].update(stream_id=str(UUID(int=5))), "some were changed"),
            (lambda lines: lines[12].update(state=""), "some were changed"),
            (lambda lines: lines.pop(5), "6 is in the place of event 5"),
            (lambda lines: lines.pop(0), "1 is in the place of event 0"),
            (lambda lines: lines.insert(5, lines[4]), "4 is in the place of event 5"),
            (lambda lines: lines.insert(5, lines[4] | {"sequence": 5}), "5 is in the place of event 6"),
            (lambda lines: lines.insert(5, lines.pop(6)), "6 is in the place of event 5"),
            (lambda lines: lines[14].update(sequence=20), "20 is in the place of event 14"),
            (lambda lines: lines[5].update(sequence="\x1b[2J"), r"'\x1b[2J' is in the place of event 5"),
            (lambda lines: lines.__setitem__(slice(9, None), []), "ends before event 9, and 13 were signed"),
            (lambda lines: lines.clear(), "ends before event 0, and 13 were signed"),
            (lambda lines: lines[5].pop("topic"), "line 6 of the export is not an event"),
            (lambda lines: lines[5].update(state="???"), "line 6 of the export is not an event"),
            (lambda lines: lines[5].update(stream_id="5 1 1 1\n"), "line 6 of the export is not an event"),
            (lambda lines: lines[5].update(stream_version="2 1 1\n"), "line 6 of the export is not an event"),
            (lambda lines: lines[1].update(sequence=True), "some were changed"),
        ],
    )
    def test_tampering_is_found_out(
        self, verifier: Verifier, events: list[Leaf], tamper: Callable[[Lines], Any], said: str
    ) -> None:
        lines = [event.as_json() for event in events]
        tamper(lines)
        run = verifier.export(lines, checkpoint_of(events[:SIGNED]))

        assert (run.returncode, run.stdout) == (1, "")
        assert run.stderr.startswith("Not proven: ")
        assert run.stderr.count("\n") == 1
        assert said in run.stderr

    def test_no_bit_of_a_state_can_be_changed(self, verifier: Verifier, events: list[Leaf]) -> None:
        lines = [event.as_json() for event in events]
        lines[3]["state"] = b64encode(with_a_bit_flipped(events[3].state, 1_000)).decode()

        assert verifier.export(lines, checkpoint_of(events)).returncode == 1

    def test_events_whose_numbers_were_closed_up_are_found_out(
        self, verifier: Verifier, events: list[Leaf]
    ) -> None:
        kept = [event.as_json() for event in events[:5] + events[6:]]
        lines = [line | {"sequence": number} for number, line in enumerate(kept)]

        assert "some were changed" in verifier.export(lines, checkpoint_of(events[:SIGNED])).stderr

    def test_a_file_that_was_cut_off_within_a_line_is_told(
        self, verifier: Verifier, events: list[Leaf]
    ) -> None:
        whole = ndjson([event.as_json() for event in events])

        run = verifier.export(whole[:-20], checkpoint_of(events[:SIGNED]))

        assert run.returncode == 1
        assert "line 15 of the export is not an event, or not a whole one" in run.stderr


class TestCheckpoints:
    def test_a_tree_made_anew_is_not_signed_with_the_key(
        self, verifier: Verifier, events: list[Leaf]
    ) -> None:
        """Whoever has the store and knows the format, but not the key."""
        forged = [*events[:5], *events[6:]]
        lines = [event.as_json() | {"sequence": number} for number, event in enumerate(forged)]
        leaves = [Leaf(**(_fields(line))) for line in lines]
        attacker = SigningKey.generate(NAME)

        as_attacker = verifier.export(lines, checkpoint_of(leaves, attacker), key=attacker)
        as_us = verifier.export(lines, checkpoint_of(leaves, attacker))

        assert as_attacker.returncode == 0
        assert (as_us.returncode, as_us.stderr) == (
            1,
            f"Not proven: this is no checkpoint that {NAME} signed with that key.\n",
        )

    @pytest.mark.parametrize(
        ("old", "new"), [("\n13\n", "\n12\n"), (NAME + "\n13", NAME + "/\n13"), ("\n\n—", "\nmore\n\n—")]
    )
    def test_what_is_under_a_signature_cannot_be_changed(
        self, verifier: Verifier, events: list[Leaf], old: str, new: str
    ) -> None:
        checkpoint = checkpoint_of(events[:SIGNED])
        assert old in checkpoint

        run = verifier.export([event.as_json() for event in events], checkpoint.replace(old, new))

        assert run.returncode == 1
        assert "the signature is not one of this checkpoint" in run.stderr

    def test_signatures_of_others_are_passed_over(self, verifier: Verifier, events: list[Leaf]) -> None:
        other = SigningKey.generate("witness.example").sign("something\n").rpartition("\n\n")[2]
        lines = [event.as_json() for event in events]

        assert verifier.export(lines, checkpoint_of(events) + other).returncode == 0

    def test_a_checkpoint_of_another_log_is_not_taken(self, verifier: Verifier, events: list[Leaf]) -> None:
        body = checkpoint_of(events).partition("\n\n")[0].replace(NAME, "other.example")

        run = verifier.export([event.as_json() for event in events], KEY.sign(body + "\n"))

        assert (run.returncode, run.stdout) == (1, "")

    @pytest.mark.parametrize("checkpoint", ["", "\n", "\ud7ff\n\n", "a\nb\n\n— films.example/history ???\n"])
    def test_what_is_no_checkpoint_proves_nothing(
        self, verifier: Verifier, events: list[Leaf], checkpoint: str
    ) -> None:
        run = verifier.export([event.as_json() for event in events], checkpoint)

        assert (run.returncode, run.stdout) == (1, "")
        assert run.stderr.startswith("Not proven: ")


class TestUsage:
    @pytest.mark.parametrize("arguments", [(), ("export.ndjson",), ("--proof", "proof.json"), ("a",) * 4])
    def test_it_says_how_to_call_it(self, verifier: Verifier, arguments: tuple[str, ...]) -> None:
        run = verifier.run(*arguments)

        assert (run.returncode, run.stdout) == (2, "")
        assert "python verify_history.py EXPORT.ndjson CHECKPOINT VERIFIER_KEY" in run.stderr

    @pytest.mark.parametrize("key", ["", "no-key", "films.example/history+00000000+AAAA"])
    def test_what_is_no_key_proves_nothing(self, verifier: Verifier, events: list[Leaf], key: str) -> None:
        verifier.export([event.as_json() for event in events], checkpoint_of(events))

        assert verifier.run("export.ndjson", "checkpoint", key).returncode == 1

    def test_a_file_that_is_not_there_is_named(self, verifier: Verifier) -> None:
        run = verifier.run("--proof", "gone.json", str(KEY.verifier_key))

        assert run.returncode == 1
        assert "No such file or directory: 'gone.json'" in run.stderr

    def test_it_is_short_enough_to_be_read_before_it_is_trusted(self) -> None:
        assert len(SCRIPT.read_text(encoding="utf-8").splitlines()) <= 100

    def test_it_needs_nothing_but_python_and_cryptography(self) -> None:
        imports = [
            line.split()[1].split(".")[0]
            for line in SCRIPT.read_text(encoding="utf-8").splitlines()
            if line.startswith(("import ", "from "))
        ]

        assert set(imports) - sys.stdlib_module_names == {"cryptography"}


def _fields(line: dict[str, Any]) -> dict[str, Any]:
    return line | {"stream_id": UUID(line["stream_id"]), "state": b64decode(line["state"])}
