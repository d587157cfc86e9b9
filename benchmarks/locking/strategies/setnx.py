"""A4 on one server: SET NX PX, released by its owner alone, extended while the text is written.

It is Redlock where a quorum is one: what three servers add to it is the difference between the two.
"""

from benchmarks.locking.strategies.redlock import RedlockOnThree


class SetNx(RedlockOnThree):
    servers = 1
