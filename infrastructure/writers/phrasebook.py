"""How the template writer's sentences are kept, and how the facts of a film are put into them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Formatter

from domain.values import ContextTag, MovieFacts

NAMES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Sentences:
    """What a description is put together from: one of each, the middle only for a film with genres."""

    opening: Sequence[str]
    middle: Sequence[str]
    closing: Sequence[str]


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """A language. A genre without a translation stays as it is given."""

    quotes: tuple[str, str]
    conjunction: str
    others: str
    genres: Mapping[str, str]
    styles: Mapping[ContextTag, Sentences]

    def known(self, facts: MovieFacts) -> dict[str, str]:
        """The facts that sentences can name, in this language; what is not known is left out."""
        directors = [name.strip() for name in (facts.director or "").split(",") if name.strip()]
        genres = [self.genres.get(genre, genre) for genre in facts.genres]
        known = {
            "title": f"{self.quotes[0]}{facts.title}{self.quotes[1]}",
            "year": str(facts.release_year or ""),
            "director": self._list(directors),
            "genres": self._list(genres),
        }
        return {name: value for name, value in known.items() if value}

    def _list(self, names: Sequence[str]) -> str:
        """`A`, `A and B`, `A, B and C`; of more than three the first two and others."""
        shown = [*names[:2], self.others] if len(names) > NAMES_SHOWN else list(names)
        if len(shown) < 2:
            return "".join(shown)
        return f"{', '.join(shown[:-1])} {self.conjunction} {shown[-1]}"


def usable(sentences: Sequence[str], known: Mapping[str, str]) -> list[str]:
    """The sentences that say the most of what is known, and nothing that is not."""
    possible = [sentence for sentence in sentences if _names(sentence) <= set(known)]
    most = max((len(_names(sentence)) for sentence in possible), default=0)
    return [sentence for sentence in possible if len(_names(sentence)) == most]


def _names(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}
