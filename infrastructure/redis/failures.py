"""What Redis' errors mean to whoever runs the service."""

import redis
from redis.sentinel import MasterNotFoundError


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
    said, _, _ = str(error).partition(" script: ")
    return f"Redis refuses: {said}"
