"""Where checkpoints are published: directories and servers, and what is said when they cannot be used."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from application.audit.published import CheckpointPlace, PlaceUnavailable
from infrastructure.places import open_place
from tests.support.file_server import FileServer


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer() as server:
        yield server


@pytest.fixture(params=["directory", "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> CheckpointPlace:
    if request.param == "directory":
        return open_place(str(tmp_path))
    server: FileServer = request.getfixturevalue("server")
    return open_place(f"http://{server.address}/films/")


def test_what_is_written_is_read_and_nothing_else(place: CheckpointPlace) -> None:
    assert place.read("checkpoint") is None

    place.write("tile/0/x001/067.p/8", b"\x00\xff\n")
    place.write("checkpoint", b"first")
    place.write("checkpoint", b"second")

    assert place.read("tile/0/x001/067.p/8") == b"\x00\xff\n"
    assert place.read("checkpoint") == b"second"
    assert place.read("tile/0/x001/067") is None


class TestDirectories:
    def test_a_file_is_there_whole_or_not_at_all(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = open_place(str(tmp_path))
        place.write("checkpoint", b"first")

        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(PlaceUnavailable, match="No space left on device"):
            place.write("checkpoint", b"second")

        assert place.read("checkpoint") == b"first"
        assert [file.name for file in tmp_path.iterdir()] == ["checkpoint"]

    def test_one_that_is_not_there_is_not_made(self, tmp_path: Path) -> None:
        place = open_place(str(tmp_path / "not mounted"))

        with pytest.raises(PlaceUnavailable, match="there is no such directory"):
            place.read("checkpoint")
        with pytest.raises(PlaceUnavailable, match="there is no such directory"):
            place.write("checkpoint", b"")

        assert not (tmp_path / "not mounted").exists()

    def test_one_that_is_a_file_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        place = open_place(str(tmp_path / "file"))

        with pytest.raises(PlaceUnavailable, match=f"{tmp_path}/file cannot be used: Not a directory"):
            place.read("checkpoint")
        with pytest.raises(PlaceUnavailable, match="cannot be used"):
            place.write("checkpoint", b"")


class TestServers:
    def test_name_and_password_are_sent_and_not_shown(self, server: FileServer) -> None:
        place = open_place(f"http://films:hush@{server.address}/history")
        place.write("checkpoint", b"note")
        assert server.files == {"/history/checkpoint": b"note"}
        assert server.credentials == {"Basic ZmlsbXM6aHVzaA=="}

        server.answers = 403
        with pytest.raises(PlaceUnavailable) as refused:
            place.write("checkpoint", b"other")

        assert str(refused.value) == (
            f"The place of checkpoints http://{server.address}/history cannot be used:"
            " it answers PUT /history/checkpoint with 403."
        )

    @pytest.mark.parametrize("status", [301, 401, 500])
    def test_an_answer_that_is_none_is_no_missing_file(self, server: FileServer, status: int) -> None:
        server.answers = status

        with pytest.raises(PlaceUnavailable, match=f"it answers GET /checkpoint with {status}"):
            open_place(f"http://{server.address}").read("checkpoint")

    def test_one_that_is_away_is_named(self) -> None:
        with FileServer() as server:
            address = server.address

        with pytest.raises(PlaceUnavailable, match=f"http://{address} cannot be used: "):
            open_place(f"http://{address}").read("checkpoint")
