"""Verify events against a signed checkpoint of their history: RFC 6962 and c2sp.org/tlog-checkpoint.

    python verify_history.py EXPORT.ndjson CHECKPOINT VERIFIER_KEY
    python verify_history.py --proof PROOF.json VERIFIER_KEY

Needs only Python and `cryptography`. The first form takes an export, an event a line; the second one event
and its proof. Have the key and old checkpoints from where nobody who runs the service can write. Proven are
sequence, stream_id, stream_version, topic and state, no more. Exit 0: proven, 1: not proven, 2: misused.
"""

import json
import sys
from base64 import b64decode
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def verify_export(export, checkpoint, key):
    size, root = signed_size_and_root(Path(checkpoint).read_bytes().decode(), key)
    leaves = []
    with open(export, "rb") as lines:
        try:
            for event in map(json.loads, lines):
                if event["sequence"] != len(leaves):
                    sys.exit(f"Not proven: {event['sequence']!r} is in the place of event {len(leaves)}.")
                leaves.append(leaf(event))
        except (ValueError, LookupError, TypeError, AttributeError):
            sys.exit(f"Not proven: line {len(leaves) + 1} of the export is not an event, or not a whole one.")
    if len(leaves) < size:
        sys.exit(f"Not proven: the export ends before event {len(leaves)}, and {size} were signed.")
    if root_of(leaves[:size]) != root:
        sys.exit(f"Not proven: these are not the {size} events that were signed; some were changed.")
    return f"Proven: the first {size} of {len(leaves)} events are those that were signed."


def verify_event(path, key):
    proof = json.loads(Path(path).read_bytes())
    size, root = signed_size_and_root(proof["checkpoint"], key)
    event, siblings = proof["event"], [b64decode(one, validate=True) for one in proof["proof"]]
    if root_above(leaf(event), event["sequence"], size, siblings) != root:
        sys.exit(f"Not proven: this is not event {event['sequence']} of the {size} that were signed.")
    return f"Proven: this is event {event['sequence']} of the {size} that were signed."


def signed_size_and_root(checkpoint, key):
    name, key_id, public = key.split("+", 2)
    body, _, lines = checkpoint.rpartition("\n\n")
    signatures = [b64decode(line.split()[2]) for line in lines.splitlines() if line.startswith(f"— {name} ")]
    ours = [signature[4:] for signature in signatures if signature[:4].hex() == key_id]
    for signature in ours:
        Ed25519PublicKey.from_public_bytes(b64decode(public)[1:]).verify(signature, f"{body}\n".encode())
    origin, size, root = body.split("\n")[:3]
    if not ours or origin != name:
        sys.exit(f"Not proven: this is no checkpoint that {name} signed with that key.")
    return int(size), b64decode(root)


def leaf(event):
    topic, state = event["topic"].encode(), b64decode(event["state"], validate=True)
    at = f"{event['sequence']} {UUID(event['stream_id'])} {event['stream_version']:d}"
    return sha256(f"\0moviemind-event/1 {at} {len(topic)} {len(state)}\n".encode() + topic + state).digest()


def node(left, right):
    return sha256(b"\x01" + left + right).digest()


def root_of(leaves):
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return node(root_of(leaves[:half]), root_of(leaves[half:]))


def root_above(found, index, size, siblings):
    if not 0 <= index < size or (size == 1) != (not siblings):
        sys.exit("Not proven: the proof does not fit the place of the event.")
    if size == 1:
        return found
    half = 1 << (size - 1).bit_length() - 1
    if index < half:
        return node(root_above(found, index, half, siblings[:-1]), siblings[-1])
    return node(siblings[-1], root_above(found, index - half, size - half, siblings[:-1]))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.stderr.write(__doc__)
        sys.exit(2)
    try:
        proven = verify_event(*sys.argv[2:]) if sys.argv[1] == "--proof" else verify_export(*sys.argv[1:])
        sys.stdout.write(f"{proven}\n")
    except InvalidSignature:
        sys.exit("Not proven: the signature is not one of this checkpoint; one of the two was changed.")
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        sys.exit(f"Not proven: what was given cannot be read. {type(error).__name__}: {error}")
