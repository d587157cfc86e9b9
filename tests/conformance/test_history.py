"""The tree over the events of a real store: it follows them, and what it is signed for cannot be undone."""

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from itertools import product
from pathlib import Path

import pytest

from application.audit.checkpoints import Checkpoint, sign_checkpoint
from application.audit.keeping import HistoryKeeper
from application.audit.merkle import EMPTY_ROOT, root_of
from application.audit.published import HistoryChanged, NothingPublished, PublishedHistory
from application.audit.signed_notes import NotSigned, SignatureWrong, SigningKey
from application.audit.tiles import WIDTH
from application.audit.verification import Kind, Tampering
from application.errors import ViewMoved
from infrastructure.places import DirectoryPlace
from infrastructure.settings import Settings
from infrastructure.store import Store
from tests.support.histories import KEY, History, Row
from tests.support.random_films import RandomFilms
from tests.support.rebuilding import change, is_sqlite, select


@pytest.fixture
def history(settings: Settings, store: Store, films: RandomFilms, tmp_path: Path) -> History:
    """Of more than one tile."""
    films.go_on(600)
    return History(settings, store, tmp_path / "published")


@pytest.fixture
def signed(history: History) -> Checkpoint:
    """Of all events there are."""
    return history.publish()


def test_the_root_is_that_of_all_events_in_their_order(history: History) -> None:
    history.grow()
    events = history.leaves()

    assert history.tree.size() == len(events) > WIDTH
    assert history.tree.root(len(events)) == root_of([event.hash for event in events])
    assert [event.sequence for event in events] == [*range(len(events))]


def test_it_can_be_asked_for_every_earlier_size(history: History) -> None:
    history.grow()
    hashes = [event.hash for event in history.leaves()]

    assert all(history.tree.root(size) == root_of(hashes[:size]) for size in range(len(hashes) + 1))


def test_an_empty_history_has_a_tree_and_can_be_published(
    settings: Settings, store: Store, tmp_path: Path
) -> None:
    empty = History(settings, store, tmp_path / "published")

    assert empty.publish() == Checkpoint(KEY.name, 0, EMPTY_ROOT)
    assert empty.verify().events == 0


def test_batches_of_any_size_make_the_same_tree(history: History, films: RandomFilms) -> None:
    history.grow()
    for _ in range(6):
        films.go_on(60)
        history.grow()
    grown = select(history.store, "SELECT * FROM merkle_tiles ORDER BY level, number")

    history.rewrite_the_tree()

    assert history.tree.size() > WIDTH, "tiles of two levels"
    assert select(history.store, "SELECT * FROM merkle_tiles ORDER BY level, number") == grown


