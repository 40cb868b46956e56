"""Encryption of telling and identifying fields: AES-256-GCM under the owner's data key.

A blob is: version (1 byte) | data key id (16) | nonce (12) | ciphertext and tag. Table, column, row id and owner are
bound to it as associated data, so that a blob copied to another row, column or person does not open. Nonces are
random; a key of one person seals far fewer than 2**32 texts (NIST SP 800-38D 8.3).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import unicodedata
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, overload

from cryptography.exceptions import InvalidTag
from flask_babel import gettext

from patient_app.core.keys import NONCE_BYTES, SYSTEM_SUBJECT, DataKey, KeyGone, KeyKind, KeyStore
from patient_app.core.logs import logger

BLOB_VERSION = 1
_HEAD = 1 + 16


class SealBroken(Exception):
    """A ciphertext does not belong where it stands, or was changed."""


class Vault:
    """Seals and opens fields, and makes keyed hashes for look-ups."""

    def __init__(self, keys: KeyStore) -> None:
        self.keys = keys

    def seal(self, place: Place, text: str) -> bytes:
        """Return the blob of a text for one place (table, column, row, owner)."""
        key = self.keys.of_subject(place.owner)
        nonce = os.urandom(NONCE_BYTES)
        sealed = key.cipher.encrypt(nonce, text.encode("utf-8"), place.bound())
        return bytes([BLOB_VERSION]) + key.head + nonce + sealed

    def open(self, place: Place, blob: bytes) -> str:
        """Return the text of a blob; raise `SealBroken` when it was sealed for another place, or changed."""
        return _open(self.keys.of_subject(place.owner), blob, place.bound())

    def open_or_say(self, place: Place, blob: bytes) -> str:
        """Return the text of a blob, or a sentence in its place when it is broken, which is logged.

        For lists only, where one broken text must not take the others away; never for a form, which would keep it. Of
        whoever's key is no more there are no words.
        """
        try:
            return self.open(place, blob)
        except KeyGone:
            return ""
        except SealBroken:
            logger().error("sealed text broken", table=place.table, column=place.column, row=str(place.row))
            return gettext("These words cannot be opened. They are kept as they are. Please tell the practice.")

    def open_all(
        self,
        table: str,
        column: str,
        rows: Sequence[tuple[uuid.UUID, uuid.UUID, bytes | None]],
        keys: Mapping[uuid.UUID, DataKey] | None = None,
    ) -> list[str]:
        """Return the texts of one column of many rows (row, owner, blob), with one look at the keys.

        Who opens several columns hands over what `keys_of` these owners returned. No blob is an empty text. Raise
        `SealBroken` as `open` does, and `KeyGone` when one of the keys is no more.
        """
        if keys is None:
            keys = self.keys_of(owner for _, owner, _ in rows)
        where = f"{table}\x00{column}\x00".encode()
        texts = []
        for row, owner, blob in rows:
            key = keys.get(owner)
            if key is None:
                raise KeyGone
            texts.append("" if blob is None else _open(key, blob, where + row.bytes + owner.bytes))
        return texts

    def keys_of(self, owners: Iterable[uuid.UUID]) -> dict[uuid.UUID, DataKey]:
        """Fetch the keys of many owners at once; whoever's is no more is left out."""
        return self.keys.preload(owners)

    def preload(self, owners: Iterable[uuid.UUID]) -> frozenset[uuid.UUID]:
        """Fetch the keys of many owners at once, before opening many rows, and return of whom there is none any more.

        A list leaves those out: one destroyed key takes nobody else's words away.
        """
        wanted = frozenset(owners)
        return wanted - self.keys_of(wanted).keys()

    def keyed_hash(self, purpose: str, message: bytes) -> bytes:
        """Return HMAC-SHA-256 under a key of its own for each purpose: useless without the key store."""
        return hmac.digest(self.system_key().subkey(purpose), message, hashlib.sha256)

    def system_key(self) -> DataKey:
        """Return the key of the installation itself, from which those of keyed hashes are made."""
        return self.keys.ensure(KeyKind.SYSTEM, SYSTEM_SUBJECT)

    def blind_index(self, purpose: str, text: str) -> bytes:
        """Return the keyed hash by which an encrypted value is looked up, regardless of case and Unicode spelling."""
        folded = unicodedata.normalize("NFKC", text).strip().casefold()
        return self.keyed_hash(f"index {purpose}", folded.encode("utf-8"))


def _open(key: DataKey, blob: bytes, bound: bytes) -> str:
    if len(blob) < _HEAD + NONCE_BYTES or blob[0] != BLOB_VERSION or blob[1:_HEAD] != key.head:
        raise SealBroken
    try:
        text = key.cipher.decrypt(blob[_HEAD : _HEAD + NONCE_BYTES], blob[_HEAD + NONCE_BYTES :], bound)
    except InvalidTag:
        raise SealBroken from None
    return text.decode("utf-8")


class Place:
    """Where a ciphertext belongs."""

    __slots__ = ("column", "owner", "row", "table")

    def __init__(self, table: str, column: str, row: uuid.UUID, owner: uuid.UUID) -> None:
        self.table = table
        self.column = column
        self.row = row
        self.owner = owner

    def bound(self) -> bytes:
        """Return the associated data: unambiguous, since names hold no zero byte and ids have a fixed length."""
        return f"{self.table}\x00{self.column}\x00".encode() + self.row.bytes + self.owner.bytes


class _Row(Protocol):
    __tablename__: str


class SealedText:
    """An encrypted text on a model: reads and writes the sealed column of the same row.

    `owner` names the attribute that holds the owner's id; it and the row's key (`row`, by default `id`) are to be set
    before the text. Reading needs an open unit of work.
    """

    def __init__(self, column: str, *, owner: str, row: str = "id") -> None:
        self.column = column
        self.owner = owner
        self.row = row

    @overload
    def __get__(self, instance: None, owner: type) -> SealedText: ...

    @overload
    def __get__(self, instance: object, owner: type) -> str | None: ...

    def __get__(self, instance: Any, owner: type) -> SealedText | str | None:
        """Open the text; None when there is none."""
        if instance is None:
            return self
        blob = getattr(instance, self.column)
        if blob is None:
            return None
        return _vault().open(self._place(instance), blob)

    def __set__(self, instance: Any, text: str | None) -> None:
        """Seal the text; None and the empty text leave nothing."""
        blob = None if not text else _vault().seal(self._place(instance), text)
        setattr(instance, self.column, blob)

    def _place(self, instance: Any) -> Place:
        row, owner = getattr(instance, self.row), getattr(instance, self.owner)
        if row is None or owner is None:
            raise ValueError(f"Set {self.row} and {self.owner} before a sealed text.")
        return Place(instance.__tablename__, self.column, row, owner)


def _vault() -> Vault:
    from patient_app.core.work import vault  # noqa: PLC0415 - the unit of work knows the vault, not the other way round.

    return vault()
