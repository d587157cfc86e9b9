"""A disk whose power can be cut: whatever was not synced to it is gone, as after the fall of a host.

It is an ext4 file system of its own in a file, mounted over a loop device. `cut` is the call by which file
systems are tested against power cuts (EXT4_IOC_SHUTDOWN without a flush of the journal): from that instant
nothing more reaches the device, neither pages that wait in memory nor the journal. What is found after the
next mount, which replays the journal, is what was synced by fsync, fdatasync or O_SYNC, and nothing that was
only written.

Its limits. What ext4 had already sent to the device is taken as kept: a drive that lies about its cache
loses more. What waits in memory the kernel writes by itself after half a minute, as it does on every host;
rounds are shorter than that. Blocks are whole: no sector is torn.
"""

import fcntl
import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.process import wait_until

SIZE = 2 << 30
"""In bytes, of which only those that are written take room."""

_EXT4_IOC_SHUTDOWN = 0x8004587D
_WITHOUT_FLUSH = struct.pack("I", 2)


class NoSuchDisk(Exception):
    """This machine gives us no disk whose power can be cut: only an administrator may mount one."""


class SwitchedDisk:
    def __init__(self, image: Path, path: Path) -> None:
        self.path = path
        self._image = image

    def mount(self) -> None:
        """Power is back."""
        _run("mount", "-o", "loop", str(self._image), str(self.path))

    def cut(self) -> None:
        """Processes that use the disk find that it fails: end them, then `unmount`."""
        directory = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(directory, _EXT4_IOC_SHUTDOWN, _WITHOUT_FLUSH)
        finally:
            os.close(directory)

    def unmount(self) -> None:
        """Once processes that were killed have let go of it."""
        wait_until(self._try_to_unmount, f"{self.path} is unmounted")

    def sync(self) -> None:
        """What is there now, no cut takes away."""
        _run("sync", "--file-system", str(self.path))

    def _try_to_unmount(self) -> bool:
        return subprocess.run(["umount", self.path], capture_output=True, check=False).returncode == 0


@contextmanager
def switched_disk(home: Path) -> Iterator[SwitchedDisk]:
    """Mounted at `home/disk`, open to all. Raises NoSuchDisk."""
    image, path = home / "disk.ext4", home / "disk"
    path.mkdir()
    with image.open("wb") as file:
        file.truncate(SIZE)
    disk = SwitchedDisk(image, path)
    try:
        _run("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(image))
        disk.mount()
    except FileNotFoundError as error:
        raise NoSuchDisk(str(error)) from error
    except subprocess.CalledProcessError as error:
        raise NoSuchDisk(f"{error}: {error.stderr.strip()}") from error
    try:
        path.chmod(0o755)
        yield disk
    finally:
        # What is not mounted, since something went wrong before, is not worth an error of its own.
        subprocess.run(["umount", "--lazy", path], capture_output=True, check=False)


def _run(*command: str) -> None:
    """These programs lie where only an administrator's PATH leads."""
    places = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "PATH": places})
