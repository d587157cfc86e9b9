"""Signed notes with Ed25519, as C2SP's signed-note has them: a text, an empty line, and signature lines.

    — NAME BASE64(key id, signature)

Keys have names, which should be addresses without a scheme (`films.example/history`). The id of a key is the
first 4 bytes of SHA-256(name, newline, 0x01, public key). The texts of keys are those of Go's sumdb/note.
"""

import re
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.errors import MovieMindError

_ED25519 = b"\x01"
_KEY_BYTES, _ID_BYTES = 32, 4
_PRIVATE = "PRIVATE+KEY+"
_MOST_SIGNATURES = 100
_NAME = r"[^\s+\x00-\x1f]+"
_SIGNATURE_LINE = re.compile(rf"— ({_NAME}) (\S+)")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(eq=False)
class KeyMalformed(MovieMindError):
    """That is no key for signed notes: {reason}."""

    reason: str


@dataclass(eq=False)
class NoteMalformed(MovieMindError):
    """The signed note cannot be read: {reason}."""

    reason: str


@dataclass(eq=False)
class NotSigned(MovieMindError):
    """The note has no signature of the key {key}."""

    key: str


@dataclass(eq=False)
class SignatureWrong(MovieMindError):
    """The signature of the key {key} is not one of this text; one of the two was changed."""

    key: str


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half of a key, 32 bytes. Its text is `NAME+ID+BASE64`, the id in hexadecimal digits."""

    name: str
    public_key: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises KeyMalformed."""
        key = cls(*_name_and_bytes(text))
        if str(key) != text:
            raise KeyMalformed("its id is not the one of that name and key")
        return key

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_encoded(self.public_key)}"

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public_key).digest()[:_ID_BYTES]

    def open(self, note: str) -> str:
        """The text of a note that this key has signed; signatures of others are passed over.

        Raises NoteMalformed, NotSigned, SignatureWrong.
        """
        text, signatures = _text_and_signatures(note)
        ours = [one.value for one in signatures if (one.name, one.key_id) == (self.name, self.id)]
        if not ours:
            raise NotSigned(self._called)
        for signature in ours:
            try:
                Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, text.encode())
            except InvalidSignature:
                raise SignatureWrong(self._called) from None
        return text

    @property
    def _called(self) -> str:
        return f"{self.name}+{self.id.hex()}"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """Both halves of a key, made from a seed of 32 bytes: whoever has it can sign in that name."""

    name: str
    seed: bytes = field(repr=False)

    @classmethod
    def generate(cls, name: str) -> Self:
        """Raises KeyMalformed."""
        return cls(_checked(name), secrets.token_bytes(_KEY_BYTES))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises KeyMalformed."""
        if not text.startswith(_PRIVATE):
            raise KeyMalformed(f"a signing key begins with {_PRIVATE}")
        key = cls(*_name_and_bytes(text.removeprefix(_PRIVATE)))
        if key.secret_text() != text:
            raise KeyMalformed("its id is not the one of that name and key")
        return key

    def secret_text(self) -> str:
        """`PRIVATE+KEY+NAME+ID+BASE64`, to be kept where secrets are kept."""
        return f"{_PRIVATE}{self.name}+{self.verifier_key.id.hex()}+{_encoded(self.seed)}"

    @property
    def verifier_key(self) -> VerifierKey:
        return VerifierKey(self.name, self._private_key.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """The note of a text that ends in a newline; the same each time."""
        signature = self.verifier_key.id + self._private_key.sign(text.encode())
        return f"{text}\n— {self.name} {b64encode(signature).decode()}\n"

    @property
    def _private_key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


def decoded(text: str) -> bytes:
    """Base64 in the one way of writing it that has padding and no stray bits. Raises ValueError."""
    value = b64decode(text, validate=True)
    if b64encode(value).decode() != text:
        raise ValueError("not canonical base64")
    return value


class _Signature(NamedTuple):
    name: str
    key_id: bytes
    value: bytes


def _text_and_signatures(note: str) -> tuple[str, list[_Signature]]:
    """The last empty line is what parts them. Raises NoteMalformed."""
    try:
        note.encode()
    except UnicodeEncodeError:
        raise NoteMalformed("it is not UTF-8") from None
    if _CONTROL.search(note):
        raise NoteMalformed("it has control characters")
    text, separator, lines = note.rpartition("\n\n")
    if not separator or not lines.endswith("\n"):
        raise NoteMalformed("it is not a text, an empty line, and complete lines with signatures")
    signatures = [_signature(line) for line in lines[:-1].split("\n")]
    if len(signatures) > _MOST_SIGNATURES:
        raise NoteMalformed(f"it has more than {_MOST_SIGNATURES} signatures")
    return text + "\n", signatures


def _signature(line: str) -> _Signature:
    parts = _SIGNATURE_LINE.fullmatch(line)
    try:
        value = decoded(parts[2]) if parts else b""
    except ValueError:
        value = b""
    if parts is None or len(value) <= _ID_BYTES:
        raise NoteMalformed("one of its last lines is no signature")
    return _Signature(parts[1], value[:_ID_BYTES], value[_ID_BYTES:])


def _name_and_bytes(text: str) -> tuple[str, bytes]:
    """Of `NAME+ID+BASE64`; the id is for the caller to compare. Raises KeyMalformed."""
    name, _, rest = text.partition("+")
    try:
        key = decoded(rest.partition("+")[2])
    except ValueError:
        key = b""
    if len(key) != 1 + _KEY_BYTES or not key.startswith(_ED25519):
        raise KeyMalformed("it is not NAME+ID+BASE64 of an Ed25519 key")
    return _checked(name), key.removeprefix(_ED25519)


def _encoded(key: bytes) -> str:
    return b64encode(_ED25519 + key).decode()


def _checked(name: str) -> str:
    if not re.fullmatch(_NAME, name):
        raise KeyMalformed("its name is empty, or has a space or a plus sign")
    return name
