"""What only the embedded queue does; what it has in common with others is in the conformance tests."""

from domain.values import Priority
from infrastructure.queues.embedded import EmbeddedQueue
from tests.conformance.queue_drivers import DEADLINE_SECONDS, Runs, send, wait_for_waiting


def test_every_start_is_an_epoch_of_its_own() -> None:
    first, second = EmbeddedQueue(), EmbeddedQueue()

    assert first.epoch() == first.epoch() != second.epoch()


def test_what_no_thread_has_begun_is_waiting_also_when_the_worker_has_fetched_it() -> None:
    queue, runs = EmbeddedQueue(), Runs()
    runs.gate.clear()
    queue.start(runs, threads=1)
    send(queue, "taken")
    runs.wait_for_begun(1)
    send(queue, "fetched", Priority.BULK)
    wait_for_waiting(queue, 1)
    send(queue, "queued")

    assert queue.waiting() == 2

    runs.gate.set()
    runs.wait_for_ended(3)
    assert queue.waiting() == 0
    queue.stop(timeout_seconds=DEADLINE_SECONDS)
    queue.close()
