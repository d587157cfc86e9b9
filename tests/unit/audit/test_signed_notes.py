"""Notes and keys are those of other implementations, to the byte, and nothing that was changed opens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.audit.signed_notes import (
    KeyMalformed,
    NoteMalformed,
    NotSigned,
    SignatureWrong,
    SigningKey,
    VerifierKey,
)
from domain.errors import MovieMindError
from tests.unit.audit import published_vectors as published

PETER = VerifierKey.parse(published.PETER)
TEXT, NOTE = published.PETERS_TEXT, published.PETERS_NOTE
LINE = NOTE.removeprefix(TEXT + "\n")


@pytest.mark.parametrize(
    ("key", "note"),
    [
        (published.PETER, published.PETERS_NOTE),
        (published.PETER, published.PETERS_NOTE + published.ENOCHS_LINE),
        (published.ENOCH, published.PETERS_NOTE + published.ENOCHS_LINE),
        (published.EXAMPLE, published.EXAMPLE_NOTE),
        (published.SUMDB, published.SUMDB_CHECKPOINT),
    ],
)
def test_what_others_have_signed_opens(key: str, note: str) -> None:
    verifier = VerifierKey.parse(key)

    assert str(verifier) == key
    assert verifier.open(note) == note[: note.rindex("\n\n") + 1]


def test_what_we_sign_is_what_others_would() -> None:
    key = SigningKey.parse(published.PETER_SECRET)

    assert key.sign(TEXT) == NOTE
    assert str(key.verifier_key) == published.PETER
    assert key.secret_text() == published.PETER_SECRET


def test_a_new_key_signs_and_is_read_back_from_its_text() -> None:
    key = SigningKey.generate("films.example/history")

    assert SigningKey.parse(key.secret_text()) == key
    assert VerifierKey.parse(str(key.verifier_key)).open(key.sign("Heat\n\n1995\n")) == "Heat\n\n1995\n"
    assert key != SigningKey.generate("films.example/history")


def test_a_signing_key_does_not_show_its_seed() -> None:
    key = SigningKey.parse(published.PETER_SECRET)

    assert repr(key.seed) not in repr(key)
    assert str(key) == "SigningKey(name='PeterNeumann')"


@given(st.integers(0, len(TEXT) - 1), st.integers(0, 6))
def test_no_character_of_a_text_can_be_changed(place: int, bit: int) -> None:
    changed = TEXT[:place] + chr(ord(TEXT[place]) ^ (1 << bit)) + TEXT[place + 1 :]

    with pytest.raises((SignatureWrong, NoteMalformed)):
        PETER.open(f"{changed}\n{LINE}")


@given(st.integers(0, len(LINE) - 1), st.integers(0, 6))
def test_no_character_of_a_signature_can_be_changed(place: int, bit: int) -> None:
    changed = LINE[:place] + chr(ord(LINE[place]) ^ (1 << bit)) + LINE[place + 1 :]

    with pytest.raises((SignatureWrong, NoteMalformed, NotSigned)):
        PETER.open(f"{TEXT}\n{changed}")


def test_another_key_of_the_same_name_has_not_signed() -> None:
    forged = SigningKey.generate("PeterNeumann").sign(TEXT)

    with pytest.raises(NotSigned, match=r"no signature of the key PeterNeumann\+c74f20a3"):
        PETER.open(forged)
    assert PETER.open(forged + LINE) == TEXT


def test_a_wrong_signature_is_not_made_good_by_a_right_one() -> None:
    other = SigningKey.parse(published.PETER_SECRET).sign("another text\n").partition("\n\n")[2]

    with pytest.raises(SignatureWrong, match=r"key PeterNeumann\+c74f20a3 is not one of this text"):
        PETER.open(NOTE + other)


@pytest.mark.parametrize(
    "note",
    [
        "",
        TEXT,
        LINE,
        TEXT + LINE,
        f"{TEXT}\n",
        f"{TEXT}\n{LINE[:-1]}",
        f"{TEXT}\n{LINE}\n",
        f"{TEXT}\n{LINE[:-1]}x",
        f"{TEXT}\n{LINE}no signature\n",
        f"{TEXT}\n{LINE.replace('— ', '- ')}",
        f"{TEXT}\n{LINE.replace('— ', '—  ')}",
        f"{TEXT}\n{LINE.replace('PeterNeumann', 'Peter+Neumann')}",
        f"{TEXT}\n{LINE.replace('PeterNeumann', 'Peter Neumann')}",
        f"{TEXT}\n{LINE.replace('=', '')}",
        f"{TEXT}\n{LINE.replace('AM=', 'AN=')}",
        f"{TEXT}\n{LINE}— PeterNeumann x08g\n",
        f"{TEXT}\n{LINE}".replace("\n", "\r\n"),
        f"{TEXT}\t\n\n{LINE}",
        f"{TEXT}\ud800\n\n{LINE}",
        f"{TEXT}\n{LINE * 101}",
    ],
)
def test_what_is_no_note_is_told_from_one_that_was_changed(note: str) -> None:
    with pytest.raises(NoteMalformed, match="cannot be read"):
        PETER.open(note)


def test_many_signatures_of_others_are_passed_over() -> None:
    assert PETER.open(NOTE + published.ENOCHS_LINE * 15) == TEXT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        published.PETER.replace("c74f20a3", "c74f20a4"),
        published.PETER.replace("c74f20a3", "C74F20A3"),
        published.PETER.replace("Peter", "Petra"),
        published.PETER.replace("Peter", "Peter "),
        published.PETER.partition("+")[2],
        published.PETER + "\n",
        published.PETER + "AAAA",
        published.PETER.replace("+ARpc", "+AhpC"),
        published.PETER.replace("+ARpc", "+BBpc"),
        published.PETER_SECRET,
    ],
)
def test_what_is_no_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(KeyMalformed):
        VerifierKey.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        published.PETER_SECRET.replace("c74f20a3", "c74f20a4"),
        published.PETER_SECRET.replace("+AYEK", "+BIEK"),
        published.PETER_SECRET.replace("AYEK", "AYEL"),
        published.PETER_SECRET[:-4],
    ],
)
def test_what_is_no_signing_key_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(KeyMalformed) as refused:
        SigningKey.parse(text)
    assert text[-10:] not in str(refused.value)


def test_a_verifier_key_signs_nothing() -> None:
    with pytest.raises(KeyMalformed, match=r"a signing key begins with PRIVATE\+KEY\+"):
        SigningKey.parse(published.PETER)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "no-break\u00a0space", "line\n", "bell\a"])
def test_a_key_needs_a_name_that_can_stand_in_a_signature(name: str) -> None:
    with pytest.raises(KeyMalformed, match="name"):
        SigningKey.generate(name)


@given(st.text(st.characters(exclude_categories=()), max_size=80))
def test_whatever_is_given_is_refused_with_an_error_of_ours(note: str) -> None:
    with pytest.raises(MovieMindError):
        PETER.open(note)
