"""Revisions, promotions, edits and withdrawals (rules 6 and 7)."""

from uuid import UUID, uuid4

import pytest

from domain import events
from domain.errors import DescriptionIsWithdrawn, DescriptionNotFound, StaleVersion
from domain.values import JobStatus, MovieFacts, PromotionScope
from tests.support.film import ENGLISH, FACTS, FUNNY, POLISH, Film


def _current(film: Film) -> UUID | None:
    return film.movie.descriptions.current(ENGLISH)


def _default(film: Film) -> UUID | None:
    return film.movie.descriptions.default


def _edit(film: Film, based_on: UUID) -> UUID:
    description_id = uuid4()
    film.by().edit(ENGLISH, "By hand.", based_on=based_on, description_id=description_id, content_hash="h")
    return description_id


class TestRevisions:
    def test_the_first_description_becomes_the_default(self) -> None:
        film = Film()

        first = film.described(POLISH)

        assert film.last().becomes_default is True
        assert _default(film) == first

    def test_another_variant_never_replaces_the_default(self) -> None:
        film = Film()
        first = film.described(ENGLISH)

        second = film.described(FUNNY)

        assert _default(film) == first
        assert film.movie.descriptions.current(FUNNY) == second
        assert film.last().becomes_default is False

    def test_a_forced_text_is_the_next_revision_current_and_default_if_its_variant_was(self) -> None:
        film = Film()
        first = film.described()

        second = film.described(force=True)

        assert film.last().revision == 2
        assert _current(film) == _default(film) == second
        assert film.movie.descriptions.get(first).revision == 1, "nothing is overwritten"

    def test_a_forced_text_of_another_variant_leaves_the_default(self) -> None:
        film = Film()
        first = film.described(ENGLISH)
        film.described(FUNNY)

        film.described(FUNNY, force=True)

        assert _default(film) == first

    def test_a_forced_text_takes_the_default_only_from_the_current_one_of_its_variant(self) -> None:
        film = Film()
        first = film.described()
        film.described(force=True)
        film.by().promote(first, PromotionScope.FILM)

        film.described(force=True)

        assert _default(film) == first, "somebody chose revision 1 as the default"


class TestPromotion:
    def test_any_revision_can_become_current_again(self) -> None:
        film = Film()
        first = film.described()
        second = film.described(force=True)

        film.by().promote(first, PromotionScope.VARIANT)

        promoted = film.last()
        assert isinstance(promoted, events.DescriptionPromoted)
        assert (promoted.description_id, promoted.previous_description_id) == (first, second)
        assert promoted.scope == "variant"
        assert _current(film) == first
        assert film.ask().description_id == first

    def test_any_description_can_become_the_default_of_the_film(self) -> None:
        film = Film()
        first = film.described(ENGLISH)
        second = film.described(POLISH)

        film.by().promote(second, PromotionScope.FILM)

        assert _default(film) == second
        assert film.last().previous_description_id == first
        assert _current(film) == first

    def test_promoting_what_is_in_place_already_records_nothing(self) -> None:
        film = Film()
        first = film.described()
        before = len(film.events())

        film.by().promote(first, PromotionScope.VARIANT)
        film.by().promote(first, PromotionScope.FILM)

        assert film.since(before) == []

    def test_an_unknown_or_withdrawn_description_cannot_be_promoted(self) -> None:
        film = Film()
        first = film.described()
        film.described(force=True)
        film.by().withdraw(first, reason="wrong")

        with pytest.raises(DescriptionIsWithdrawn):
            film.by().promote(first, PromotionScope.VARIANT)
        with pytest.raises(DescriptionNotFound):
            film.by().promote(uuid4(), PromotionScope.FILM)

    def test_a_decision_on_an_older_state_is_refused(self) -> None:
        film = Film()
        film.described()
        seen = film.movie.visible_version
        film.described(POLISH)

        with pytest.raises(StaleVersion) as refusal:
            film.by().expect([seen])
        assert (refusal.value.expected, refusal.value.actual) == (str(seen), film.movie.visible_version)
        film.by().expect([seen, film.movie.visible_version])
        film.by().expect(None)


