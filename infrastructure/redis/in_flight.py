"""In-flight tokens in Redis: one key per variant asked for.

Its value is `claiming NONCE`, or `job ID FINGERPRINT STATUS CONFIDENCE SINCE`, where SINCE is the time by
Redis' clock at which the one who left it saw what had been there: before the store was asked.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import redis

from application.in_flight import AskedVariant, JobToken, Seen
from application.read_models import JobRow
from domain.values import ContextTag, JobStatus, Locale, Variant
from infrastructure.redis.optional import OptionalRedis

CLAIM_SECONDS = 2.0
TOKEN_SECONDS = 15 * 60.0

# KEYS: one. ARGV: what was seen there, what to put (nothing: take it away), for how many milliseconds.
_SETTLE = """
local found = redis.call('GET', KEYS[1])
if found and found ~= ARGV[1] then return 0 end
if ARGV[2] == '' then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""

# KEYS: any number. ARGV: what the value of each begins with if it is to be taken away.
_RELEASE = """
for i, key in ipairs(KEYS) do
  local found = redis.call('GET', key)
  if found and string.sub(found, 1, #ARGV[i]) == ARGV[i] then redis.call('DEL', key) end
end
return 1
"""


class RedisInFlightTokens:
    def __init__(
        self,
        server: OptionalRedis,
        *,
        log_epoch: Callable[[], str],
        claim_seconds: float = CLAIM_SECONDS,
        token_seconds: float = TOKEN_SECONDS,
    ) -> None:
        """Tokens of another log, which may be an older copy of this one, are never seen."""
        self._server = server
        self._log_epoch = log_epoch
        self._claim_ms = int(claim_seconds * 1000)
        self._token_ms = int(token_seconds * 1000)

    def claim(self, variants: Iterable[AskedVariant]) -> dict[AskedVariant, Seen]:
        asked = list(variants)
        ours = f"claiming {secrets.token_hex(8)}".encode()

        def claim(client: redis.Redis) -> list[Any]:
            with client.pipeline(transaction=False) as commands:
                commands.time()
                for one in asked:
                    commands.set(self._key(one), ours, nx=True, get=True, px=self._claim_ms)
                return commands.execute()

        answers = self._server.ask(claim)
        if answers is None:
            return {}
        (seconds, microseconds), *found = answers
        at = seconds + microseconds / 1e6
        return {
            one: Seen(text=ours, at=at, is_claim=True, is_ours=True) if text is None else _seen(text, at)
            for one, text in zip(asked, found, strict=True)
        }

    def settle(self, seen: Mapping[AskedVariant, Seen], tokens: Mapping[AskedVariant, JobToken]) -> None:
        def settle(client: redis.Redis) -> list[Any]:
            with client.pipeline(transaction=False) as commands:
                for one, stood in seen.items():
                    text = _text(tokens[one], since=stood.at) if one in tokens else ""
                    commands.eval(_SETTLE, 1, self._key(one), stood.text, text, str(self._token_ms))
                return commands.execute()

        if seen:
            self._server.ask(settle)

    def release(self, jobs: Sequence[JobRow]) -> None:
        """Take away the tokens of jobs that have ended; those of newer jobs stay."""
        keys = [self._key(_asked(job)) for job in jobs]
        beginnings = [f"job {job.job_id} " for job in jobs]
        if keys:
            self._server.ask(lambda client: client.eval(_RELEASE, len(keys), *keys, *beginnings))

    @property
    def _prefix(self) -> str:
        return f"moviemind:{self._log_epoch()}:in-flight"

    def _key(self, asked: AskedVariant) -> str:
        return f"{self._prefix}:{asked.slug}:{asked.variant}"


def _asked(job: JobRow) -> AskedVariant:
    """A token is left only under the slug of the film itself."""
    return AskedVariant(job.slug, Variant(Locale(job.locale), ContextTag(job.context_tag)))


def _text(token: JobToken, *, since: float) -> str:
    return f"job {token.job_id} {token.fingerprint} {token.status} {token.confidence} {since:.6f}"


def _seen(text: bytes, at: float) -> Seen:
    if text.startswith(b"claiming "):
        return Seen(text=text, at=at, is_claim=True)
    try:
        _, job_id, fingerprint, status, confidence, since = text.decode().split(" ")
        token = JobToken(
            job_id=UUID(job_id),
            fingerprint=fingerprint,
            status=JobStatus(status),
            confidence=float(confidence),
        )
        return Seen(text=text, at=at, token=token, age_seconds=at - float(since))
    except ValueError:
        return Seen(text=text, at=at)
