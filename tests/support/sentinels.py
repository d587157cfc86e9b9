"""A master, its replica, and three Sentinels that make the replica the master when the master is gone."""

import shutil
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import redis

from tests.support.process import wait_until
from tests.support.servers import REDIS_CONF, Redis

SERVICE = "moviemind"
SENTINELS, QUORUM = 3, 2
PATIENT_MS, QUICK_MS = 60_000, 1_000
"""For so long a server is silent before a Sentinel takes it for down."""

_CONF = """
port {port}
bind 127.0.0.1
dir {home}
sentinel monitor {service} 127.0.0.1 {master} {quorum}
sentinel down-after-milliseconds {service} {patience_ms}
sentinel failover-timeout {service} 5000
"""


class WatchedRedis(Redis):
    """With a configuration file of its own: Sentinels have it rewritten."""

    def __init__(self, home: Path, *options: str) -> None:
        super().__init__(home, *options)
        self._conf = home / "redis.conf"
        shutil.copy(REDIS_CONF, self._conf)

    def command(self) -> list[str]:
        own, _, *options = super().command()
        return [own, str(self._conf), *options]

    def facts(self, section: str = "replication") -> dict[str, object]:
        with closing(self.client()) as client:
            return dict(client.info(section))


class Sentinel(Redis):
    def __init__(self, home: Path, master: Redis) -> None:
        super().__init__(home)
        self._conf = home / "sentinel.conf"
        self._conf.write_text(
            _CONF.format(
                port=self.port,
                home=home,
                service=SERVICE,
                master=master.port,
                quorum=QUORUM,
                patience_ms=PATIENT_MS,
            ),
            encoding="ascii",
        )

    def command(self) -> list[str]:
        own, *_ = super().command()
        return [own, str(self._conf), "--sentinel"]

    def facts(self) -> dict[str, object]:
        """Its state, and whether it has stopped acting (TILT)."""
        with closing(self.client()) as client:
            return dict(client.info("sentinel"))

    def knows_all(self) -> bool:
        """The replica and the other Sentinels: before that it could not replace the master."""
        with closing(self.client()) as client:
            known: Any = client.sentinel_master(SERVICE)
        return bool(known["num-slaves"] == 1 and known["num-other-sentinels"] == SENTINELS - 1)

    def act_after(self, silence_ms: int) -> None:
        with closing(self.client()) as client:
            client.sentinel_set(SERVICE, "down-after-milliseconds", silence_ms)

    def follows(self, server: Redis) -> bool:
        """Whether it takes that one for the master."""
        with closing(self.client()) as client:
            known: Any = client.sentinel_master(SERVICE)
        return bool(known["port"] == server.port)


class FailOver:
    def __init__(self, home: Path) -> None:
        self.master = WatchedRedis(home / "master")
        self.replica = WatchedRedis(home / "replica", "--replicaof", "127.0.0.1", str(self.master.port))
        self._sentinels = [Sentinel(home / f"sentinel-{n}", self.master) for n in range(SENTINELS)]
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self._sentinels)
        self.url = f"redis+sentinel://{hosts}/{SERVICE}/0"
        self._stack = ExitStack()
        for server in (self.master, self.replica, *self._sentinels):
            server.start()
            self._stack.callback(server.stop)
        wait_until(lambda: is_replica(self.replica), "the replica has a copy")
        for sentinel in self._sentinels:
            wait_until(sentinel.knows_all, "the Sentinels know one another")

    def cut_replication(self) -> None:
        """From now on the replica misses every write. To the Sentinels it looks as good as before."""
        with closing(self.replica.client()) as replica, closing(self.master.client()) as master:
            replica.config_set("masterauth", "a password the master does not have")
            master.client_kill_filter(_type="replica")
        wait_until(lambda: self.master.facts()["connected_slaves"] == 0, "replication is cut")

    def act_after(self, silence_ms: int) -> None:
        """From now on. Before, and once the fail-over is over, nobody is taken for down who is only slow."""
        for sentinel in self._sentinels:
            sentinel.act_after(silence_ms)

    def is_over(self) -> bool:
        """Before all Sentinels know of it, an old master that comes back may become the master again."""
        return is_master(self.replica) and all(one.follows(self.replica) for one in self._sentinels)

    def told(self) -> str:
        """What servers and Sentinels say of themselves."""
        servers = [str(server.facts()) for server in (self.master, self.replica)]
        return "\n".join([*servers, *(str(sentinel.facts()) for sentinel in self._sentinels)])

    def close(self) -> None:
        self._stack.close()


def is_master(server: WatchedRedis) -> bool:
    """A server that is made the master cuts its lines first: then it is not yet."""
    try:
        return server.facts()["role"] == "master"
    except redis.ConnectionError:
        return False


def is_replica(server: WatchedRedis) -> bool:
    """With a copy of what the master has."""
    try:
        facts = server.facts()
    except redis.ConnectionError:  # it reads its data, or is being told whom to follow
        return False
    return facts["role"] == "slave" and facts["master_link_status"] == "up"
