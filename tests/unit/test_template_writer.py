"""The offline writer says what is known, in every language and style, and nothing else."""

from dataclasses import replace
from hashlib import sha256
from itertools import pairwise, product
from uuid import uuid4

import pytest

from application.ports import WritingFailed, WritingTask
from domain.values import ContextTag, FailureType, Locale, MovieFacts
from infrastructure.writers.template import PHRASEBOOKS, TemplateWriter, sentences

AMELIE = MovieFacts(
    title="Amélie", release_year=2001, director="Jean-Pierre Jeunet", genres=("Comedy", "Romance")
)
FILMS = [
    AMELIE,
    MovieFacts(title="Opa!", release_year=2005, director="Udayan Prasad", genres=("Romance",)),
    MovieFacts(title="If....", release_year=1968, genres=("Drama",)),
    MovieFacts(title="Who's That Knocking at My Door?", director="A, B, C, D, E", genres=("Drama", "Noir")),
    MovieFacts(title="x" * 300, release_year=1999, director=", ".join(["Somebody Long"] * 70)),
    MovieFacts(title="{director} {0}"),
]
VARIANTS = list(product(Locale, ContextTag))


def task(facts: MovieFacts = AMELIE, locale: Locale = Locale.EN_US, **more: object) -> WritingTask:
    values = {
        "slug": "amelie-2001",
        "facts": facts,
        "locale": locale,
        "context_tag": ContextTag.DEFAULT,
        "revision": 1,
        "existing_texts": (),
        "job_id": uuid4(),
        "attempt": 1,
    }
    return WritingTask(**values | more)  # type: ignore[arg-type]


@pytest.mark.parametrize("facts", FILMS, ids=lambda facts: facts.title[:12])
@pytest.mark.parametrize(("locale", "tag"), VARIANTS)
def test_every_text_is_two_or_three_clean_sentences(
    facts: MovieFacts, locale: Locale, tag: ContextTag
) -> None:
    for revision in range(1, 8):
        parts = sentences(task(facts, locale, context_tag=tag, revision=revision))

        text = " ".join(parts)
        assert len(parts) == (3 if facts.genres else 2)
        assert all(part[-1] in ".?!" for part in parts)
        assert facts.title in text
        assert 50 <= len(text) <= 5_000
        assert "None" not in text
        assert "  " not in text
        assert " ," not in text
        assert "()" not in text


def test_what_is_known_is_said() -> None:
    text = " ".join(sentences(task()))

    assert "Amélie" in text
    assert "2001" in text
    assert "Jean-Pierre Jeunet" in text
    assert "Comedy and Romance" in text


@pytest.mark.parametrize(("locale", "tag"), VARIANTS)
def test_a_film_without_year_and_director_says_neither(locale: Locale, tag: ContextTag) -> None:
    facts = MovieFacts(title="Amélie", genres=("Comedy",))

    opening, *_ = sentences(task(facts, locale, context_tag=tag))

    assert "{" not in opening
    assert not any(character.isdigit() for character in opening)


def test_every_language_and_style_reads_differently() -> None:
    texts = {" ".join(sentences(task(locale=locale, context_tag=tag))) for locale, tag in VARIANTS}

    assert len(texts) == len(VARIANTS) == 20


def test_the_same_task_gives_the_same_text_whoever_tries_it() -> None:
    first = TemplateWriter().write(task())
    again = TemplateWriter().write(task(job_id=uuid4(), attempt=3))

    assert first.draft == again.draft


@pytest.mark.parametrize(("locale", "tag"), VARIANTS)
def test_the_next_revision_is_another_text(locale: Locale, tag: ContextTag) -> None:
    texts = [
        " ".join(sentences(task(locale=locale, context_tag=tag, revision=revision)))
        for revision in range(1, 7)
    ]

    assert all(text != following for text, following in pairwise(texts))


@pytest.mark.parametrize("locale", list(Locale))
def test_genres_are_translated_into_every_language_but_english(locale: Locale) -> None:
    known = PHRASEBOOKS[locale].known(replace(AMELIE, genres=("Sci-Fi", "Unheard-of")))

    assert "Unheard-of" in known["genres"], "an unknown genre stays as it is"
    assert ("Sci-Fi" in known["genres"]) == (locale is Locale.EN_US)


def test_the_hashes_are_those_of_input_and_text() -> None:
    draft = TemplateWriter().write(task()).draft
    other = TemplateWriter().write(task(revision=2)).draft

    assert draft.content_hash == sha256(draft.text.encode()).hexdigest()
    assert draft.input_hash != other.input_hash
    assert (draft.ai_model, draft.prompt_version) == ("template", "template-1")


def test_it_takes_as_long_as_it_is_told() -> None:
    (call,) = TemplateWriter(latency_seconds=0.02).write(task()).calls

    assert call.latency_ms >= 20
    assert (call.cost_microusd, call.outcome) == (0, "accepted")


def test_it_gives_up_at_the_deadline() -> None:
    with pytest.raises(WritingFailed) as failed:
        TemplateWriter(latency_seconds=5, deadline_seconds=0.01).write(task())

    assert failed.value.failure.type is FailureType.TIMEOUT
    assert failed.value.calls[0].outcome == "timeout"
