"""Making a backup: two encrypted files, the database's first, the key store's after it."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from patient_app import set_up
from patient_app.backup import archive, copying
from patient_app.backup.archive import Kind, Manifest
from patient_app.backup.refused import Refused
from patient_app.core import age, clock, migrate
from patient_app.core.config import Config
from patient_app.core.db import Database
from patient_app.core.ids import new_id
from patient_app.core.keys import DataKeyRow
from patient_app.core.vault import Vault
from patient_app.core.work import Store

KEYS_KEPT_DAYS = 14
ROOM = ".tandem-backup"
FOLDERS = {Kind.DATABASE: "database", Kind.KEYS: "keys"}
_STAMP = "%Y%m%dT%H%M%S.%fZ"
_NAME = re.compile(r"tandem-(\d{8}T\d{6}\.\d{6}Z)-(database|keys)\.age")
WHICH: dict[Kind, migrate.Which] = {Kind.DATABASE: "main", Kind.KEYS: "keys"}
POSTGRESQL = (
    "Only SQLite databases are backed up and put back by this command; for PostgreSQL use pg_dump and pg_restore "
    "as docs/backup.md says."
)

# Gives a bar for a label and a number of bytes; each call of what it yields is that many bytes done.
Bar = Callable[[str, int], AbstractContextManager[archive.Progress]]


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup that was made, and which backups of the key store were old enough to be removed."""

    made_at: datetime
    database: Path
    keys: Path
    removed: tuple[Path, ...]


def write_new_pair(file: Path) -> age.PublicKey:
    """Write a new private key to a file of this user only, and return its public half; raise `Refused` if it is there.

    The file is in the form that `age-keygen` writes.
    """
    key = age.PrivateKey.make()
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refused(f"{file} is there already; nothing was changed.") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(
            f"# Opens the backups. Keep it off the machine that makes them.\n# public key: {key.public.text}\n"
        )
        opened.write(f"{key.text}\n")
    return key.public


def public_key(config: Config) -> age.PublicKey:
    """Return the key that backups are encrypted to; raise `Refused` when it is not set or is none."""
    text = config.backup_public_key
    if not text:
        raise Refused(
            "BACKUP_PUBLIC_KEY is not set: `python app.py backup --new-key FILE` makes a pair of keys, and says it."
        )
    if text.upper().startswith(age.PRIVATE_PREFIX.upper()):
        raise Refused("BACKUP_PUBLIC_KEY holds the private key: set the public one (age1...), and make a new pair.")
    try:
        return age.PublicKey.parse(text)
    except age.KeyRefused:
        raise Refused("BACKUP_PUBLIC_KEY is not a public key; it begins with age1 and is easily cut short.") from None


def files(config: Config) -> dict[Kind, Path]:
    """Return the files of both databases; raise `Refused` for PostgreSQL."""
    found = {}
    for kind, url in ((Kind.DATABASE, config.database_url), (Kind.KEYS, config.keys_database_url)):
        database = Database(url)
        try:
            if database.file is None:
                raise Refused(POSTGRESQL)
            found[kind] = database.file
        finally:
            database.close()
    return found


def take(config: Config, folder: Path, bar: Bar, *, keep_keys_days: int = KEYS_KEPT_DAYS) -> Taken:
    """Back both databases up into `folder`, in files that nothing on this machine can open; others may go on writing.

    Everything that was committed when this was called is in it. Raise `Refused` (or `ConfigError`) when it could not be
    made; then no file of it is left.
    """
    to, places = public_key(config), files(config)
    with set_up.opened(config) as store:
        backup_id, made_at = new_id(), clock.now()
        destroyed = _destroyed(store)
        stamp = made_at.astimezone(UTC).strftime(_STAMP)
        targets = {kind: _target(folder, kind, stamp) for kind in Kind}
        with _unfinished(targets) as parts:
            # In this order: a key is committed before the first row that needs it, so the later key store has them all.
            for kind in (Kind.DATABASE, Kind.KEYS):
                manifest = Manifest(kind, backup_id, clock.now(), migrate.head(WHICH[kind]), destroyed)
                _take_one(places[kind], parts[kind], manifest, to=to, vault=store.vault, bar=bar)
            for kind in (Kind.KEYS, Kind.DATABASE):
                copying.put(parts[kind], targets[kind])
    removed = _remove_old_keys(targets[Kind.KEYS].parent, made_at - timedelta(days=keep_keys_days))
    return Taken(made_at, targets[Kind.DATABASE], targets[Kind.KEYS], removed)


def _destroyed(store: Store) -> tuple[uuid.UUID, ...]:
    """Return whose keys were destroyed, so that no restore with an older key store brings one back."""
    with store.keys.database.session(writes=False) as session:
        return tuple(session.scalars(select(DataKeyRow.subject_id).where(DataKeyRow.destroyed_at.is_not(None))))


def _target(folder: Path, kind: Kind, stamp: str) -> Path:
    """Return where a file of the backup goes; each kind has a folder, since they are kept for different times."""
    place = folder / FOLDERS[kind]
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    return place / f"tandem-{stamp}-{kind}.age"


@contextmanager
def _unfinished(targets: dict[Kind, Path]) -> Iterator[dict[Kind, Path]]:
    """Give names under which the files are made; whatever happens, nothing stays under these."""
    parts = {kind: target.with_name(f".{target.name}.part") for kind, target in targets.items()}
    try:
        yield parts
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def _take_one(source: Path, target: Path, manifest: Manifest, *, to: age.PublicKey, vault: Vault, bar: Bar) -> None:
    name = "the key store" if manifest.kind is Kind.KEYS else "the database"
    with copying.workroom(source, ROOM) as room, copying.plainly():
        copied = room / source.name
        with bar(f"Copying {name}", _size(source)) as progress:
            copying.copy(source, copied, progress)
        with bar(f"Encrypting {name}", copied.stat().st_size) as progress:
            archive.pack(copied, target, manifest, to=to, vault=vault, progress=progress)


def _size(database: Path) -> int:
    return sum(file.stat().st_size for file in (database, database.with_name(f"{database.name}-wal")) if file.exists())


def _remove_old_keys(folder: Path, before: datetime) -> tuple[Path, ...]:
    """Remove backups of the key store that are too old: a destroyed key is gone for good once the last one is."""
    removed = []
    for file in sorted(folder.iterdir()):
        name = _NAME.fullmatch(file.name)
        if name and name[2] == Kind.KEYS and datetime.strptime(name[1], _STAMP).replace(tzinfo=UTC) < before:
            file.unlink()
            removed.append(file)
    copying.sync_folder(folder)
    return tuple(removed)
