"""What the comparison of queues counts is there to be lost: a service that sends nothing again is seen to."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from benchmarks.persistence import faults, jobs, queues
from benchmarks.persistence.cell import measure
from benchmarks.persistence.host import Host, host
from benchmarks.persistence.main import QUICK_SIZE
from benchmarks.persistence.messages import send

SOON_LOST_SECONDS = 3.0
REDIS_NONE = queues.QUEUES[0]


def test_a_service_whose_dispatcher_is_dead_is_seen_to_lose_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise nothing lost would mean nothing."""

    def kill_the_projector_and_mend(host: Host) -> None:
        host.projector.kill9()
        faults.RESTART.mend(host)

    monkeypatch.setattr(jobs, "LOST_SECONDS", SOON_LOST_SECONDS)
    fault = replace(faults.RESTART, mend=kill_the_projector_and_mend)
    with host(REDIS_NONE.driver, can_lose_power=False) as running:
        running.keep_as(REDIS_NONE)
        one = measure(running, fault, QUICK_SIZE, "film", Random(1))
    assert one.jobs_lost_with_event_store == one.jobs > 0


@pytest.mark.parametrize("queue", queues.QUEUES, ids=lambda queue: queue.name)
def test_a_backup_of_messages_gives_back_all_that_was_sent_before_it(
    queue: queues.KeptQueue,
) -> None:
    with TemporaryDirectory(prefix="moviemind-") as name:
        home = Path(name)
        home.chmod(0o755)
        with closing(Host(queue.driver, home, disk=None, backups=home)) as servers:
            servers.alone.make()
            servers.keep_as(queue)
            before = set(send(servers.alone, 50))
            made = servers.back_up_messages()
            servers.server.kill9()
            servers.server.lose_data()

            servers.start_from_backup()

            assert servers.alone.job_ids() == before
            assert made.bytes > 0
