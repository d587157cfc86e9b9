"""The provable history, put together: the tree in a store, and the place where it is published."""

from functools import partial

from application.audit.history_tree import HistoryTree
from application.audit.keeping import HistoryKeeper
from application.audit.published import PublishedHistory
from application.audit.signed_notes import SigningKey, VerifierKey
from infrastructure.places import open_place
from infrastructure.settings import Settings
from infrastructure.store import Store


def tree_of(store: Store) -> HistoryTree:
    return HistoryTree(store.log, store.tiles)


def signing_key(settings: Settings) -> SigningKey | None:
    secret = settings.audit_signing_key
    return SigningKey.parse(secret.get_secret_value()) if secret else None


def published_history(settings: Settings, key: VerifierKey | None = None) -> PublishedHistory | None:
    """By another key than ours, or by ours. None where there is no place, and so nothing that outlives the
    database."""
    place, ours = settings.checkpoint_place, signing_key(settings)
    if place is None or ours is None:
        return None
    return PublishedHistory(open_place(place.get_secret_value()), key or ours.verifier_key)


def build_keeper(settings: Settings, store: Store) -> HistoryKeeper:
    tree, published, key = tree_of(store), published_history(settings), signing_key(settings)
    publish = partial(published.publish, tree, key) if published and key else None
    return HistoryKeeper(tree, publish)
