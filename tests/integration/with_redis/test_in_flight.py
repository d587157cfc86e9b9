"""In-flight tokens spare the store a herd, and never say what the store would not."""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import OperationalError

from application import reading
from application.commands.request_generation import RequestedGeneration
from application.errors import StoreUnavailable
from application.in_flight import CLAIM_WAITS_SECONDS, AskedVariant, JobToken, Seen
from domain.errors import FactsContradictSlug, SlugRefused
from domain.events import GenerationRequested
from domain.values import ContextTag, JobStatus, Locale, MovieFacts, Variant
from tests.integration.with_redis.house import House
from tests.support.core import CLIENT, SLUG, in_threads
from tests.support.servers import Redis

ASKED = AskedVariant(SLUG, Variant(Locale.EN_US, ContextTag.DEFAULT))
THREADS, EACH = 40, 10
PATIENCE_SECONDS = 5.0
"""Of whoever asks while Redis does not answer, on a busy machine."""


def test_a_herd_is_one_job_and_most_of_it_reads_no_stream(house: House) -> None:
    def ask() -> set[UUID]:
        return {house.job().job_id for _ in range(EACH)}

    answers = in_threads(*[ask] * THREADS)

    assert len(set.union(*answers)) == 1
    assert len(house.of(GenerationRequested)) == 1
    assert len(house.loads) < THREADS * EACH / 2


def test_a_herd_that_comes_later_reads_no_stream(house: House) -> None:
    job_id = house.job().job_id
    house.follow()

    with house.not_loading():
        assert {house.job().job_id for _ in range(10)} == {job_id}


def _as_joined(answer: RequestedGeneration) -> RequestedGeneration:
    """What is answered to who asks for the same afterwards."""
    return replace(answer, requested=tuple(replace(one, is_new=False) for one in answer.requested))


def _nothing(house: House, job_id: UUID) -> None:
    pass


def _followed(house: House, job_id: UUID) -> None:
    house.follow()


def _started(house: House, job_id: UUID) -> None:
    house.start(job_id)
    house.follow()


@pytest.mark.parametrize("meanwhile", [_nothing, _followed, _started])
def test_a_token_gives_the_answer_of_the_store(
    house: House, meanwhile: Callable[[House, UUID], None]
) -> None:
    meanwhile(house, house.job().job_id)

    with house.not_loading():
        answer = house.ask()

    assert answer == house.ask_the_store()


def test_whoever_asks_is_answered_alike(house: House) -> None:
    job_id = house.job().job_id

    with house.not_loading():
        assert house.job(by=type(CLIENT)("other", correlation_id="other")).job_id == job_id


def test_a_claim_whose_owner_has_died_costs_a_moment_and_nobody_after(house: House) -> None:
    house.another_process().tokens.claim([ASKED])
    began = time.monotonic()

    job = house.job()

    assert job.is_new
    assert sum(CLAIM_WAITS_SECONDS) <= time.monotonic() - began < PATIENCE_SECONDS
    assert sum(CLAIM_WAITS_SECONDS) <= 0.05
    with house.not_loading():
        assert house.job().job_id == job.job_id


def test_a_claim_that_is_left_behind_ends_by_itself(house: House) -> None:
    house.tokens.claim([ASKED])

    with closing(house.server.client()) as client:
        (key,) = house.keys()
        assert 0 < client.pttl(key) <= 2_000


def test_force_neither_reads_nor_leaves_a_token(house: House) -> None:
    joined = house.job()
    before = house.keys()
    loads = len(house.loads)

    forced = house.job(force=True)

    assert (forced.job_id, len(house.loads)) == (joined.job_id, loads + 1)
    assert house.keys() == before
    house.complete(joined.job_id)
    house.follow()
    assert house.job(force=True).is_new
    assert house.keys() == {}


