"""Files encrypted to a key that is not on this machine: the format age v1 (https://c2sp.org/age), X25519 recipients.

What is written here opens with the `age` tool as well, and the other way round, so that a backup does not need this
application to be read. A file key is sealed to the public key; the content follows in chunks of 64 KiB, each sealed
with its number and a mark on the last one: a file that was cut, continued, reordered or changed does not open. Memory
stays the same for any size. The format says nothing about who wrote the file.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION_LINE = b"age-encryption.org/v1\n"
CHUNK = 64 * 1024
TAG = 16
NONCE = 16
FILE_KEY = 16
KEY_BYTES = 32
COLUMNS = 64
LONGEST_LINE = 4096
MOST_STANZAS = 20
PUBLIC_PREFIX, PRIVATE_PREFIX = "age", "age-secret-key-"
_X25519 = b"X25519"
_X25519_INFO = b"age-encryption.org/v1/X25519"


class KeyRefused(ValueError):
    """A text is no key of the kind that is needed."""


class WrongKey(Exception):
    """The file was encrypted to another key."""


class Damaged(Exception):
    """The file is not whole: cut, changed, or none of this format."""


# ------------------------------------------------------------------------------------------------------------- keys
@dataclass(frozen=True, slots=True)
class PublicKey:
    """What one encrypts to; no secret."""

    raw: bytes

    @property
    def text(self) -> str:
        """The key as `age` writes it: `age1...`."""
        return bech32_encode(PUBLIC_PREFIX, self.raw)

    @staticmethod
    def parse(text: str) -> PublicKey:
        """Read `age1...`; raise `KeyRefused` for anything else."""
        return PublicKey(_key_bytes(PUBLIC_PREFIX, text))


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """What opens the files."""

    raw: bytes

    def __repr__(self) -> str:
        """Name the key without its secret."""
        return f"PrivateKey(of {self.public.text})"

    @property
    def text(self) -> str:
        """The key as `age` writes it: `AGE-SECRET-KEY-1...`."""
        return bech32_encode(PRIVATE_PREFIX, self.raw).upper()

    @property
    def public(self) -> PublicKey:
        """The key to encrypt to."""
        return PublicKey(X25519PrivateKey.from_private_bytes(self.raw).public_key().public_bytes_raw())

    @staticmethod
    def make() -> PrivateKey:
        """Return a new random key."""
        return PrivateKey(os.urandom(KEY_BYTES))

    @staticmethod
    def parse(text: str) -> PrivateKey:
        """Read a key, or a file's text with one key and comments, as `age-keygen` writes it; raise `KeyRefused`."""
        lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        if len(lines) != 1:
            raise KeyRefused
        return PrivateKey(_key_bytes(PRIVATE_PREFIX, lines[0]))


def _key_bytes(prefix: str, text: str) -> bytes:
    found, raw = bech32_decode(text.strip())
    if found != prefix or len(raw) != KEY_BYTES:
        raise KeyRefused
    return raw


_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECK_LETTERS = 6


def bech32_encode(prefix: str, raw: bytes) -> str:
    """Return bytes in Bech32 (BIP 173), in small letters."""
    values = _regroup(raw, 8, 5, pad=True)
    check = _polymod([*_expanded(prefix), *values, *[0] * _CHECK_LETTERS]) ^ 1
    values += [(check >> 5 * (_CHECK_LETTERS - 1 - place)) & 31 for place in range(_CHECK_LETTERS)]
    return f"{prefix}1{''.join(_LETTERS[value] for value in values)}"


def bech32_decode(text: str) -> tuple[str, bytes]:
    """Return prefix (in small letters) and bytes; raise `KeyRefused` when the text is not Bech32 or mistyped."""
    if not text.isascii() or text not in {text.lower(), text.upper()}:
        raise KeyRefused
    prefix, _, letters = text.lower().rpartition("1")
    if not prefix or len(letters) < _CHECK_LETTERS or set(letters) - set(_LETTERS):
        raise KeyRefused
    values = [_LETTERS.index(letter) for letter in letters]
    if _polymod([*_expanded(prefix), *values]) != 1:
        raise KeyRefused
    return prefix, bytes(_regroup(values[:-_CHECK_LETTERS], 5, 8, pad=False))


