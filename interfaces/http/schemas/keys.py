"""API keys as their makers are told of them."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from application.api_keys import ApiKey, Scope


class KeyAnswer(BaseModel):
    """A key without its secret, which nobody can be told again."""

    key_id: str = Field(description="what events call its owner", examples=["mm_0f3a5c9be1d2"])
    name: str | None = Field(description="whom it is for; null once they were forgotten")
    contact: str | None = Field(description="where they can be reached")
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
            contact=key.contact,
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


class ForgottenAnswer(BaseModel):
    """What was deleted of whoever acts under an id. Once it is, asking again says that nothing was there."""

    actor: str = Field(description="the id, which stays in events", examples=["mm_0f3a5c9be1d2"])
    had_name: bool
    had_contact: bool
    revoked_at: datetime | None = Field(description="since when the key opens nothing; null while it does")

    @classmethod
    def of(cls, key: ApiKey) -> Self:
        """`key` as it was before."""
        return cls(
            actor=key.key_id,
            had_name=key.name is not None,
            had_contact=key.contact is not None,
            revoked_at=key.revoked_at,
        )