def test_of_two_who_grow_it_one_gives_way(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    tiles = history.store.tiles
    tree = history.tree
    size = tiles.size

    def overtaken() -> int:
        monkeypatch.setattr(tiles, "size", size)
        history.grow()
        return size()

    monkeypatch.setattr(tiles, "size", overtaken)
    with pytest.raises(ViewMoved):
        tree.step()

    assert history.verify(history.publish()).tampering is None


def test_a_copy_of_the_events_has_the_same_root(history: History, signed: Checkpoint) -> None:
    history.tamper(lambda rows: [row._replace(position=row.position + 1_000) for row in rows])

    assert history.verify().tampering is None, "positions are no part of the history"


def test_what_is_published_proves_the_events(history: History, films: RandomFilms) -> None:
    for _ in range(3):
        signed = history.publish()
        films.go_on(100)
    history.grow()

    verified = history.verify()

    assert (verified.tampering, verified.is_tree_damaged) == (None, False)
    assert verified.signed == signed.size < verified.events == len(history.leaves())


def test_old_checkpoints_go_on_to_prove_it(history: History, films: RandomFilms) -> None:
    checkpoints = []
    for _ in range(4):
        checkpoints.append(history.publish())
        films.go_on(50)

    verified = history.verify(*checkpoints)

    assert verified.tampering is None
    assert verified.signed == checkpoints[-1].size


def test_tiles_that_are_published_make_the_root_that_is_signed(history: History, films: RandomFilms) -> None:
    for _ in range(4):
        signed = history.publish()
        films.go_on(70)
    history.publish()

    path = history.place / "tile" / "0"
    full = [file for file in sorted(path.iterdir()) if file.is_file()]
    assert signed.size > WIDTH
    assert full[0].read_bytes() == b"".join(event.hash for event in history.leaves()[:WIDTH])
    assert all(file.stat().st_size == WIDTH * 32 for file in full)


def test_to_publish_again_changes_nothing(history: History, signed: Checkpoint) -> None:
    before = {file: file.stat().st_mtime_ns for file in history.place.rglob("*")}

    assert history.publish() == signed

    assert {file: file.stat().st_mtime_ns for file in history.place.rglob("*")} == before


def _flipped(rows: list[Row], at: int) -> list[Row]:
    state = rows[at].state
    return [*rows[:at], rows[at]._replace(state=bytes([state[0] ^ 1, *state[1:]])), *rows[at + 1 :]]


def _renamed(rows: list[Row], at: int) -> list[Row]:
    return [*rows[:at], rows[at]._replace(topic="movie-generation:GenerationCancelled"), *rows[at + 1 :]]


def _moved(rows: list[Row], at: int) -> list[Row]:
    return [*rows[:at], rows[at]._replace(version=9_999), *rows[at + 1 :]]


def _deleted(rows: list[Row], at: int) -> list[Row]:
    return [*rows[:at], *rows[at + 1 :]]


def _deleted_three(rows: list[Row], at: int) -> list[Row]:
    return [*rows[:at], *rows[at + 3 :]]


def _inserted(rows: list[Row], at: int) -> list[Row]:
    """Positions are where they can be, so all that follow move up."""
    new = rows[at]._replace(version=9_999)
    return [*rows[:at], new, *(row._replace(position=row.position + 1) for row in rows[at:])]


def _swapped(rows: list[Row], at: int) -> list[Row]:
    here, there = rows[at], rows[at + 5]
    rows[at] = there._replace(position=here.position)
    rows[at + 5] = here._replace(position=there.position)
    return rows


def _of_another_film(rows: list[Row], at: int) -> list[Row]:
    stream = next(row.stream for row in rows if row.stream != rows[at].stream)
    return [*rows[:at], rows[at]._replace(stream=stream, version=9_999), *rows[at + 1 :]]


def _moved_back(rows: list[Row], at: int) -> list[Row]:
    """The last event comes before all the others from there on."""
    moved = [*rows[:at], rows[-1], *rows[at:-1]]
    return [new._replace(position=row.position) for new, row in zip(moved, rows, strict=True)]


TAMPERINGS: dict[str, tuple[Callable[[list[Row], int], list[Row]], Kind, int]] = {
    "a byte flipped": (_flipped, Kind.ALTERED, 1),
    "another topic": (_renamed, Kind.ALTERED, 1),
    "another version": (_moved, Kind.ALTERED, 1),
    "another film": (_of_another_film, Kind.ALTERED, 1),
    "an event deleted": (_deleted, Kind.MISSING, 1),
    "three events deleted": (_deleted_three, Kind.MISSING, 3),
    "an event inserted": (_inserted, Kind.INSERTED, 1),
    "two events swapped": (_swapped, Kind.REORDERED, 5),
}
AT = (0, 1, 255, 256, 300)


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_the_first_event_that_was_changed_is_found_and_named(
    history: History, signed: Checkpoint, films: RandomFilms, tampering: str
) -> None:
    """Also where the tree in the store was made to fit."""
    films.go_on(30)
    history.grow()
    tamper, kind, events = TAMPERINGS[tampering]

    for at, knows_the_tree in product(AT, (False, True)):
        with history.tampered(lambda rows: tamper(rows, at)):  # noqa: B023 - called at once
            if knows_the_tree:
                history.rewrite_the_tree()
            found = history.verify().tampering
            assert found is not None
            assert (found.kind, found.sequence, found.events) == (kind, at, events)
            assert found.found == history.leaves()[at]
        history.rewrite_the_tree()
        assert history.verify().tampering is None


def test_a_tail_that_was_cut_off_is_missed(history: History, signed: Checkpoint) -> None:
    for is_rewritten in (False, True):
        with history.tampered(lambda rows: rows[:300]):
            if is_rewritten:
                history.rewrite_the_tree()
            missing = Tampering(kind=Kind.CUT_OFF, sequence=300, events=signed.size - 300)
            assert history.verify().tampering == missing


def test_an_older_backup_is_not_the_history_that_was_signed(history: History, films: RandomFilms) -> None:
    """Not when it is put in place, and not when it went on from there another way."""
    older = history.publish()
    films.go_on(60)
    rows_then = older.size
    newer = history.publish()

    with history.tampered(lambda rows: rows[:rows_then]):
        history.rewrite_the_tree()
        assert history.verify(older).tampering is None
        assert history.verify().tampering == Tampering(
            kind=Kind.CUT_OFF, sequence=rows_then, events=newer.size - rows_then
        )
        with pytest.raises(HistoryChanged, match=f"there are {rows_then}, and {newer.size} were signed"):
            history.publish()

    with history.tampered(lambda rows: [*rows[:rows_then], *_others(rows[rows_then:])]):
        history.rewrite_the_tree()
        found = history.verify().tampering
        assert found is not None
        assert (found.kind, found.sequence) == (Kind.ALTERED, rows_then)
        with pytest.raises(HistoryChanged, match=f"the first {newer.size} are others"):
            history.publish()
        assert history.published.checkpoint() == newer


def _others(rows: list[Row]) -> list[Row]:
    return [row._replace(state=row.state + b" ") for row in rows]


def test_a_fork_that_is_signed_is_found_by_who_kept_a_checkpoint(
    history: History, signed: Checkpoint
) -> None:
    """Whoever has the key and the place can publish another history, of whose events that is true."""
    with history.tampered(lambda rows: [*rows[:300], *_others(rows[300:])]):
        history.rewrite_the_tree()
        size = history.tree.size()
        forked = sign_checkpoint(size, history.tree.root(size), KEY)
        (history.place / "checkpoint").write_text(forked, encoding="utf-8")
        assert history.verify().tampering is None

        alone = history.verify(signed).tampering
        beside = history.verify(signed, history.published.last()).tampering

    assert alone is not None
    assert (alone.kind, alone.sequence) == (Kind.ALTERED, 300), "by the tiles that were published"
    assert beside is not None
    assert (beside.kind, beside.sequence) == (Kind.FORKED, 300)


def test_two_roots_of_one_size_are_two_histories(history: History, signed: Checkpoint) -> None:
    other = Checkpoint(signed.origin, signed.size, bytes(32))

    verified = history.verify(signed, other)

    assert verified.tampering == Tampering(kind=Kind.FORKED, sequence=0, events=signed.size)


def test_without_the_hashes_of_single_events_it_is_told_between_which_checkpoints(
    history: History, films: RandomFilms
) -> None:
    first = history.publish()
    films.go_on(60)
    second = history.publish()

    with history.tampered(lambda rows: _flipped(rows, first.size + 5)):
        found = history.verify(first, second, with_tiles=False).tampering
        assert found is not None
        assert (found.kind, found.sequence) == (Kind.ALTERED, first.size + 5), "the tree in the store tells"
        history.rewrite_the_tree()
        verified = history.verify(first, second, with_tiles=False)

    assert verified.signed == first.size
    assert verified.tampering == Tampering(
        kind=Kind.SOMEWHERE, sequence=first.size, events=second.size - first.size
    )


def test_events_that_nobody_has_signed_are_held_against_the_tree_in_the_store(
    history: History, signed: Checkpoint, films: RandomFilms
) -> None:
    films.go_on(40)
    history.grow()

    with history.tampered(lambda rows: _flipped(rows, signed.size + 3)):
        found = history.verify().tampering
        assert found is not None
        assert (found.kind, found.sequence) == (Kind.ALTERED, signed.size + 3)

        history.rewrite_the_tree()
        assert history.verify().tampering is None, "what happens behind the last checkpoint can be hidden"


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE merkle_tiles SET hashes = {zeros} WHERE level = 0 AND number = 0",
        "UPDATE merkle_tiles SET hashes = {zeros} WHERE level = 1 AND number = 0",
        "DELETE FROM merkle_tiles WHERE level = 0 AND number = 0",
        "DELETE FROM merkle_tiles WHERE level = 1",
    ],
)
def test_a_tree_that_is_wrong_is_told_from_events_that_are(
    history: History, signed: Checkpoint, damage: str
) -> None:
    zeros = "zeroblob(8192)" if is_sqlite(history.store) else "decode(repeat('00', 8192), 'hex')"

    change(history.store, damage.format(zeros=zeros))

    verified = history.verify()
    assert (verified.tampering, verified.is_tree_damaged) == (None, True)
    assert verified.signed == signed.size


