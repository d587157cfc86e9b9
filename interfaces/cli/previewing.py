"""`generate --dry-run`: what would be asked, how many texts that is, and what they would cost."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from domain.values import MovieFacts
from interfaces.cli.asking import RowError, ask_each
from interfaces.cli.client import Answer, Client
from interfaces.cli.films import FilmRow
from interfaces.http.schemas.generation import Outcome


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
    client: Client,
    wanted: Answer,
    *,
    previewed: Previewed,
    on_error: Callable[[RowError], None],
    on_film: Callable[[Answer], None],
) -> None:
    """`on_film` hears of every film that would be written: its slug, and in which styles."""
    films = _Films()
    for row, answer in ask_each(rows, total, lambda film: client.preview(film | wanted), doing="looking"):
        previewed.films += 1
        if isinstance(answer, RowError):
            previewed.errors += 1
            on_error(answer)
            continue
        outcomes = [style["outcome"] for style in answer["styles"]]
        previewed.described_already += outcomes.count(Outcome.IS_DESCRIBED)
        previewed.being_written += outcomes.count(Outcome.IS_BEING_WRITTEN)
        if not answer["calls"] or not films.is_new(answer["slug"], row):
            continue
        previewed.calls += answer["calls"]
        previewed.estimated_cost_microusd = _sum(
            previewed.estimated_cost_microusd, answer["estimated_cost_microusd"]
        )
        styles = [s["context_tag"] for s in answer["styles"] if s["outcome"] == Outcome.WOULD_BE_WRITTEN]
        on_film({"slug": answer["slug"], "context_tags": styles})


class _Films:
    """The films of a file that would be written: a second row of one of them would only join it.

    The service cannot know, since nothing is accepted; so the rule that tells films of one slug apart is
    asked here.
    """

    def __init__(self) -> None:
        self._by_slug: defaultdict[str, list[MovieFacts]] = defaultdict(list)

    def is_new(self, slug: str, row: FilmRow) -> bool:
        request = row.request or {}
        film = MovieFacts(
            title=request.get("title") or slug,
            release_year=request.get("release_year"),
            director=request.get("director"),
        )
        if any(known.could_be(film) for known in self._by_slug[slug]):
            return False
        self._by_slug[slug].append(film)
        return True


def _sum(known: int | None, cost: int | None) -> int | None:
    return None if known is None or cost is None else known + cost
