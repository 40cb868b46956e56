"""One file of a backup: a tar with three members, encrypted by `core.age` to a key that is not on this machine.

`manifest.json` says what it is, the database follows, and `seal` is a keyed hash over both. The encryption alone would
not show who wrote a file, since the public key is no secret; the seal's key is in the key store, under the master key.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import os
import tarfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, BinaryIO, cast

from patient_app.backup.refused import Refused
from patient_app.core import age
from patient_app.core.vault import Vault

FORMAT = 1
PIECE = 1024 * 1024
LARGEST_SMALL_MEMBER = 64 * 1024 * 1024
SEAL_PURPOSE = "backup archive"
MANIFEST, DATABASE, SEAL = "manifest.json", "database.sqlite", "seal"

# Called with the number of bytes done.
Progress = Callable[[int], object]


class Kind(StrEnum):
    """Which of the two databases a file holds."""

    DATABASE = "database"
    KEYS = "keys"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a file of a backup says of itself; `destroyed` are the people whose keys were destroyed by then."""

    kind: Kind
    backup_id: uuid.UUID
    made_at: datetime
    migration: str
    destroyed: tuple[uuid.UUID, ...] = ()

    def to_json(self) -> bytes:
        """Return the manifest as it stands in the file."""
        return json.dumps(
            {
                "format": FORMAT,
                "kind": self.kind,
                "backup": str(self.backup_id),
                "made_at": self.made_at.isoformat(),
                "migration": self.migration,
                "destroyed_keys_of": [str(subject) for subject in self.destroyed],
            },
            indent=1,
        ).encode()

    @staticmethod
    def from_json(text: bytes) -> Manifest:
        """Read a manifest; raise `Refused` for a newer format, `ValueError` for what is none."""
        facts = json.loads(text)
        if not isinstance(facts, dict) or not isinstance(facts.get("format"), int):
            raise ValueError("no manifest")
        if facts["format"] > FORMAT:
            raise Refused(
                "This backup was made by a newer version of the application; check out that version and try again."
            )
        try:
            made_at = datetime.fromisoformat(facts["made_at"])
            if made_at.tzinfo is None:
                raise ValueError("a moment without its zone")
            return Manifest(
                kind=Kind(facts["kind"]),
                backup_id=uuid.UUID(facts["backup"]),
                made_at=made_at,
                migration=str(facts["migration"]),
                destroyed=tuple(uuid.UUID(subject) for subject in facts["destroyed_keys_of"]),
            )
        except (KeyError, TypeError) as fault:
            raise ValueError("no manifest") from fault


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A file that was read to its end: what it says of itself, and what its seal has to be over."""

    manifest: Manifest
    said: bytes
    digest: bytes
    seal: str

    def is_sealed_by(self, vault: Vault) -> bool:
        """Whether the installation of this vault wrote it; the vault's own key has to be there."""
        return hmac.compare_digest(self.seal, _seal(vault, self.said, self.digest))


def _seal(vault: Vault, said: bytes, digest: bytes) -> str:
    return vault.keyed_hash(SEAL_PURPOSE, hashlib.sha256(said).digest() + digest).hex()


def pack(
    database: Path, target: Path, manifest: Manifest, *, to: age.PublicKey, vault: Vault, progress: Progress
) -> None:
    """Write a file of a backup, readable for this user only, down to the disk; it must not be there yet."""
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        encrypting = age.Encrypting(file, to)
        # A stream: tarfile only writes to it.
        with tarfile.open(fileobj=cast(IO[bytes], encrypting), mode="w|", bufsize=PIECE) as tar:
            said = manifest.to_json()
            _add(tar, MANIFEST, len(said), io.BytesIO(said))
            with database.open("rb") as source:
                reading = _Hashing(source, progress)
                _add(tar, DATABASE, database.stat().st_size, cast(IO[bytes], reading))
            seal = _seal(vault, said, reading.digest()).encode()
            _add(tar, SEAL, len(seal), io.BytesIO(seal))
        encrypting.finish()
        file.flush()
        os.fsync(file.fileno())


def _add(tar: tarfile.TarFile, name: str, size: int, source: IO[bytes]) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    tar.addfile(member, source)


class _Hashing:
    """Reads a file, and hashes and counts what was read."""

    def __init__(self, source: IO[bytes], progress: Progress) -> None:
        self._source = source
        self._progress = progress
        self._hash = hashlib.sha256()

    def read(self, size: int) -> bytes:
        piece = self._source.read(size)
        self._hash.update(piece)
        self._progress(len(piece))
        return piece

    def digest(self) -> bytes:
        return self._hash.digest()


def unpack(source: Path, key: age.PrivateKey, target: Path, progress: Progress) -> Unpacked:
    """Write the database of a file of a backup to a place where nothing is; raise `Refused` when it is not whole.

    What is there after a refusal is not to be used. The seal is for the caller to compare, once there is a vault.
    """
    with _reading(source, key) as tar:
        said = _small(tar, MANIFEST)
        manifest = Manifest.from_json(said)
        reading = _Hashing(_member(tar, DATABASE), progress)
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            while piece := reading.read(PIECE):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        seal = _small(tar, SEAL).decode("ascii")
        if tar.next() is not None:
            raise age.Damaged
    return Unpacked(manifest, said, reading.digest(), seal)


def manifest_of(source: Path, key: age.PrivateKey) -> Manifest:
    """Return what a file says of itself, from its beginning alone; raise `Refused` when that cannot be read."""
    with _reading(source, key, to_the_end=False) as tar:
        return Manifest.from_json(_small(tar, MANIFEST))


@contextmanager
def _reading(source: Path, key: age.PrivateKey, *, to_the_end: bool = True) -> Iterator[tarfile.TarFile]:
    damaged = f"{source.name} is damaged or no backup; take another one. Nothing was changed."
    try:
        with source.open("rb") as file:
            decrypting = age.Decrypting(cast(BinaryIO, file), key)
            with tarfile.open(fileobj=cast(IO[bytes], decrypting), mode="r|", bufsize=PIECE) as tar:
                yield tar
            while to_the_end and decrypting.read(PIECE):
                pass
    except age.WrongKey:
        raise Refused(f"This private key does not open {source.name}: it was encrypted to another one.") from None
    except (age.Damaged, tarfile.TarError, ValueError):
        raise Refused(damaged) from None


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    member = tar.next()
    content = tar.extractfile(member) if member is not None and member.isreg() and member.name == name else None
    if content is None:
        raise age.Damaged
    return content


def _small(tar: tarfile.TarFile, name: str) -> bytes:
    text = _member(tar, name).read(LARGEST_SMALL_MEMBER + 1)
    if len(text) > LARGEST_SMALL_MEMBER:
        raise age.Damaged
    return text