def _expanded(prefix: str) -> list[int]:
    return [*(ord(letter) >> 5 for letter in prefix), 0, *(ord(letter) & 31 for letter in prefix)]


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATORS):
            if top >> bit & 1:
                check ^= generator
    return check


def _regroup(values: bytes | list[int], width: int, wanted: int, *, pad: bool) -> list[int]:
    """Return groups of another number of bits; raise `KeyRefused` for a rest that is too long or not zero."""
    bits = kept = 0
    groups = []
    for value in values:
        bits = bits << width | value
        kept += width
        while kept >= wanted:
            kept -= wanted
            groups.append(bits >> kept & ((1 << wanted) - 1))
    rest = bits & ((1 << kept) - 1)
    if pad:
        return [*groups, rest << (wanted - kept)] if kept else groups
    if kept >= width or rest:
        raise KeyRefused
    return groups


# ------------------------------------------------------------------------------------------------------- encrypting
class Encrypting:
    """Writes one encrypted file. What `finish` was not called for does not open: the last chunk is missing."""

    def __init__(self, target: BinaryIO, to: PublicKey) -> None:
        self._target = target
        self._waiting = bytearray()
        file_key, nonce = os.urandom(FILE_KEY), os.urandom(NONCE)
        target.write(_header(file_key, to) + nonce)
        self._chunks = _Chunks(file_key, nonce)

    def write(self, data: bytes) -> int:
        """Take some of the content."""
        self._waiting += data
        while len(self._waiting) > CHUNK:  # One is kept back: it may be the last.
            self._target.write(self._chunks.seal(bytes(self._waiting[:CHUNK]), last=False))
            del self._waiting[:CHUNK]
        return len(data)

    def finish(self) -> None:
        """Write the last chunk."""
        self._target.write(self._chunks.seal(bytes(self._waiting), last=True))
        self._waiting.clear()


def _header(file_key: bytes, to: PublicKey) -> bytes:
    ephemeral = X25519PrivateKey.generate()
    share = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(to.raw))
    body = ChaCha20Poly1305(_derive(shared, share + to.raw, _X25519_INFO)).encrypt(bytes(12), file_key, None)
    header = VERSION_LINE + b"-> X25519 " + _to_text(share) + b"\n" + _to_text(body) + b"\n---"
    return header + b" " + _to_text(_header_mac(file_key, header)) + b"\n"


class _Chunks:
    """Seals and opens the chunks of one file in their order."""

    def __init__(self, file_key: bytes, nonce: bytes) -> None:
        self._cipher = ChaCha20Poly1305(_derive(file_key, nonce, b"payload"))
        self.number = 0

    def seal(self, data: bytes, *, last: bool) -> bytes:
        return self._cipher.encrypt(self._nonce(last=last), data, None)

    def open(self, data: bytes, *, last: bool) -> bytes:
        try:
            return self._cipher.decrypt(self._nonce(last=last), data, None)
        except InvalidTag:
            raise Damaged from None

    def _nonce(self, *, last: bool) -> bytes:
        nonce = self.number.to_bytes(11, "big") + bytes([last])
        self.number += 1
        return nonce


