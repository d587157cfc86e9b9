"""`moviemind diff A B`: what changed between two versions of a film, or between two texts."""

import re
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

import typer

from application.movie_diff import diff_words
from application.movie_generations import utc_now
from domain import slugs
from interfaces.cli.client import Answer, Client
from interfaces.cli.fields import fields_of, json_option, print_json
from interfaces.cli.movies import film_of
from interfaces.cli.options import DataDir, Url
from interfaces.cli.output import changed_words, say
from interfaces.cli.service import connected
from interfaces.http.schemas.movies import DiffAnswer

AsJson = Annotated[str | None, json_option(fields_of(DiffAnswer))]

_VERSION = re.compile(r"(?P<slug>.+)@(?P<version>[1-9][0-9]{0,8})")


def diff(
    a: Annotated[str, typer.Argument(metavar="A", help="SLUG@VERSION, or a description by its id.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The same of the film or text to compare with.")],
    data_dir: DataDir = None,
    url: Url = None,
    as_json: AsJson = None,
) -> None:
    """What a reader sees changed from version A of a film to version B, or from one text to another.

    The versions of a film are those that `moviemind history` prints.
    """
    with connected(data_dir, url, works=False) as service:
        answer = _compared(a, b, service.client)
    if as_json:
        print_json(answer, as_json)
    else:
        _print(answer)


def _compared(a: str, b: str, client: Client) -> Answer:
    before, after = _VERSION.fullmatch(a), _VERSION.fullmatch(b)
    if before and after:
        if before["slug"] != after["slug"]:
            raise typer.BadParameter("compare two versions of one film")
        slugs.assess(
            after["slug"], current_year=utc_now().year
        )  # what is no slug must not become part of a URL
        return client.diff(after["slug"], int(before["version"]), int(after["version"]))
    try:
        ids = UUID(a), UUID(b)
    except ValueError:
        raise typer.BadParameter(
            "write two versions of a film, such as heat-1995@4 heat-1995@9, or the ids of two descriptions"
        ) from None
    return _between_texts(*(_text(description_id, client) for description_id in ids))


def _text(description_id: UUID, client: Client) -> Answer:
    movie = client.movie(film_of(description_id, client)["slug"], description_id=description_id)
    text: Answer = movie["selected_description"]
    return text


def _between_texts(before: Answer, after: Answer) -> Answer:
    """In the shape of a difference between versions."""
    return {
        "slug": None,
        "from_version": None,
        "to_version": None,
        "facts": [],
        "default_before_id": None,
        "default_after_id": None,
        "texts": [
            {
                "locale": after["locale"],
                "context_tag": after["context_tag"],
                "before_id": before["id"],
                "after_id": after["id"],
                "words": [asdict(run) for run in diff_words(before["text"], after["text"])],
            }
        ],
    }


def _print(diff: Answer) -> None:
    for fact in diff["facts"]:
        say(f"{fact['field']}: {_shown(fact['before'])} → {_shown(fact['after'])}")
    if diff["default_before_id"] != diff["default_after_id"]:
        say(f"default description: {_shown(diff['default_before_id'])} → {_shown(diff['default_after_id'])}")
    for text in diff["texts"]:
        ids = f"{_shown(text['before_id'])} → {_shown(text['after_id'])}"
        say(f"{text['locale']} {text['context_tag']}: {ids}")
        changed_words(text["words"])
    if not diff["facts"] and not diff["texts"] and diff["default_before_id"] == diff["default_after_id"]:
        say("Nothing that readers see.")


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return "none" if value is None else str(value)
