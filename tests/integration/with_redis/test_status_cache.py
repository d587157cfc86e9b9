"""The status cache is never older than the jobs view, whatever becomes of Redis and of those who fold."""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from random import Random
from uuid import UUID

import pytest

from application.errors import StoreUnavailable, ViewMoved
from application.read_models import JobRow
from application.reading import CATCH_UP_SECONDS
from application.view import BatchRows
from domain.errors import MovieMindError
from domain.values import JobStatus
from infrastructure.redis.status_cache import ENTRY_SECONDS, LEASE_SECONDS, RENEW_SECONDS
from tests.integration.with_redis.house import House, Process
from tests.support.process import wait_until
from tests.support.servers import Redis

STEPS = 200


def _known(house: House) -> UUID:
    """A job that is PENDING in the view and in the cache."""
    job_id = house.ask_the_store().requested[0].job_id
    house.follow()
    wait_until(lambda: _is_kept(house, job_id), "it is in the cache")
    return job_id


def _is_kept(house: House, job_id: UUID) -> bool:
    """Leases are short here: on a busy machine one may have ended before it is looked at."""
    house.jobs.keep()
    return house.cache.get(job_id) == house.row(job_id)


def _status(process: Process, job_id: UUID) -> JobStatus:
    row = process.jobs.get(job_id)
    assert row is not None
    return row.status


def _fold_unseen_by_the_cache(house: House) -> None:
    """As somebody folds who cannot reach Redis."""
    other = house.another_process()
    other.line.is_cut = True
    other.cache._lease_seconds = 0.0  # nor waits for anybody
    other.follow()


