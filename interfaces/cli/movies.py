"""`moviemind movies`: which films are described, and how."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from application.movie_generations import utc_now
from domain import slugs
from domain.errors import MovieMindError
from domain.values import ContextTag, Locale
from interfaces.cli.fields import fields_of, json_option, print_json
from interfaces.cli.listings import taken
from interfaces.cli.moments import as_of_option
from interfaces.cli.options import DataDir, Limit, Url
from interfaces.cli.output import film, listing
from interfaces.cli.service import connected
from interfaces.client import Client
from interfaces.client.calls import MovieFilters
from interfaces.http.schemas.generation import GenerationAnswer
from interfaces.http.schemas.movies import DescriptionAnswer, MovieAnswer, MovieChoices, MovieSummary

app = typer.Typer(help="Which films are described, and how.", no_args_is_help=True)

MoviesJson = Annotated[str | None, json_option(fields_of(MovieSummary))]
MovieJson = Annotated[str | None, json_option(fields_of(MovieAnswer))]
COLUMNS = ("slug", "title", "year", "director", "texts")


class MovieNotDescribed(MovieMindError):
    """The film '{slug}' has no {variant}description to show; ask for one with: moviemind generate {slug}"""

    def __init__(self, slug: str, variant: str = "") -> None:
        super().__init__()
        self.slug = slug
        self.variant = f"{variant} " if variant else ""


class MovieNotDescribedThen(MovieMindError):
    """The film '{slug}' had no {variant}description to show at {moment}."""

    def __init__(self, slug: str, variant: str, moment: datetime) -> None:
        super().__init__()
        self.slug = slug
        self.variant = f"{variant} " if variant else ""
        self.moment = f"{moment:%Y-%m-%dT%H:%M:%S%z}"


class DescriptionUnknown(MovieMindError):
    """No film has a description {description_id}; `moviemind movies show SLUG` prints those of a film."""

    def __init__(self, description_id: UUID) -> None:
        super().__init__()
        self.description_id = description_id


@app.command("list")
def list_movies(
    limit: Limit = 50, data_dir: DataDir = None, url: Url = None, as_json: MoviesJson = None
) -> None:
    """Films that have a description, in the order they got their first one."""
    with connected(data_dir, url, works=False) as service:
        _show(service.client.movies(), limit, as_json)


@app.command()
def search(
    words: Annotated[
        list[str] | None, typer.Argument(help="Beginnings of words of title, directors, genres or year.")
    ] = None,
    year: Annotated[int | None, typer.Option(min=1, max=9_999, help="Year of release.")] = None,
    director: Annotated[str | None, typer.Option(help="Words of the directors' names.")] = None,
    genre: Annotated[str | None, typer.Option(help="One whole genre.")] = None,
    limit: Limit = 50,
    data_dir: DataDir = None,
    url: Url = None,
    as_json: MoviesJson = None,
) -> None:
    """Look for described films. Upper and lower case, accents and punctuation make no difference."""
    wanted: MovieFilters = {
        "q": " ".join(words or []) or None,
        "year": year,
        "director": director,
        "genre": genre,
    }
    if not any(wanted.values()):
        raise typer.BadParameter("say what to look for: words, --year, --director or --genre")
    with connected(data_dir, url, works=False) as service:
        _show(service.client.movies(**wanted), limit, as_json)


@app.command()
def show(
    slug: Annotated[str, typer.Argument(help="The film, such as the-matrix-1999.")],
    locale: Annotated[Locale | None, typer.Option(help="Only texts in this language.")] = None,
    context_tag: Annotated[ContextTag | None, typer.Option(help="Only texts in this style.")] = None,
    as_of: Annotated[datetime | None, as_of_option("As readers saw it")] = None,
    data_dir: DataDir = None,
    url: Url = None,
    as_json: MovieJson = None,
) -> None:
    """Print a film with its descriptions, now or as readers saw it back then. Nothing is asked for by this.

    Texts that were withdrawn since are shown to a key with the scope admin alone.
    """
    with connected(data_dir, url, works=False) as service:
        movie = described(slug, service.client) if as_of is None else _back_then(slug, as_of, service.client)
    texts = [
        text
        for text in movie.descriptions
        if locale in (None, text.locale) and context_tag in (None, text.context_tag)
    ]
    if not texts:
        variant = " ".join(name for name in (locale, context_tag) if name)
        raise MovieNotDescribedThen(slug, variant, as_of) if as_of else MovieNotDescribed(slug, variant)
    selected = movie.selected_description if movie.selected_description in texts else None
    shown = movie.model_copy(update={"descriptions": texts, "selected_description": selected})
    if as_json:
        print_json(shown, as_json)
    else:
        film(shown)


def described(slug: str, client: Client) -> MovieAnswer:
    """A film that has a description, without asking for one. Raises SlugRefused, MovieNotDescribed."""
    slugs.assess(slug, current_year=utc_now().year)  # what is no slug must not become part of a URL
    summary = next(client.movies(slug=slug), None)
    if summary is None or not summary.descriptions_count:
        raise MovieNotDescribed(slug)
    return _film(client.movie(slug))


def _back_then(slug: str, moment: datetime, client: Client) -> MovieAnswer:
    """Raises SlugRefused; where nothing was known of the film then, ServiceRefused."""
    return _film(client.movie(slug, as_of=moment))


def film_of(description_id: UUID, client: Client) -> MovieSummary:
    """The film a description is of, as its readers see it now. Raises DescriptionUnknown."""
    movie = next(client.movies(description_id=description_id), None)
    if movie is None:
        raise DescriptionUnknown(description_id)
    return movie


def text_of(description_id: UUID, client: Client) -> tuple[DescriptionAnswer, MovieAnswer]:
    """A description, and its film. Raises DescriptionUnknown."""
    slug = film_of(description_id, client).slug
    movie = _film(client.movie(slug, description_id=description_id))
    assert movie.selected_description is not None, "it was asked for by its id"
    return movie.selected_description, movie


def _film(answer: MovieAnswer | GenerationAnswer | MovieChoices) -> MovieAnswer:
    assert isinstance(answer, MovieAnswer), "a film that is listed with a text is shown, or refused"
    return answer


def _show(movies: Iterable[MovieSummary], limit: int, as_json: str | None) -> None:
    found = taken(movies, limit)
    if as_json:
        print_json(found, as_json)
    else:
        listing(COLUMNS, [_row(movie) for movie in found])


def _row(movie: MovieSummary) -> tuple[object, ...]:
    return movie.slug, movie.title, movie.release_year, movie.director, movie.descriptions_count
