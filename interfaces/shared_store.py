"""What processes that share a store have in common."""

from dataclasses import dataclass

from domain.errors import MovieMindError
from infrastructure.settings import PREFIX, Queue, Settings


@dataclass(eq=False)
class NeedsPostgres(MovieMindError):
    """`moviemind {command}` is for a store on PostgreSQL; set {variable}, for example to postgresql://moviemind:PASSWORD@127.0.0.1/moviemind. With SQLite one process does everything: moviemind up."""  # noqa: E501 - one sentence

    command: str
    variable: str


@dataclass(eq=False)
class NeedsSharedQueue(MovieMindError):
    """`moviemind {command}` needs a queue that processes share; set {variable} to redis or database."""

    command: str
    variable: str


def needs_postgres(settings: Settings, command: str) -> Settings:
    """Raises NeedsPostgres."""
    if not settings.is_on_postgres:
        raise NeedsPostgres(command, f"{PREFIX}STORE_URL")
    return settings


def needs_shared_queue(settings: Settings, command: str) -> Settings:
    """Raises NeedsPostgres, NeedsSharedQueue."""
    if needs_postgres(settings, command).queue_in_use is Queue.EMBEDDED:
        raise NeedsSharedQueue(command, f"{PREFIX}QUEUE")
    return settings
