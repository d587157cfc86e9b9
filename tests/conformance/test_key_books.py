"""Keys on every store."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from application.api_keys import ApiKey, KeyBook, LiveKey, Scope
from infrastructure.settings import Settings
from interfaces.bootstrap import open_store

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(microseconds=1)


@pytest.fixture
def book(settings: Settings) -> Iterator[KeyBook]:
    with closing(open_store(settings)) as store:
        yield store.keys


def _key(number: int, scope: Scope = Scope.READ) -> ApiKey:
    return ApiKey(
        key_id=f"mm_{number}",
        name=f"the shop {number}, ł",
        contact=None if number % 2 else f"shop{number}@example.org",
        scope=scope,
        created_by="somebody",
        created_at=NOW + timedelta(seconds=number),
    )


def test_there_are_none_at_first(book: KeyBook) -> None:
    assert (list(book.all()), book.live()) == ([], {})
    assert book.revoke("mm_1", NOW) is None


def test_keys_are_kept_as_they_were_made_the_newest_first(book: KeyBook) -> None:
    keys = [_key(number, scope) for number, scope in enumerate(Scope)]
    for key in keys:
        book.add(key, key.key_id.encode() * 3)

    assert list(book.all()) == keys[::-1]
    assert book.live() == {key.key_id: LiveKey(key.scope, key.key_id.encode() * 3) for key in keys}


def test_a_revoked_one_is_live_no_more_and_the_first_time_counts(book: KeyBook) -> None:
    book.add(_key(1), b"1")
    book.add(_key(2), b"2")

    revoked = book.revoke("mm_1", NOW)
    assert revoked is not None
    assert (revoked.name, revoked.revoked_at) == (_key(1).name, NOW)
    again = book.revoke("mm_1", LATER)
    assert again == revoked

    assert set(book.live()) == {"mm_2"}
    assert [key.revoked_at for key in book.all()] == [None, NOW]


def test_whose_a_key_is_can_be_forgotten_and_nothing_else_of_it(book: KeyBook) -> None:
    for number in (1, 2):
        book.add(_key(number), str(number).encode())
    before = book.live()

    assert book.forget("mm_2") == _key(2), "as it was"

    forgotten = replace(_key(2), name=None, contact=None)
    assert list(book.all()) == [forgotten, _key(1)]
    assert book.live() == before
    assert book.forget("mm_2") == forgotten, "again, nothing is there any more"
    assert book.revoke("mm_2", NOW) == replace(forgotten, revoked_at=NOW)


def test_nobody_can_be_forgotten_who_has_no_key(book: KeyBook) -> None:
    book.add(_key(1), b"1")

    assert book.forget("host:1:worker") is None
    assert list(book.all()) == [_key(1)]


def test_the_last_use_is_the_latest_and_unknown_keys_are_none(book: KeyBook) -> None:
    book.add(_key(1), b"1")
    book.add(_key(2), b"2")

    book.used({"mm_1": LATER, "mm_3": LATER})
    book.used({"mm_1": NOW, "mm_2": NOW})

    assert [key.last_used_at for key in book.all()] == [NOW, LATER]


def test_another_process_knows_them_too(settings: Settings, book: KeyBook) -> None:
    book.add(_key(1), b"1")

    with closing(open_store(settings)) as other:
        assert list(other.keys.all()) == [_key(1)]
