"""How many tokens a call can take at most, whatever the tokenizer: so many are reserved before it is made."""

import json

from domain.quality import CHARACTERS
from domain.values import MovieFacts
from infrastructure.writers.answer import Answer
from infrastructure.writers.prices import Price
from infrastructure.writers.prompts import TEXTS_SHOWN, all_prompts

MAX_TOKENS_OUT = 2_000
"""Enough for three sentences and the thoughts of a model that thinks; the provider is told."""

MOST_TOKENS = 10_000_000
"""That a call can be said to have taken; more is a mistake of who counts."""

DEAREST = "<"
"""A letter that takes six bytes in our JSON; none takes more."""

FRAME = 1_000
"""Roles, separators, and how a library words its wish for JSON."""

_SCHEMA = json.dumps(Answer.model_json_schema())


def most_tokens_in(told: str) -> int:
    """A token is a byte at least; the schema of the answer may be sent twice, as such and in words."""
    return len(told.encode()) + 2 * len(_SCHEMA.encode()) + FRAME


def most_cost(price: Price, tokens_in: int) -> int:
    """What such a call may cost, rounded up to two digits, so that calls of about one size are admitted and
    refused alike."""
    exact = price(tokens_in, MAX_TOKENS_OUT)
    step: int = 10 ** max(0, len(str(exact)) - 2)
    return -(-exact // step) * step


def least_tokens_in() -> int:
    """That bound for the shortest thing that can be asked."""
    return min(_tokens_in(MovieFacts(title="M")))


def longest_tokens_in() -> int:
    """And for the longest: all that a request may tell of a film, and the texts it is to differ from."""
    film = MovieFacts(
        title=DEAREST * 300, release_year=2000, director=DEAREST * 1_000, genres=(DEAREST * 60,) * 20
    )
    return max(_tokens_in(film, *[DEAREST * CHARACTERS.stop] * TEXTS_SHOWN))


def _tokens_in(film: MovieFacts, *texts: str) -> list[int]:
    return [most_tokens_in(prompt.system + prompt.about(film, texts)) for prompt in all_prompts()]
