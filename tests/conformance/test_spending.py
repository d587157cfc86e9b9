"""What paid calls took: folded from the log, and summed up the same on every store."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.projections.spending import MOST, OFFLINE
from application.spending import MOST_FILMS, GroupBy, Spending, Spent
from domain.values import Actor, Failure, FailureType, Locale, PaidCall, Variant
from tests.support.core import Core
from tests.support.film import BACKOFF, BEGIN, CALL, ENGLISH, FUNNY, POLISH, Film, draft
from tests.support.stores import Views

DAY = BEGIN.date()
BILLIONS = 3 * 2**31
LOST = replace(CALL, tokens_in=None, tokens_out=None, cost_microusd=None, outcome="worker_lost")
FLAWED = replace(CALL, tokens_in=11, tokens_out=21, cost_microusd=8, outcome="validation_error")
NEVER_CAME = replace(CALL, tokens_in=None, tokens_out=None, cost_microusd=None, outcome="timeout")

Ask = Callable[..., Spending]


class Payer:
    """A film that is written about with calls of one's choice."""

    def __init__(self, slug: str = "the-matrix-1999", *, at: datetime = BEGIN) -> None:
        self.film = Film(slug)
        self.film.now = at

    def start(self, variant: Variant = ENGLISH, *, by: str = "client") -> UUID:
        """A job whose first attempt runs."""
        job_id = self.film.ask(variant, by=Actor(by, "request"), force=True).job_id
        self.film.start(job_id)
        return job_id

    def accept(self, job_id: UUID, *calls: PaidCall, attempt: int = 1) -> None:
        assert self.complete(job_id, *calls, attempt=attempt) is not None

    def complete(self, job_id: UUID, *calls: PaidCall, attempt: int = 1) -> UUID | None:
        return self.film.by().complete(job_id, attempt, draft(), calls, description_id=uuid4())

    def refuse(self, job_id: UUID, *calls: PaidCall, attempt: int = 1) -> None:
        failure = Failure(FailureType.VALIDATION_ERROR, "The text was not good enough.")
        self.film.by().fail(job_id, attempt, failure, calls, backoff=BACKOFF)

    def lose(self, job_id: UUID, call: PaidCall = LOST) -> None:
        """The worker is taken for dead, in the middle of a call of which nothing is known."""
        self.film.by().lose(job_id, 1, why="silent", calls=(call,))

    def described(self, *calls: PaidCall, variant: Variant = ENGLISH, by: str = "client") -> None:
        self.accept(self.start(variant, by=by), *calls)


@pytest.fixture
def ask(core: Core, views: Views) -> Ask:
    """What was spent on films, once the view has followed."""

    def ask(*payers: Payer, first: date = DAY, last: date = DAY, group_by: GroupBy = GroupBy.DAY) -> Spending:
        for payer in payers:
            core.generations.save(payer.film.movie)
        views.follow(core.log)
        return views.spending.between(first, last, group_by)

    return ask


def test_what_was_accepted_is_told_from_what_was_refused(ask: Ask) -> None:
    payer = Payer()
    job_id = payer.start()
    payer.refuse(job_id, FLAWED)
    payer.film.advance(minutes=1)
    payer.film.start(job_id)
    payer.accept(job_id, CALL, attempt=2)

    assert ask(payer).total == Spent(
        calls=2,
        accepted_calls=1,
        refused_calls=1,
        tokens_in=10 + 11,
        tokens_out=20 + 21,
        cost_microusd=7 + 8,
        refused_cost_microusd=8,
    )


def test_a_text_that_came_too_late_was_refused_and_still_paid_for(ask: Ask) -> None:
    payer = Payer()
    job_id = payer.start()
    payer.film.by().cancel(job_id, reason="not wanted")
    payer.complete(job_id, CALL)

    spending = ask(payer, group_by=GroupBy.OUTCOME)

    assert spending.groups == {"accepted": spending.total}, "the writer had nothing against it"
    assert (spending.total.refused_calls, spending.total.refused_cost_microusd) == (1, 7)


def test_calls_of_which_nothing_is_known_are_counted_and_in_no_sum(ask: Ask) -> None:
    payer = Payer()
    payer.refuse(payer.start(), NEVER_CAME)
    payer.described(CALL, variant=FUNNY)

    total = ask(payer).total

    assert (total.calls, total.unknown_cost_calls) == (2, 1)
    assert (total.tokens_in, total.tokens_out, total.cost_microusd) == (10, 20, 7)


def test_what_a_lost_worker_spent_is_unknown_until_it_comes_back(ask: Ask) -> None:
    payer = Payer()
    job_id = payer.start()
    payer.lose(job_id)
    lost = ask(payer).total
    payer.film.advance(minutes=5)
    payer.accept(job_id, CALL)
    found = ask(payer).total

    assert (lost.calls, lost.refused_calls, lost.unknown_cost_calls) == (1, 1, 1)
    assert (found.calls, found.accepted_calls, found.unknown_cost_calls) == (1, 1, 0)
    assert found.cost_microusd == 7


def test_a_lost_worker_that_comes_back_with_nothing_to_tell_changes_nothing(ask: Ask) -> None:
    payer = Payer()
    job_id = payer.start()
    payer.lose(job_id)
    lost = ask(payer)
    payer.complete(job_id)

    assert ask(payer) == lost


def test_what_the_template_writes_is_not_spending(ask: Ask) -> None:
    payer = Payer()
    payer.described(replace(CALL, model=OFFLINE, tokens_in=0, tokens_out=0, cost_microusd=0))

    assert ask(payer) == Spending(Spent(), {})


