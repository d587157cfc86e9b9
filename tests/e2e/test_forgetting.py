"""`moviemind audit forget` as people and scripts type it."""

import json
import os
import pty
from collections.abc import Callable
from subprocess import PIPE, Popen
from typing import Any

import pytest

from tests.support.process import MOVIEMIND, Up, environment, moviemind

QUESTION = "Delete the name and the contact of {} (Anna)? It cannot be undone [y/N]:"


class Typed:
    """Commands beside a running service."""

    def __init__(self, up: Up) -> None:
        self._where = ["--data-dir", str(up.data_dir)]

    def json(self, *arguments: str) -> Any:
        ended = moviemind(*arguments, *self._where, "--json", "all")
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def plain(self, *arguments: str) -> tuple[int, str, str]:
        ended = moviemind(*arguments, *self._where)
        return ended.returncode, ended.stdout, ended.stderr

    def at_a_terminal(self, answer: str, *arguments: str) -> tuple[int, str]:
        """With a keyboard, on which somebody types an answer. The exit code, and all that was printed."""
        keyboard, terminal = pty.openpty()
        with Popen(
            [MOVIEMIND, *arguments, *self._where], env=environment(), stdin=terminal, stdout=PIPE, stderr=PIPE
        ) as process:
            os.close(terminal)
            os.write(keyboard, answer.encode())
            out, err = process.communicate(timeout=60)
        os.close(keyboard)
        return process.returncode, (out + err).decode()

    def name_of(self, key_id: str) -> str | None:
        (name,) = [key["name"] for key in self.json("keys", "list") if key["key_id"] == key_id]
        return name  # type: ignore[no-any-return]


@pytest.fixture
def typed(start_up: Callable[..., Up]) -> Typed:
    return Typed(start_up())


@pytest.fixture
def anna(typed: Typed) -> dict[str, Any]:
    key: dict[str, Any] = typed.json("keys", "create", "Anna", "--contact", "anna@example.org")
    return key


def test_a_script_is_not_asked_and_what_was_done_is_said(typed: Typed, anna: dict[str, Any]) -> None:
    code, said, hints = typed.plain("audit", "forget", anna["key"])

    assert (code, said) == (0, f"deleted of {anna['key_id']}: the name and the contact\n")
    assert f"moviemind keys revoke {anna['key_id']}" in hints
    assert anna["key"] not in said + hints, "its secret is told to nobody"
    assert typed.name_of(anna["key_id"]) is None
    assert typed.plain("audit", "forget", anna["key_id"])[:2] == (
        0,
        f"nothing was kept of {anna['key_id']} any more\n",
    )


def test_with_revoke_the_key_opens_nothing_any_more(typed: Typed, anna: dict[str, Any]) -> None:
    forgotten = typed.json("audit", "forget", anna["key_id"], "--revoke")

    assert forgotten["had_name"]
    assert forgotten["revoked_at"] is not None


def test_at_a_terminal_it_asks_first_and_anything_but_yes_means_no(
    typed: Typed, anna: dict[str, Any]
) -> None:
    question = QUESTION.format(anna["key_id"])

    code, said = typed.at_a_terminal("\n", "audit", "forget", anna["key_id"], "--revoke")
    assert (code, question in said) == (1, True), said
    assert typed.name_of(anna["key_id"]) == "Anna"
    assert typed.json("keys", "list")[0]["revoked_at"] is None

    code, said = typed.at_a_terminal("y\n", "audit", "forget", anna["key_id"])
    assert (code, question in said) == (0, True), said
    assert typed.name_of(anna["key_id"]) is None


def test_at_a_terminal_yes_can_be_said_beforehand(typed: Typed, anna: dict[str, Any]) -> None:
    code, said = typed.at_a_terminal("", "audit", "forget", anna["key_id"], "--yes")

    assert (code, "undone" in said) == (0, False), said


@pytest.mark.parametrize("actor", ["mm_nobody", "local", "host:17:9f3a5c9b", "a?b#c"])
def test_who_has_no_key_has_no_name_to_forget(typed: Typed, actor: str) -> None:
    code, said, complaint = typed.plain("audit", "forget", actor)

    assert (code, said) == (1, "")
    assert f"There is no key {actor}." in complaint
