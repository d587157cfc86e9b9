"""Which texts are not told: those that were withdrawn, to whoever is no admin."""

from collections.abc import Iterable

from application.reading import catch_up
from domain.values import Actor
from interfaces.service import MovieMind


def withdrawn_texts(slugs: Iterable[str], service: MovieMind, caller: Actor) -> set[str]:
    """Ids of descriptions of these films. Raises ReadBehind."""
    if caller.is_admin:
        return set()
    catch_up(service.movies, service.log)
    rows = filter(None, map(service.movies.get, slugs))
    return {str(one.description_id) for row in rows for one in row.descriptions if one.is_withdrawn}