def test_a_status_that_was_folded_is_read_without_the_view(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = _known(house)
    reader = house.another_process()
    row = house.row(job_id)
    monkeypatch.setattr(house.store.jobs, "get", lambda _: pytest.fail("the view is read"))

    assert reader.jobs.get(job_id) == row


def test_every_field_of_a_row_comes_back_as_it_was(house: House) -> None:
    job_id = _known(house)
    house.fail(job_id)
    house.follow()

    row = house.cache.get(job_id)

    assert row == house.row(job_id)
    assert row is not None
    assert (row.status, row.failure_message) == (JobStatus.FAILED, "Not known.")


def test_entries_are_kept_for_a_quarter_of_an_hour(house: House) -> None:
    job_id = _known(house)

    with closing(house.server.client()) as client:
        (key,) = house.keys(str(job_id))
        assert 0 < client.pttl(key) <= 15 * 60 * 1000


def test_what_nobody_has_folded_is_not_in_the_cache(house: House) -> None:
    job_id = house.ask_the_store().requested[0].job_id

    assert house.jobs.get(job_id) is None

    house.follow()
    with closing(house.server.client()) as client:
        client.delete(*house.keys(str(job_id)))
    assert _status(house, job_id) is JobStatus.PENDING
    assert house.keys(str(job_id)) == {}, "a reader has filled the cache"


def test_a_failed_job_that_is_retried_is_shown_at_once(house: House) -> None:
    job_id = _known(house)
    house.fail(job_id)
    house.follow()
    assert _status(house, job_id) is JobStatus.FAILED

    house.retry(job_id)
    house.follow()

    assert _status(house, job_id) is JobStatus.PENDING


class Witness:
    """Compares the cache with the view whenever it is asked to, and around every commit."""

    def __init__(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        self._view = house.store.jobs
        self._reader = house.another_process()
        self.job_ids: set[UUID] = set()
        self.hits = 0
        self._writing = self._view.writing
        monkeypatch.setattr(self._view, "writing", self._watched)

    def look(self) -> None:
        for job_id in self.job_ids:
            cached = self._reader.cache.get(job_id)
            if cached is not None:
                self.hits += 1
                assert cached == self._view.get(job_id)

    @contextmanager
    def _watched(
        self, keys: Collection[UUID], *, after: int, up_to: int
    ) -> Iterator[BatchRows[UUID, JobRow]]:
        with self._writing(keys, after=after, up_to=up_to) as rows:
            self.look()
            yield rows
            self.look()
        self.look()  # committed, and the cache does not know it yet


class Life:
    """What happens to jobs, to Redis and to those who fold, one thing after the other.

    Of two who fold, one has been relieved without knowing it. He is gone when the line to Redis fails:
    whom the other cannot see he cannot wait for, and then a status may be old until a lease ends.
    """

    SLUGS = tuple(f"film-{year}" for year in range(1990, 2000))

    def __init__(self, house: House, witness: Witness, dice: Random) -> None:
        self._house = house
        self._witness = witness
        self._dice = dice
        self._leader: Process = house
        self._relieved: Process | None = None

    def goes_on(self) -> None:
        often = (self._change, self._change, self._fold, self._keep, self._mend)
        rare = (
            self._take_over,
            self._fold_late,
            self._cut,
            self._lose_answers,
            self._lose_a_key,
            self._flush,
        )
        self._dice.choice(often * 8 + rare)()

    def _requested(self) -> UUID:
        self._slug = self._dice.choice(self.SLUGS)
        job_id = self._house.ask_the_store(self._slug).requested[0].job_id
        self._witness.job_ids.add(job_id)
        return job_id

    def _change(self) -> None:
        change = self._dice.choice([House.start, House.complete, House.fail, House.retry, House.cancel])
        with suppress(MovieMindError):
            change(self._house, self._requested(), slug=self._slug)

    def _fold(self) -> None:
        self._leader.follow()

    def _fold_late(self) -> None:
        (self._relieved or self._leader).follow()

    def _keep(self) -> None:
        for process in filter(None, (self._leader, self._relieved)):
            process.jobs.keep()

    def _take_over(self) -> None:
        if not self._leader.line.is_cut:
            self._relieved = self._leader
        self._leader = self._house.another_process()

    def _cut(self) -> None:
        self._relieved = None
        self._leader.line.is_cut = True

    def _mend(self) -> None:
        self._leader.line.is_cut = False

    def _lose_answers(self) -> None:
        self._relieved = None
        self._leader.line.is_slow = True
        self._dice.choice([self._fold, self._keep])()
        self._change()
        self._fold()
        self._leader.line.deliver()

    def _flush(self) -> None:
        with closing(self._house.server.client()) as client:
            client.flushall()

    def _lose_a_key(self) -> None:
        if keys := sorted(self._house.keys("job")):
            with closing(self._house.server.client()) as client:
                client.delete(self._dice.choice(keys))


@pytest.mark.parametrize("seed", range(6))
def test_the_cache_is_the_view_or_nothing_at_every_moment(
    house: House, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness = Witness(house, monkeypatch)
    life = Life(house, witness, Random(seed))

    for _ in range(STEPS):
        life.goes_on()
        witness.look()

    assert witness.hits > STEPS / 10, "it has seen too little"


def test_who_cannot_shut_the_cache_waits_for_the_end_of_the_lease(house: House) -> None:
    job_id = _known(house)
    reader = house.another_process()
    house.cancel(job_id)
    house.line.is_cut = True

    house.follow()

    assert _status(reader, job_id) is JobStatus.CANCELLED


def test_the_wait_for_a_lease_is_shorter_than_that_of_readers() -> None:
    assert 2 * RENEW_SECONDS < LEASE_SECONDS < CATCH_UP_SECONDS - RENEW_SECONDS / 2
    assert ENTRY_SECONDS == 15 * 60


def test_who_takes_over_without_redis_waits_for_the_lease_of_his_predecessor(house: House) -> None:
    job_id = _known(house)
    house.cancel(job_id)
    house.jobs.keep()
    other = house.another_process()
    other.line.is_cut = True

    other.follow()

    assert _status(house, job_id) is JobStatus.CANCELLED


def _open(house: House) -> None:
    house.ask_the_store("heat-1995")
    house.follow()


def _keep(house: House) -> None:
    house.jobs.keep()


@pytest.mark.parametrize("command", [_open, _keep])
def test_a_command_that_redis_carries_out_late_gives_no_lease(
    house: House, command: Callable[[House], None]
) -> None:
    job_id = _known(house)
    shut = house.cache.shut

    def shut_in_time(*, is_as_left: bool) -> None:
        house.line.is_slow = False
        shut(is_as_left=is_as_left)
        house.line.is_slow = True

    house.cache.shut = shut_in_time  # type: ignore[method-assign]
    house.line.is_slow = True
    command(house)
    house.cache.shut = shut  # type: ignore[method-assign]
    house.line.is_slow, house.line.is_cut = False, True
    house.cancel(job_id)
    house.follow()

    house.line.deliver()

    assert _status(house.another_process(), job_id) is JobStatus.CANCELLED


def test_without_a_lease_the_view_answers(house: House) -> None:
    job_id = _known(house)

    wait_until(lambda: house.cache.get(job_id) is None, "the lease ends")

    assert _status(house, job_id) is JobStatus.PENDING


def test_a_lease_is_renewed_while_there_is_nothing_to_fold(house: House) -> None:
    job_id = _known(house)
    deadline = time.monotonic() + 3 * house.cache._lease_seconds

    def keep() -> bool:
        house.jobs.keep()
        assert house.cache.get(job_id) is not None
        return time.monotonic() > deadline

    wait_until(keep, "three leases have passed")


def test_a_lease_that_has_ended_is_given_again_if_nothing_has_changed(house: House) -> None:
    job_id = _known(house)
    wait_until(lambda: house.cache.get(job_id) is None, "the lease ends")

    wait_until(lambda: _is_kept(house, job_id), "it is in the cache again")


def test_a_lease_is_not_renewed_when_somebody_else_has_folded(house: House) -> None:
    job_id = _known(house)
    house.cancel(job_id)
    _fold_unseen_by_the_cache(house)

    def keep() -> bool:
        house.jobs.keep()
        return _status(house, job_id) is JobStatus.CANCELLED

    wait_until(keep, "the lease ends")


def test_who_comes_back_after_somebody_else_has_folded_begins_a_new_edition(house: House) -> None:
    job_id = _known(house)
    house.cancel(job_id)
    _fold_unseen_by_the_cache(house)

    house.ask_the_store("heat-1995")
    house.follow()

    assert _status(house, job_id) is JobStatus.CANCELLED


def test_a_leader_who_does_not_know_that_he_no_longer_leads_does_no_harm(house: House) -> None:
    job_id, new_leader = _known(house), house.another_process()
    house.cancel(job_id)
    new_leader.follow()

    house.jobs.keep()
    with pytest.raises(ViewMoved), house.jobs.writing(after=1, up_to=2):
        pass

    assert _status(house, job_id) is JobStatus.CANCELLED
    house.ask_the_store("heat-1995")
    new_leader.follow()
    house.jobs.keep()
    assert house.cache.get(job_id) is None, "an entry from before somebody else has folded"


def test_who_comes_from_his_transaction_when_another_has_folded_opens_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id, new_leader = _known(house), house.another_process()
    opened = house.cache.open

    def late(rows: object, *, without: object = ()) -> None:
        house.cancel(job_id)
        new_leader.follow()
        opened(rows, without=without)  # type: ignore[arg-type]

    monkeypatch.setattr(house.cache, "open", late)
    house.start(job_id)
    house.follow()

    assert _status(house, job_id) is JobStatus.CANCELLED


def test_after_a_commit_without_an_answer_the_view_answers(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = _known(house)
    writing = house.store.jobs.writing

    @contextmanager
    def unanswered(keys: Collection[UUID], *, after: int, up_to: int) -> Iterator[BatchRows[UUID, JobRow]]:
        with writing(keys, after=after, up_to=up_to) as rows:
            yield rows
        raise StoreUnavailable("the connection was lost")

    house.cancel(job_id)
    with monkeypatch.context() as patch:
        patch.setattr(house.store.jobs, "writing", unanswered)
        with pytest.raises(ExceptionGroup):
            house.follow()
    house.jobs.keep()
    assert _status(house, job_id) is JobStatus.CANCELLED

    house.ask_the_store("heat-1995")
    house.follow()
    assert _status(house, job_id) is JobStatus.CANCELLED


def test_what_a_fail_over_brings_back_is_not_taken(house: House) -> None:
    job_id = _known(house)
    with closing(house.server.client()) as client:
        replica = {key: client.dump(key) for key in client.keys("*")}
        house.cancel(job_id)
        house.follow()
        wait_until(lambda: _is_kept(house, job_id), "it is in the cache")
        client.flushall()
    wait_until(lambda: house.cache.get(job_id) is None, "the lease ends")
    with closing(house.connect()) as client:
        for key, value in replica.items():
            if "lease" not in key:  # which ends at the same moment everywhere
                client.restore(key, 0, value, replace=True)  # type: ignore[arg-type]

    house.jobs.keep()
    assert house.cache.get(job_id) is None

    house.ask_the_store("heat-1995")
    house.follow()
    assert house.cache.get(job_id) is None


def _restart(server: Redis) -> None:
    server.restart()


def _kill(server: Redis) -> None:
    server.kill9()
    server.start()


def _lose(server: Redis) -> None:
    server.stop()
    server.lose_data()
    server.start()


def _flush(server: Redis) -> None:
    with closing(server.client()) as client:
        client.flushall()


@pytest.mark.parametrize("loss", [_restart, _kill, _lose, _flush])
def test_after_whatever_loss_the_statuses_are_those_of_the_view(
    house: House, server: Redis, loss: Callable[[Redis], None]
) -> None:
    job_id = _known(house)
    house.start(job_id)
    house.follow()

    loss(server)

    assert _status(house, job_id) is JobStatus.IN_PROGRESS
    house.cancel(job_id)
    house.follow()
    assert _status(house, job_id) is JobStatus.CANCELLED


def test_a_frozen_redis_delays_a_fold_by_less_than_readers_wait(house: House, server: Redis) -> None:
    took = []
    for _ in range(3):  # in one of them the machine may have had other things to do
        job_id = _known(house)
        house.cancel(job_id)
        server.freeze()
        began = time.monotonic()

        house.follow()

        took.append(time.monotonic() - began)
        server.thaw()
        assert _status(house.another_process(), job_id) is JobStatus.CANCELLED
        wait_until(lambda: house.line.ask(lambda client: client.ping()), "it is not left alone any more")
    assert min(took) < CATCH_UP_SECONDS


def test_a_full_redis_takes_no_statuses_and_shows_no_old_ones(house: House, server: Redis) -> None:
    job_id = _known(house)
    with closing(server.client()) as client:
        client.config_set("maxmemory", 1)
    house.cancel(job_id)

    house.follow()

    assert _status(house.another_process(), job_id) is JobStatus.CANCELLED


def test_a_view_that_is_made_anew_does_not_fill_redis_with_old_jobs(house: House) -> None:
    job_id = _known(house)
    clock = house.store.generations.clock
    house.jobs._clock = lambda: clock() + timedelta(seconds=ENTRY_SECONDS + 1)
    house.cancel(job_id)

    house.follow()

    assert house.keys(f"job:{job_id}") == {}
    assert _status(house, job_id) is JobStatus.CANCELLED


def test_entries_of_another_log_are_not_seen(house: House) -> None:
    job_id = _known(house)

    assert house.another_process(epoch="another").cache.get(job_id) is None


def test_an_entry_that_cannot_be_read_is_none(house: House) -> None:
    job_id = _known(house)
    with closing(house.server.client()) as client:
        ((key, text),) = house.keys(f"job:{job_id}").items()
        client.set(key, text.replace('"slug"', '"other"'))

    assert house.cache.get(job_id) is None
    assert _status(house, job_id) is JobStatus.PENDING


def test_after_a_rebuild_no_row_of_before_is_read(house: House) -> None:
    """Neither what was wrong in it, nor, where the new rows are further, what was right then."""
    job_id = _known(house)
    right = house.row(job_id)
    assert right is not None
    wrong = right._replace(status=JobStatus.FAILED)
    house.cache.shut(is_as_left=True)
    house.cache.open([wrong])
    assert _status(house, job_id) is JobStatus.FAILED

    with house.another_process().jobs.replaced():
        assert _status(house, job_id) is JobStatus.PENDING, "the view is read"
    house.jobs.keep()

    assert _status(house, job_id) is JobStatus.PENDING
    assert _status(house.another_process(), job_id) is JobStatus.PENDING
    house.ask_the_store("heat-1995")
    house.follow()
    assert _status(house, job_id) is JobStatus.PENDING, "also once the cache is open again"


def test_after_a_swap_of_which_nobody_knows_whether_it_happened_no_row_is_read_from_the_cache(
    house: House,
) -> None:
    job_id = _known(house)
    right = house.row(job_id)
    assert right is not None

    with suppress(StoreUnavailable), house.another_process().jobs.replaced():
        house.cache.shut(is_as_left=True)
        house.cache.open([right])
        raise StoreUnavailable("the answer to COMMIT was lost")

    assert house.cache.get(job_id) is None
