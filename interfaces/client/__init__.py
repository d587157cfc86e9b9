"""MovieMind for Python programs: its HTTP API, typed. Answers are those of the API, as pydantic models.

    from interfaces.client import Client

    with Client("http://127.0.0.1:8000", key="mm_…") as movies:
        asked = movies.generate("the-matrix-1999")
        job = movies.wait(asked.job_id)

`AsyncClient` has the same for asyncio; `Operator` has what commands and operators need besides.
"""

from interfaces.client.asynchronous import AsyncClient
from interfaces.client.errors import (
    JobNotEnded,
    KeyUnusable,
    NotMovieMind,
    ServiceRefused,
    ServiceUnreachable,
)
from interfaces.client.events import JobEvent
from interfaces.client.operating import Operator
from interfaces.client.synchronous import Client

__all__ = [
    "AsyncClient",
    "Client",
    "JobEvent",
    "JobNotEnded",
    "KeyUnusable",
    "NotMovieMind",
    "Operator",
    "ServiceRefused",
    "ServiceUnreachable",
]