class TestEdit:
    def test_a_persons_text_is_the_next_revision(self) -> None:
        film = Film()
        first = film.described()

        second = _edit(film, first)

        edited = film.last()
        assert isinstance(edited, events.DescriptionEdited)
        assert (edited.revision, edited.origin, edited.based_on) == (2, "EDITED", first)
        assert _current(film) == _default(film) == second

    def test_a_request_is_answered_with_the_edit_and_the_job_that_made_the_original(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        film.start(job_id)
        first = film.complete(job_id, 1)
        assert first is not None
        second = _edit(film, first)

        answer = film.ask()

        assert (answer.status, answer.description_id, answer.job_id) == (JobStatus.DONE, second, job_id)

    def test_an_edit_may_be_of_another_variant_than_its_source(self) -> None:
        film = Film()
        first = film.described(ENGLISH)
        description_id = uuid4()

        film.by().edit(POLISH, "Ręcznie.", based_on=first, description_id=description_id, content_hash="h")

        assert film.last().revision == 1
        assert film.movie.descriptions.current(POLISH) == description_id
        assert _default(film) == first

    def test_an_edit_must_be_based_on_something_readers_may_see(self) -> None:
        film = Film()
        first = film.described()
        film.by().withdraw(first, reason="wrong")

        with pytest.raises(DescriptionIsWithdrawn):
            _edit(film, first)
        with pytest.raises(DescriptionNotFound):
            _edit(film, uuid4())


class TestWithdrawal:
    def test_the_newest_other_revision_takes_the_place(self) -> None:
        film = Film()
        first = film.described()
        second = film.described(force=True)
        third = film.described(force=True)

        film.by().withdraw(third, reason="wrong")

        assert film.last().replaced_by == second
        assert _current(film) == _default(film) == second
        film.by().withdraw(second, reason="wrong too")
        assert _current(film) == _default(film) == first

    def test_a_variant_without_a_text_left_can_be_asked_for_again(self) -> None:
        film = Film()
        first = film.described()

        film.by().withdraw(first, reason="wrong")

        assert film.last().replaced_by is None
        assert _current(film) is None
        assert _default(film) is None
        second = film.described()
        assert film.movie.descriptions.get(second).revision == 2, "the withdrawn one keeps its number"
        assert _default(film) == second

    def test_withdrawing_a_text_that_is_not_shown_changes_nothing_else(self) -> None:
        film = Film()
        first = film.described()
        second = film.described(force=True)

        film.by().withdraw(first, reason="wrong")

        assert _current(film) == _default(film) == second

    def test_a_withdrawn_default_gives_way_to_what_its_variant_shows(self) -> None:
        film = Film()
        first = film.described()
        second = film.described(force=True)
        film.described(force=True)
        film.by().promote(first, PromotionScope.VARIANT)
        film.by().promote(second, PromotionScope.FILM)

        film.by().withdraw(second, reason="wrong")

        assert _current(film) == _default(film) == first

    def test_the_text_of_another_variant_never_takes_the_place(self) -> None:
        film = Film()
        first = film.described(ENGLISH)
        film.described(FUNNY)

        film.by().withdraw(first, reason="wrong")

        assert film.last().replaced_by is None
        assert _default(film) is None

    def test_a_withdrawn_text_cannot_be_withdrawn_again(self) -> None:
        film = Film()
        first = film.described()
        film.by().withdraw(first, reason="wrong")

        with pytest.raises(DescriptionIsWithdrawn):
            film.by().withdraw(first, reason="again")


class TestFacts:
    def test_a_correction_is_recorded_with_its_reason(self) -> None:
        film = Film()
        corrected = MovieFacts(title="Matrix", release_year=2000, director="Someone", genres=("Drama",))

        film.by().correct_facts(corrected, reason="typing error")

        assert film.movie.facts == corrected
        assert film.last().reason == "typing error"
        assert film.movie.slug == "the-matrix-1999", "the key stays"

    def test_correcting_nothing_records_nothing(self) -> None:
        film = Film()
        before = len(film.events())

        film.by().correct_facts(FACTS, reason="none")

        assert film.since(before) == []


class TestVisibleVersion:
    def test_it_moves_with_what_readers_see_and_only_with_that(self) -> None:
        film = Film()
        moved = []
        seen = film.movie.visible_version

        def note(step: str) -> None:
            nonlocal seen
            if film.movie.visible_version != seen:
                moved.append(step)
                seen = film.movie.visible_version
                assert seen == film.movie.version

        job_id = film.ask().job_id
        note("request")
        film.start(job_id)
        note("start")
        film.fail(job_id, 1)
        note("fail")
        film.advance(seconds=10)
        film.start(job_id)
        first = film.complete(job_id, 2)
        assert first is not None
        note("complete")
        second = film.described(force=True)
        note("force")
        film.by().promote(first, PromotionScope.VARIANT)
        note("promote")
        _edit(film, first)
        note("edit")
        film.by().withdraw(second, reason="wrong")
        note("withdraw")
        film.by().correct_facts(MovieFacts(title="Matrix"), reason="typo")
        note("facts")
        cancelled = film.ask(POLISH).job_id
        film.by().cancel(cancelled, reason="not wanted")
        note("cancel")

        assert moved == ["complete", "force", "promote", "edit", "withdraw", "facts"]
