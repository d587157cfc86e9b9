"""What the note said of each strategy, and what is to be said of it now."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """`row` is that of the note; the four after it are the columns of its table, empty where it says nothing.
    `needs` are the servers; `words` say why it behaves so, and when one would still choose it."""

    row: str = ""
    overhead: str = ""
    consistency: str = ""
    complexity: str = ""
    risk: str = ""
    needs: str
    words: str


JUDGEMENTS = {
    "none": Judgement(
        needs="PostgreSQL",
        words="""
        Look, write, save: whoever looks before the first one has saved pays and saves too. Choose it where one
        worker does all the work, and nothing is ever delivered twice.
        """,
    ),
    "cache-lock": Judgement(
        row="A1",
        overhead="medium",
        consistency="the second job must itself notice the new state, and did not",
        risk="high",
        needs="PostgreSQL, Redis",
        words="""
        While the lock holds it does what it promises: they write one after the other, and not at the same time. The film
        was looked up before the wait, so that whoever waited saves a second text. With this order of steps there
        is no reason to choose it.
        """,
    ),
    "cache-lock-recheck": Judgement(
        row="A1",
        overhead="medium",
        needs="PostgreSQL, Redis",
        words="""
        A second look inside the lock takes the note's symptom away, and pays once as long as the lock holds. It
        holds until its TTL is over or Redis forgets; then two are inside, and nothing behind them says no. Choose
        it to spare payments, in front of a unique index.
        """,
    ),
    "unique-index-postgresql": Judgement(
        row="A2",
        overhead="low",
        consistency="deterministic, recommended",
        complexity="needs exact recognition of the error",
        needs="PostgreSQL",
        words="""
        No fault makes a second row, since what decides is where the row is. The herd pays: everybody who began
        before the first one had saved has bought a text that is thrown away. Choose it wherever a row is the
        whole truth and a second call is cheap.
        """,
    ),
    "unique-index-sqlite": Judgement(
        row="A2",
        overhead="low",
        consistency="deterministic, recommended",
        complexity="needs exact recognition of the error",
        needs="a file",
        words="""
        As on PostgreSQL, in a file, without a server. Writers wait for one another for the length of a statement.
        Choose it on one host.
        """,
    ),
    "select-for-update": Judgement(
        row="A3",
        consistency="inside the transaction",
        complexity="more complex; no row exists yet in this case",
        needs="PostgreSQL",
        words="""
        The control row answers the note's objection. The lock ends with its session, so that a killed worker
        blocks nobody, and a holder that was silent for too long cannot save any more, since the server has ended its
        session: it is the one lock of these that its own store enforces. The price is a connection and an open
        transaction for as long as a text takes, and a limit on that which has to be above the longest text. Choose it
        for work of milliseconds.
        """,
    ),
    "setnx": Judgement(
        row="A4",
        overhead="low",
        complexity='still needs "the record already exists" logic',
        needs="PostgreSQL, Redis",
        words="""
        Nobody queues for this lock: whoever does not get it gives its job back. Its holder extends it while it writes,
        so that a slow writer keeps it. Where the server has said that the lock is not its own any more, or it could not
        extend it in time, it asks for it again, and throws its text away if somebody else has it by now. When the server
        forgets the lock, or somebody deletes it, a second one is let in and pays too, and the first one hears of it when
        it extends the lock the next time, every third of a lifetime. What it saves before that, or after it has looked
        at the clock, nothing in the store refuses: that moment is not staged here. Choose it in front of a unique index.
        """,
    ),
    "redlock": Judgement(
        row="A4",
        overhead="low",
        complexity='still needs "the record already exists" logic',
        needs="PostgreSQL, three Redis",
        words="""
        The same on three servers, with the same moments in which nothing refuses a second text. A server of three that
        forgets is survived by whoever holds all three; in a herd the winner may hold two, and with one of these
        forgotten the next one finds a majority too. Choose it where work may now and then be done twice, and there are
        three servers already.
        """,
    ),
    "token-unique-index": Judgement(
        row="A6",
        consistency="the preferred combination: the store has the final word",
        needs="PostgreSQL, Redis",
        words="""
        The token keeps the herd from paying, the index keeps the store right when the token is gone. Its job is
        still a single one: if that is held up, all who follow it wait. What was thrown away, and what it cost, is
        written down nowhere. Choose it where that needs no answer.
        """,
    ),
    "moviemind": Judgement(
        row="A7 to A9",
        consistency="by version check; a log of generations instead of more locks",
        needs="PostgreSQL",
        words="""
        The request joins the job there is, the claim is an event before any money is spent, and the text is saved
        at the version of the claim. A worker that comes back late is refused by the store, its cost is recorded,
        and its job ends with the text that came first. Every step of that is a round trip to the database, and a job goes
        through the projector and the dispatcher before a worker sees it: that is its price. Choose it where it must be told afterwards who wrote what, and what it cost.
        """,
    ),
    "moviemind-token": Judgement(
        row="A6 to A9",
        consistency="the same behind a token",
        needs="PostgreSQL, Redis",
        words="""
        The same, with the herd's requests answered from Redis and the views. When Redis forgets or is away the
        store answers. Choose it when herds are much larger than this one: a single request asks Redis, and then the
        store all the same.
        """,
    ),
}
