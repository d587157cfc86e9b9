"""Slugs without a year: which of the films we know may be meant."""

from collections.abc import Sequence

from application.event_log import EventLog
from application.read_models import MovieRow, MoviesView
from application.reading import catch_up
from domain import slugs

MOST = 100


def films_titled(slug: str, *, movies: MoviesView, log: EventLog, this_year: int) -> Sequence[MovieRow]:
    """Those of a title, described or not, oldest year first, MOST at most.

    None where the slug is a film's own. Raises ReadBehind.
    """
    if movies.get(slug) is not None:
        return []
    catch_up(movies, log)  # a film that was asked for a moment ago must not be asked for under another slug
    if movies.get(slug) is not None:
        return []
    # Years begin with 1 or 2, so longer titles with the same beginning are left out.
    rows = movies.between(f"{slug}-1", f"{slug}-3", limit=MOST)
    return [row for row in rows if slugs.is_of_title(row.slug, slug, current_year=this_year)]
