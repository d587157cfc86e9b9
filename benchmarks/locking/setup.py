"""What a strategy is made from, in whichever process: where its servers are, and how long things take."""

from dataclasses import dataclass

LEAST_PATIENCE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The note's times in seconds, all divided by one number, so that a fault takes seconds, not minutes.

    A lock lives for `ttl` and is waited for up to `block`, looked at every `poll`; an in-flight token lives
    for `token`. The queue delivers a job again after `again` where a strategy says that somebody else is at
    it, after `backoff` when a try has failed, and after `visibility` when nothing was heard of it. A worker
    of ours is dead after a silence of `dead_after`; `claim` is the limit of ours, which has to be above the
    deadline of a writer. `patience` is how long a client of the lab waits before its job counts as lost: a
    machine that stands still for a moment loses none.
    """

    ttl: float
    block: float
    poll: float
    token: float
    again: float
    visibility: float
    backoff: tuple[float, ...]
    dead_after: float
    claim: float
    patience: float

    @classmethod
    def scaled(cls, by: float) -> "Pace":
        """With 1 the note's: TTL 30 s, up to 10 s of waiting, 15 minutes of a token, three tries, 10 and 60 s
        apart; and Laravel's: a look every 250 ms, a second until a released job comes back, 90 s until a
        silent one does."""
        return cls(
            ttl=30 / by,
            block=10 / by,
            poll=0.25 / by,
            token=900 / by,
            again=1 / by,
            visibility=90 / by,
            backoff=(10 / by, 60 / by),
            dead_after=30 / by,
            claim=150 / by,
            patience=max(450 / by, LEAST_PATIENCE),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """`store_url` is a database of the strategy's own on PostgreSQL, `sqlite_path` a file of its own. Redlock
    uses all Redis servers, everybody else the first. `before` names a function that each worker calls first,
    `module:function`: the mutation proof takes something away there."""

    strategy: str
    store_url: str
    sqlite_path: str
    redis_urls: tuple[str, ...]
    model_url: str
    pace: Pace
    before: str = ""
