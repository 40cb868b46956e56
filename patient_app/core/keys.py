"""The key store: one data key for each patient, member of staff, supporter and practice, wrapped by the master key.

The store is a database of its own, backed up apart with short retention, so that destroying a key reaches
backups too. The master key comes from `MASTER_KEY` (the key, or a file that holds it); several may be given, newest
first: the first wraps, all unwrap. Rotation under load is not here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import LargeBinary, String, UniqueConstraint, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from patient_app.core import clock
from patient_app.core.config import ConfigError
from patient_app.core.db import Database, KeysBase
from patient_app.core.ids import new_id

KEY_BYTES = 32
NONCE_BYTES = 12
CACHE_SECONDS = 60.0
CACHE_KEYS = 8192
SYSTEM_SUBJECT = uuid.UUID(int=0)


class KeyKind(StrEnum):
    """Whose data a key protects."""

    PATIENT = "patient"
    PRACTICE = "practice"
    STAFF = "staff"
    SUPPORTER = "supporter"
    SYSTEM = "system"


class KeyGone(Exception):
    """The data key was destroyed: what it sealed can never be read again."""


class DataKeyRow(KeysBase):
    """One wrapped data key; destroying it leaves the row and its date, without the key."""

    __tablename__ = "data_key"
    __table_args__ = (UniqueConstraint("subject_id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[KeyKind] = mapped_column(String(16))
    subject_id: Mapped[uuid.UUID]
    master_key_id: Mapped[str] = mapped_column(String(16))
    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    destroyed_at: Mapped[datetime | None]


class AccessAnchor(KeysBase):
    """The last known end of a patient's chain of access records, kept outside the main database."""

    __tablename__ = "access_anchor"

    patient_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    seq: Mapped[int]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    anchored_at: Mapped[datetime]


@dataclass(frozen=True)
class DataKey:
    """An unwrapped data key, in memory only; what is made of it is kept as long as it is, and no longer."""

    id: uuid.UUID
    subject_id: uuid.UUID
    secret: bytes
    _subkeys: dict[str, bytes] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def cipher(self) -> AESGCM:
        """The cipher that seals and opens under this key."""
        return AESGCM(self.secret)

    @cached_property
    def head(self) -> bytes:
        """The id as it stands in a blob."""
        return self.id.bytes

    def subkey(self, purpose: str) -> bytes:
        """Return the key for keyed hashes of one purpose."""
        found = self._subkeys.get(purpose)
        if found is None:
            found = self._subkeys[purpose] = hmac.digest(self.secret, b"tandem " + purpose.encode(), hashlib.sha256)
        return found

    def __repr__(self) -> str:
        """Name the key without its secret."""
        return f"DataKey(id={self.id})"


@dataclass(frozen=True, slots=True)
class MasterKey:
    """A key that wraps data keys; its id is derived from it, so a wrong key is noticed before anything is read."""

    secret: bytes

    def __repr__(self) -> str:
        """Name the key without its secret."""
        return f"MasterKey(id={self.id})"

    @property
    def id(self) -> str:
        """Sixteen hexadecimal characters that name the key and do not help to guess it."""
        return hashlib.sha256(b"tandem master key id\x00" + self.secret).hexdigest()[:16]

    def wrap(self, key: DataKey) -> bytes:
        """Seal a data key, bound to its id and its subject."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self.secret).encrypt(nonce, key.secret, key.id.bytes + key.subject_id.bytes)

    def unwrap(self, row: DataKeyRow) -> DataKey:
        """Open a data key; raise `ConfigError` when the row was changed or moved."""
        if row.wrapped is None:
            raise KeyGone
        nonce, sealed = row.wrapped[:NONCE_BYTES], row.wrapped[NONCE_BYTES:]
        try:
            secret = AESGCM(self.secret).decrypt(nonce, sealed, row.id.bytes + row.subject_id.bytes)
        except InvalidTag:
            raise ConfigError(f"The key store is damaged: data key {row.id} does not open.") from None
        return DataKey(id=row.id, subject_id=row.subject_id, secret=secret)


def read_master_keys(text: str) -> tuple[MasterKey, ...]:
    """Return the keys that `MASTER_KEY` gives: base64 of 32 bytes, several with commas, or a file that holds them."""
    if text.startswith(("/", "./", "~", "file:")):
        path = Path(text.removeprefix("file:")).expanduser()
        try:
            text = path.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError):
            raise ConfigError(f"The master key file {path} cannot be read; put it back or set MASTER_KEY.") from None
    parts = [part for part in text.replace("\n", ",").split(",") if part.strip()]
    keys = tuple(MasterKey(_decode(part.strip())) for part in parts)
    if not keys:
        raise ConfigError("The master key is empty; set MASTER_KEY to the key or to the file that holds it.")
    return keys


def make_master_key() -> str:
    """Return a new random master key in the form that `MASTER_KEY` takes."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")


def _decode(text: str) -> bytes:
    try:
        secret = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise ConfigError("The master key is not 32 bytes in base64; use the key that this installation was made with.")
    return secret


