"""Where checkpoints are published: a directory, or a server that takes PUT and answers GET."""

import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from application.audit.published import CheckpointPlace, PlaceUnavailable

TIMEOUT_SECONDS = 10.0


def open_place(address: str) -> CheckpointPlace:
    """Of a directory, or of a URL with the password that may be in it."""
    return HttpPlace(address) if is_url(address) else DirectoryPlace(Path(address))


def is_url(address: str) -> bool:
    return address.startswith(("http://", "https://"))


def check(address: str) -> None:
    """Raises ValueError, which says nothing of what is in the address."""
    if not is_url(address):
        if "://" in address:
            raise ValueError("write a directory, or a URL that begins with http:// or https://")
        return
    try:
        parts = urlsplit(address)
        is_complete = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_complete = False
    if not is_complete or parts.query or parts.fragment:
        raise ValueError("write a URL such as https://NAME:PASSWORD@HOST/PATH, without ? and #")


class DirectoryPlace(CheckpointPlace):
    """Each file is synced to disk before it gets its name. The directory itself is never made."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __str__(self) -> str:
        return str(self._directory)

    def read(self, path: str) -> bytes | None:
        self._refuse_if_gone()
        try:
            return (self._directory / path).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unavailable(error) from error

    def write(self, path: str, content: bytes) -> None:
        self._refuse_if_gone()
        target = self._directory / path
        unfinished = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                _write_synced(unfinished, content)
                unfinished.replace(target)
            finally:
                unfinished.unlink(missing_ok=True)
            _sync(target.parent)
        except OSError as error:
            raise self._unavailable(error) from error

    def _refuse_if_gone(self) -> None:
        """A directory that is not there is no empty one: a disk may not have been mounted."""
        if not self._directory.exists():
            raise PlaceUnavailable(str(self), "there is no such directory")

    def _unavailable(self, error: OSError) -> PlaceUnavailable:
        return PlaceUnavailable(str(self), error.strerror or str(error))


class HttpPlace(CheckpointPlace):
    """A name and a password in the URL are sent along."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def __str__(self) -> str:
        parts = urlsplit(self._url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    def read(self, path: str) -> bytes | None:
        response = self._send("GET", path)
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        return self._taken(response).content

    def write(self, path: str, content: bytes) -> None:
        self._taken(self._send("PUT", path, content))

    def _send(self, method: str, path: str, content: bytes | None = None) -> httpx.Response:
        try:
            return httpx.request(method, f"{self._url}/{path}", content=content, timeout=TIMEOUT_SECONDS)
        except httpx.HTTPError as error:
            raise PlaceUnavailable(str(self), str(error) or type(error).__name__) from error

    def _taken(self, response: httpx.Response) -> httpx.Response:
        if not response.is_success:
            method, path = response.request.method, response.request.url.path
            raise PlaceUnavailable(str(self), f"it answers {method} {path} with {response.status_code}")
        return response


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(directory: Path) -> None:
    """So that the name of a file survives a power cut, too."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
