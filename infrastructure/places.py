"""Where checkpoints are published: a directory, or a server that takes PUT and answers GET."""

import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from application.audit.published import Place, PlaceUnavailable

TIMEOUT_SECONDS = 10.0


def open_place(address: str) -> Place:
    """Of a directory, or of a URL with the password that may be in it."""
    return HttpPlace(address) if is_url(address) else DirectoryPlace(Path(address))


def is_url(address: str) -> bool:
    return address.startswith(("http://", "https://"))


class DirectoryPlace(Place):
    """Each file is synced to disk before it gets its name."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, path: str) -> bytes | None:
        try:
            return (self._directory / path).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unavailable(error) from error

    def write(self, path: str, content: bytes) -> None:
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

    def _unavailable(self, error: OSError) -> PlaceUnavailable:
        return PlaceUnavailable(str(self._directory), error.strerror or str(error))


class HttpPlace(Place):
    """A name and a password in the URL are sent along."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._shown = _without_password(self._url)

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
            raise PlaceUnavailable(self._shown, str(error) or type(error).__name__) from error

    def _taken(self, response: httpx.Response) -> httpx.Response:
        if not response.is_success:
            method, path = response.request.method, response.request.url.path
            raise PlaceUnavailable(self._shown, f"it answers {method} {path} with {response.status_code}")
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


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