class KeyStore:
    """Hands out data keys. Unwrapped keys stay in memory for at most `CACHE_SECONDS`."""

    def __init__(self, database: Database, masters: tuple[MasterKey, ...]) -> None:
        self.database = database
        self._masters = {master.id: master for master in masters}
        self._writer = masters[0]
        self._cache: OrderedDict[uuid.UUID, tuple[float, DataKey]] = OrderedDict()
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raise `ConfigError` when a data key was wrapped by a master key that is not given."""
        with self.database.session(writes=False) as session:
            used = set(session.scalars(select(DataKeyRow.master_key_id).distinct()))
        missing = used - set(self._masters)
        if missing:
            raise ConfigError(
                f"This master key does not open the key store (it needs key {', '.join(sorted(missing))}); "
                "set MASTER_KEY to the key that this installation was made with. Nothing was changed."
            )

    def ensure(self, kind: KeyKind, subject_id: uuid.UUID) -> DataKey:
        """Return the subject's key, made and committed now if there is none; raise `KeyGone` if it was destroyed."""
        found = self._cached(subject_id) or self._load([subject_id], refuses_destroyed=True).get(subject_id)
        if found is not None:
            return found
        key = DataKey(id=new_id(), subject_id=subject_id, secret=secrets.token_bytes(KEY_BYTES))
        try:
            with self.database.session(writes=True) as session:
                session.add(self._row(kind, key))
                session.commit()
        except IntegrityError:  # Another process made it first.
            return self._load([subject_id], refuses_destroyed=True)[subject_id]
        self._remember(key)
        return key

    def ensure_many(self, kind: KeyKind, subject_ids: Iterable[uuid.UUID]) -> None:
        """Make the keys of many new subjects in one commit (filling a practice)."""
        with self.database.session(writes=True) as session:
            for subject_id in subject_ids:
                key = DataKey(id=new_id(), subject_id=subject_id, secret=secrets.token_bytes(KEY_BYTES))
                session.add(self._row(kind, key))
            session.commit()

    def of_subject(self, subject_id: uuid.UUID) -> DataKey:
        """Return the key that seals for a subject; raise `KeyGone` when there is none any more."""
        found = self._cached(subject_id) or self._load([subject_id]).get(subject_id)
        if found is None:
            raise KeyGone
        return found

    def preload(self, subject_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, DataKey]:
        """Fetch the keys of many subjects with one query, and return those that there are."""
        found: dict[uuid.UUID, DataKey] = {}
        missing: set[uuid.UUID] = set()
        with self._lock:
            moment = time.monotonic()
            for subject_id in subject_ids:
                entry = self._cache.get(subject_id)
                if entry is None or entry[0] < moment:
                    missing.add(subject_id)
                else:
                    found[subject_id] = entry[1]
        return found | self._load(list(missing)) if missing else found

    def destroy(self, subject_id: uuid.UUID) -> None:
        """Destroy a subject's key: whatever it sealed is gone, here and in every backup of the main database."""
        with self.database.session(writes=True) as session:
            row = session.scalar(select(DataKeyRow).where(DataKeyRow.subject_id == subject_id))
            if row is not None and row.destroyed_at is None:
                row.wrapped = None
                row.destroyed_at = clock.now()
            session.commit()
        with self._lock:
            self._cache.pop(subject_id, None)

    def _row(self, kind: KeyKind, key: DataKey) -> DataKeyRow:
        return DataKeyRow(
            id=key.id,
            kind=kind,
            subject_id=key.subject_id,
            master_key_id=self._writer.id,
            wrapped=self._writer.wrap(key),
            created_at=clock.now(),
            destroyed_at=None,
        )

    def _load(self, subject_ids: list[uuid.UUID], *, refuses_destroyed: bool = False) -> dict[uuid.UUID, DataKey]:
        """Return the keys that there are; one that was destroyed is left out, or raises `KeyGone`.

        The installation's own is fetched with them where it is not at hand: whoever opens something of a person soon
        opens something that is signed with it.
        """
        asked = [*subject_ids, *([] if self._cached(SYSTEM_SUBJECT) else [SYSTEM_SUBJECT])]
        with self.database.session(writes=False) as session:
            rows = session.scalars(select(DataKeyRow).where(DataKeyRow.subject_id.in_(asked))).all()
        wanted, keys = set(subject_ids), dict[uuid.UUID, DataKey]()
        for row in rows:
            if row.wrapped is None:
                if refuses_destroyed and row.subject_id in wanted:
                    raise KeyGone
                continue
            key = self._masters[row.master_key_id].unwrap(row)
            self._remember(key)
            if row.subject_id in wanted:
                keys[row.subject_id] = key
        return keys

    def _cached(self, subject_id: uuid.UUID) -> DataKey | None:
        with self._lock:
            entry = self._cache.get(subject_id)
            if entry is None or entry[0] < time.monotonic():
                return None
            return entry[1]

    def _remember(self, key: DataKey) -> None:
        with self._lock:
            self._cache[key.subject_id] = (time.monotonic() + CACHE_SECONDS, key)
            self._cache.move_to_end(key.subject_id)
            while len(self._cache) > CACHE_KEYS:
                self._cache.popitem(last=False)
