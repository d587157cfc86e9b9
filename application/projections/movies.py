"""The movies view: a film as a reader sees it."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from application.event_log import Recorded
from application.projections.kinds import Kinds
from application.read_models import DescriptionRow, MovieRow
from application.view import Rows
from domain import events
from domain.values import PromotionScope

Descriptions = tuple[DescriptionRow, ...]


def films_of(batch: Sequence[Recorded]) -> Collection[str]:
    changed = {recorded.slug for recorded in batch if _VISIBLE[type(recorded.event)]}
    return changed - {recorded.slug for recorded in batch if _BEGINS[type(recorded.event)]}


def fold_movie(recorded: Recorded, rows: Rows[str, MovieRow]) -> None:
    event = recorded.event
    if isinstance(event, events.MovieRegistered):
        rows.put(_registered(event))
    elif _VISIBLE[type(event)]:
        row = rows.get(recorded.slug)
        changes = _changes(row, event, recorded.position)
        rows.put(row._replace(**changes, visible_version=recorded.version, updated_at=event.timestamp))


_VISIBLE = Kinds(
    events.MovieFactsCorrected,
    events.DescriptionGenerated,
    events.DescriptionEdited,
    events.DescriptionPromoted,
    events.DescriptionWithdrawn,
)
_BEGINS = Kinds(events.MovieRegistered)


def _registered(event: events.MovieRegistered) -> MovieRow:
    return MovieRow(
        movie_id=event.originator_id,
        slug=event.slug,
        title=event.title,
        release_year=event.release_year,
        director=event.director,
        genres=tuple(event.genres),
        default_description_id=None,
        descriptions=(),
        visible_version=event.originator_version,
        listed_position=None,
        created_at=event.timestamp,
        updated_at=event.timestamp,
    )


def _changes(row: MovieRow, event: events.Event, position: int) -> dict[str, Any]:
    match event:
        case events.DescriptionGenerated() | events.DescriptionEdited():
            return _with_description(row, event, position)
        case events.MovieFactsCorrected():
            return {
                "title": event.title,
                "release_year": event.release_year,
                "director": event.director,
                "genres": tuple(event.genres),
            }
        case events.DescriptionPromoted(scope=PromotionScope.FILM.value):
            return {"default_description_id": event.description_id}
        case events.DescriptionPromoted():
            return {"descriptions": _with_current(row.descriptions, event.description_id)}
        case events.DescriptionWithdrawn():
            return _with_withdrawn(row, event)
    return {}


def _with_description(
    row: MovieRow, event: events.DescriptionGenerated | events.DescriptionEdited, position: int
) -> dict[str, Any]:
    by_model = event if isinstance(event, events.DescriptionGenerated) else None
    description = DescriptionRow(
        description_id=event.description_id,
        locale=event.locale,
        context_tag=event.context_tag,
        revision=event.revision,
        text=event.text,
        origin=event.origin,
        ai_model=by_model.ai_model if by_model else None,
        prompt_version=by_model.prompt_version if by_model else None,
        is_current=True,
        is_withdrawn=False,
        created_at=event.timestamp,
    )
    return {
        "descriptions": _with_current((*row.descriptions, description), event.description_id),
        "default_description_id": event.description_id
        if event.becomes_default
        else row.default_description_id,
        "listed_position": row.listed_position or position,
    }


def _with_current(descriptions: Descriptions, description_id: UUID) -> Descriptions:
    """Make one the description that its variant shows, and no other of that variant."""
    current = _known(descriptions, description_id)
    variant = (current.locale, current.context_tag)
    return tuple(
        replace(d, is_current=d is current)
        if d.is_current is not (d is current) and (d.locale, d.context_tag) == variant
        else d
        for d in descriptions
    )


def _with_withdrawn(row: MovieRow, event: events.DescriptionWithdrawn) -> dict[str, Any]:
    withdrawn = _known(row.descriptions, event.description_id)
    hidden = replace(withdrawn, text="", is_current=False, is_withdrawn=True)
    descriptions = tuple(hidden if d is withdrawn else d for d in row.descriptions)
    if withdrawn.is_current and event.replaced_by is not None:
        descriptions = _with_current(descriptions, event.replaced_by)
    was_default = row.default_description_id == event.description_id
    return {
        "descriptions": descriptions,
        "default_description_id": event.replaced_by if was_default else row.default_description_id,
    }


def _known(descriptions: Descriptions, description_id: UUID) -> DescriptionRow:
    found = next((d for d in descriptions if d.description_id == description_id), None)
    assert found is not None, "an event names a description that no earlier event recorded"
    return found
