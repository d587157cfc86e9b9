"""A subscription of the library to the log: it asks for what is new, again and again."""

import threading
from collections.abc import Sequence

from eventsourcing.persistence import ApplicationRecorder, Notification, Subscription

FOLLOW_SECONDS = 0.1
BATCH_SIZE = 500


class Following(Subscription[ApplicationRecorder]):
    """There is no NOTIFY in an append that it could wait for: it would take a lock of the whole cluster."""

    def __init__(self, recorder: ApplicationRecorder, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder, gt, topics)
        self._batch: list[Notification] = []
        self._stopped = threading.Event()

    def stop(self) -> None:
        super().stop()
        self._stopped.set()

    def __next__(self) -> Notification:
        while not self._batch:
            if self._stopped.is_set():
                raise StopIteration
            self._batch = list(
                self._recorder.select_notifications(
                    start=self._last_notification_id,
                    limit=BATCH_SIZE,
                    topics=self._topics,
                    inclusive_of_start=False,
                )
            )
            if not self._batch:
                self._stopped.wait(FOLLOW_SECONDS)
        if self._stopped.is_set():
            raise StopIteration
        notification = self._batch.pop(0)
        self._last_notification_id = notification.id
        return notification
