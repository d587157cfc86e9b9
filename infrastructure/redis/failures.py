"""What Redis' errors mean to whoever runs the service."""

import re

import redis
from redis.sentinel import MasterNotFoundError

_OF_A_PIPELINE = re.compile(r"^Command # \d+ \(.*?\) of pipeline caused error: ", re.DOTALL)
_OF_A_SCRIPT = re.compile(r",? script: [0-9a-f]{40}, on .*", re.DOTALL)


def reason(error: redis.RedisError) -> str:
    """An error of Redis in a clause for people: no address, no password, no script."""
    match error:
        case redis.TimeoutError():
            return "Redis does not answer in time"
        case redis.AuthenticationError():
            return "Redis refuses the user or the password of its URL"
        case redis.BusyLoadingError():
            return "Redis is still reading its data"
        case MasterNotFoundError():
            return "no Sentinel names a Redis that is the master"
        case redis.ConnectionError():
            return "Redis cannot be reached"
        case redis.OutOfMemoryError():
            return "Redis is full; give it more memory (maxmemory)"
        case redis.ReadOnlyError():
            return "this Redis is a replica that can only be read; name the master, or use Sentinels"
    said = _OF_A_SCRIPT.sub("", _OF_A_PIPELINE.sub("", str(error)))
    if said.startswith("MISCONF"):
        return "Redis cannot save to its disk, and takes nothing new until it can; its log says why"
    return f"Redis refuses: {said}"
