"""What is reserved for a call: never less than it takes, and known before it is made."""

import pytest

from domain.quality import CHARACTERS
from domain.values import ContextTag, Locale, MovieFacts, Variant
from infrastructure.writers.bounds import least_tokens_in, longest_tokens_in, most_tokens_in
from infrastructure.writers.prompts import TEXTS_SHOWN, prompt_for

PROMPTS = [prompt_for(Variant(locale, tag)) for locale in Locale for tag in ContextTag]


def _reserved(facts: MovieFacts, *texts: str) -> list[int]:
    return [most_tokens_in(prompt.system + prompt.about(facts, texts)) for prompt in PROMPTS]


def test_a_byte_is_a_token_at_most() -> None:
    assert most_tokens_in("żółw") - most_tokens_in("") == 7


def test_the_least_is_that_of_the_shortest_film() -> None:
    """With less than that no budget pays for anything."""
    assert least_tokens_in() == min(_reserved(MovieFacts(title="M")))


@pytest.mark.parametrize("letter", ["<", "\U0001f600", "\u2028", '"'])
def test_no_film_takes_more_than_the_longest(letter: str) -> None:
    """In whatever letters a request tells as much as it may."""
    facts = MovieFacts(
        title=letter * 300, release_year=9999, director=letter * 1_000, genres=(letter * 60,) * 20
    )
    texts = [letter * (CHARACTERS.stop - 1)] * TEXTS_SHOWN

    assert max(_reserved(facts, *texts)) <= longest_tokens_in()