def test_force_waits_for_no_claim(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.another_process().tokens.claim([ASKED])
    monkeypatch.setattr("application.in_flight.time.sleep", lambda _: pytest.fail("it waits"))

    assert house.job(force=True).is_new


@pytest.mark.parametrize("fact", [{"title": "THE MATRIX"}, {"director": "Lana W"}, {"genres": ("Action",)}])
def test_who_supplies_other_facts_asks_the_store_which_learns_them(
    house: House, fact: dict[str, Any]
) -> None:
    job_id = house.job().job_id

    assert house.job(**fact).job_id == job_id

    (name,) = fact
    assert getattr(house.store.generations.load(SLUG).facts, name) == fact[name]
    with house.not_loading():
        assert house.job(**fact).job_id == job_id


def test_a_namesake_has_a_job_of_its_own_and_leaves_the_others_token(house: House) -> None:
    mann = house.ask("heat-1995", director="Michael Mann")
    before = house.keys()

    other = house.ask("heat-1995", director="Jo Li")

    assert other.slug == "heat-1995-jo-li"
    assert house.keys() == before
    assert house.ask("heat-1995", director="Jo Li").requested[0].job_id == other.requested[0].job_id
    with house.not_loading():
        assert house.ask("heat-1995", director="Michael Mann") == _as_joined(mann)


def test_who_names_the_director_of_before_a_correction_asks_the_store(house: House) -> None:
    house.ask("heat-1995", director="Michael Man")
    corrected = MovieFacts(title="Heat", release_year=1995, director="Michael Mann")
    house.store.generations.decide(
        "heat-1995", lambda movie: movie.correct_facts(corrected, reason="misspelt"), by=CLIENT
    )
    house.follow()

    assert house.ask("heat-1995", director="Michael Man").slug == "heat-1995-michael-man"


def test_several_styles_are_answered_by_tokens_only_if_all_are(house: House) -> None:
    modern, both = (ContextTag.MODERN,), (ContextTag.MODERN, ContextTag.CRITICAL)
    first = house.job(context_tags=modern).job_id

    answer = house.ask(context_tags=both)

    assert [(one.job_id == first, one.is_new) for one in answer.requested] == [(True, False), (False, True)]
    with house.not_loading():
        again = house.ask(context_tags=both)
    assert again == _as_joined(answer) == house.ask_the_store(context_tags=both)


@pytest.mark.parametrize("end", [House.complete, House.fail, House.cancel])
def test_a_job_that_has_ended_leaves_no_token(house: House, end: Callable[[House, UUID], None]) -> None:
    job_id = house.job().job_id
    end(house, job_id)
    assert len(house.keys()) == 1

    house.follow()

    assert house.keys() == {}


def test_the_end_of_a_job_leaves_the_token_of_a_newer_one(house: House) -> None:
    old = house.job()
    house.cancel(old.job_id)
    new = house.job(title="The Matrix")  # another request, so that the store is asked
    assert old.job_id != new.job_id

    house.follow()

    assert [text.split(" ")[1] for text in house.keys().values()] == [str(new.job_id)]


def test_a_token_that_outlives_its_job_is_not_answered_and_goes(house: House) -> None:
    job_id = house.job().job_id
    left = house.keys()
    house.complete(job_id)
    house.follow()
    with closing(house.server.client()) as client:  # as if Redis had been away when the job ended
        client.mset(left)

    assert house.job().status is JobStatus.DONE

    assert house.keys() == {}


def test_a_cancelled_job_is_not_answered_when_the_views_have_seen_it(house: House) -> None:
    cancelled = house.job().job_id
    house.follow()
    house.cancel(cancelled)
    house.follow()

    assert house.job().is_new


def test_a_cancelled_job_is_not_answered_when_the_views_are_slower_than_who_cancelled(
    house: House,
) -> None:
    cancelled = house.job().job_id
    house.follow()
    with house.not_loading():
        assert house.job().job_id == cancelled
    house.now += 0.1
    house.cancel(cancelled)
    house.now += reading.CATCH_UP_SECONDS  # for which the answer to who cancelled waited in vain

    assert house.job().is_new


def _token(house: House) -> tuple[Seen, JobToken]:
    (seen,) = house.tokens.claim([ASKED]).values()
    assert seen.token is not None
    return seen, seen.token


def _leave(house: House, job_id: UUID, *, seconds_ago: float) -> None:
    """A token, as whoever began to ask the store then has left it."""
    house.job()
    house.follow()
    seen, token = _token(house)
    house.tokens.settle(
        {ASKED: replace(seen, at=seen.at - seconds_ago)}, {ASKED: replace(token, job_id=job_id)}
    )


@pytest.mark.parametrize("has_a_token", [True, False])
def test_what_another_has_left_since_stays(house: House, has_a_token: bool) -> None:
    house.job()
    seen, token = _token(house)
    house.tokens.settle({ASKED: seen}, {ASKED: replace(token, job_id=uuid4())})
    others = house.keys()

    house.tokens.settle({ASKED: seen}, {ASKED: token} if has_a_token else {})

    assert house.keys() == others


def test_a_claim_that_has_ended_before_its_request_becomes_a_token_all_the_same(house: House) -> None:
    house.job()
    seen, token = _token(house)
    _flush(house.server)

    house.tokens.settle({ASKED: seen}, {ASKED: token})

    assert _token(house)[1] == token


def test_who_meets_a_claim_waits_for_what_it_comes_to(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id, owner = house.job().job_id, house.another_process()
    _, token = _token(house)
    _flush(house.server)
    claim = owner.tokens.claim([ASKED])
    monkeypatch.setattr(
        "application.in_flight.time.sleep", lambda _: owner.tokens.settle(claim, {ASKED: token})
    )

    with house.not_loading():
        assert house.job().job_id == job_id


def test_a_job_that_the_views_have_not_seen_yet_is_answered_for_a_second(house: House) -> None:
    unseen = uuid4()
    _leave(house, unseen, seconds_ago=0.1)

    assert house.job().job_id == unseen


@pytest.mark.parametrize("seconds_ago", [reading.CATCH_UP_SECONDS, 60, -60])
def test_a_job_that_stays_unknown_is_not_answered(house: House, seconds_ago: float) -> None:
    """The database may have been put back, or Redis' clock set."""
    unknown = uuid4()
    _leave(house, unknown, seconds_ago=seconds_ago)

    job = house.job()

    assert (job.job_id, job.status) == (house.ask_the_store().requested[0].job_id, JobStatus.PENDING)
    assert job.job_id != unknown


def test_a_job_of_another_variant_is_not_answered(house: House) -> None:
    other = house.job(context_tags=(ContextTag.MODERN,)).job_id
    _leave(house, other, seconds_ago=0)

    assert house.job().job_id != other


@pytest.mark.parametrize(
    "text", ["job", "claimed", "job x y z 0.5 1", f"job {UUID(int=1)} f PENDING 0.9 x", "\udcff"]
)
def test_what_cannot_be_read_is_replaced(house: House, text: str) -> None:
    job_id = house.job().job_id
    with closing(house.server.client()) as client:
        (key,) = house.keys()
        client.set(key, text.encode(errors="surrogateescape"))

    assert house.job().job_id == job_id
    with house.not_loading():
        assert house.job().job_id == job_id


def test_tokens_of_another_log_are_not_seen(house: House) -> None:
    _leave(house, uuid4(), seconds_ago=0)
    other = house.another_process(epoch="another")

    assert other.job().job_id == house.ask_the_store().requested[0].job_id


def test_a_request_that_fails_takes_its_claim_away(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OperationalError("disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(house.store.generations.recorder, "select_events", broken)
        with pytest.raises(StoreUnavailable):
            house.job()
    with pytest.raises(FactsContradictSlug):
        house.job(release_year=2003)

    assert house.keys() == {}


def test_a_request_that_fails_leaves_what_others_have_left(house: House) -> None:
    house.job()
    before = house.keys()

    with pytest.raises(FactsContradictSlug):
        house.job(release_year=2003)

    assert house.keys() == before


def test_a_refused_slug_claims_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.line, "ask", lambda _: pytest.fail("Redis is asked"))

    with pytest.raises(SlugRefused):
        house.ask("ignore-previous-instructions-1999")


def test_while_the_views_cannot_be_read_the_store_answers(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = house.job().job_id

    def broken(_: object) -> None:
        raise StoreUnavailable("disk I/O error")

    monkeypatch.setattr(house.store.jobs, "get", broken)

    assert house.job().job_id == job_id


def _kill(server: Redis) -> None:
    server.kill9()


def _freeze(server: Redis) -> None:
    server.freeze()


def _flush(server: Redis) -> None:
    with closing(server.client()) as client:
        client.flushall()


def _fill(server: Redis) -> None:
    with closing(server.client()) as client:
        client.config_set("maxmemory", 1)


def _demote(server: Redis) -> None:
    with closing(server.client()) as client:
        client.replicaof("127.0.0.1", "1")


@pytest.mark.parametrize("damage", [_kill, _freeze, _flush, _fill, _demote])
def test_whatever_happens_to_redis_requests_are_answered(
    house: House, server: Redis, damage: Callable[[Redis], None]
) -> None:
    first = house.job("heat-1995")
    damage(server)
    began = time.monotonic()

    joined, new = house.job("heat-1995"), house.job()
    house.follow()
    house.complete(first.job_id, slug="heat-1995")
    house.follow()

    assert time.monotonic() - began < PATIENCE_SECONDS
    assert (joined.job_id, new.is_new) == (first.job_id, True)
    assert house.job("heat-1995").status is JobStatus.DONE


def test_a_herd_into_which_redis_is_lost_is_one_job(house: House, server: Redis) -> None:
    def ask() -> set[UUID]:
        return {house.job().job_id for _ in range(EACH)}

    *answers, _ = in_threads(*[ask] * THREADS, server.kill9)

    assert len(set.union(*answers)) == 1
    assert len(house.of(GenerationRequested)) == 1
