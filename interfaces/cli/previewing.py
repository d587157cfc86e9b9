"""`generate --dry-run`: what would be asked, how many texts that is, and what they would cost."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from domain import slugs
from domain.values import ContextTag, MovieFacts
from interfaces.cli.asking import RowError, ask_each
from interfaces.cli.films import FilmRow
from interfaces.client import Operator
from interfaces.client.calls import Wanted
from interfaces.http.schemas.generation import Outcome, PreviewAnswer


@dataclass(slots=True)
class Previewed:
    """Texts, by what would become of them. A call is one text written, if all goes well;
    `estimated_cost_microusd` is None when it is not known. `errors` counts bad rows."""

    films: int = 0
    described_already: int = 0
    being_written: int = 0
    calls: int = 0
    estimated_cost_microusd: int | None = 0
    errors: int = 0


def preview_all(
    rows: Iterable[FilmRow],
    total: int | None,
    client: Operator,
    context_tags: Sequence[ContextTag],
    wanted: Wanted,
    *,
    previewed: Previewed,
    on_error: Callable[[RowError], None],
    on_film: Callable[[str, list[ContextTag]], None],
) -> None:
    """`on_film` hears of every film that would be written: its slug, and in which styles."""
    films = _Films()

    def ask(film: dict[str, Any]) -> PreviewAnswer:
        return client.preview(context_tags=context_tags, **film, **wanted)

    def take(row: FilmRow, answer: PreviewAnswer) -> None:
        outcomes = [style.outcome for style in answer.styles]
        previewed.described_already += outcomes.count(Outcome.IS_DESCRIBED)
        previewed.being_written += outcomes.count(Outcome.IS_BEING_WRITTEN)
        slug = films.slug_of_new(answer.slug, row) if answer.calls else None
        if slug is None:
            return
        previewed.calls += answer.calls
        previewed.estimated_cost_microusd = _sum(
            previewed.estimated_cost_microusd, answer.estimated_cost_microusd
        )
        on_film(slug, [s.context_tag for s in answer.styles if s.outcome is Outcome.WOULD_BE_WRITTEN])

    with closing(ask_each(rows, total, ask, client, doing="looking")) as answers:
        for row, answer in answers:
            previewed.films += 1
            if isinstance(answer, RowError):
                previewed.errors += 1
                on_error(answer)
            else:
                take(row, answer)


class _Films:
    """The films of a file that would be written: a second row of one of them would only join it, and
    another film of its title and year would get another slug.

    The service cannot know, since nothing is accepted; so its rules for slugs are asked here.
    """

    def __init__(self) -> None:
        self._by_slug: dict[str, MovieFacts] = {}

    def slug_of_new(self, slug: str, row: FilmRow) -> str | None:
        """The slug the film would get; None when an earlier row asks for it."""
        request = row.request or {}
        film = MovieFacts(
            title=request.get("title") or slug,
            release_year=request.get("release_year"),
            director=request.get("director"),
        )
        for candidate in slugs.candidates(slug, film.director):
            known = self._by_slug.setdefault(candidate, film)
            if known is film:
                return candidate
            if known.could_be(film):
                return None
        return None


def _sum(known: int | None, cost: int | None) -> int | None:
    return None if known is None or cost is None else known + cost
