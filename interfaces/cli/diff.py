"""`moviemind diff A B`: what changed between two versions of a film, or between two texts."""

import re
from typing import Annotated
from uuid import UUID

import typer
from pydantic import BaseModel

from application.movie_diff import diff_words
from application.movie_generations import utc_now
from domain import slugs
from interfaces.cli.fields import fields_of, json_option, print_json
from interfaces.cli.movies import text_of
from interfaces.cli.options import DataDir, Url
from interfaces.cli.output import changed_words, say
from interfaces.cli.service import connected
from interfaces.client import Operator
from interfaces.http.schemas.movies import (
    ChangedFact,
    ChangedText,
    ChangedWords,
    DescriptionAnswer,
    DiffAnswer,
)

AsJson = Annotated[str | None, json_option(fields_of(DiffAnswer))]

_VERSION = re.compile(r"(?P<slug>.+)@(?P<version>[1-9][0-9]{0,8})")


class TextsDiff(BaseModel):
    """What differs between two texts, which may be of two films, in the shape of a DiffAnswer."""

    slug: None = None
    from_version: None = None
    to_version: None = None
    facts: list[ChangedFact] = []
    default_before_id: None = None
    default_after_id: None = None
    texts: list[ChangedText]


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


def _compared(a: str, b: str, client: Operator) -> DiffAnswer | TextsDiff:
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
    (before_text, _), (after_text, _) = (text_of(description_id, client) for description_id in ids)
    return _between_texts(before_text, after_text)


def _between_texts(before: DescriptionAnswer, after: DescriptionAnswer) -> TextsDiff:
    changed = ChangedText(
        locale=after.locale,
        context_tag=after.context_tag,
        before_id=before.id,
        after_id=after.id,
        words=[ChangedWords.model_validate(run) for run in diff_words(before.text, after.text)],
    )
    return TextsDiff(texts=[changed])


def _print(diff: DiffAnswer | TextsDiff) -> None:
    for fact in diff.facts:
        say(f"{fact.field}: {_shown(fact.before)} → {_shown(fact.after)}")
    if diff.default_before_id != diff.default_after_id:
        say(f"default description: {_shown(diff.default_before_id)} → {_shown(diff.default_after_id)}")
    for text in diff.texts:
        say(f"{text.locale} {text.context_tag}: {_shown(text.before_id)} → {_shown(text.after_id)}")
        changed_words(text.words)
    if not diff.facts and not diff.texts and diff.default_before_id == diff.default_after_id:
        say("Nothing that readers see.")


def _shown(value: str | int | list[str] | UUID | None) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return "none" if value is None else str(value)