def test_the_end_of_what_was_signed_is_missed_also_where_events_came_since(
    history: History, films: RandomFilms
) -> None:
    signed = history.publish()
    films.go_on(40)
    history.grow()

    with history.tampered(lambda rows: [*rows[: signed.size - 3], *rows[signed.size :]]):
        found = history.verify().tampering

    assert found is not None
    assert (found.kind, found.sequence, found.events) == (Kind.MISSING, signed.size - 3, 3)


def test_an_event_that_was_moved_from_far_away_is_out_of_its_place(
    history: History, signed: Checkpoint
) -> None:
    with history.tampered(lambda rows: _moved_back(rows, 10)):
        found = history.verify().tampering

    assert found is not None
    assert (found.kind, found.sequence) == (Kind.REORDERED, 10)


def test_a_row_that_no_follower_reads_is_seen(history: History, signed: Checkpoint) -> None:
    """It would be found in its stream, and decide what is decided about the film."""

    def with_a_row_below_all(rows: list[Row]) -> list[Row]:
        last = max((row for row in rows if row.stream == rows[0].stream), key=lambda row: row.version)
        return [last._replace(version=last.version + 1, position=-5), *rows]

    with history.tampered(with_a_row_below_all):
        found = history.verify().tampering

    assert found is not None
    assert (found.kind, found.sequence) == (Kind.INSERTED, 0)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
