"""The proof that an event is part of a signed history: what `docs/verify_history.py --proof` reads."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Any

from application.audit.checkpoints import Checkpoint
from application.audit.history_tree import HistoryTree
from application.audit.leaves import Leaf
from application.audit.proofs import inclusion_proof, verify_inclusion
from application.audit.tiles import subtrees_in
from application.event_log import EventLog
from domain.errors import MovieMindError


@dataclass(eq=False)
class NotProvable(MovieMindError):
    """The event at position {position} is not the one that was signed; run: moviemind audit verify."""

    position: int


def prove(
    position: int, note: str, checkpoint: Checkpoint, *, log: EventLog, tree: HistoryTree
) -> dict[str, Any]:
    """For the event at a position of the log, by the note that holds a checkpoint.

    Raises TreeTooSmall when the checkpoint is older than the event, NotProvable when it is not of this
    history, TileIncomplete, StoreUnavailable.
    """
    found = log.stored_after(position - 1, limit=1)
    if not found or found[0].position != position:
        raise NotProvable(position)
    leaf = Leaf.of(found[0], log.count_before(position))
    proof = inclusion_proof(leaf.sequence, checkpoint.size, subtrees_in(tree.tile))
    if not verify_inclusion(leaf.hash, leaf.sequence, checkpoint.size, proof, checkpoint.root):
        raise NotProvable(position)
    return {
        "checkpoint": note,
        "event": leaf.as_json(),
        "proof": [b64encode(sibling).decode() for sibling in proof],
    }
