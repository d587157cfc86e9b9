"""Texts are compared word by word."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.movie_diff import Words, diff_words

TEXTS = st.lists(st.sampled_from(["a", "the", "film", "Film,", "hacker", "wakes"]), max_size=40).map(" ".join)


@pytest.mark.parametrize(
    ("before", "after", "runs"),
    [
        ("", "", []),
        ("", "New text.", [("added", "New text.")]),
        ("Old text.", "", [("removed", "Old text.")]),
        ("The same.", "The same.", [("same", "The same.")]),
        ("Nothing alike", "in these", [("removed", "Nothing alike"), ("added", "in these")]),
        (
            "A hacker wakes up",
            "A young hacker sleeps",
            [
                ("same", "A"),
                ("added", "young"),
                ("same", "hacker"),
                ("removed", "wakes up"),
                ("added", "sleeps"),
            ],
        ),
        ("A film", "A Film", [("same", "A"), ("removed", "film"), ("added", "Film")]),
        ("A film", "A film.", [("same", "A"), ("removed", "film"), ("added", "film.")]),
        ("Two\n\nlines", " Two  lines ", [("same", "Two lines")]),
        ("Zażółć gęślą", "Zażółć jaźń", [("same", "Zażółć"), ("removed", "gęślą"), ("added", "jaźń")]),
    ],
)
def test_runs_of_words_lead_from_one_text_to_the_other(
    before: str, after: str, runs: list[tuple[str, str]]
) -> None:
    assert [(words.change, words.text) for words in diff_words(before, after)] == runs


@given(before=TEXTS, after=TEXTS)
def test_both_texts_can_be_read_out_of_the_runs(before: str, after: str) -> None:
    runs = diff_words(before, after)

    assert _without("added", runs) == before
    assert _without("removed", runs) == after
    assert all(words.text for words in runs)
    assert all(one.change != other.change for one, other in pairwise(runs))


def test_a_word_changed_in_a_long_text_is_the_only_difference() -> None:
    before = " ".join(f"the hacker number {number} of the film" for number in range(200))

    runs = diff_words(before, before.replace("number 77 of", "number one of"))

    assert [(words.change, words.text) for words in runs][1:3] == [("removed", "77"), ("added", "one")]
    assert len(runs) == 4


def test_the_longest_texts_are_compared_at_once_even_of_a_single_word() -> None:
    began = time.process_time()

    diff_words("a " * 2_500, "a b " * 1_250)

    assert time.process_time() - began < 5


def _without(change: str, runs: tuple[Words, ...]) -> str:
    return " ".join(words.text for words in runs if words.change != change)
