"""The texts view: every accepted text, with what it was made by."""

from typing import cast
from uuid import UUID

from application.event_log import Recorded
from application.projections.kinds import Kinds
from application.texts import TextRow
from application.view import Rows
from domain.events import DescriptionEdited, DescriptionGenerated

_ACCEPTED = Kinds(DescriptionGenerated, DescriptionEdited)


def fold_text(recorded: Recorded, rows: Rows[UUID, TextRow]) -> None:
    event = recorded.event
    if _ACCEPTED[type(event)]:
        rows.put(_row(recorded, cast(DescriptionGenerated | DescriptionEdited, event)))


def _row(recorded: Recorded, event: DescriptionGenerated | DescriptionEdited) -> TextRow:
    by_model = event if isinstance(event, DescriptionGenerated) else None
    return TextRow(
        description_id=event.description_id,
        slug=recorded.slug,
        locale=event.locale,
        context_tag=event.context_tag,
        revision=event.revision,
        origin=event.origin,
        job_id=by_model.job_id if by_model else None,
        ai_model=by_model.ai_model if by_model else None,
        prompt_version=by_model.prompt_version if by_model else None,
        prompt_hash=by_model.prompt_hash if by_model else None,
        actor=event.actor,
        version=recorded.version,
        at=event.timestamp,
        position=recorded.position,
    )
