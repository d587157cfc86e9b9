"""The movies view: a film as a reader sees it."""

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from application.event_log import Recorded
from application.read_models import DescriptionRow, MovieRow
from application.view import Rows
from domain import events
from domain.values import PromotionScope


def films_of(recorded: Recorded) -> Collection[str]:
    return [recorded.slug] if isinstance(recorded.event, _VISIBLE) else []


def fold_movie(recorded: Recorded, rows: Rows[str, MovieRow]) -> None:
    event = recorded.event
    if isinstance(event, events.MovieRegistered):
        rows.put(_registered(event))
    elif isinstance(event, _VISIBLE):
        changed = _changed(rows.get(recorded.slug), event, recorded.position)
        rows.put(changed._replace(visible_version=recorded.version, updated_at=event.timestamp))


_VISIBLE = (
    events.MovieFactsCorrected
    | events.DescriptionGenerated
    | events.DescriptionEdited
    | events.DescriptionPromoted
    | events.DescriptionWithdrawn
)


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


def _changed(row: MovieRow, event: events.Event, position: int) -> MovieRow:
    match event:
        case events.MovieFactsCorrected():
            return row._replace(
                title=event.title,
                release_year=event.release_year,
                director=event.director,
                genres=tuple(event.genres),
            )
        case events.DescriptionGenerated() | events.DescriptionEdited():
            return _with_description(row, event, position)
        case events.DescriptionPromoted(scope=PromotionScope.FILM.value):
            return row._replace(default_description_id=event.description_id)
        case events.DescriptionPromoted():
            return _with_current(row, event.description_id)
        case events.DescriptionWithdrawn():
            return _with_withdrawn(row, event)
    return row


def _with_description(
    row: MovieRow, event: events.DescriptionGenerated | events.DescriptionEdited, position: int
) -> MovieRow:
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
    added = row._replace(
        descriptions=(*row.descriptions, description),
        default_description_id=event.description_id if event.becomes_default else row.default_description_id,
        listed_position=row.listed_position or position,
    )
    return _with_current(added, event.description_id)


def _with_current(row: MovieRow, description_id: UUID) -> MovieRow:
    """Make a description the one its variant shows, and no other of that variant."""
    current = row.description(description_id)
    assert current is not None, "an event names a description that no earlier event recorded"
    variant = (current.locale, current.context_tag)
    return row._replace(
        descriptions=tuple(
            replace(d, is_current=d.description_id == description_id)
            if (d.locale, d.context_tag) == variant
            else d
            for d in row.descriptions
        ),
    )


def _with_withdrawn(row: MovieRow, event: events.DescriptionWithdrawn) -> MovieRow:
    withdrawn = row.description(event.description_id)
    assert withdrawn is not None, "an event names a description that no earlier event recorded"
    hidden = replace(withdrawn, text="", is_current=False, is_withdrawn=True)
    was_default = row.default_description_id == event.description_id
    changed = row._replace(
        descriptions=tuple(hidden if d is withdrawn else d for d in row.descriptions),
        default_description_id=event.replaced_by if was_default else row.default_description_id,
    )
    if withdrawn.is_current and event.replaced_by is not None:
        return _with_current(changed, event.replaced_by)
    return changed
