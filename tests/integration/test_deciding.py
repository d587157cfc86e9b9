"""The bounded decide-again loop, and what it does when the store cannot be used."""

from collections.abc import Callable

import pytest
from eventsourcing.persistence import OperationalError

from application import movie_generations
from application.errors import MovieNotFound, StoreUnavailable, TooMuchContention
from application.movie_generations import MAX_DECISIONS
from application.queue_switch import QueueState
from domain.events import GenerationRequested
from domain.values import ContextTag, JobStatus, Locale
from tests.support.core import SLUG, Appends, Core, FakeWriter


def test_a_film_that_is_not_there_is_not_made_by_a_decision_on_it(core: Core) -> None:
    with pytest.raises(MovieNotFound, match="no film 'heat-1995'"):
        core.start(core.job().job_id, slug="heat-1995")


def test_a_decision_that_changes_nothing_appends_nothing(core: Core) -> None:
    core.job()
    before = core.log.head()

    core.job()

    assert core.log.head() == before


def test_several_styles_are_accepted_in_one_append(core: Core, appends: Appends) -> None:
    answer = core.ask(context_tags=tuple(ContextTag))

    assert appends.outcomes == ["saved"]
    assert len({requested.job_id for requested in answer.requested}) == 4


def test_a_request_that_is_overtaken_again_and_again_gives_up(core: Core, appends: Appends) -> None:
    others = _other_styles(core)
    appends.overtake_always(others)

    with pytest.raises(TooMuchContention, match=f"{MAX_DECISIONS} decisions"):
        core.job()

    assert appends.outcomes.count("refused") == MAX_DECISIONS
    assert len(core.of(GenerationRequested)) == MAX_DECISIONS, "only the others' requests are there"


def test_who_holds_a_paid_text_goes_on_until_the_claim_ends(core: Core, appends: Appends) -> None:
    job = core.job().job_id
    others, overtaken = _other_styles(core), 0

    def overtake_thirteen_times() -> None:
        nonlocal overtaken
        overtaken += 1
        if overtaken <= 13:
            others()

    made = core.run(job, FakeWriter(lambda: appends.overtake_always(overtake_thirteen_times)))

    assert made is not None
    assert appends.outcomes.count("refused") == 13 > MAX_DECISIONS


def test_who_holds_a_paid_text_gives_up_when_the_claim_has_ended(core: Core, appends: Appends) -> None:
    job = core.job().job_id
    others = _other_styles(core)

    def overtake_slowly() -> None:
        core.clock.advance(seconds=11)
        others()

    with pytest.raises(TooMuchContention):
        core.run(job, FakeWriter(lambda: appends.overtake_always(overtake_slowly)))
    assert appends.outcomes.count("refused") == 14, "150 s of claim, 11 s each"


