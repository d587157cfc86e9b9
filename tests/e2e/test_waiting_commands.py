"""A command that waits for what cannot begin says so."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from interfaces.client import Operator
from tests.support.process import MOVIEMIND, Up, environment, wait_until


def test_whoever_waits_for_a_paused_queue_is_told_why(
    start_up: Callable[..., Up], connect: Callable[[Up], Operator], tmp_path: Path
) -> None:
    up = start_up()
    client = connect(up)
    client.pause_queue("the provider is down")
    told = tmp_path / "told"
    with told.open("wb") as error:
        waiting = subprocess.Popen(
            [MOVIEMIND, "generate", "heat-1995", "--wait", "--url", up.url],
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=error,
        )
        wait_until(
            lambda: "waiting: the queue is paused: the provider is down" in told.read_text(), "it says so"
        )

        client.resume_queue()

        assert waiting.wait(30) == 0
    assert told.read_text().count("waiting: ") == 1
