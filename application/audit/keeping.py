"""Keeping the history provable while it grows: the tree follows the events, and is signed and published."""

from collections.abc import Callable

import structlog

from application.audit.checkpoints import OtherLog
from application.audit.history_tree import BATCH_SIZE, HistoryTree
from application.audit.published import HistoryChanged, NothingPublished
from application.audit.signed_notes import NoteMalformed, NotSigned, SignatureWrong
from application.audit.tiles import TileIncomplete

NOT_SIGNED = (
    *(HistoryChanged, NothingPublished, TileIncomplete),
    *(NoteMalformed, NotSigned, OtherLog, SignatureWrong),
)
"""Somebody has changed something, and has to look."""

log = structlog.get_logger()


class HistoryKeeper:
    def __init__(self, tree: HistoryTree, publish: Callable[[], object] | None) -> None:
        """`publish` signs the tree and takes that away; without it the tree only follows the events."""
        self._tree = tree
        self._publish = publish

    def step(self) -> int:
        """Take in the next events, and publish once those were all there are. Returns how many events there
        were while more may follow at once, or else 0.

        What is not signed stays so, and is told each time. Raises ViewMoved, PlaceUnavailable,
        StoreUnavailable.
        """
        try:
            events = self._tree.step()
            if events == BATCH_SIZE:
                return events
            if self._publish is not None:
                self._publish()
        except NOT_SIGNED as error:
            log.error("history.not_signed", reason=str(error))  # noqa: TRY400 - no fault of this program
        return 0