class TestAnUnusableStore:
    def test_a_request_is_told_so_at_once(self, core: Core, failing_store: "Outage") -> None:
        failing_store.begins()

        with pytest.raises(StoreUnavailable, match="disk I/O error"):
            core.job()

    def test_a_worker_waits_a_while_for_the_store_to_claim_a_job(
        self, core: Core, failing_store: "Outage"
    ) -> None:
        job = core.job().job_id
        failing_store.begins(ends_after=3)

        assert core.run(job, FakeWriter()) is not None
        assert failing_store.refused == 3

    def test_a_worker_gives_a_message_up_when_it_is_sent_again_anyway(
        self, core: Core, failing_store: "Outage"
    ) -> None:
        job, writer = core.job().job_id, FakeWriter()
        failing_store.begins(meanwhile=lambda: core.clock.advance(seconds=25))

        with pytest.raises(StoreUnavailable):
            core.run(job, writer)
        assert failing_store.refused == 3, "60 s of patience, 25 s each"
        assert writer.tasks == []

    def test_a_worker_that_is_stopping_claims_nothing_it_would_have_to_wait_for(
        self, core: Core, failing_store: "Outage"
    ) -> None:
        job = core.job().job_id
        core.is_stopping = True
        failing_store.begins()

        with pytest.raises(StoreUnavailable):
            core.run(job, FakeWriter())
        assert failing_store.refused == 1

    def test_a_worker_waits_for_the_store_also_to_learn_whether_the_queue_is_paused(
        self, core: Core, failing_store: "Outage", monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job, is_away = core.job().job_id, iter([True, False])

        def state() -> QueueState:
            if next(is_away):
                raise StoreUnavailable("it is away")
            return QueueState()

        monkeypatch.setattr(core.switch, "state", state)

        assert core.run(job, FakeWriter()) is not None

    def test_a_claim_that_was_committed_before_the_store_went_away_is_recognised(
        self, core: Core, failing_store: "Outage"
    ) -> None:
        job, writer = core.job().job_id, FakeWriter()
        failing_store.answers_are_lost_once()

        made = core.run(job, writer)

        assert made is not None
        assert core.names().count("GenerationStarted") == len(writer.tasks) == 1

    def test_a_claim_that_is_committed_after_it_was_looked_for_is_recognised(
        self, core: Core, failing_store: "Outage"
    ) -> None:
        """The store takes its time: it commits the first append before it refuses the second."""
        job, writer = core.job().job_id, FakeWriter()
        failing_store.commits_late()

        made = core.run(job, writer)

        assert made is not None
        assert core.names().count("GenerationStarted") == len(writer.tasks) == 1

    def test_the_claim_of_another_thread_of_the_same_worker_is_not_taken_for_ones_own(
        self, core: Core, failing_store: "Outage"
    ) -> None:
        """Its message came twice."""
        job, writer = core.job().job_id, FakeWriter()

        def the_other_thread_is_quicker() -> None:
            core.clock.advance(seconds=1)
            core.start(job)

        failing_store.begins(ends_after=1, meanwhile=the_other_thread_is_quicker)

        assert core.run(job, writer) is None
        assert writer.tasks == []

    def test_a_paid_text_is_kept_until_the_store_is_back(self, core: Core, failing_store: "Outage") -> None:
        job = core.job().job_id

        made = core.run(job, FakeWriter(lambda: failing_store.begins(ends_after=3)))

        assert made is not None
        assert failing_store.refused == 3
        assert core.generations.load(SLUG).jobs[job].status is JobStatus.DONE

    def test_a_paid_text_is_not_kept_beyond_its_claim(self, core: Core, failing_store: "Outage") -> None:
        job = core.job().job_id

        def the_store_goes_for_good() -> None:
            failing_store.begins()
            core.clock.advance(seconds=151)

        with pytest.raises(StoreUnavailable):
            core.run(job, FakeWriter(the_store_goes_for_good))

    def test_an_append_that_was_committed_before_the_connection_was_lost_is_recognised(
        self, core: Core, failing_store: "Outage"
    ) -> None:
        job = core.job().job_id

        made = core.run(job, FakeWriter(failing_store.answers_are_lost_once))

        assert made is not None
        assert core.names().count("DescriptionGenerated") == 1
        assert "StaleResultRejected" not in core.names(), "our own event is no rival"


class Outage:
    """A store that fails as SQLite does when its disk is gone."""

    def __init__(self, core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
        self.refused = 0
        self._left = 0
        self._loses_answer = False
        self._commits_late = False
        self._late: object = None
        self._save = core.generations.save
        monkeypatch.setattr(core.generations, "save", self._saving)
        monkeypatch.setattr(movie_generations, "STORE_RETRY_SECONDS", 0.001)

    def begins(self, *, ends_after: int = 10**9, meanwhile: Callable[[], object] = lambda: None) -> None:
        self._left = ends_after
        self._meanwhile = meanwhile

    def answers_are_lost_once(self) -> None:
        self._loses_answer = True

    def commits_late(self) -> None:
        """The next append is refused by its client, and committed before the one after it."""
        self._commits_late = True

    def _saving(self, movie: object) -> object:
        if self._commits_late:
            self._commits_late, self._late = False, movie
            raise OperationalError("disk I/O error")
        if self._late is not None:
            late, self._late = self._late, None
            self._save(late)  # type: ignore[arg-type]
        if self._left:
            self._left -= 1
            self.refused += 1
            self._meanwhile()
            raise OperationalError("disk I/O error")
        saved = self._save(movie)  # type: ignore[arg-type]
        if self._loses_answer:
            self._loses_answer = False
            raise OperationalError("disk I/O error")
        return saved


@pytest.fixture
def failing_store(core: Core, monkeypatch: pytest.MonkeyPatch) -> Outage:
    return Outage(core, monkeypatch)


def _other_styles(core: Core) -> Callable[[], None]:
    """Each call has another style of the film requested by somebody else."""
    styles = ((locale, tag) for locale in Locale for tag in ContextTag if (locale, tag) != _ASKED)

    def ask() -> None:
        locale, tag = next(styles)
        core.job(locale=locale, context_tags=(tag,))

    return ask


_ASKED = (Locale.EN_US, ContextTag.DEFAULT)
