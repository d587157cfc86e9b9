"""What `moviemind audit verify` has found, in fields and in sentences."""

from collections.abc import Iterator
from typing import Any

from application.audit.verification import Kind, Tampering, Verified
from application.event_log import EventLog

FIELDS = ("is_proven", "events", "signed", "tampering", "is_tree_damaged")

_WHAT_HAPPENED = {
    Kind.ALTERED: "Event {sequence} is not the one that it was; there stands {event}.",
    Kind.MISSING: "{events} missing from event {sequence} on; there stands {event}, which came after.",
    Kind.INSERTED: "{events} inserted as event {sequence}; there stands {event}.",
    Kind.REORDERED: "Event {sequence} is out of its place; there stands {event}, which came later.",
    Kind.CUT_OFF: "The history ends before event {sequence}: {events} missing.",
    Kind.FORKED: "The key has signed two histories, which part at event {sequence} or behind it.",
    Kind.SOMEWHERE: "From event {sequence} on, {events} in question, and at least one was changed. Which one"
    " cannot be told: the hashes of single events were changed as well, and none are published.",
}
_ONLY_THE_TREE = (
    "Nothing that was signed was there to hold them against, only the tree in the same store: that shows"
    " accidents, and proves nothing."
)
_DAMAGED = (
    "The tree in the store is damaged, so that events behind those that were signed cannot be compared;"
    " docs/operations.md says how to have it made anew."
)


def fields(verified: Verified, log: EventLog, *, is_signed: bool) -> dict[str, Any]:
    """`signed` is null where there was no checkpoint."""
    return {
        "is_proven": is_signed and verified.tampering is None and not verified.is_tree_damaged,
        "events": verified.events,
        "signed": verified.signed if is_signed else None,
        "tampering": verified.tampering and _tampering(verified.tampering, log),
        "is_tree_damaged": verified.is_tree_damaged,
    }


def sentences(found: dict[str, Any]) -> Iterator[str]:
    yield f"{found['events']} events were read."
    if found["signed"] is None:
        yield _ONLY_THE_TREE
    elif found["tampering"] is None or found["signed"]:
        yield f"The first {found['signed']} are those that were signed."
    if found["is_tree_damaged"]:
        yield _DAMAGED
    if tampering := found["tampering"]:
        event = "{event}, version {version} of {film}".format(**tampering)
        events = f"{tampering['events']} {'event is' if tampering['events'] == 1 else 'events are'}"
        yield _WHAT_HAPPENED[tampering["kind"]].format(
            sequence=tampering["sequence"], events=events, event=event
        )


def _tampering(tampering: Tampering, log: EventLog) -> dict[str, Any]:
    """`sequence` counts from 0. Of what stands there now, `film` is its slug, or the id of its stream where
    the slug cannot be read any more."""
    found = tampering.found
    film = found and (log.slug_of(found.stream_id) or str(found.stream_id))
    return {
        "kind": tampering.kind,
        "sequence": tampering.sequence,
        "events": tampering.events,
        "event": found and _printable(found.topic.rpartition(":")[2]),
        "version": found and found.stream_version,
        "film": film and _printable(film),
    }


def _printable(text: str) -> str:
    """Who has changed the events may have put anything there, also what moves a cursor."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
