"""What changed between two versions of a film, as a reader sees it; texts word by word."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any, Literal
from uuid import UUID

from application.movie_generations import MovieGenerations
from application.movie_replay import movie_at, stream_of, withdrawn_in
from application.read_models import DescriptionRow, MovieRow

FACTS = ("title", "release_year", "director", "genres")


@dataclass(frozen=True, slots=True)
class Words:
    """A run of words that both texts share, or that only the earlier or only the later one has."""

    change: Literal["same", "removed", "added"]
    text: str


@dataclass(frozen=True, slots=True)
class FactChange:
    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class TextChange:
    """Another description is shown for a variant; None where none was or is."""

    locale: str
    context_tag: str
    before_id: UUID | None
    after_id: UUID | None
    words: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class MovieDiff:
    slug: str
    from_version: int
    to_version: int
    facts: tuple[FactChange, ...]
    default_before_id: UUID | None
    default_after_id: UUID | None
    texts: tuple[TextChange, ...]


def diff_movie(
    slug: str, from_version: int, to_version: int | None, *, generations: MovieGenerations
) -> MovieDiff:
    """Compare two versions of a film's stream; `to_version` None is the newest.

    Texts that have been withdrawn since are not shown. Raises MovieNotFound, VersionNotFound.
    """
    stream = stream_of(slug, generations=generations)
    to_version = len(stream) if to_version is None else to_version
    gone = withdrawn_in(stream)
    old = _without(gone, movie_at(slug, from_version, stream))
    new = _without(gone, movie_at(slug, to_version, stream))
    facts = [FactChange(name, getattr(old, name), getattr(new, name)) for name in FACTS]
    return MovieDiff(
        slug=slug,
        from_version=from_version,
        to_version=to_version,
        facts=tuple(change for change in facts if change.before != change.after),
        default_before_id=old.default_description_id,
        default_after_id=new.default_description_id,
        texts=tuple(_text_changes(_current(old), _current(new))),
    )


def diff_words(before: str, after: str) -> tuple[Words, ...]:
    """The runs of words that lead from one text to the other.

    In a long text frequent words count only beside others: a text may be one word over and over.
    """
    old, new = before.split(), after.split()
    runs = []
    for change, i, j, k, m in SequenceMatcher(None, old, new).get_opcodes():
        if change == "equal":
            runs.append(Words("same", " ".join(old[i:j])))
            continue
        if i < j:
            runs.append(Words("removed", " ".join(old[i:j])))
        if k < m:
            runs.append(Words("added", " ".join(new[k:m])))
    return tuple(runs)


def _without(gone: set[UUID], row: MovieRow) -> MovieRow:
    hidden = [replace(d, text="") if d.description_id in gone else d for d in row.descriptions]
    return row._replace(descriptions=tuple(hidden))


def _current(row: MovieRow) -> dict[tuple[str, str], DescriptionRow]:
    return {(d.locale, d.context_tag): d for d in row.shown if d.is_current}


def _text_changes(
    old: dict[tuple[str, str], DescriptionRow], new: dict[tuple[str, str], DescriptionRow]
) -> Iterator[TextChange]:
    for locale, context_tag in dict.fromkeys([*old, *new]):
        before, after = old.get((locale, context_tag)), new.get((locale, context_tag))
        before_id = before.description_id if before else None
        after_id = after.description_id if after else None
        if before_id != after_id:
            words = diff_words(before.text if before else "", after.text if after else "")
            yield TextChange(locale, context_tag, before_id, after_id, words)
