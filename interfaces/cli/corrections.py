"""`moviemind edit | withdraw | promote | correct`: what people change of a film.

Each reads the film first and decides on what it read: when somebody else changes the film in between, the
service refuses.
"""

import sys
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from domain.errors import MovieMindError
from domain.values import ContextTag, Locale, PromotionScope
from interfaces.cli.client import Answer
from interfaces.cli.fields import fields_of, json_option, print_json
from interfaces.cli.movies import described, film_of
from interfaces.cli.options import DataDir, Reason, Url
from interfaces.cli.output import film
from interfaces.cli.service import connected
from interfaces.http.schemas.movies import MovieAnswer

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
    with connected(data_dir, url, works=False) as service:
        seen = service.client.movie(
            film_of(description_id, service.client)["slug"], description_id=description_id
        )
        before = seen["selected_description"]
        body = {
            "locale": locale or before["locale"],
            "context_tag": context_tag or before["context_tag"],
            "text": _text(text, file),
            "based_on": str(description_id),
        }
        _show(service.client.change("POST", "/descriptions", body, seen=seen), as_json)


def withdraw(
    description_id: DescriptionId,
    reason: Reason,
    data_dir: DataDir = None,
    url: Url = None,
    as_json: AsJson = None,
) -> None:
    """Stop showing a text that is wrong or must not be read; the history keeps it."""
    body = {"description_id": str(description_id), "reason": reason}
    with connected(data_dir, url, works=False) as service:
        seen = film_of(description_id, service.client)
        _show(service.client.change("POST", "/withdrawals", body, seen=seen), as_json)


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
    body = {"description_id": str(description_id), "scope": scope}
    with connected(data_dir, url, works=False) as service:
        seen = film_of(description_id, service.client)
        _show(service.client.change("POST", "/promotions", body, seen=seen), as_json)


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
    with connected(data_dir, url, works=False) as service:
        seen = described(slug, service.client)
        _show(service.client.change("PATCH", "", right | {"reason": reason}, seen=seen), as_json)


def _text(text: str | None, file: Path | None) -> str:
    if text is not None:
        return text
    assert file is not None, "one of the two was given"
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TextUnreadable(file, str(error)) from error


def _show(movie: Answer, as_json: str | None) -> None:
    if as_json:
        print_json(movie, as_json)
    else:
        film(movie)
