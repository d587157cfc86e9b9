"""Whether the history is signed, as far as the doctor can say without reading it all."""

from collections.abc import Iterator

from application.audit.keeping import NOT_SIGNED
from application.audit.published import PlaceUnavailable, refuse_another_history
from application.reading import MUCH_LAG
from infrastructure.settings import Settings
from infrastructure.store import Store
from interfaces.findings import Finding, Verdict, judge
from interfaces.history import published_history, tree_of


def examine_history(settings: Settings, store: Store) -> Iterator[Finding]:
    published = published_history(settings)
    if published is None:
        yield Finding("history", Verdict.OK, "is signed nowhere", "docs/proof.md says how")
        return
    tree = tree_of(store)
    try:
        signed = published.last()
        refuse_another_history(signed, tree, tree.size(), tree.tile)
    except PlaceUnavailable as error:
        yield Finding("history", Verdict.BAD, str(error), "mend the place; what comes is signed nowhere")
        return
    except NOT_SIGNED as error:
        yield Finding("history", Verdict.BAD, str(error), "run moviemind audit verify; nothing is signed now")
        return
    yield judge(
        "history",
        store.log.count_after(0, at_most=signed.size + MUCH_LAG) < signed.size + MUCH_LAG,
        f"the first {signed.size} events are signed",
        "many came since; see what the projector's log says",
        Verdict.WARN,
    )
