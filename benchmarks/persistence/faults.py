"""The four disasters of the note, one of them twice: without a backup of the messages, and with one.

Each is what happens to the host, and what somebody does until it is up again.
"""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.persistence.host import Host, MadeBackup


@dataclass(frozen=True, slots=True)
class Fault:
    """`prepare` is what had better been done before, perhaps a backup of the messages. After `mend` the queue
    takes messages again.

    `cuts_power` says that it needs a disk for that.
    """

    name: str
    title: str
    strike: Callable[[Host], None]
    mend: Callable[[Host], None]
    prepare: Callable[[Host], MadeBackup | None] = lambda _: None
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
        host.back_up_events()


def _have_a_backup_of_messages(host: Host) -> MadeBackup:
    _have_a_backup(host)
    return host.back_up_messages()


def _lose_volume(host: Host) -> None:
    host.server.kill9()
    host.server.lose_data()


def _take_a_new_volume(host: Host) -> None:
    host.server.start()
    if host.holds_events():
        host.restore_events()
    host.alone.make()


def _fill_a_new_volume(host: Host) -> None:
    host.start_from_backup()
    if host.holds_events():
        host.restore_events()


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
RESTORED = Fault(
    "volume-restored",
    "volume lost, messages restored",
    _lose_volume,
    _fill_a_new_volume,
    _have_a_backup_of_messages,
)
POWER = Fault("power-loss", "host loses power", _cut_power, _power_is_back, cuts_power=True)

FAULTS = (RESTART, KILL, VOLUME, RESTORED, POWER)

TITLES = {one.name: one.title for one in FAULTS}
