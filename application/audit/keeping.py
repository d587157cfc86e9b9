"""Keeping the history provable while it grows: the tree follows the events, and is signed and published."""

from collections.abc import Callable

import structlog

from application.audit.checkpoints import OtherLog
from application.audit.history_tree import HistoryTree
from application.audit.published import HistoryChanged
from application.audit.signed_notes import NoteMalformed, NotSigned, SignatureWrong
from application.audit.tiles import TileIncomplete

NOT_SIGNED = (HistoryChanged, NoteMalformed, NotSigned, OtherLog, SignatureWrong, TileIncomplete)
"""Somebody has changed something, and has to look."""

log = structlog.get_logger()


class HistoryKeeper:
    def __init__(self, tree: HistoryTree, publish: Callable[[], object] | None) -> None:
        """`publish` signs the tree and takes that away; without it the tree only follows the events."""
        self._tree = tree
        self._publish = publish
        self._published_size = 0

    def step(self) -> int:
        """Take in the next events, or publish what was taken in. Returns how many were taken in.

        What is not signed stays so, and is told each time. Raises ViewMoved, PlaceUnavailable,
        StoreUnavailable.
        """
        try:
            if events := self._tree.step():
                return events
            size = self._tree.size()
            if self._publish is not None and size > self._published_size:
                self._publish()
                self._published_size = size
        except NOT_SIGNED as error:
            log.error("history.not_signed", reason=str(error))  # noqa: TRY400 - no fault of this program
        return 0
