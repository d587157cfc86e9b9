"""What the projector needs from every projection."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from application.event_log import Recorded
from application.read_models import View


class Projection(ABC):
    @property
    @abstractmethod
    def view(self) -> View: ...

    @abstractmethod
    def fold(self, batch: Sequence[Recorded]) -> None:
        """Fold a non-empty batch into the view, in one transaction with the position reached."""
