"""`moviemind audit text | texts`: how a text came to be, and which texts a model or a prompt has made."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from domain.values import Locale
from interfaces.cli.fields import fields_of, json_option, print_json
from interfaces.cli.listings import Everything, taken
from interfaces.cli.moments import since_option
from interfaces.cli.options import DataDir, Limit, Url
from interfaces.cli.output import cost, events, facts, listing, say
from interfaces.cli.service import connected
from interfaces.http.schemas.audit import AttemptAnswer, TextAnswer, TextEntry

TEXTS = ("description_id", "slug", "locale", "style", "revision", "model", "prompt", "accepted", "now")
ATTEMPTS = ("attempt", "outcome", "reason", "worker", "started", "tokens in", "tokens out", "usd")


def text(
    description_id: Annotated[UUID, typer.Argument(help="The description, by its id (see `movies show`).")],
    data_dir: DataDir = None,
    url: Url = None,
    as_json: Annotated[str | None, json_option(fields_of(TextAnswer))] = None,
) -> None:
    """Print who asked for a text, what wrote it from what and at which cost, and what became of it."""
    with connected(data_dir, url, works=False) as service:
        answer = service.client.text(description_id)
    if as_json:
        print_json(answer, as_json)
        return
    say(f"{answer.locale} {answer.context_tag} revision {answer.revision} of {answer.slug}")
    say(answer.text or "The text was withdrawn; a key with the scope admin is told it.")
    facts("How it came to be", _facts(answer))
    if answer.attempts:
        say("Attempts of its job")
        listing(ATTEMPTS, [_attempt(one) for one in answer.attempts])
    if answer.afterwards:
        say("Afterwards")
        events(answer.afterwards)


def texts(
    model: Annotated[str | None, typer.Option(help="Only those that this model wrote.")] = None,
    prompt_version: Annotated[
        str | None, typer.Option(help="Only those of this prompt (see `prompts list`).")
    ] = None,
    locale: Annotated[Locale | None, typer.Option(help="Only those in this language.")] = None,
    since: Annotated[datetime | None, since_option("Accepted")] = None,
    limit: Limit = 50,
    is_all: Everything = False,
    data_dir: DataDir = None,
    url: Url = None,
    as_json: Annotated[str | None, json_option(fields_of(TextEntry))] = None,
) -> None:
    """List accepted texts, the newest first, also those that are not shown any more."""
    with connected(data_dir, url, works=False) as service:
        entries = service.client.texts(model=model, prompt_version=prompt_version, locale=locale, since=since)
        found = taken(entries, None if is_all else limit)
    if as_json:
        print_json(found, as_json)
    else:
        listing(TEXTS, [_text(entry) for entry in found])


def _facts(answer: TextAnswer) -> Iterator[tuple[str, object]]:
    """Those that there are."""
    asked = answer.request
    told = {
        "requested by": asked and asked.requested_by,
        "requested at": asked and f"{asked.requested_at:%Y-%m-%dT%H:%M:%SZ}",
        "X-Request-ID": asked and asked.correlation_id,
        "job": asked and asked.job_id,
        "forced": asked and asked.forced and "yes, there was a text already",
        "new tries asked for by": ", ".join(one.requested_by for one in answer.retries),
        "written by": answer.ai_model or f"{answer.actor}, a person",
        "based on": answer.based_on,
        "prompt": answer.prompt_version,
        "prompt hash": answer.prompt_hash,
        "input hash": answer.input_hash,
        "content hash": answer.content_hash,
        "accepted at": f"{answer.accepted_at:%Y-%m-%dT%H:%M:%SZ}, as v{answer.version}",
        "cost of all attempts (usd)": asked and cost(answer.cost),
        "now": _now(answer),
    }
    yield from ((name, value) for name, value in told.items() if value)


def _now(text: TextAnswer | TextEntry) -> str:
    if text.is_withdrawn:
        return "withdrawn"
    if not text.is_current:
        return "not shown: another is current"
    return "current default" if isinstance(text, TextAnswer) and text.is_default else "current"


def _attempt(one: AttemptAnswer) -> Sequence[object]:
    return (
        one.attempt,
        one.outcome or "not ended",
        one.reason,
        one.worker_id,
        f"{one.started_at:%Y-%m-%dT%H:%M:%S}",
        one.tokens_in,
        one.tokens_out,
        cost(one),
    )


def _text(entry: TextEntry) -> Sequence[object]:
    return (
        entry.description_id,
        entry.slug,
        entry.locale,
        entry.context_tag,
        entry.revision,
        entry.ai_model or "a person",
        entry.prompt_version,
        f"{entry.at:%Y-%m-%dT%H:%M:%S}",
        _now(entry),
    )
