"""Checkpoints: the root of the history at a size, as C2SP's tlog-checkpoint has them, in a signed note.

    films.example/history
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

The first line is the origin, the log that says so, and it is the name of the key. Lines that follow the root
are passed over: the format advises against them, nobody could verify what they say, and so ours have none,
not even the time.
"""

import re
from base64 import b64encode
from dataclasses import dataclass

from application.audit.merkle import HASH_BYTES
from application.audit.signed_notes import NoteMalformed, SigningKey, VerifierKey, decoded
from domain.errors import MovieMindError

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(eq=False)
class OtherLog(MovieMindError):
    """This is a checkpoint of '{origin}', not of '{expected}'."""

    origin: str
    expected: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The first `size` events of `origin` have the root hash `root`."""

    origin: str
    size: int
    root: bytes


def sign_checkpoint(size: int, root: bytes, key: SigningKey) -> str:
    """The signed note. Whoever signs has to see to it that it continues all that was signed before."""
    return key.sign(f"{key.name}\n{size}\n{b64encode(root).decode()}\n")


def open_checkpoint(note: str, key: VerifierKey) -> Checkpoint:
    """What a key has signed. Raises NoteMalformed, NotSigned, SignatureWrong, OtherLog."""
    checkpoint = _parse(key.open(note))
    if checkpoint.origin != key.name:
        raise OtherLog(checkpoint.origin, key.name)
    return checkpoint


def _parse(text: str) -> Checkpoint:
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < 3 or "" in lines:
        raise NoteMalformed("a checkpoint has an origin, a size and a root, and no empty lines")
    origin, size, root = lines[:3]
    if not _SIZE.fullmatch(size):
        raise NoteMalformed("its second line is not a number of events")
    try:
        checkpoint = Checkpoint(origin, int(size), decoded(root))
    except ValueError:
        raise NoteMalformed("its third line is not base64") from None
    if len(checkpoint.root) != HASH_BYTES:
        raise NoteMalformed(f"its third line is not a hash of {HASH_BYTES} bytes")
    return checkpoint
