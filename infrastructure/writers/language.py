"""Which language a text is in, as far as statistics of its letters can tell."""

import py3langid  # type: ignore[import-untyped]

from domain.quality import Flaw, FlawReason
from domain.values import Locale


def wrong_language(text: str, locale: Locale) -> Flaw | None:
    language, _ = py3langid.classify(text)
    if language == locale.language:
        return None
    return Flaw(FlawReason.WRONG_LANGUAGE, f"it reads like {language}, {locale} is wanted")