class TestOnSqlite:
    """Where any value can stand in any column."""

    @pytest.mark.parametrize(
        "edit",
        [
            "state = replace(CAST(state AS TEXT), 'a', 'b')",
            "topic = CAST('other' AS BLOB)",
            "originator_version = 'x'",
            "originator_id = 'x'",
            "originator_id = substr(originator_id, 1, 8) || '-' || substr(originator_id, 9)",
        ],
    )
    def test_what_a_person_would_type_is_found(self, history: History, signed: Checkpoint, edit: str) -> None:
        with closing(sqlite3.connect(history.settings.event_store_path)) as file, file:
            file.execute(f"UPDATE stored_events SET {edit} WHERE rowid = 5")

        found = history.verify().tampering

        assert found is not None
        assert (found.kind, found.sequence) == (Kind.ALTERED, 4)


class TestWhatIsPublished:
    def test_it_is_of_the_key_that_is_asked_for(self, history: History, signed: Checkpoint) -> None:
        other = SigningKey.generate(KEY.name)

        with pytest.raises(NotSigned):
            PublishedHistory(DirectoryPlace(history.place), other.verifier_key).checkpoint()
        with pytest.raises(NotSigned):
            PublishedHistory(DirectoryPlace(history.place), other.verifier_key).publish(history.tree, other)

    def test_a_size_that_was_changed_is_not_what_was_signed(
        self, history: History, signed: Checkpoint
    ) -> None:
        file = history.place / "checkpoint"
        file.write_bytes(file.read_bytes().replace(b"\n%d\n" % signed.size, b"\n%d\n" % (signed.size - 1)))

        with pytest.raises(SignatureWrong):
            history.verify()
        with pytest.raises(SignatureWrong):
            history.publish()

    @pytest.mark.parametrize("tile", [(0, 0), (0, 1), (1, 0)])
    def test_a_hash_that_is_forged_is_not_signed(
        self, history: History, films: RandomFilms, tile: tuple[int, int]
    ) -> None:
        """Hashes above the leaves have to be those that were signed; and the tree has to be whole."""
        signed = history.publish()
        films.go_on(300)
        history.grow()
        level, number = tile
        rest = "substr(hashes, 33)" if is_sqlite(history.store) else "substring(hashes from 33)"
        forged = (
            f"CAST(x'{'ab' * 32}' || {rest} AS BLOB)"
            if is_sqlite(history.store)
            else f"decode('{'ab' * 32}', 'hex') || {rest}"
        )
        where = f"level = {level} AND number = {number}"
        change(history.store, f"UPDATE merkle_tiles SET hashes = {forged} WHERE {where}")

        with suppress(HistoryChanged):
            history.published.publish(history.tree, KEY)

        change(
            history.store,
            "DELETE FROM merkle_tiles",
            "UPDATE tracking SET position = 0 WHERE view = 'merkle_tiles'",
        )
        history.grow()
        verified = history.verify(signed, history.published.last())
        assert (verified.tampering, verified.is_tree_damaged) == (None, False)

    def test_a_tree_with_a_hole_is_not_signed(self, history: History, films: RandomFilms) -> None:
        signed = history.publish()
        films.go_on(40)
        history.grow()
        change(history.store, "DELETE FROM merkle_tiles WHERE level = 0 AND number = 1")
        films.go_on(300)
        history.grow()

        with pytest.raises(HistoryChanged):
            history.published.publish(history.tree, KEY)

        assert history.published.last() == signed

    def test_a_place_that_has_lost_its_checkpoint_is_no_new_one(
        self, history: History, signed: Checkpoint
    ) -> None:
        (history.place / "checkpoint").unlink()

        with pytest.raises(NothingPublished, match="moviemind audit checkpoint --begin"):
            history.published.publish(history.tree, KEY)
        with pytest.raises(NothingPublished):
            history.published.last()

    def test_it_grows_only_from_what_is_there(self, history: History, signed: Checkpoint) -> None:
        """An event that is changed where a tree does not look any more is still not signed again."""
        with history.tampered(lambda rows: _flipped(rows, 3)):
            assert history.publish() == signed, "the tree in the store has the old hash"
            history.rewrite_the_tree()
            with pytest.raises(HistoryChanged):
                history.publish()


