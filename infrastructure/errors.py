"""What stops a process from starting. The docstring of a class is the sentence a person reads."""

from dataclasses import dataclass

from domain.errors import MovieMindError


@dataclass(eq=False)
class StoreNotUsable(MovieMindError):
    """The store {path} cannot be opened: {reason}."""

    path: str
    reason: str


@dataclass(eq=False)
class SchemaMissing(MovieMindError):
    """The store {store} {lacks}; run: moviemind schema create."""

    store: str
    lacks: str = "has no tables of MovieMind yet"


@dataclass(eq=False)
class SchemaTooNew(MovieMindError):
    """{path} was written by a newer MovieMind (schema {found}, this one knows {known}); upgrade MovieMind."""

    path: str
    found: int
    known: int


@dataclass(eq=False)
class StoreInUse(MovieMindError):
    """The event store {path} is already {where}; stop that process or name another store."""

    path: str
    where: str


@dataclass(eq=False)
class DirectoryNotUsable(MovieMindError):
    """The directory {path} cannot be used: {reason}, or choose another with --data-dir."""

    path: str
    reason: str


@dataclass(eq=False)
class BackupNotWritten(MovieMindError):
    """The backup cannot be written to {directory}: {reason}."""

    directory: str
    reason: str


@dataclass(eq=False)
class BackupNotUsable(MovieMindError):
    """{directory} holds no backup that can be restored: {reason}."""

    directory: str
    reason: str


@dataclass(eq=False)
class StoreHoldsOthers(MovieMindError):
    """The store holds events that are not of {directory}; restore into an empty store that nobody uses."""

    directory: str


@dataclass(eq=False)
class NeedsPostgres(MovieMindError):
    """moviemind {command} needs a store on PostgreSQL ({variable}); with SQLite, moviemind up does it all."""

    command: str
    variable: str


@dataclass(eq=False)
class NeedsSharedQueue(MovieMindError):
    """`moviemind {command}` needs a queue that processes share; set {variable} to redis or database."""

    command: str
    variable: str


@dataclass(eq=False)
class NeedsSigningKey(MovieMindError):
    """Nothing can be signed without MOVIEMIND_AUDIT_SIGNING_KEY; make a key: moviemind audit new-key NAME."""


@dataclass(eq=False)
class WrongSettings(MovieMindError):
    """The settings are wrong.
    {problems}"""

    problems: str
