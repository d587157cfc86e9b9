"""The aggregate: one film, its generation jobs and its descriptions, in one stream keyed by slug.

Public methods decide: they check the rules, then record. Private `@event` methods only assign; they
rerun on every replay, so a rule in one of them would make old streams unloadable the day it changes.

The aggregate has no clock. Who loads it for a decision signs it first (`sign`): actor, correlation id
and time go onto every event of that decision.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import Aggregate, CanMutateAggregate, event

from domain import errors, events, slugs
from domain.description import Description, Descriptions
from domain.job import Job, Jobs
from domain.values import (
    UNKNOWN_COST_WEIGHS,
    Actor,
    ContextTag,
    Draft,
    Failure,
    FailureType,
    JobStatus,
    Locale,
    MovieFacts,
    Origin,
    PaidCall,
    Priority,
    PromotionScope,
    RejectionReason,
    Requested,
    Variant,
)

_STREAMS = uuid5(NAMESPACE_URL, "moviemind:movie-generation")


def stream_id(slug: str) -> UUID:
    """The id of a film's stream. Derived from the slug, so that two creators of one film collide."""
    return uuid5(_STREAMS, slug)


class MovieGeneration(Aggregate):
    TOPIC = "movie-generation"

    Event = events.Event
    MovieRegistered = events.MovieRegistered
    Created = events.MovieRegistered  # the library wants its first event under this name too
    MovieFactsCorrected = events.MovieFactsCorrected
    GenerationRequested = events.GenerationRequested
    GenerationStarted = events.GenerationStarted
    DescriptionGenerated = events.DescriptionGenerated
    GenerationAttemptFailed = events.GenerationAttemptFailed
    GenerationFailed = events.GenerationFailed
    GenerationSatisfied = events.GenerationSatisfied
    GenerationRetryRequested = events.GenerationRetryRequested
    GenerationCancelled = events.GenerationCancelled
    StaleResultRejected = events.StaleResultRejected
    DescriptionPromoted = events.DescriptionPromoted
    DescriptionEdited = events.DescriptionEdited
    DescriptionWithdrawn = events.DescriptionWithdrawn

    def __init__(
        self, slug: str, title: str, release_year: int | None, director: str | None, genres: list[str]
    ) -> None:
        self.slug = slug
        self.facts = MovieFacts(
            title=title, release_year=release_year, director=director, genres=tuple(genres)
        )
        self.jobs = Jobs()
        self.descriptions = Descriptions(slug)
        self.visible_version = 1
        self._by: Actor | None = None
        self._at: datetime | None = None

    @classmethod
    def register(cls, slug: str, facts: MovieFacts, *, by: Actor, at: datetime) -> "MovieGeneration":
        """Begin a film's stream."""
        movie = cls._create(
            cls.MovieRegistered,
            id=stream_id(slug),
            slug=slug,
            timestamp=at,
            actor=by.id,
            correlation_id=by.correlation_id,
            **facts.as_payload(),
        )
        movie.sign(by, at)
        return movie

    def sign(self, by: Actor, at: datetime) -> None:
        """Say who decides next, and when."""
        self._by, self._at = by, at

    def recognise(self, supplied: MovieFacts) -> None:
        """Make sure a request means this film, and learn the facts it knows and the stream does not."""
        if supplied.release_year == slugs.plausible_year(self.slug, current_year=self._signed_at().year):
            # The year of the key still means this film when its facts have been corrected since.
            supplied = replace(supplied, release_year=self.facts.release_year)
        if not self.facts.could_be(supplied):
            raise errors.DifferentFilm(self.slug, self.facts.director)
        known = self.facts.completed_by(supplied)
        if self._title_is_a_guess() and slugs.spells(supplied.title, known.release_year, self.slug):
            known = replace(known, title=supplied.title)
        self.correct_facts(known, reason="supplied with a request")

    def request(
        self,
        variant: Variant,
        *,
        job_id: UUID,
        requested_slug: str,
        confidence: float,
        force: bool = False,
        priority: Priority = Priority.INTERACTIVE,
    ) -> Requested:
        """Accept a job, unless one is active for the variant or the variant is described already."""
        known = self.jobs.get(job_id) or self.jobs.active(variant)
        if known is not None:
            return Requested(
                known.job_id, variant, known.status, known.confidence, known.description_id, is_new=False
            )
        existing = self.descriptions.current(variant)
        if existing is not None and not force:
            maker = self.descriptions.get(existing).job_id
            return Requested(maker, variant, JobStatus.DONE, confidence, existing, is_new=False)
        self._requested(
            job_id=job_id,
            requested_slug=requested_slug,
            locale=variant.locale.value,
            context_tag=variant.context_tag.value,
            forced=force,
            priority=priority.value,
            confidence=confidence,
            actor=self._signed_by().id,
        )
        return Requested(job_id, variant, JobStatus.PENDING, confidence, None, is_new=True)

    def start(self, job_id: UUID, *, worker_id: str, limit: timedelta) -> int | None:
        """Claim the next attempt of a job; the returned number is its fencing token.

        None when there is nothing left to write: a description came first, and satisfies the job.
        """
        job = self._active(job_id)
        if job.claim is not None:
            raise errors.AlreadyClaimed(job_id, job.claim.worker_id)
        existing = self.descriptions.instead_of(job)
        if existing is not None:
            self._satisfied(job_id=job_id, description_id=existing)
            return None
        now = self._signed_at()
        if job.due_at is not None and now < job.due_at:
            raise errors.NotDueYet(job_id, job.due_at)
        self._started(
            job_id=job_id, attempt=job.attempt + 1, worker_id=worker_id, claim_expires_at=now + limit
        )
        return job.attempt

    def complete(
        self, job_id: UUID, attempt: int, draft: Draft, calls: Sequence[PaidCall], *, description_id: UUID
    ) -> UUID | None:
        """Accept a paid text, or refuse it because something came first.

        Returns the description the job ends with: this one, the one that came first, or None.
        """
        job = self._attempted(job_id, attempt)
        existing = self.descriptions.instead_of(job)
        if attempt in job.reported:  # our own append, met again after the connection was lost at commit
            return existing
        refusal = self._reason_to_refuse(job, attempt, existing)
        if refusal is None:
            self._accept(job, attempt, draft, calls, description_id)
            return description_id
        self._reject(job, attempt, existing, refusal, calls)
        if existing is not None and job.is_active:
            self._satisfied(job_id=job_id, description_id=existing)
        return existing

    def fail(
        self,
        job_id: UUID,
        attempt: int,
        failure: Failure,
        calls: Sequence[PaidCall],
        *,
        backoff: Sequence[timedelta],
        not_its_own: datetime | None = None,
    ) -> None:
        """End an attempt without a text. `backoff` holds the waits after the first try, the second …

        With `not_its_own` the failure says nothing about this job, and is spared: it counts as no try. The
        moment is until when all jobs are kept from the provider; this one stands back for the others then,
        in case it is the cause after all.
        """
        job = self._attempted(job_id, attempt)
        if job.is_running(attempt):
            now, wait = self._signed_at(), backoff[min(job.tries, len(backoff)) - 1]
            due_at = now + max(wait, failure.retry_after or wait)
            spared = False
            if not_its_own is not None and failure.is_retryable:
                spared = job.can_be_spared(is_outage=not_its_own > now)
                due_at = max(due_at, not_its_own + wait)
            self._end_attempt(job, attempt, failure, calls, next_attempt_at=due_at, spared=spared)
        elif calls and attempt not in job.reported:  # too late to matter, but it was paid for
            self._reject(job, attempt, job.description_id, RejectionReason.ATTEMPT_ENDED, calls)

    def lose(self, job_id: UUID, attempt: int, *, why: str, calls: Sequence[PaidCall] = ()) -> bool:
        """End the attempt of a dead worker, so that the job is due again at once. False if it had ended.

        `calls` are those it may have paid for; what they cost is not known.
        """
        job = self.jobs.find(job_id)
        if not job.is_running(attempt):
            return False
        failure = Failure(FailureType.WORKER_LOST, "The worker was lost before it could finish.", why)
        self._end_attempt(job, attempt, failure, calls, next_attempt_at=self._signed_at())
        return True

    def retry(self, job_id: UUID, *, reason: str) -> Job:
        """Give a failed job new tries, unless a description made that needless meanwhile."""
        job = self.jobs.find(job_id)
        if job.status is not JobStatus.FAILED:
            raise errors.JobHasNotFailed(job_id, job.status)
        active = self.jobs.active(job.variant)
        if active is not None:
            raise errors.AnotherJobActive(job_id, active.job_id)
        existing = self.descriptions.instead_of(job)
        if existing is not None:
            self._satisfied(job_id=job_id, description_id=existing)
        else:
            self._retry_requested(job_id=job_id, reason=reason)
        return job

    def cancel(self, job_id: UUID, *, reason: str) -> Job:
        """Stop caring about a job; a late result will be refused."""
        job = self._active(job_id)
        by = self._signed_by()
        if by.id != job.requested_by and not by.is_admin:
            raise errors.NotTheRequester(job_id)
        self._cancelled(job_id=job_id, reason=reason)
        return job

    def expect(self, visible_versions: Collection[int] | None) -> None:
        """Raises StaleVersion when what follows was decided on none of these states; None means any."""
        if visible_versions is not None and self.visible_version not in visible_versions:
            expected = ", ".join(str(version) for version in sorted(visible_versions))
            raise errors.StaleVersion(self.slug, expected or "the one that was named", self.visible_version)

    def promote(self, description_id: UUID, scope: PromotionScope) -> None:
        """Make a description current for its variant, or the default of the film."""
        variant = self.descriptions.shown(description_id).variant
        previous = self.descriptions.in_place(variant, scope)
        if previous != description_id:
            self._promoted(description_id=description_id, previous_description_id=previous, scope=scope.value)

    def edit(
        self, variant: Variant, text: str, *, based_on: UUID, description_id: UUID, content_hash: str
    ) -> None:
        """Record a person's new revision of a variant, written from an existing description."""
        self.descriptions.shown(based_on)
        self._edited(
            description_id=description_id,
            revision=self.descriptions.next_revision(variant),
            locale=variant.locale.value,
            context_tag=variant.context_tag.value,
            text=text,
            origin=Origin.EDITED.value,
            based_on=based_on,
            content_hash=content_hash,
            becomes_default=self.descriptions.would_become_default(variant),
        )

    def withdraw(self, description_id: UUID, *, reason: str) -> None:
        """Stop showing a text; another revision of its variant takes its places."""
        replacement = self.descriptions.replacement_for(self.descriptions.shown(description_id))
        self._withdrawn(description_id=description_id, reason=reason, replaced_by=replacement)

    def correct_facts(self, facts: MovieFacts, *, reason: str) -> None:
        """Correct title, year, director or genres; the slug stays, it is the key."""
        if facts != self.facts:
            self._facts_corrected(
                title=facts.title,
                release_year=facts.release_year,
                director=facts.director,
                genres=list(facts.genres),
                reason=reason,
            )

    def trigger_event(self, event_class: type[CanMutateAggregate[UUID]], **kwargs: Any) -> None:
        by = self._signed_by()
        stamp = {"timestamp": self._signed_at(), "actor": by.id, "correlation_id": by.correlation_id}
        super().trigger_event(event_class, **stamp | kwargs)

    def _signed_by(self) -> Actor:
        assert self._by is not None, "sign the aggregate before a decision: events say who decided"
        return self._by

    def _signed_at(self) -> datetime:
        assert self._at is not None, "sign the aggregate before a decision: events say when"
        return self._at

    def _title_is_a_guess(self) -> bool:
        """Whether the film was registered by its slug alone."""
        return self.facts.title == slugs.title_from(self.slug, current_year=self._signed_at().year)

    def _active(self, job_id: UUID) -> Job:
        job = self.jobs.find(job_id)
        if not job.is_active:
            raise errors.JobIsFinal(job_id, job.status)
        return job

    def _attempted(self, job_id: UUID, attempt: int) -> Job:
        job = self.jobs.find(job_id)
        if not 1 <= attempt <= job.attempt:
            raise errors.AttemptNotStarted(job_id, attempt)
        return job

    def _reason_to_refuse(self, job: Job, attempt: int, existing: UUID | None) -> RejectionReason | None:
        """A result is accepted while its attempt runs, or was lost and nobody has started another since."""
        if existing is not None:
            return RejectionReason.DESCRIPTION_EXISTS
        if job.status is JobStatus.CANCELLED:
            return RejectionReason.CANCELLED
        if attempt < job.attempt:
            return RejectionReason.NEWER_ATTEMPT
        if not job.is_running(attempt) and not job.was_lost(attempt):
            return RejectionReason.ATTEMPT_ENDED
        if self.jobs.another_is_running(job):
            return RejectionReason.ANOTHER_JOB_RUNNING
        return None

    def _accept(
        self, job: Job, attempt: int, draft: Draft, calls: Sequence[PaidCall], description_id: UUID
    ) -> None:
        self._generated(
            job_id=job.job_id,
            attempt=attempt,
            description_id=description_id,
            revision=self.descriptions.next_revision(job.variant),
            locale=job.variant.locale.value,
            context_tag=job.variant.context_tag.value,
            text=draft.text,
            origin=Origin.GENERATED.value,
            ai_model=draft.ai_model,
            prompt_version=draft.prompt_version,
            prompt_hash=draft.prompt_hash,
            input_hash=draft.input_hash,
            content_hash=draft.content_hash,
            becomes_default=self.descriptions.would_become_default(job.variant),
            calls=[call.as_payload() for call in calls],
        )

    def _reject(
        self,
        job: Job,
        attempt: int,
        existing: UUID | None,
        reason: RejectionReason,
        calls: Sequence[PaidCall],
    ) -> None:
        self._rejected(
            job_id=job.job_id,
            attempt=attempt,
            existing_description_id=existing,
            reason=reason.value,
            calls=[call.as_payload() for call in calls],
        )

    def _end_attempt(
        self,
        job: Job,
        attempt: int,
        failure: Failure,
        calls: Sequence[PaidCall],
        *,
        next_attempt_at: datetime,
        spared: bool = False,
    ) -> None:
        tries_again = failure.is_retryable and (spared or job.has_tries_left)
        self._attempt_failed(
            job_id=job.job_id,
            attempt=attempt,
            failure_type=failure.type.value,
            message=failure.message,
            technical_message=failure.technical_message,
            next_attempt_at=next_attempt_at if tries_again else None,
            spared=spared,
            calls=[call.as_payload() for call in calls],
        )
        if not tries_again:
            self._failed(
                job_id=job.job_id,
                failure_type=failure.type.value,
                message=failure.message,
                technical_message=failure.technical_message,
            )

    @event(events.MovieFactsCorrected)
    def _facts_corrected(
        self, title: str, release_year: int | None, director: str | None, genres: list[str], reason: str
    ) -> None:
        self.facts = MovieFacts(
            title=title, release_year=release_year, director=director, genres=tuple(genres)
        )
        self._became_visible()

    @event(events.GenerationRequested)
    def _requested(
        self,
        job_id: UUID,
        requested_slug: str,
        locale: str,
        context_tag: str,
        forced: bool,
        priority: str,
        confidence: float,
        actor: str,
    ) -> None:
        variant = Variant(Locale(locale), ContextTag(context_tag))
        self.jobs[job_id] = Job(
            job_id, variant, forced, confidence, actor, requested_at_version=self.version + 1
        )

    @event(events.GenerationStarted)
    def _started(self, job_id: UUID, attempt: int, worker_id: str, claim_expires_at: datetime) -> None:
        self.jobs[job_id].claimed(attempt, worker_id, claim_expires_at)

    @event(events.DescriptionGenerated)
    def _generated(
        self,
        job_id: UUID,
        attempt: int,
        description_id: UUID,
        revision: int,
        locale: str,
        context_tag: str,
        text: str,
        origin: str,
        ai_model: str,
        prompt_version: str,
        prompt_hash: str | None,
        input_hash: str,
        content_hash: str,
        becomes_default: bool,
        calls: list[dict[str, Any]],
    ) -> None:
        variant = Variant(Locale(locale), ContextTag(context_tag))
        description = Description(
            description_id, variant, revision, Origin(origin), job_id, text, self.version + 1
        )
        self.descriptions.added(description, becomes_default=becomes_default)
        self.jobs[job_id].done(description_id)
        self.jobs[job_id].reported.add(attempt)
        self._became_visible()

    @event(events.GenerationAttemptFailed)
    def _attempt_failed(
        self,
        job_id: UUID,
        attempt: int,
        failure_type: str,
        message: str,
        technical_message: str,
        next_attempt_at: datetime | None,
        spared: bool,
        calls: list[dict[str, Any]],
    ) -> None:
        failure = Failure(FailureType(failure_type), message, technical_message)
        weight = UNKNOWN_COST_WEIGHS if any(call["cost_microusd"] is None for call in calls) else 1
        self.jobs[job_id].attempt_failed(attempt, failure, next_attempt_at, spared=spared * weight)

    @event(events.GenerationFailed)
    def _failed(self, job_id: UUID, failure_type: str, message: str, technical_message: str) -> None:
        self.jobs[job_id].failed(Failure(FailureType(failure_type), message, technical_message))

    @event(events.GenerationSatisfied)
    def _satisfied(self, job_id: UUID, description_id: UUID) -> None:
        self.jobs[job_id].done(description_id)

    @event(events.GenerationRetryRequested)
    def _retry_requested(self, job_id: UUID, reason: str) -> None:
        self.jobs[job_id].retried()

    @event(events.GenerationCancelled)
    def _cancelled(self, job_id: UUID, reason: str) -> None:
        self.jobs[job_id].cancelled()

    @event(events.StaleResultRejected)
    def _rejected(
        self,
        job_id: UUID,
        attempt: int,
        existing_description_id: UUID | None,
        reason: str,
        calls: list[dict[str, Any]],
    ) -> None:
        self.jobs[job_id].reported.add(attempt)

    @event(events.DescriptionPromoted)
    def _promoted(self, description_id: UUID, previous_description_id: UUID | None, scope: str) -> None:
        self.descriptions.promoted(description_id, PromotionScope(scope))
        self._became_visible()

    @event(events.DescriptionEdited)
    def _edited(
        self,
        description_id: UUID,
        revision: int,
        locale: str,
        context_tag: str,
        text: str,
        origin: str,
        based_on: UUID,
        content_hash: str,
        becomes_default: bool,
    ) -> None:
        variant = Variant(Locale(locale), ContextTag(context_tag))
        made_by = self.descriptions.get(based_on).job_id
        description = Description(
            description_id, variant, revision, Origin(origin), made_by, text, self.version + 1
        )
        self.descriptions.added(description, becomes_default=becomes_default)
        self._became_visible()

    @event(events.DescriptionWithdrawn)
    def _withdrawn(self, description_id: UUID, reason: str, replaced_by: UUID | None) -> None:
        self.descriptions.withdrawn(description_id, replaced_by)
        self._became_visible()

    def _became_visible(self) -> None:
        self.visible_version = self.version + 1
