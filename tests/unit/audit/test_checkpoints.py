"""Checkpoints are written and read as the format has them, and strictly."""

import pytest

from application.audit.checkpoints import Checkpoint, OtherLog, open_checkpoint, sign_checkpoint
from application.audit.merkle import EMPTY_ROOT
from application.audit.signed_notes import NoteMalformed, NotSigned, SignatureWrong, SigningKey, VerifierKey
from tests.unit.audit import published_vectors as published

NAME = "films.example/history"
KEY = SigningKey(NAME, bytes(range(32)))
ROOT = published.ROOTS[8]


def test_it_is_three_lines_and_a_signature() -> None:
    note = sign_checkpoint(8, ROOT, KEY)

    assert note.startswith(f"{NAME}\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n\n— {NAME} ")
    assert note.count("\n") == 5


@pytest.mark.parametrize(("size", "root"), [(0, EMPTY_ROOT), (1, published.ROOTS[1]), (2**63 - 1, ROOT)])
def test_what_was_signed_is_read_back(size: int, root: bytes) -> None:
    assert open_checkpoint(sign_checkpoint(size, root, KEY), KEY.verifier_key) == Checkpoint(NAME, size, root)


def test_lines_after_the_root_are_passed_over() -> None:
    body = sign_checkpoint(8, ROOT, KEY).partition("\n\n")[0]
    note = KEY.sign(f"{body}\nextended by others\nand once more\n")

    assert open_checkpoint(note, KEY.verifier_key) == Checkpoint(NAME, 8, ROOT)


def test_a_checkpoint_of_another_origin_is_not_ours_whoever_signed_it() -> None:
    with pytest.raises(OtherLog, match=r"of 'go\.sum database tree', not of 'sum\.golang\.org'"):
        open_checkpoint(published.SUMDB_CHECKPOINT, VerifierKey.parse(published.SUMDB))


def test_another_size_or_root_under_a_signature_is_found_out() -> None:
    note = sign_checkpoint(8, ROOT, KEY)
    other = sign_checkpoint(8, published.ROOTS[7], SigningKey.generate(NAME))

    with pytest.raises(SignatureWrong):
        open_checkpoint(note.replace("\n8\n", "\n7\n"), KEY.verifier_key)
    with pytest.raises(SignatureWrong):
        open_checkpoint(note.replace("\nXcna", "\nXcnb"), KEY.verifier_key)
    with pytest.raises(NotSigned):
        open_checkpoint(other, KEY.verifier_key)


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["8"],
        ["8", ""],
        ["", "ROOT"],
        ["08", "ROOT"],
        ["+8", "ROOT"],
        ["-8", "ROOT"],
        ["8 ", "ROOT"],
        ["8.0", "ROOT"],
        ["٨", "ROOT"],
        ["8" * 20, "ROOT"],
        ["8" * 5_000, "ROOT"],
        ["8", "ROOT "],
        ["8", "AAAA"],
        ["8", "no base64"],
        ["8", "ROOT", ""],
        ["8", "ROOT", "", "more"],
    ],
)
def test_a_body_that_breaks_the_format_is_refused_though_signed(lines: list[str]) -> None:
    root = sign_checkpoint(8, ROOT, KEY).split("\n")[2]
    body = "\n".join([NAME, *(line.replace("ROOT", root) for line in lines)])

    with pytest.raises(NoteMalformed):
        open_checkpoint(KEY.sign(body + "\n"), KEY.verifier_key)


def test_a_root_has_one_way_of_being_written() -> None:
    body = sign_checkpoint(8, ROOT, KEY).partition("\n\n")[0]
    assert body.endswith("Qyg=")

    with pytest.raises(NoteMalformed, match="not base64"):
        open_checkpoint(KEY.sign(body.replace("Qyg=", "Qyh=") + "\n"), KEY.verifier_key)
