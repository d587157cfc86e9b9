"""Keys over several API processes: made in one, known to all; revoked in one, known to all."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from tests.support.cluster import Cluster
from tests.support.process import moviemind_within, wait_until

BOOTSTRAP = "the-first-key-of-all"


class Guarded:
    """Three API processes at one address, and commands that talk to it with a key."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def type(self, *arguments: str, key: str = BOOTSTRAP) -> Any:
        """What a command prints as JSON."""
        ended = moviemind_within(30, *arguments, "--url", self.cluster.url, "--json", "all", api_key=key)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def answers(self, key: str, times: int = 60) -> set[int]:
        """What all processes say; each request comes over a connection of its own, to any of them."""
        url, headers = f"{self.cluster.url}/v1/jobs", {"X-API-Key": key}
        # verify: certificates are read for every client, also for one that needs none
        return {
            httpx.get(url, headers=headers, trust_env=False, verify=False).status_code for _ in range(times)
        }


@pytest.fixture(scope="module")
def guarded() -> Iterator[Guarded]:
    with TemporaryDirectory(prefix="moviemind-") as home:
        Path(home).chmod(0o755)
        with closing(
            Cluster(Path(home), queue="database", auth="on", bootstrap_admin_key=BOOTSTRAP)
        ) as cluster:
            cluster.start_api(processes=3)
            yield Guarded(cluster)


def test_a_key_opens_every_process_as_soon_as_it_is_made(guarded: Guarded) -> None:
    made = guarded.type("keys", "create", "the shop", "--scope", "generate")

    assert guarded.answers(made["key"]) == {200}
    listed = guarded.type("keys", "list")
    assert [(key["key_id"], key["scope"]) for key in listed[:1]] == [(made["key_id"], "generate")]
    assert "key" not in listed[0]


def test_a_revoked_key_opens_no_process_a_moment_later(guarded: Guarded) -> None:
    made = guarded.type("keys", "create", "the shop")
    assert guarded.answers(made["key"]) == {200}

    revoked = guarded.type("keys", "revoke", made["key"])

    wait_until(lambda: guarded.answers(made["key"]) == {401}, "all processes know")
    assert revoked["key_id"] == made["key_id"]
