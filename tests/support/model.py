"""A small model of a film, written from the rules and not from the aggregate: flat facts, plain loops."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from domain.values import FailureType, Variant

TRIES = 3
WAITS = (timedelta(seconds=10), timedelta(seconds=60))


@dataclass
class ModelJob:
    id: UUID
    variant: Variant
    forced: bool
    owner: str
    texts_before: int
    status: str = "PENDING"
    started: int = 0
    tries: int = 0
    running: int | None = None
    lost: int | None = None
    due: datetime | None = None
    text: UUID | None = None
    heard_of: set[int] = field(default_factory=set)


@dataclass
class ModelText:
    id: UUID
    variant: Variant
    revision: int
    generated: bool
    withdrawn: bool = False


class ModelFilm:
    """Each step returns what the aggregate must answer: a value, or the name of the error it must raise."""

    def __init__(self) -> None:
        self.jobs: dict[UUID, ModelJob] = {}
        self.texts: list[ModelText] = []
        self.current: dict[Variant, UUID | None] = {}
        self.default: UUID | None = None

    def request(self, job_id: UUID, variant: Variant, *, force: bool, owner: str) -> UUID | None:
        """The job that answers; None when the answer is the current text."""
        for job in self.jobs.values():
            if job.variant == variant and job.status in ("PENDING", "IN_PROGRESS"):
                return job.id
        if self.current.get(variant) and not force:
            return None
        self.jobs[job_id] = ModelJob(job_id, variant, force, owner, len(self.texts))
        return job_id

    def start(self, job_id: UUID, now: datetime) -> int | str | None:
        job = self.jobs[job_id]
        if job.status not in ("PENDING", "IN_PROGRESS"):
            return "JobIsFinal"
        if job.running:
            return "AlreadyClaimed"
        if (text := self._spares(job)) is not None:
            self._finish(job, text)
            return None
        if job.due and now < job.due:
            return "NotDueYet"
        job.started += 1
        job.tries += 1
        job.running, job.lost, job.status = job.started, None, "IN_PROGRESS"
        return job.started

    def complete(self, job_id: UUID, attempt: int, text_id: UUID) -> UUID | str | None:
        job = self.jobs[job_id]
        if not 1 <= attempt <= job.started:
            return "AttemptNotStarted"
        existing = self._spares(job)
        if attempt in job.heard_of:
            return existing
        job.heard_of.add(attempt)
        rivals = [j for j in self.jobs.values() if j.variant == job.variant and j is not job and j.running]
        if existing is None and attempt in (job.running, job.lost) and not rivals:
            self._add(text_id, job.variant, generated=True)
            self._finish(job, text_id)
            return text_id
        if existing is not None and job.status in ("PENDING", "IN_PROGRESS"):
            self._finish(job, existing)
        return existing

    def fail(self, job_id: UUID, attempt: int, kind: FailureType, *, paid: bool, now: datetime) -> str | None:
        job = self.jobs[job_id]
        if not 1 <= attempt <= job.started:
            return "AttemptNotStarted"
        if job.running == attempt:
            job.heard_of.add(attempt)
            self._give_up(job, final=kind is FailureType.NOT_FOUND, due=now + WAITS[min(job.tries, 2) - 1])
        elif paid:
            job.heard_of.add(attempt)
        return None

    def lose(self, job_id: UUID, attempt: int, now: datetime) -> bool:
        job = self.jobs[job_id]
        if job.running != attempt:
            return False
        self._give_up(job, final=False, due=now)
        job.lost = attempt
        return True

    def retry(self, job_id: UUID) -> str | None:
        job = self.jobs[job_id]
        if job.status != "FAILED":
            return "JobHasNotFailed"
        if any(
            j.variant == job.variant and j.status in ("PENDING", "IN_PROGRESS") for j in self.jobs.values()
        ):
            return "AnotherJobActive"
        if (text := self._spares(job)) is not None:
            self._finish(job, text)
        else:
            job.status, job.tries, job.due = "PENDING", 0, None
        return None

    def cancel(self, job_id: UUID, *, by: str, admin: bool) -> str | None:
        job = self.jobs[job_id]
        if job.status not in ("PENDING", "IN_PROGRESS"):
            return "JobIsFinal"
        if by != job.owner and not admin:
            return "NotTheRequester"
        job.status, job.running, job.lost = "CANCELLED", None, None
        return None

    def promote(self, text_id: UUID, *, film: bool) -> str | None:
        text = self._text(text_id)
        if text.withdrawn:
            return "DescriptionIsWithdrawn"
        if film:
            self.default = text_id
        else:
            self.current[text.variant] = text_id
        return None

    def edit(self, text_id: UUID, variant: Variant, based_on: UUID) -> str | None:
        if self._text(based_on).withdrawn:
            return "DescriptionIsWithdrawn"
        self._add(text_id, variant, generated=False)
        return None

    def withdraw(self, text_id: UUID) -> str | None:
        text = self._text(text_id)
        if text.withdrawn:
            return "DescriptionIsWithdrawn"
        text.withdrawn = True
        left = [t.id for t in self.texts if t.variant == text.variant and not t.withdrawn]
        instead = left[-1] if left else None
        if self.current[text.variant] != text_id:
            instead = self.current[text.variant]
        if self.current[text.variant] == text_id:
            self.current[text.variant] = instead
        if self.default == text_id:
            self.default = instead
        return None

    def _spares(self, job: ModelJob) -> UUID | None:
        """The text that makes a new one needless for this job."""
        if job.text is not None or not job.forced:
            return job.text or self.current.get(job.variant)
        newer = [
            t.id
            for t in self.texts[job.texts_before :]
            if t.variant == job.variant and t.generated and not t.withdrawn
        ]
        return newer[-1] if newer else None

    def _add(self, text_id: UUID, variant: Variant, *, generated: bool) -> None:
        revision = 1 + sum(t.variant == variant for t in self.texts)
        if self.default is None or self.default == self.current.get(variant):
            self.default = text_id
        self.texts.append(ModelText(text_id, variant, revision, generated))
        self.current[variant] = text_id

    def _finish(self, job: ModelJob, text_id: UUID) -> None:
        job.status, job.text, job.running, job.lost = "DONE", text_id, None, None

    def _give_up(self, job: ModelJob, *, final: bool, due: datetime) -> None:
        job.running = None
        if final or job.tries == TRIES:
            job.status = "FAILED"
        else:
            job.status, job.due = "PENDING", due

    def _text(self, text_id: UUID) -> ModelText:
        return next(t for t in self.texts if t.id == text_id)
