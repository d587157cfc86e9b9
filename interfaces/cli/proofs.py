"""`moviemind audit new-key|checkpoint|verify|prove|export`: the history is signed, and held against that."""

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, cast
from uuid import UUID

import typer

from application.audit.checkpoints import Checkpoint, open_checkpoint, sign_checkpoint
from application.audit.history_tree import BATCH_SIZE, HistoryTree, leaves
from application.audit.proving import NotProvable
from application.audit.proving import prove as prove_event
from application.audit.published import PublishedHistory
from application.audit.signed_notes import NoteMalformed, SigningKey, VerifierKey
from application.audit.verification import verify_history
from application.errors import TextNotFound, ViewMoved
from infrastructure.errors import NeedsSigningKey
from infrastructure.places import open_place
from infrastructure.settings import Settings, load_settings
from infrastructure.store import Store
from interfaces.cli.fields import json_option, print_json
from interfaces.cli.opened import opened
from interfaces.cli.options import DataDir
from interfaces.cli.output import progress, say
from interfaces.cli.verified import FIELDS, fields, sentences
from interfaces.history import published_history, signing_key, tree_of

File = Annotated[
    typer.FileBinaryWrite,
    typer.Option("--out", help="Write to this file.", show_default="standard output"),
]
_STANDARD_OUTPUT = cast(typer.FileBinaryWrite, "-")
Checkpoints = Annotated[
    list[Path] | None,
    typer.Option(
        "--checkpoint",
        exists=True,
        dir_okay=False,
        help="A checkpoint that was kept, beside the one that is published; may be repeated.",
        show_default=False,
    ),
]
Key = Annotated[
    str | None,
    typer.Option(
        help="The key it was signed with, NAME+ID+BASE64.", show_default="that of MOVIEMIND_AUDIT_SIGNING_KEY"
    ),
]

_NAME_THE_KEY = "name the key that signed it with --key"


def new_key(
    name: Annotated[
        str, typer.Argument(help="Of this history, such as films.example/history.", show_default=False)
    ],
) -> None:
    """Make a key to sign the history with, and the one that others verify it by. Nothing of it is kept."""
    key = SigningKey.generate(name)
    say("Keep the first where secrets are kept, and give the second to everybody who should verify:")
    say(f"MOVIEMIND_AUDIT_SIGNING_KEY={key.secret_text()}")
    say(f"verifier key: {key.verifier_key}")


def checkpoint(
    begins: Annotated[
        bool,
        typer.Option("--begin", help="Nothing was ever published there: this is the first checkpoint."),
    ] = False,
    data_dir: DataDir = None,
    out: File = _STANDARD_OUTPUT,
) -> None:
    """Sign the history as it is now, publish that where MOVIEMIND_CHECKPOINT_PLACE says, and print it."""
    settings = load_settings(data_dir=data_dir)
    with opened(settings) as store:
        note = _signed_now(settings, store, begins=begins)
    out.write(note.encode())


def verify(
    checkpoints: Checkpoints = None,
    key: Key = None,
    place: Annotated[
        str | None,
        typer.Option(help="Where it is published.", show_default="MOVIEMIND_CHECKPOINT_PLACE"),
    ] = None,
    data_dir: DataDir = None,
    as_json: Annotated[str | None, json_option(FIELDS)] = None,
) -> None:
    """Read all stored events, hold them against what was signed, and name the first that is not as it was.

    Ends with 1 when there is one, or nothing that was signed. The service may go on meanwhile.
    """
    settings = load_settings(data_dir=data_dir)
    verifier = _verifier(settings, key)
    published = _published(place, verifier, settings)
    signed = _what_was_signed(checkpoints or [], verifier, published)
    with opened(settings) as store, progress() as bar:
        task = bar.add_task("events", total=store.log.count())
        verified = verify_history(
            store.log,
            tree_of(store),
            signed,
            published=published.tiles if published else None,
            progress=lambda events: bar.advance(task, events),
        )
        found = fields(verified, store.log, is_signed=bool(signed))
    if as_json:
        print_json(found, as_json)
    else:
        for sentence in sentences(found):
            say(sentence)
    if not found["is_proven"]:
        raise typer.Exit(1)


def prove(
    description_id: Annotated[UUID, typer.Argument(help="The description, by its id (see `movies show`).")],
    data_dir: DataDir = None,
    out: File = _STANDARD_OUTPUT,
) -> None:
    """Write the proof that a text is part of the signed history, for docs/verify_history.py --proof.

    It shows the event in which the text was accepted, and nothing of any other.
    """
    settings = load_settings(data_dir=data_dir)
    with opened(settings) as store:
        position = _position_of(description_id, store)
        note = _signed_now(settings, store)
        key = _verifier(settings, None)
        assert key is not None, "nothing is signed without one"
        signed = open_checkpoint(note, key)
        proof = prove_event(position, note, signed, log=store.log, tree=tree_of(store))
    out.write(json.dumps(proof, indent=1).encode() + b"\n")


def export(data_dir: DataDir = None, out: File = _STANDARD_OUTPUT) -> None:
    """Write all events with their stored bytes, a JSON object a line, for docs/verify_history.py."""
    with opened(load_settings(data_dir=data_dir)) as store, progress() as bar:
        task = bar.add_task("events", total=store.log.count())
        for leaf in leaves(store.log):
            out.write(json.dumps(leaf.as_json()).encode() + b"\n")
            bar.advance(task)


def _position_of(description_id: UUID, store: Store) -> int:
    """Raises TextNotFound; NotProvable where the view names another event, or none that can be read."""
    text = store.texts.get(description_id)
    if text is None:
        raise TextNotFound(description_id)
    found = store.log.after(text.position - 1, limit=1)
    if not found or getattr(found[0].event, "description_id", None) != description_id:
        raise NotProvable(text.position)
    return text.position


def _signed_now(settings: Settings, store: Store, *, begins: bool = False) -> str:
    """Raises NeedsSigningKey, and what publishing does."""
    key, published, tree = signing_key(settings), published_history(settings), tree_of(store)
    if key is None:
        raise NeedsSigningKey
    _grow(tree)
    if published is not None:
        return published.publish(tree, key, begins=begins)
    size = tree.size()
    return sign_checkpoint(size, tree.root(size), key)


def _grow(tree: HistoryTree) -> None:
    """Until it is over all events but those that come meanwhile. A service may be growing it, too."""
    events = BATCH_SIZE
    while events == BATCH_SIZE:
        with suppress(ViewMoved):
            events = tree.step()


def _verifier(settings: Settings, given: str | None) -> VerifierKey | None:
    if given is not None:
        return VerifierKey.parse(given)
    key = signing_key(settings)
    return key.verifier_key if key else None


def _published(place: str | None, key: VerifierKey | None, settings: Settings) -> PublishedHistory | None:
    if place is None:
        return published_history(settings, key)
    if key is None:
        raise typer.BadParameter(_NAME_THE_KEY)
    return PublishedHistory(open_place(place), key)


def _what_was_signed(
    files: Sequence[Path], key: VerifierKey | None, published: PublishedHistory | None
) -> list[Checkpoint]:
    if files and key is None:
        raise typer.BadParameter(_NAME_THE_KEY)
    signed = [open_checkpoint(_text(file), key) for file in files] if key else []
    return [*signed, published.last()] if published else signed


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode()
    except UnicodeDecodeError:
        raise NoteMalformed("it is not UTF-8") from None