class TestKeeping:
    def test_it_signs_once_it_has_taken_in_all(self, history: History) -> None:
        published: list[int] = []
        keeper = HistoryKeeper(history.tree, lambda: published.append(history.tree.size()))

        assert keeper.step() == 0

        assert published == [len(history.leaves())]

    def test_it_signs_also_while_events_keep_coming(self, history: History, films: RandomFilms) -> None:
        published: list[int] = []
        keeper = HistoryKeeper(history.tree, lambda: published.append(history.tree.size()))

        for _ in range(3):
            films.go_on(5)
            assert keeper.step() == 0

        assert len(published) == 3

    def test_without_a_key_the_tree_is_kept(self, history: History) -> None:
        keeper = HistoryKeeper(history.tree, None)

        while keeper.step():
            pass

        assert history.tree.size() == len(history.leaves())

    def test_a_history_that_was_changed_is_told_and_not_signed(
        self, history: History, signed: Checkpoint, capsys: pytest.CaptureFixture[str]
    ) -> None:
        keeper = HistoryKeeper(history.tree, lambda: history.published.publish(history.tree, KEY))

        with history.tampered(lambda rows: _flipped(rows, 3)):
            history.rewrite_the_tree()
            assert keeper.step() == 0

        assert "history.not_signed" in capsys.readouterr().out
        assert history.published.checkpoint() == signed
