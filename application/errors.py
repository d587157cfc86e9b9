"""What can go wrong around the rules. The docstring of a class is the sentence a person reads."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from eventsourcing.persistence import DataError, IntegrityError, PersistenceError

from domain.errors import MovieMindError

MOST_LETTERS = 500
"""Of an error that is kept or shown."""


@dataclass(eq=False)
class MovieNotFound(MovieMindError):
    """There is no film '{slug}'."""

    slug: str


@dataclass(eq=False)
class NotKnownYet(MovieMindError):
    """Nothing was known of '{slug}' at that moment; its history begins at {begins_at:%FT%T.%fZ}."""

    slug: str
    begins_at: datetime


@dataclass(eq=False)
class NotDescribed(MovieMindError):
    """Of '{slug}' there is no such description yet; one can be asked for with the scope generate."""

    slug: str


@dataclass(eq=False)
class TextNotFound(MovieMindError):
    """No film has a description {description_id}."""

    description_id: UUID


@dataclass(eq=False)
class VersionNotFound(MovieMindError):
    """The film '{slug}' has no version {version}; its versions are 1 to {newest}."""

    slug: str
    version: int
    newest: int


@dataclass(eq=False)
class TooMuchContention(MovieMindError):
    """Others are changing '{slug}' so quickly that {decisions} decisions on it were overtaken; try again."""

    slug: str
    decisions: int


@dataclass(eq=False)
class StoreUnavailable(MovieMindError):
    """The store cannot be used at the moment: {reason}."""

    reason: str


@dataclass(eq=False)
class QueueUnavailable(MovieMindError):
    """The queue cannot be used at the moment: {reason}."""

    reason: str


@dataclass(eq=False)
class ReadBehind(MovieMindError):
    """The '{view}' view has not caught up with what was just written; try again in a moment."""

    view: str


@dataclass(eq=False)
class BudgetExceeded(MovieMindError):
    """The daily budget {whose} is spent; it opens again at {opens_at:%Y-%m-%d %H:%M} UTC."""

    whose: str
    opens_at: datetime


@dataclass(eq=False)
class NotAdmitted(MovieMindError):
    """No paid call is made for job {job_id} now: {reason}."""

    job_id: UUID
    reason: str


@dataclass(eq=False)
class ViewMoved(MovieMindError):
    """Another process has folded the '{view}' view meanwhile; nothing was folded twice."""

    view: str


@dataclass(eq=False)
class EventUnreadable(MovieMindError):
    """The event {topic} at position {position} cannot be read: {reason}."""

    topic: str
    position: int
    reason: str


@dataclass(eq=False)
class EventTooNew(MovieMindError):
    """A newer MovieMind has written {found}, and this one knows {known}; upgrade it. Nothing is lost."""

    found: str
    known: str


@dataclass(eq=False)
class ViewNeedsRebuild(MovieMindError):
    """Views are outdated: {versions}; run: moviemind projections rebuild {views}."""

    views: str
    versions: str


@dataclass(eq=False)
class ViewTooNew(MovieMindError):
    """A newer MovieMind has rebuilt the '{view}' view (version {found}, this one folds {needed}); upgrade."""

    view: str
    found: int
    needed: int


@dataclass(eq=False)
class RowsRefused(MovieMindError):
    """The store refuses rows of the '{view}' view: {reason}."""

    view: str
    reason: str


def first_line(error: Exception) -> str:
    """What an error is about, without the row or the document that it may quote below. It may hold anything,
    also what no column can."""
    lines = f"{type(error).__name__}: {error}".replace("\x00", "\ufffd").splitlines()
    return lines[0][:MOST_LETTERS]


@contextmanager
def store_errors() -> Iterator[None]:
    """Tell a store that cannot be used from a conflict, which is an answer of a store that works."""
    try:
        yield
    except IntegrityError:
        raise
    except PersistenceError as error:
        raise StoreUnavailable(str(error)) from error


@contextmanager
def refused_rows(view: str) -> Iterator[None]:
    """Tell rows that a store will not take tomorrow either from a store that cannot be used. Raises
    RowsRefused."""
    try:
        yield
    except IntegrityError as error:
        raise RowsRefused(view, first_line(error)) from error
    except StoreUnavailable as error:
        if isinstance(error.__cause__, DataError):
            raise RowsRefused(view, error.reason) from error
        raise


def check_version(view: str, found: int, needed: int) -> None:
    """Raises ViewNeedsRebuild, ViewTooNew."""
    check_versions({view: (found, needed)})


def check_versions(views: Mapping[str, tuple[int, int]]) -> None:
    """Of each view the version of its rows, and the one that is needed. All that are outdated are named at
    once. Raises ViewNeedsRebuild, ViewTooNew."""
    for view, (found, needed) in views.items():
        if found > needed:
            raise ViewTooNew(view, found, needed)
    outdated = {
        view: f"{view} is of version {found}, not {needed}"
        for view, (found, needed) in views.items()
        if found < needed
    }
    if outdated:
        raise ViewNeedsRebuild(" ".join(outdated), ", ".join(outdated.values()))
