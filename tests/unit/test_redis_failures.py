"""What Redis answers is told in words that help, without its scripts and commands."""

import pytest
import redis

from infrastructure.redis.failures import reason

SCRIPT = "fdaccb8ef7c4c1c8a2a5e4bb0f3d5a7a9d1c2e3f"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            f"something is not allowed. script: {SCRIPT}, on @user_script:58.",
            "Redis refuses: something is not allowed.",
        ),
        (
            "ACL failure in script: User bob has no permissions to run the 'keys' command",
            "Redis refuses: ACL failure in script: User bob has no permissions to run the 'keys' command",
        ),
        (
            "Command # 1 (SET moviemind:7:queue-epoch 1b12 NX) of pipeline caused error: NOPERM no",
            "Redis refuses: NOPERM no",
        ),
        (
            "Command # 1 (SET a b) of pipeline caused error: MISCONF Redis is configured to save RDB",
            "Redis cannot save to its disk, and takes nothing new until it can; its log says why",
        ),
    ],
)
def test_an_answer_without_a_type_of_its_own(said: str, told: str) -> None:
    assert reason(redis.ResponseError(said)) == told
