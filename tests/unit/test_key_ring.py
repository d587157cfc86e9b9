"""A process' knowledge of the keys: what opens, for how long, and what strangers can cost."""

import hmac
import time
from functools import partial
from hashlib import sha256

import pytest

from application.api_keys import Caller, KeyNotFound, KeyRing, Scope
from application.errors import StoreUnavailable
from tests.support.core import Clock, in_threads
from tests.support.keys import MemoryKeyBook


@pytest.fixture
def book() -> MemoryKeyBook:
    return MemoryKeyBook()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ring(book: MemoryKeyBook, clock: Clock) -> KeyRing:
    return KeyRing(book, clock=clock)


def test_whoever_was_forgotten_is_let_in_as_before(ring: KeyRing) -> None:
    key, told = ring.create("the shop", Scope.READ, by="somebody", contact="shop@example.org")

    assert ring.forget(key.key_id) == key
    assert ring.caller_with(told) == Caller(key.key_id, Scope.READ)
    assert [(one.name, one.contact) for one in ring.all()] == [(None, None)]
    with pytest.raises(KeyNotFound):
        ring.forget("mm_nobody")


@pytest.mark.parametrize("scope", Scope)
def test_a_key_opens_as_whom_it_was_made_for(ring: KeyRing, scope: Scope) -> None:
    key, told = ring.create("the shop", scope, by="somebody")

    assert told.startswith(f"{key.key_id}_")
    assert ring.caller_with(told) == Caller(key.key_id, scope)


def test_every_scope_holds_itself_and_those_before_it() -> None:
    held = {scope: {other for other in Scope if scope.holds(other)} for scope in Scope}

    assert held == {
        Scope.READ: {Scope.READ},
        Scope.GENERATE: {Scope.READ, Scope.GENERATE},
        Scope.ADMIN: set(Scope),
    }


def test_secrets_are_compared_in_a_time_that_tells_nothing(
    ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the first difference is must not matter; and what is compared are hashes."""
    key, told = ring.create("the shop", Scope.READ, by="somebody")
    compared: list[tuple[bytes, bytes]] = []
    compare = hmac.compare_digest

    def noting(kept: bytes, given: bytes) -> bool:
        compared.append((kept, given))
        return compare(kept, given)

    monkeypatch.setattr(hmac, "compare_digest", noting)
    ring.caller_with(told)
    ring.caller_with(f"{key.key_id}_guessed")

    kept = sha256(told.removeprefix(f"{key.key_id}_").encode()).digest()
    assert compared == [(kept, kept), (kept, sha256(b"guessed").digest())]


def test_nothing_else_opens(ring: KeyRing) -> None:
    key, told = ring.create("the shop", Scope.READ, by="somebody")
    another = ring.create("another", Scope.READ, by="somebody")[1]
    mixed = f"{key.key_id}_{another.split('_', 2)[2]}"

    for wrong in (
        "",
        "mm_",
        key.key_id,
        f"{key.key_id}_",
        told[:-1],
        f"{told}x",
        told.upper(),
        mixed,
        "mm__",
        "ł",
    ):
        assert ring.caller_with(wrong) is None, wrong


def test_no_two_keys_are_alike_and_none_is_kept(ring: KeyRing, book: MemoryKeyBook) -> None:
    told = {ring.create("the shop", Scope.READ, by="somebody")[1] for _ in range(100)}

    assert len(told) == 100
    assert len({one[:15] for one in told}) == 100
    kept = repr(book.__dict__)
    assert not any(one.split("_", 2)[2] in kept for one in told)


def test_a_revoked_key_opens_nothing_and_stays_revoked_since_the_first_time(
    ring: KeyRing, clock: Clock
) -> None:
    key, told = ring.create("the shop", Scope.READ, by="somebody")
    at = clock()
    assert ring.revoke(key.key_id).revoked_at == at
    clock.advance(hours=1)

    assert ring.caller_with(told) is None
    assert ring.revoke(key.key_id).revoked_at == at
    with pytest.raises(KeyNotFound, match="There is no key mm_nobody"):
        ring.revoke("mm_nobody")


def test_what_another_process_changes_is_known_after_a_look(book: MemoryKeyBook, ring: KeyRing) -> None:
    other = KeyRing(book, clock=Clock())
    key, told = other.create("the shop", Scope.READ, by="somebody")
    assert ring.caller_with(told) is None
    assert ring.may_be_new(told)

    ring.look_again(asked_at=time.monotonic())
    assert ring.caller_with(told) == Caller(key.key_id, Scope.READ)
    assert not ring.may_be_new(f"{told}x"), "its id is known: another look would not help"

    other.revoke(key.key_id)
    ring.refresh()
    assert ring.caller_with(told) is None


def test_what_is_no_key_of_ours_is_worth_no_look(ring: KeyRing) -> None:
    assert not any(ring.may_be_new(wrong) for wrong in ("", "x", "mm_", "mm_0f3a5c9be1d2", "0f3a5c9be1d2_x"))


def test_many_who_make_keys_up_at_once_share_their_looks(ring: KeyRing, book: MemoryKeyBook) -> None:
    in_threads(*[partial(ring.look_again, asked_at=time.monotonic())] * 40)

    assert book.reads == 1


def test_a_look_that_failed_is_shared_too(ring: KeyRing, book: MemoryKeyBook) -> None:
    book.is_away = True
    looks = 0

    def look() -> None:
        nonlocal looks
        with pytest.raises(StoreUnavailable):
            ring.look_again(asked_at=asked_at)
        looks += 1

    asked_at = time.monotonic()
    in_threads(*[look] * 20)
    book.is_away = False

    assert (looks, book.tries) == (20, 1)
    ring.look_again(asked_at=time.monotonic())
    assert book.reads == 1


def test_while_the_store_is_away_the_keys_that_were_known_hold_on(ring: KeyRing, book: MemoryKeyBook) -> None:
    key, told = ring.create("the shop", Scope.READ, by="somebody")
    book.is_away = True

    for look in (
        ring.refresh,
        partial(ring.look_again, asked_at=time.monotonic()),
        partial(ring.revoke, key.key_id),
    ):
        with pytest.raises(StoreUnavailable):
            look()
    assert ring.caller_with(told) == Caller(key.key_id, Scope.READ)


def test_the_last_use_is_written_down_and_never_goes_back(
    ring: KeyRing, book: MemoryKeyBook, clock: Clock
) -> None:
    key, told = ring.create("the shop", Scope.READ, by="somebody")
    assert ring.all()[0].last_used_at is None
    ring.caller_with(told)
    used_at = clock()
    clock.advance(hours=1)
    ring.caller_with(f"{told}x")

    assert ring.all()[0].last_used_at == used_at, "a wrong secret is no use"
    ring.caller_with(told)
    book.is_away = True
    with pytest.raises(StoreUnavailable):
        ring.flush()
    book.is_away = False
    assert ring.all()[0].last_used_at == clock()
    assert key.key_id == ring.all()[0].key_id
