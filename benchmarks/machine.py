"""The machine that something is measured on: without it a figure says nothing."""

import os
import platform
from pathlib import Path
from tempfile import gettempdir

_MEMORY, _MODEL = "MemTotal:", "model name"


def machine() -> dict[str, str | int]:
    """Processor, memory, what runs the measurement, what else runs, and the file system; of the kernel its
    version, without whose it is."""
    return {
        "cpu": next(
            (line.partition(":")[2].strip() for line in _lines("cpuinfo", _MODEL)), platform.machine()
        ),
        "cpus": os.cpu_count() or 0,
        "memory_mib": int(_lines("meminfo", _MEMORY)[0].split()[1]) // 1024,
        "system": " ".join([platform.system(), ".".join(platform.release().split(".")[:2])]),
        "python": platform.python_version(),
        "load": f"{os.getloadavg()[0]:.1f} a minute before",
        "files": _file_system(Path(gettempdir())),
    }


def _file_system(place: Path) -> str:
    """Of what is mounted there, or next above it."""
    lines = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    kinds = {Path(line.split()[1]): line.split()[2] for line in lines}
    return next(kinds[path] for path in (place, *place.parents) if path in kinds)


def _lines(name: str, beginning: str) -> list[str]:
    found = Path("/proc", name).read_text(encoding="utf-8").splitlines()
    return [line for line in found if line.startswith(beginning)]
