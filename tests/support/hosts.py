"""Hosts of a network: namespaces of this machine, each with a cable of its own to it.

Making them takes iproute2, and root or CAP_SYS_ADMIN and CAP_NET_ADMIN.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count

_numbers = count()
_FIRST_NETWORK = 198 << 24 | 18 << 16  # 198.18.0.0/15 is set aside for tests of networks
_NETWORKS = 1 << 15
_IN_NETWORK = 4


class NotPermitted(Exception):
    """Network namespaces cannot be made here."""


class Host:
    """`address` is its own, `ours` is the one under which it reaches this machine."""

    def __init__(self) -> None:
        """Raises NotPermitted."""
        number = next(_numbers)
        self.name = f"mm{os.getpid()}-{number}"
        self._cable = f"{self.name}c"  # at most 15 characters
        network = _FIRST_NETWORK + (os.getpid() * 8 + number) % _NETWORKS * _IN_NETWORK
        self.ours, self.address = _dotted(network + 1), _dotted(network + 2)
        self.inside = ("ip", "netns", "exec", self.name)
        try:
            _ip("netns", "add", self.name)
        except (OSError, subprocess.CalledProcessError) as error:
            raise NotPermitted(getattr(error, "stderr", None) or str(error)) from error
        try:
            self._lay_the_cable()
        except subprocess.CalledProcessError as error:
            self.close()
            raise NotPermitted(error.stderr) from error

    @contextmanager
    def unplugged(self) -> Iterator[None]:
        """Meanwhile what is sent to it, and by it, is lost without a word."""
        _ip("-n", self.name, "link", "set", "eth0", "down")
        try:
            yield
        finally:
            _ip("-n", self.name, "link", "set", "eth0", "up")

    def close(self) -> None:
        """The cable goes with the namespace; processes that still run in it keep both."""
        with suppress(subprocess.CalledProcessError):
            _ip("link", "delete", self._cable)
        with suppress(subprocess.CalledProcessError):
            _ip("netns", "delete", self.name)

    def _lay_the_cable(self) -> None:
        _ip("link", "add", self._cable, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _ip("address", "add", f"{self.ours}/30", "dev", self._cable)
        _ip("link", "set", self._cable, "up")
        _ip("-n", self.name, "address", "add", f"{self.address}/30", "dev", "eth0")
        for device in ("lo", "eth0"):
            _ip("-n", self.name, "link", "set", device, "up")


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


def _dotted(address: int) -> str:
    return ".".join(str(address >> shift & 255) for shift in (24, 16, 8, 0))