def test_an_attempt_of_several_calls_sums_them_up(ask: Ask) -> None:
    payer = Payer()
    payer.described(FLAWED, NEVER_CAME, CALL)

    spending = ask(payer, group_by=GroupBy.OUTCOME)

    assert spending.total == Spent(
        calls=3,
        accepted_calls=3,
        tokens_in=21,
        tokens_out=41,
        cost_microusd=15,
        unknown_cost_calls=1,
    )
    assert list(spending.groups) == ["accepted"]


@pytest.mark.parametrize(
    ("group_by", "costs"),
    [
        (GroupBy.DAY, {"2026-01-01": 7, "2026-01-02": 1_110}),
        (GroupBy.MODEL, {"a:B-large": 100, "a:b-mini": 1_010, "fake": 7}),
        (GroupBy.LOCALE, {"en-US": 1_007, "pl-PL": 110}),
        (GroupBy.CONTEXT_TAG, {"DEFAULT": 117, "humorous": 1_000}),
        (GroupBy.REQUESTER, {"Zoe": 1_000, "anna": 17, "ben": 100}),
        (GroupBy.OUTCOME, {"accepted": 117, "validation_error": 1_000}),
        (GroupBy.SLUG, {"heat-1995": 1_000, "alien-1979": 117}),
    ],
    ids=[*GroupBy],
)
def test_it_is_grouped_by_what_one_asks_for(ask: Ask, group_by: GroupBy, costs: dict[str, int]) -> None:
    alien, heat = Payer("alien-1979"), Payer("heat-1995", at=BEGIN + timedelta(days=1))
    alien.described(CALL, by="anna")
    alien.film.advance(days=1)
    alien.described(replace(CALL, model="a:b-mini", cost_microusd=10), variant=POLISH, by="anna")
    alien.described(replace(CALL, model="a:B-large", cost_microusd=100), variant=POLISH, by="ben")
    heat.refuse(heat.start(FUNNY, by="Zoe"), replace(FLAWED, model="a:b-mini", cost_microusd=1_000))

    spending = ask(alien, heat, last=DAY + timedelta(days=1), group_by=group_by)

    assert [(name, spent.cost_microusd) for name, spent in spending.groups.items()] == [*costs.items()]
    assert spending.total.cost_microusd == 1_117
    assert sum(spent.refused_cost_microusd for spent in spending.groups.values()) == 1_000


def test_a_day_begins_and_ends_at_midnight_in_utc(ask: Ask) -> None:
    midnight = BEGIN + timedelta(days=1)
    instant = timedelta(microseconds=1)
    payers = []
    for number, at in enumerate([BEGIN - instant, BEGIN, midnight - instant, midnight]):
        payers.append(Payer(f"film-{number}-1999", at=at))
        payers[-1].described(replace(CALL, cost_microusd=10**number))

    assert ask(*payers).total.cost_microusd == 110
    assert ask(last=date.max).total.cost_microusd == 1_110
    assert ask(first=date.min).total.cost_microusd == 111
    days = ask(first=date.min, last=date.max).groups
    assert [(day, spent.cost_microusd) for day, spent in days.items()] == [
        ("2025-12-31", 1),
        ("2026-01-01", 110),
        ("2026-01-02", 1_000),
    ]


def test_sums_may_be_larger_than_what_32_bits_hold(ask: Ask) -> None:
    payer, dear = Payer(), replace(CALL, tokens_in=BILLIONS, cost_microusd=BILLIONS)
    for variant in (ENGLISH, FUNNY, POLISH):
        payer.described(dear, variant=variant)

    spent = ask(payer).groups["2026-01-01"]

    assert (spent.tokens_in, spent.cost_microusd) == (3 * BILLIONS, 3 * BILLIONS)


def test_a_provider_that_counts_beyond_all_bounds_stops_no_view(ask: Ask) -> None:
    payer = Payer()
    payer.described(replace(CALL, tokens_in=2**70, cost_microusd=2**70))

    total = ask(payer).total

    assert (total.tokens_in, total.tokens_out, total.cost_microusd) == (MOST, 20, MOST)


def test_of_films_the_dearest_are_listed_and_all_are_in_the_total(ask: Ask) -> None:
    payers = [Payer(f"film-{number:03}-1999") for number in range(MOST_FILMS + 2)]
    for number, payer in enumerate(payers):
        payer.described(replace(CALL, cost_microusd=number // 2))

    spending = ask(*payers, group_by=GroupBy.SLUG)

    by_cost = sorted(range(2, MOST_FILMS + 2), key=lambda number: (-(number // 2), number))
    assert list(spending.groups) == [f"film-{number:03}-1999" for number in by_cost]
    assert spending.total.calls == MOST_FILMS + 2


def test_it_needs_no_other_view(core: Core, views: Views) -> None:
    """One of them may be empty, because it is being folded anew."""
    payer = Payer()
    payer.refuse(payer.start(Variant(Locale.FR_FR, ENGLISH.context_tag), by="anna"), FLAWED)
    core.generations.save(payer.film.movie)

    spending = next(p for p in views.projections() if p.view is views.spending)
    spending.fold(core.log.after(0, limit=100), after=0)

    found: dict[str, Any] = {
        group_by: list(views.spending.between(DAY, DAY, group_by).groups)
        for group_by in (GroupBy.LOCALE, GroupBy.REQUESTER, GroupBy.SLUG)
    }
    assert found == {"locale": ["fr-FR"], "requester": ["anna"], "slug": ["the-matrix-1999"]}
