"""API keys as their makers are told of them."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from application.api_keys import ApiKey, Scope


class KeyAnswer(BaseModel):
    """A key without its secret, which nobody can be told again."""

    key_id: str = Field(description="what events call its owner", examples=["mm_0f3a5c9be1d2"])
    name: str
    scope: Scope
    created_by: str
    created_at: datetime
    last_used_at: datetime | None = Field(description="some seconds late; null when it was never used")
    revoked_at: datetime | None = Field(description="since when it opens nothing")

    @classmethod
    def of(cls, key: ApiKey) -> Self:
        return cls(
            key_id=key.key_id,
            name=key.name,
            scope=key.scope,
            created_by=key.created_by,
            created_at=key.created_at,
            last_used_at=key.last_used_at,
            revoked_at=key.revoked_at,
        )


class KeysAnswer(BaseModel):
    """All keys, the newest first."""

    items: list[KeyAnswer]


class NewKeyAnswer(KeyAnswer):
    """A new key: the only time that its secret is told."""

    key: str = Field(description="what to send as X-API-Key", examples=["mm_0f3a5c9be1d2_…"])
