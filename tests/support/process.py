"""`moviemind up` as users run it: a process of its own, on a free port, over a directory of its own."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

MOVIEMIND = Path(sys.executable).with_name("moviemind")
DEADLINE_SECONDS = 60


def wait_until(
    condition: Callable[[], Any],
    what: str,
    seconds: float = DEADLINE_SECONDS,
    *,
    log: Callable[[], str] = lambda: "",
) -> Any:
    """Poll a condition until it holds; fail with `what`, and what `log` says then, if it does not in time."""
    deadline = time.monotonic() + seconds
    is_late = False
    while not (found := condition()):
        if is_late:
            raise AssertionError(f"not within {seconds} s: {what}\n{log()[-3_000:]}")
        time.sleep(0.02)
        is_late = time.monotonic() > deadline  # after which it is looked once more: we may have been stopped
    return found


def environment(**settings: str) -> dict[str, str]:
    """The environment of a user who has set nothing else."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOVIEMIND_")}
    return kept | {f"MOVIEMIND_{name.upper()}": value for name, value in settings.items()}


def moviemind(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return moviemind_within(300, *arguments, **settings)


def moviemind_within(seconds: float, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command that must come to its end within `seconds`."""
    return subprocess.run(
        [MOVIEMIND, *arguments],
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def rebuilders_of(pid: int) -> list[int]:
    """The processes in which a service has views rebuilt."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == pid and b"interfaces.rebuilder" in (process / "cmdline").read_bytes():
                found.append(int(process.name))
    return found


def die_with_parent() -> None:
    """Even when the test process is killed, its servers must not outlive it."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Up:
    """A running `moviemind up`."""

    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.data_dir = data_dir
        self._log_path = data_dir.with_name(data_dir.name + "-up.log")
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def start(self) -> "Up":
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with self._log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [MOVIEMIND, "up", "--port", "0", "--data-dir", self.data_dir],
                env=environment(**self._settings),
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
            )
        try:
            self.url = wait_until(self._announced, "up serves")
        except AssertionError as failure:
            raise AssertionError(f"{failure}; its log: {self.log()}") from None
        return self

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill9(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """As Ctrl-C does; returns the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(30)

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def log(self) -> str:
        return self._log_path.read_text(encoding="utf-8") if self._log_path.exists() else ""

    def _announced(self) -> str | None:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"up ended with {self._process.returncode}")
        try:
            holder = json.loads((self.data_dir / "moviemind.lock").read_text(encoding="utf-8"))
        except (OSError, json.JSONDecodeError):
            return None
        url: str | None = holder["url"]
        return url if holder["pid"] == self._process.pid else None
