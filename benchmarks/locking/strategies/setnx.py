"""A4 on one server: SET NX PX, released by its owner alone, extended while the text is written.

A majority of one server is that server: what Redlock adds to this is what two servers more do.
"""

from collections.abc import Sequence

import redis

from benchmarks.locking.extending_rival import ExtendingRival
from benchmarks.locking.redis_lock import connect
from benchmarks.locking.setup import Setup


class SetNx(ExtendingRival):
    def _connected(self, setup: Setup) -> Sequence[redis.Redis]:
        return [connect(setup.redis_urls[0])]
