"""Views: rows shaped for a question, and how far they have followed the log.

Projections write the rows (`writing`), queries read them. A view can be thrown away and folded again from
the log at any time; nothing is decided on it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, NamedTuple, Protocol, TypeVar

Key = TypeVar("Key")
KeyOf = TypeVar("KeyOf", contravariant=True)
Row = TypeVar("Row")


class Place(NamedTuple):
    """Where a row stands that is listed by time. Of one moment there may be several."""

    at: datetime
    position: int


class Rows(Protocol[KeyOf, Row]):
    """What a projection is given to change."""

    def get(self, key: KeyOf, /) -> Row:
        """Raises LookupError: the log never names a row that an earlier event did not begin."""

    def put(self, row: Row, /) -> None: ...


class BatchRows(Generic[Key, Row]):
    """The rows that a batch of events touches: read before it is folded, written behind it, each once."""

    def __init__(self, found: Iterable[Row], *, key_of: Callable[[Row], Key]) -> None:
        self._key_of = key_of
        self._found = {key_of(row): row for row in found}
        self._rows = {**self._found}

    def get(self, key: Key) -> Row:
        try:
            return self._rows[key]
        except KeyError:
            raise LookupError(f"no earlier event began {key}") from None

    def find(self, key: Key) -> Row | None:
        """For rows that any event may begin."""
        return self._rows.get(key)

    def put(self, row: Row) -> None:
        self._rows[self._key_of(row)] = row

    @property
    def all(self) -> Mapping[Key, Row]:
        """What was found and what was put, as it is behind the batch."""
        return self._rows

    @property
    def new(self) -> Sequence[Row]:
        """What was put and had not been there."""
        return [row for key, row in self._rows.items() if key not in self._found]

    @property
    def changed(self) -> Sequence[Row]:
        """What was put in the place of a row that was found."""
        return [self._rows[key] for key, found in self._found.items() if self._rows[key] is not found]


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewStatus:
    """`position` is that of the last event folded in, 0 before the first. `version` is that of what its rows
    mean and of how they stand in their table, `needed_version` the one that this program folds.
    `stopped_because`: the next event cannot be folded, and nothing behind it is until somebody mends that.
    """

    view: str
    position: int
    version: int
    needed_version: int
    stopped_because: str | None = None

    @property
    def needs_rebuild(self) -> bool:
        return self.version < self.needed_version


class View(ABC, Generic[Key, Row]):
    """What all views have in common. `version` is raised whenever a projection means something else by its
    rows, or the table holds them otherwise: then they have to be folded again from the first event."""

    name: str
    version: int

    @abstractmethod
    def position(self) -> int:
        """Position of the last event folded in; 0 before the first."""

    @abstractmethod
    def status(self) -> ViewStatus: ...

    @abstractmethod
    def writing(
        self, keys: Collection[Key] = (), *, after: int, up_to: int
    ) -> AbstractContextManager[BatchRows[Key, Row]]:
        """A transaction that commits the rows together with the position they are folded up to. `keys` are
        those of rows that will be asked for, or replaced: a row that is put under another is a new one.

        It begins by moving the position, so that of two who fold the same events the second waits for the
        first, and then finds the view moved. Raises ViewMoved when the view is not at `after`,
        ViewNeedsRebuild or ViewTooNew when its rows are not those that this program folds, RowsRefused when
        the store will not take them tomorrow either.
        """

    @abstractmethod
    def stop(self, *, at: int, because: str) -> None:
        """Remember, for all to see, that the event behind position `at` cannot be folded; folding it all the
        same, later, ends that."""