# ------------------------------------------------------------------------------------------------------- decrypting
class Decrypting:
    """Reads one encrypted file. Nothing is handed out that was not checked; the end only if it is the true end."""

    def __init__(self, source: BinaryIO, key: PrivateKey) -> None:
        """Read the header; raise `WrongKey` when it is for somebody else, `Damaged` when it is none."""
        self._source = source
        file_key = _file_key(source, key)
        nonce = source.read(NONCE)
        if len(nonce) != NONCE:
            raise Damaged
        self._chunks = _Chunks(file_key, nonce)
        self._ready = b""
        self._next = source.read(CHUNK + TAG)
        self._ended = False

    def read(self, size: int) -> bytes:
        """Return so many bytes, fewer only at the end; raise `Damaged` where the file is not whole."""
        parts, left = [], size
        while left and self._fill():
            parts.append(self._ready[:left])
            self._ready = self._ready[left:]
            left -= len(parts[-1])
        return b"".join(parts)

    def _fill(self) -> bool:
        """Have something ready, if anything is left."""
        if self._ready:
            return True
        if self._ended:
            return False
        sealed, self._next = self._next, self._source.read(CHUNK + TAG)
        self._ended = not self._next
        self._ready = self._chunks.open(sealed, last=self._ended)
        if not self._ready and self._chunks.number > 1:  # An empty last chunk stands only in an empty file.
            raise Damaged
        return bool(self._ready)


def _file_key(source: BinaryIO, key: PrivateKey) -> bytes:
    """Read the header and return the file key that is sealed in it."""
    if source.readline(LONGEST_LINE) != VERSION_LINE:
        raise Damaged
    read = bytearray(VERSION_LINE)
    found = None
    for number, (words, body) in enumerate(_stanzas(source, read)):
        if number >= MOST_STANZAS:
            raise Damaged
        if words[0] == _X25519 and found is None:
            found = _unwrapped(words, body, key)
    if found is None:
        raise WrongKey
    header, _, mac = bytes(read).rpartition(b" ")
    if not hmac.compare_digest(_header_mac(found, header), _to_bytes(mac.rstrip(b"\n"))):
        raise Damaged
    return found


def _stanzas(source: BinaryIO, read: bytearray) -> Iterator[tuple[list[bytes], bytes]]:
    """Yield the words and the body of each stanza; add all that was read, the line with the MAC too, to `read`."""
    while True:
        line = _line(source, read)
        if line.startswith(b"--- "):
            return
        words = line.split(b" ")
        if words[0] != b"->" or len(words) == 1 or not all(words):
            raise Damaged
        yield words[1:], _body(source, read)


def _body(source: BinaryIO, read: bytearray) -> bytes:
    text = b""
    while True:
        line = _line(source, read)
        text += line
        if len(line) > COLUMNS or len(text) > LONGEST_LINE:
            raise Damaged
        if len(line) < COLUMNS:
            return _to_bytes(text)


def _line(source: BinaryIO, read: bytearray) -> bytes:
    line = source.readline(LONGEST_LINE)
    if not line.endswith(b"\n"):
        raise Damaged
    read += line
    return line[:-1]


def _unwrapped(words: list[bytes], body: bytes, key: PrivateKey) -> bytes | None:
    """Return the file key if this stanza is for this key."""
    share = _to_bytes(words[1]) if len(words) == 2 else b""  # noqa: PLR2004 - the kind and the share.
    if len(share) != KEY_BYTES or len(body) != FILE_KEY + TAG:
        raise Damaged
    try:
        shared = X25519PrivateKey.from_private_bytes(key.raw).exchange(X25519PublicKey.from_public_bytes(share))
    except ValueError:  # A share that makes any secret known.
        raise Damaged from None
    wrap = _derive(shared, share + key.public.raw, _X25519_INFO)
    try:
        return ChaCha20Poly1305(wrap).decrypt(bytes(12), body, None)
    except InvalidTag:
        return None


def _derive(secret: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=info).derive(secret)


def _header_mac(file_key: bytes, header: bytes) -> bytes:
    return hmac.digest(_derive(file_key, b"", b"header"), header, hashlib.sha256)


def _to_text(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def _to_bytes(text: bytes) -> bytes:
    """Read base64 without padding; there is one right way to write each value."""
    try:
        data = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except ValueError:
        raise Damaged from None
    if _to_text(data) != text:
        raise Damaged
    return data
