"""The disk whose power can be cut keeps what was synced, and nothing else."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.persistence.power import NoSuchDisk, SwitchedDisk, switched_disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SwitchedDisk]:
    try:
        with switched_disk(tmp_path) as disk:
            yield disk
    except NoSuchDisk as error:
        pytest.skip(f"this test needs a disk of its own: {error}")


def test_what_was_synced_survives_a_power_cut_and_what_was_only_written_does_not(disk: SwitchedDisk) -> None:
    kept, lost = disk.path / "kept", disk.path / "lost"
    with kept.open("wb") as file:
        file.write(b"synced")
        file.flush()
        os.fsync(file.fileno())
        file.write(b", and written after it")
    lost.write_bytes(b"written")

    _power_cut(disk)

    assert kept.read_bytes() == b"synced"
    assert not lost.exists() or lost.read_bytes() == b""


def test_everything_that_was_there_survives_once_the_disk_was_synced(disk: SwitchedDisk) -> None:
    kept = disk.path / "kept"
    kept.write_bytes(b"written")
    disk.sync()

    _power_cut(disk)

    assert kept.read_bytes() == b"written"


def _power_cut(disk: SwitchedDisk) -> None:
    disk.cut()
    disk.unmount()
    disk.mount()


def test_a_machine_that_cannot_make_such_a_disk_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoSuchDisk, match="No such file or directory"), switched_disk(tmp_path):
        pass
