"""All texts there are and who wrote them: the rows of the texts view, and what it is asked.

A row never changes. What readers see of a text, and whether they may, is told by the movies view.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from application.view import Place, View


class TextRow(NamedTuple):
    """An accepted text. One that a person wrote has no job, no model and no prompt.

    `actor` is the worker or the person; `version` that of the film's stream.
    """

    description_id: UUID
    slug: str
    locale: str
    context_tag: str
    revision: int
    origin: str
    job_id: UUID | None
    ai_model: str | None
    prompt_version: str | None
    prompt_hash: str | None
    actor: str
    version: int
    at: datetime
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSearch:
    """What texts are looked for; everything given must hold. `since` is when they were accepted."""

    ai_model: str | None = None
    prompt_version: str | None = None
    locale: str | None = None
    since: datetime | None = None


class TextsView(View[UUID, TextRow]):
    name = "texts"
    version = 1

    @abstractmethod
    def get(self, description_id: UUID) -> TextRow | None: ...

    @abstractmethod
    def list(self, search: TextSearch, *, before: Place | None, limit: int) -> Sequence[TextRow]:
        """The newest first, behind a place or from the first."""
