"""What a model wrote is accepted as it is, or refused with the first flaw."""

import pytest

from domain.quality import Flaw, FlawReason, disagreement, flaw_in, joined
from domain.values import MovieFacts

GOOD = [
    "A hacker learns that the world he knows is a simulation built by machines.",
    "He joins the few who fight it, and finds out who he is.",
]


def _reason(flaw: Flaw | None) -> FlawReason | None:
    return flaw.reason if flaw else None


@pytest.mark.parametrize(
    "sentences",
    [
        GOOD,
        [*GOOD, "It changed how action is filmed!"],
        ["Zion\u2019s last hope is a man who doubts: \u201cWho am I?\u201d", GOOD[1]],
        ["I, Robot asks what happens when a machine says: I'm sorry.", GOOD[1]],
        ["A lonely writer falls for an AI assistant that learns faster than he does.", GOOD[1]],
        ["In [REC] a camera crew is locked into a house where people change…", GOOD[1]],
        ["Se7en & Co. hunt a killer who counts to 7*7 and never hurries.", GOOD[1]],
    ],
    ids=["two", "three", "quotation marks", "sorry inside", "about an AI", "brackets", "signs"],
)
def test_a_good_text_has_no_flaw(sentences: list[str]) -> None:
    assert flaw_in(sentences, existing=()) is None


@pytest.mark.parametrize(
    ("sentences", "reason"),
    [
        ([], FlawReason.TOO_SHORT),
        (["Good.", "Film."], FlawReason.TOO_SHORT),
        ([f"<b>{'x' * 20}</b>.", "<i></i>" * 20], FlawReason.TOO_SHORT),
        ([f"A hacker {'runs ' * 1_000}.", GOOD[1]], FlawReason.TOO_LONG),
        ([f"<p>{GOOD[0]}</p>", GOOD[1]], FlawReason.MARKUP),
        ([f"**{GOOD[0]}**.", GOOD[1]], FlawReason.MARKUP),
        ([f"# {GOOD[0]}", GOOD[1]], FlawReason.MARKUP),
        ([f"- {GOOD[0]}", GOOD[1]], FlawReason.MARKUP),
        ([GOOD[0], "See [more](http://example.org) of this film there."], FlawReason.MARKUP),
        ([GOOD[0], "See https://example.org for more of this film."], FlawReason.MARKUP),
        ([GOOD[0], "Machines &amp; men fight for the world."], FlawReason.MARKUP),
        ([GOOD[0], "It was directed by [director name] with a steady hand."], FlawReason.PLACEHOLDER),
        ([GOOD[0], "It was directed by {director} with a steady hand."], FlawReason.PLACEHOLDER),
        ([GOOD[0], "Lorem ipsum dolor sit amet."], FlawReason.PLACEHOLDER),
        (["I'm sorry, but I can't help with that request about the film.", GOOD[1]], FlawReason.REFUSAL),
        (["I cannot describe this film, for it is not known to me.", GOOD[1]], FlawReason.REFUSAL),
        ([GOOD[0], "As an AI, I have not seen it."], FlawReason.REFUSAL),
        (["Es tut mir leid, dazu kann ich nichts schreiben, das stimmt.", GOOD[1]], FlawReason.REFUSAL),
        (["Przepraszam, ale nie mogę opisać tego filmu, bo go nie znam.", GOOD[1]], FlawReason.REFUSAL),
        (["Je suis désolé, mais je ne connais pas ce film du tout.", GOOD[1]], FlawReason.REFUSAL),
        (["Lo siento, pero no conozco esta película en absoluto.", GOOD[1]], FlawReason.REFUSAL),
        ([GOOD[0]], FlawReason.SENTENCES),
        ([*GOOD, *GOOD], FlawReason.SENTENCES),
        ([GOOD[0], "He joins the few who fight it, and finds"], FlawReason.CUT_OFF),
    ],
)
def test_a_flaw_is_named(sentences: list[str], reason: FlawReason) -> None:
    assert _reason(flaw_in(sentences, existing=())) is reason


def test_a_near_copy_of_another_text_of_the_film_is_refused() -> None:
    almost = [GOOD[0].replace("learns", "finds out"), GOOD[1]]

    assert _reason(flaw_in(almost, existing=["Something else.", joined(GOOD)])) is FlawReason.NEAR_COPY
    assert flaw_in(almost, existing=["Something else."]) is None


def test_details_never_quote_the_text() -> None:
    flaw = flaw_in([f"<p>{GOOD[0]}</p>", GOOD[1]], existing=())

    assert flaw is not None
    assert "hacker" not in str(flaw)


@pytest.mark.parametrize(
    ("known", "named"),
    [
        ("The Matrix", "The Matrix"),
        ("The Matrix", "Matrix"),
        ("Amelie", "Amélie"),
        ("Star Wars", "Star Wars: Episode IV - A New Hope"),
        ("Wall-E", "WALL·E"),
        ("$", "$"),
    ],
)
def test_spellings_of_a_title_agree(known: str, named: str) -> None:
    assert disagreement(MovieFacts(title=known), title=named, release_year=None) is None


@pytest.mark.parametrize(
    ("known", "named", "year", "reason"),
    [
        ("The Matrix", "Alien", 1999, FlawReason.OTHER_TITLE),
        ("Heat", "Cheaters", 1999, FlawReason.OTHER_TITLE),
        ("The Matrix", "The Matrix Reloaded", 2003, FlawReason.OTHER_YEAR),
        ("The Matrix", "The Matrix", 1997, FlawReason.OTHER_YEAR),
    ],
)
def test_another_film_is_refused(known: str, named: str, year: int, reason: FlawReason) -> None:
    facts = MovieFacts(title=known, release_year=1999)

    assert _reason(disagreement(facts, title=named, release_year=year)) is reason


@pytest.mark.parametrize("year", [1998, 1999, 2000, None])
def test_years_may_differ_by_one(year: int | None) -> None:
    facts = MovieFacts(title="The Matrix", release_year=1999)

    assert disagreement(facts, title="The Matrix", release_year=year) is None


def test_a_film_whose_year_is_not_known_may_have_any() -> None:
    assert disagreement(MovieFacts(title="Heat"), title="Heat", release_year=1995) is None


def test_the_text_is_one_paragraph() -> None:
    assert joined([" A  hacker\nlearns. ", "He fights."]) == "A hacker learns. He fights."
