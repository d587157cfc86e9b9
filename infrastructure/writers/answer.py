"""The answer a model is asked for, as a schema; bounded, so that small models come to an end."""

from typing import Annotated

from pydantic import BaseModel, Field

MAX_SENTENCES = 10
"""What is read; how many are accepted is a rule of the domain, and a refusal that is recorded."""


class Answer(BaseModel):
    """A description of a film, or the statement that the model does not know it."""

    known: bool = Field(description="whether you know this film")
    title: Annotated[str, Field(max_length=300)]
    release_year: int | None
    director: Annotated[str, Field(max_length=300)] | None = None
    genres: Annotated[list[Annotated[str, Field(max_length=60)]], Field(max_length=20)] = []
    description: Annotated[
        list[Annotated[str, Field(max_length=5_000)]],
        Field(max_length=MAX_SENTENCES, description="2 or 3 sentences; empty when the film is not known"),
    ]
