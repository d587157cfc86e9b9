"""Proofs that single events are part of the signed history of a real store."""

from pathlib import Path

import pytest

from application.audit.proofs import TreeTooSmall
from application.audit.proving import NotProvable, prove
from infrastructure.settings import Settings
from infrastructure.store import Store
from tests.support.histories import KEY, History
from tests.support.random_films import RandomFilms
from tests.unit.audit.verifier import Verifier, ndjson


@pytest.fixture
def history(settings: Settings, store: Store, films: RandomFilms, tmp_path: Path) -> History:
    films.go_on(400)
    return History(settings, store, tmp_path / "published")


@pytest.fixture
def verifier(tmp_path: Path) -> Verifier:
    return Verifier(tmp_path)


def test_every_event_is_proven_by_every_later_checkpoint(history: History, films: RandomFilms) -> None:
    first = history.publish()
    note = history.published.note() or ""
    films.go_on(50)
    history.grow()

    log = history.store.log
    positions = [one.position for one in log.stored_after(0, limit=10_000)]
    proofs = [
        prove(position, note, first, log=log, tree=history.tree) for position in positions[: first.size]
    ]

    assert [proof["event"]["sequence"] for proof in proofs] == [*range(first.size)]
    with pytest.raises(TreeTooSmall):
        prove(positions[first.size], note, first, log=log, tree=history.tree)


def test_whoever_has_only_the_key_believes_it(history: History, verifier: Verifier) -> None:
    signed = history.publish()
    note = history.published.note() or ""
    log = history.store.log
    (one,) = log.stored_after(log.stored_after(0, limit=200)[-1].position, limit=1)
    proof = prove(one.position, note, signed, log=log, tree=history.tree)

    proven = verifier.proof(proof, KEY)
    assert proven.stdout == f"Proven: this is event 200 of the {signed.size} that were signed.\n"

    proof["event"]["state"] = proof["event"]["state"].replace("e", "f", 1)
    assert verifier.proof(proof, KEY).returncode == 1


def test_an_export_is_believed_by_whoever_has_the_key(history: History, verifier: Verifier) -> None:
    signed = history.publish()
    lines = [leaf.as_json() for leaf in history.leaves()]

    proven = verifier.export(lines, history.published.note() or "", KEY)
    assert (
        proven.stdout
        == f"Proven: the first {signed.size} of {len(lines)} events are those that were signed.\n"
    )

    lines[7]["state"] = lines[8]["state"]
    assert verifier.export(ndjson(lines), history.published.note() or "", KEY).returncode == 1


def test_an_event_that_is_gone_cannot_be_proven(history: History) -> None:
    signed = history.publish()
    position = history.store.log.head()

    with history.tampered(lambda rows: rows[:-1]), pytest.raises(NotProvable):
        prove(position, "", signed, log=history.store.log, tree=history.tree)


def test_an_event_that_was_changed_cannot_be_proven(history: History) -> None:
    signed = history.publish()
    position = history.store.log.stored_after(0, limit=1)[0].position

    with (
        history.tampered(lambda rows: [rows[0]._replace(state=rows[0].state + b" "), *rows[1:]]),
        pytest.raises(NotProvable, match="is not the one that was signed"),
    ):
        prove(position, "", signed, log=history.store.log, tree=history.tree)
