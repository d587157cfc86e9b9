"""Cursors of films: the place of the last one on a page, in the order they were listed in."""

from application.movie_listing import MovieOrder, MoviePlace
from application.read_models import MovieRow
from interfaces.http import cursors
from interfaces.http.cursors import CursorInvalid


def behind(row: MovieRow, order: MovieOrder, epoch: str) -> str:
    """The cursor of what comes behind a film."""
    place = MoviePlace.of(row, order)
    more = None if place.key is None else f"{order}:{place.key}"
    return cursors.encode(epoch, place.position, more)


def place(cursor: str, order: MovieOrder, epoch: str) -> MoviePlace:
    """Raises CursorExpired, and CursorInvalid for a cursor of another order too."""
    position, more = cursors.decode_all(cursor, epoch=epoch)
    sorted_by, _, key = (more or f"{MovieOrder.LISTED}:").partition(":")
    if sorted_by != order:
        raise CursorInvalid(cursor)
    match order:
        case MovieOrder.LISTED:
            return MoviePlace(position)
        case MovieOrder.TITLE:
            return MoviePlace(position, key)
        case MovieOrder.YEAR if key.isdecimal() and len(key) <= len("10000"):
            return MoviePlace(position, int(key))
    raise CursorInvalid(cursor)
