"""How many events the hash tree in a store is over, by its last tile of level 0."""

from collections.abc import Mapping
from typing import Any

from application.audit.merkle import HASH_BYTES
from application.audit.tiles import WIDTH

SIZE = """
SELECT number, length(hashes) AS length FROM merkle_tiles WHERE level = 0 ORDER BY number DESC LIMIT 1
"""


def tree_size(last: Mapping[str, Any] | None) -> int:
    """Of the row that SIZE finds."""
    return 0 if last is None else last["number"] * WIDTH + last["length"] // HASH_BYTES
