"""The letterbox: what a phone seals to the installation's public key, so that only the server can read it again.

An entry that waits on a phone is kept this way. Whoever holds the phone can add to it, nobody can read in it, and it
outlives signing out. A seal says nothing about who wrote: a letter is taken only in the session of the person whose tag
it bears. The same steps stand in static/js/phone/letter.js; `tests/features/offline/test_letterbox.py` and the browser
tests hold the two together.

A letter: version (1 byte), key id (8), the phone's one-time public key (65, P-256 uncompressed), nonce (12), then
AES-256-GCM. Its key is HKDF-SHA256 of the ECDH secret; the person's tag and the entry's id are bound to it.
"""

from __future__ import annotations

import base64
import hashlib
import uuid

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from patient_app.core.keys import DataKey
from patient_app.core.work import vault

LETTER_VERSION = 1
_CONTEXT = b"tandem letter 1"
_KEY_ID_BYTES, _POINT_BYTES, _NONCE_BYTES, _TAG_BYTES = 8, 65, 12, 16
_HEAD = 1 + _KEY_ID_BYTES + _POINT_BYTES + _NONCE_BYTES
_PERSON_TAG_BYTES = 12
# The order of P-256 (SEC 2, version 2, 2.4.2).
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
# By the id of the system key: nothing secret, and each page with a form asks.
_public_keys: dict[uuid.UUID, str] = {}


class Unreadable(Exception):
    """A letter that was not sealed to this installation, for this person and this id; or one that was changed."""


def person_tag(person_id: uuid.UUID) -> str:
    """Return the word by which a phone knows whose something is: the same for ever, and nobody's id or name."""
    return _text(vault().keyed_hash("phone", person_id.bytes)[:_PERSON_TAG_BYTES])


def public_key() -> str:
    """Return the public key (an uncompressed point of P-256) to which phones seal, in base64url."""
    key = vault().system_key()
    if key.id not in _public_keys:
        _public_keys[key.id] = _text(_point(_private_key(key).public_key()))
    return _public_keys[key.id]


def open_letter(letter: bytes, tag: str, entry_id: uuid.UUID) -> bytes:
    """Return what a phone sealed for this person and entry; raise `Unreadable` for anything else."""
    if len(letter) < _HEAD + _TAG_BYTES or letter[0] != LETTER_VERSION:
        raise Unreadable
    private = _private_key(vault().system_key())
    own = _point(private.public_key())
    sealed_to, theirs = letter[1 : 1 + _KEY_ID_BYTES], letter[1 + _KEY_ID_BYTES : 1 + _KEY_ID_BYTES + _POINT_BYTES]
    if sealed_to != _key_id(own):
        raise Unreadable
    try:
        secret = private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
        return _cipher(secret, theirs, own).decrypt(
            letter[_HEAD - _NONCE_BYTES : _HEAD], letter[_HEAD:], _bound(tag, entry_id)
        )
    except (ValueError, InvalidTag):
        raise Unreadable from None


def seal_letter(words: bytes, tag: str, entry_id: uuid.UUID, key: str, nonce: bytes) -> bytes:
    """Seal as a phone does, to the public key that `public_key` gave; for drills and tests."""
    own = _bytes(key)
    once = ec.generate_private_key(ec.SECP256R1())
    theirs = _point(once.public_key())
    secret = once.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), own))
    sealed = _cipher(secret, theirs, own).encrypt(nonce, words, _bound(tag, entry_id))
    return bytes([LETTER_VERSION]) + _key_id(own) + theirs + nonce + sealed


def _private_key(key: DataKey) -> ec.EllipticCurvePrivateKey:
    """Return the installation's key, made of its system key: it comes back with the key store, and only with it."""
    wide = key.subkey("letterbox 1") + key.subkey("letterbox 2")
    return ec.derive_private_key(1 + int.from_bytes(wide, "big") % (_ORDER - 1), ec.SECP256R1())


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _key_id(point: bytes) -> bytes:
    return hashlib.sha256(point).digest()[:_KEY_ID_BYTES]


def _cipher(secret: bytes, theirs: bytes, own: bytes) -> AESGCM:
    return AESGCM(HKDF(hashes.SHA256(), 32, salt=theirs + own, info=_CONTEXT).derive(secret))


def _bound(tag: str, entry_id: uuid.UUID) -> bytes:
    return b"\x00".join((_CONTEXT, tag.encode("ascii"), str(entry_id).encode("ascii")))


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode("ascii").rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
