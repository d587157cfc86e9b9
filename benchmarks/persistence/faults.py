"""The four disasters of the note: what happens to the host, and what somebody does until it is up again."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.persistence.host import Host


@dataclass(frozen=True, slots=True)
class Fault:
    """`prepare` is what had better been done before. After `mend` the queue's server takes messages again.

    `cuts_power` says that it needs a disk for that.
    """

    name: str
    title: str
    strike: Callable[[Host], None]
    mend: Callable[[Host], None]
    prepare: Callable[[Host], None] = lambda _: None
    cuts_power: bool = False


def _stop(host: Host) -> None:
    host.server.stop()


def _kill(host: Host) -> None:
    host.server.kill9()


def _start(host: Host) -> None:
    host.server.start()


def _have_a_backup(host: Host) -> None:
    """Where the events are on the same volume. Nothing is accepted after it: that would be lost."""
    if host.holds_events():
        host.kill_service()
        host.back_up()


def _lose_volume(host: Host) -> None:
    host.server.kill9()
    host.server.lose_data()


def _take_a_new_volume(host: Host) -> None:
    host.server.start()
    if host.holds_events():
        host.restore()
    host.alone.make()


def _cut_power(host: Host) -> None:
    """Everything at the same instant: nobody may answer for what is synced no more."""
    assert host.disk is not None
    host.freeze()
    host.disk.cut()
    host.kill()


def _power_is_back(host: Host) -> None:
    assert host.disk is not None
    host.disk.unmount()
    host.disk.mount()
    host.server.start()


RESTART = Fault("restart", "restart in order", _stop, _start)
KILL = Fault("kill-9", "`kill -9`", _kill, _start)
VOLUME = Fault("volume-lost", "volume lost", _lose_volume, _take_a_new_volume, _have_a_backup)
POWER = Fault("power-loss", "host loses power", _cut_power, _power_is_back, cuts_power=True)

FAULTS = (RESTART, KILL, VOLUME, POWER)

TITLES = {one.name: one.title for one in FAULTS}
