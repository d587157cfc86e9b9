"""Measures what a search costs at the database: 5,000 films with 4 texts each, pages of 50, on both stores.

Run with `python -m benchmarks.search`. A search is one call of the movies view, with its rows read. Films are
the thousand real ones under five years each. Prints a Markdown table.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from uuid import uuid4

from application.movie_listing import MovieOrder, MoviePlace, MovieSearch
from application.read_models import DescriptionRow, MovieRow, MoviesView
from infrastructure.postgres import schema
from infrastructure.settings import load_settings
from interfaces.bootstrap import open_store
from interfaces.cli.films import read_films
from interfaces.cli.output import say
from tests.support.servers import Postgres

FILMS = Path(__file__).parents[1] / "interfaces" / "data" / "films.csv"
NUMBER, PAGE, ROUNDS = 5_000, 50, 15
STYLES = ("DEFAULT", "modern", "critical", "humorous")
TEXT = "A text of the length that texts have. " * 12
NOW = datetime(2026, 1, 1, tzinfo=UTC)

SEARCHES = {
    "a word of a title": MovieSearch(q="matrix"),
    "a letter": MovieSearch(q="m"),
    "two words": MovieSearch(q="the god"),
    "words that no film has": MovieSearch(q="xylophone quartz"),
    "a director": MovieSearch(director="kurosawa"),
    "a genre": MovieSearch(genre="drama"),
    "a year": MovieSearch(year=1999),
    "all of them": MovieSearch(q="the", director="a", genre="drama", year=1999),
    "everything, by title": MovieSearch(order=MovieOrder.TITLE),
    "everything, by year from the last": MovieSearch(order=MovieOrder.YEAR, is_descending=True),
    "a genre, by title": MovieSearch(genre="drama", order=MovieOrder.TITLE),
}


def main() -> None:
    say(f"| a page of {PAGE} of {NUMBER:,} films | median ms | slowest ms |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        home = Path(directory)
        home.chmod(0o755)
        server = Postgres(home / "postgres")
        server.start()
        stack.callback(server.stop)
        server.execute("CREATE DATABASE films")
        url = server.url("films")
        schema.create(url)
        for name, settings in (
            ("SQLite", load_settings(data_dir=home, store_url="")),
            ("PostgreSQL", load_settings(store_url=url)),
        ):
            with closing(open_store(settings)) as store:
                _fill(store.movies)
                for about, search in SEARCHES.items():
                    middle = store.movies.list(MovieSearch(), after=MoviePlace(NUMBER // 2), limit=1)
                    places = (None, MoviePlace.of(middle[0], search.order))
                    took = [_took(store.movies, search, after) for after in places * ROUNDS]
                    say(f"| {name}: {about} | {statistics.median(took):.1f} | {max(took):.1f} |")


def _took(movies: MoviesView, search: MovieSearch, after: MoviePlace | None) -> float:
    """In milliseconds."""
    started = time.perf_counter()
    movies.list(search, after=after, limit=PAGE + 1)
    return (time.perf_counter() - started) * 1_000


def _fill(movies: MoviesView) -> None:
    with movies.writing(after=0, up_to=NUMBER) as rows:
        for film in islice(_films(), NUMBER):
            rows.put(film)


def _films() -> Iterator[MovieRow]:
    wanted = [row.request for row in read_films(FILMS) if row.request]
    position = count(1)
    for years in count():
        for film in wanted:
            yield MovieRow(
                movie_id=uuid4(),
                slug=f"{film['slug']}-{years}",
                title=film["title"],
                release_year=(film["release_year"] or 1950) - years,
                director=film.get("director"),
                genres=tuple(film["genres"]),
                default_description_id=None,
                descriptions=tuple(_text(style) for style in STYLES),
                visible_version=1,
                listed_position=next(position),
                created_at=NOW,
                updated_at=NOW,
            )


def _text(style: str) -> DescriptionRow:
    return DescriptionRow(
        description_id=uuid4(),
        locale="en-US",
        context_tag=style,
        revision=1,
        text=TEXT,
        origin="GENERATED",
        ai_model="template",
        prompt_version="1",
        is_current=True,
        is_withdrawn=False,
        created_at=NOW,
    )


if __name__ == "__main__":
    main()
