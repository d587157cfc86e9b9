"""Kinds of events, told apart quickly: every projection asks that of every event of the log."""

from domain.events import Event


class Kinds(dict[type[Event], bool]):
    """By the class of an event, whether it is of one of some kinds. Aggregates have subclasses of their own,
    and `isinstance` would look at each kind in turn."""

    def __init__(self, *kinds: type[Event]) -> None:
        super().__init__()
        self._kinds = kinds

    def __missing__(self, class_: type[Event]) -> bool:
        self[class_] = issubclass(class_, self._kinds)
        return self[class_]
