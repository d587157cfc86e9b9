"""`moviemind edit | withdraw | promote | correct`: what people change of a film.

All but a withdrawal read the film first and decide on what they read: when somebody else changes the film
in between, the service refuses.
"""

import sys
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from application.movie_generations import utc_now
from domain import slugs
from domain.errors import MovieMindError
from domain.values import ContextTag, Locale, PromotionScope
from interfaces.cli.fields import fields_of, json_option, print_json
from interfaces.cli.movies import film_of, text_of
from interfaces.cli.options import DataDir, Reason, Url
from interfaces.cli.output import film
from interfaces.cli.service import connected
from interfaces.http.schemas.movies import MovieAnswer

MAX_FILE_BYTES = 64 * 1024

AsJson = Annotated[str | None, json_option(fields_of(MovieAnswer))]
DescriptionId = Annotated[UUID, typer.Argument(help="The description, by its id (see `movies show`).")]


class TextUnreadable(MovieMindError):
    """The text in {path} cannot be read: {reason}."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__()
        self.path, self.reason = str(path), reason


def edit(
    description_id: DescriptionId,
    text: Annotated[str | None, typer.Option(help="The new text.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="A UTF-8 file that holds the new text; - is standard input.")
    ] = None,
    locale: Annotated[
        Locale | None, typer.Option(help="Language of the new text.", show_default="as before")
    ] = None,
    context_tag: Annotated[
        ContextTag | None, typer.Option(help="Style of the new text.", show_default="as before")
    ] = None,
    data_dir: DataDir = None,
    url: Url = None,
    as_json: AsJson = None,
) -> None:
    """Record a text of your own as a new revision of a description."""
    if (text is None) == (file is None):
        raise typer.BadParameter("give the new text either with --text or with --file")
    written = _text(text, file)
    with connected(data_dir, url, works=False) as service:
        before, movie = text_of(description_id, service.client)
        edited = service.client.edit(
            movie.slug,
            written,
            based_on=description_id,
            locale=locale or before.locale,
            context_tag=context_tag or before.context_tag,
            seen=movie.version,
        )
        _show(edited, as_json)


def withdraw(
    description_id: DescriptionId,
    reason: Reason,
    data_dir: DataDir = None,
    url: Url = None,
    as_json: AsJson = None,
) -> None:
    """Stop showing a text that is wrong or must not be read; the history keeps it."""
    with connected(data_dir, url, works=False) as service:
        slug = film_of(description_id, service.client).slug
        # It must go whatever else has changed, so no version is named.
        _show(service.client.withdraw(slug, description_id, reason), as_json)


def promote(
    description_id: DescriptionId,
    scope: Annotated[
        PromotionScope, typer.Option(help="Show it for its language and style, or as the film's default.")
    ] = PromotionScope.VARIANT,
    data_dir: DataDir = None,
    url: Url = None,
    as_json: AsJson = None,
) -> None:
    """Show a description again: for its language and style, or as the default of the film."""
    with connected(data_dir, url, works=False) as service:
        movie = film_of(description_id, service.client)
        _show(service.client.promote(movie.slug, description_id, scope, seen=movie.version), as_json)


def correct(
    slug: Annotated[str, typer.Argument(help="The film, such as the-matrix-1999; its slug stays.")],
    reason: Reason,
    title: Annotated[str | None, typer.Option(help="The right title.")] = None,
    year: Annotated[int | None, typer.Option(help="The right year of release.")] = None,
    director: Annotated[
        str | None, typer.Option(help="The right directors, with commas between; '' for unknown.")
    ] = None,
    genre: Annotated[
        list[str] | None, typer.Option(help="A right genre; repeat it for several, '' for none.")
    ] = None,
    data_dir: DataDir = None,
    url: Url = None,
    as_json: AsJson = None,
) -> None:
    """Correct what is known of a film. Texts stay as they are."""
    right: dict[str, Any] = {"title": title, "release_year": year}
    right = {name: value for name, value in right.items() if value is not None}
    if director is not None:
        right["director"] = director or None
    if genre:
        right["genres"] = [one for one in genre if one]
    if not right:
        raise typer.BadParameter("say what is right: --title, --year, --director or --genre")
    slugs.assess(slug, current_year=utc_now().year)  # what is no slug must not become part of a URL
    with connected(data_dir, url, works=False) as service:
        # A film without a text is in no listing; nobody has read of it what could be undone.
        listed = next(service.client.movies(slug=slug), None)
        seen = listed.version if listed else None
        _show(service.client.correct(slug, right, reason, seen=seen), as_json)


def _text(text: str | None, file: Path | None) -> str:
    if text is not None:
        return text
    assert file is not None, "one of the two was given"
    try:
        with sys.stdin.buffer if str(file) == "-" else file.open("rb") as source:
            read = source.read(MAX_FILE_BYTES + 1)
        if len(read) > MAX_FILE_BYTES:
            raise TextUnreadable(
                file, f"it is larger than {MAX_FILE_BYTES:,} bytes, and no text may be so long"
            )
        return read.decode("utf-8-sig")
    except OSError as error:
        raise TextUnreadable(file, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise TextUnreadable(file, "it is not UTF-8") from error


def _show(movie: MovieAnswer, as_json: str | None) -> None:
    if as_json:
        print_json(movie, as_json)
    else:
        film(movie)
