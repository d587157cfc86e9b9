"""What an examination finds, check by check."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """`warn`: works now, and will not in a case that can be foreseen."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """`advice` is empty where nothing has to be done."""

    check: str
    verdict: Verdict
    found: str
    advice: str = ""


def judge(check: str, is_ok: bool, found: str, advice: str, otherwise: Verdict = Verdict.BAD) -> Finding:
    return Finding(check, Verdict.OK, found) if is_ok else Finding(check, otherwise, found, advice)
