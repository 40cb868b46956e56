"""Putting a backup back: everything is read, checked, brought up to date and quieted apart, and only then put in place.

docs/backup.md gives the rules with their reasons.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from alembic.script import ScriptDirectory

from patient_app import set_up
from patient_app.access_log import service as access_log
from patient_app.backup import archive, copying, quieting
from patient_app.backup.archive import Kind, Manifest, Unpacked
from patient_app.backup.refused import Refused
from patient_app.backup.taking import FOLDERS, ROOM, WHICH, Bar, files
from patient_app.consent import seals
from patient_app.core import age, clock, installation, migrate
from patient_app.core.config import Config
from patient_app.core.db import Database
from patient_app.core.keys import SYSTEM_SUBJECT, KeyGone, KeyStore
from patient_app.core.vault import Vault
from patient_app.core.work import Store

LIVE = "the key store that is in its place"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be put back: the newest of a folder, or the files that are named.

    `older_keys` names a key store that may be older than the database's backup, or than others in the folder.
    `nothing_lost` says that nothing came after the backup: the service had been stopped before it was made.
    """

    folder: Path
    key: age.PrivateKey
    database: Path | None = None
    older_keys: Path | None = None
    nothing_lost: bool = False


@dataclass(slots=True)
class Restored:
    """What a restore did."""

    made_at: datetime
    database: Path
    keys: str
    quieted: dict[str, int] = field(default_factory=dict)
    patients: int = 0
    records: int = 0
    lost: int = 0
    faults: list[str] = field(default_factory=list)


def read_private_key(text: str) -> age.PrivateKey:
    """Read the key that opens backups; raise `Refused` when it is none."""
    try:
        return age.PrivateKey.parse(text)
    except age.KeyRefused:
        raise Refused(
            "This is not the private key of the backups: its file holds one line AGE-SECRET-KEY-1..."
        ) from None


def restore(config: Config, wanted: Wanted, bar: Bar) -> Restored:
    """Put a backup into an empty place, checked, brought up to date, and with nothing old left to act.

    Raise `Refused` (or `ConfigError`), with nothing put in place, when it is not whole, not ours, of a newer version,
    or when something stands there already. A key store that stands in its place is the newest there can be: it is used
    as it is. Faults of the access records are told, not refused: they were there when the backup was made.
    """
    places = files(config)
    live_keys = places[Kind.KEYS].exists()
    _check_places(places, live_keys=live_keys)
    database = wanted.database or newest(wanted, Kind.DATABASE)
    keys = None if live_keys else wanted.older_keys or newest(wanted, Kind.KEYS)
    if live_keys and wanted.older_keys:
        raise Refused(f"{places[Kind.KEYS]} is there, and no backup is newer than it: leave out --older-key-store.")
    with copying.plainly(), copying.workroom(places[Kind.DATABASE], ROOM) as room:
        staged = _staged(config, room, live_keys=live_keys)
        unpacked = {Kind.DATABASE: _unpack(database, Kind.DATABASE, room, wanted.key, bar)}
        if keys is not None:
            unpacked[Kind.KEYS] = _unpack(keys, Kind.KEYS, room, wanted.key, bar)
            _check_age(unpacked, forced=wanted.older_keys is not None)
        _check_versions(staged, {kind: each.manifest.migration for kind, each in unpacked.items()})
        _check_seals(staged, unpacked)
        for kind in unpacked:
            copying.check(_in(room, kind))
        set_up.bring_up_to_date(staged)
        manifest = unpacked[Kind.DATABASE].manifest
        done = Restored(manifest.made_at, places[Kind.DATABASE], LIVE if keys is None else keys.name)
        with set_up.opened(staged) as store:
            _settle(store, manifest, done, nothing_lost=wanted.nothing_lost)
        for kind in (Kind.KEYS, Kind.DATABASE):  # In this order: a key store alone is no installation.
            if kind in unpacked:
                copying.into_one_file(_in(room, kind))
                copying.put(_in(room, kind), places[kind])
    return done


# ------------------------------------------------------------------------------------------------- what to take, where
def _check_places(places: dict[Kind, Path], *, live_keys: bool) -> None:
    """Refuse a place where something is; journals without their database would be played into the new one."""
    for kind, place in places.items():
        if kind is Kind.KEYS and live_keys:
            continue
        for file in (place, *(place.with_name(place.name + ending) for ending in copying.BESIDE)):
            if file.exists():
                raise Refused(f"{file} is there already: restore into an empty place, or move it away first.")


def newest(wanted: Wanted, kind: Kind) -> Path:
    """Return the newest file of a kind in the folder, by what is written inside; raise `Refused` when there is none.

    One that cannot be read is not passed over: it may be the newest.
    """
    folder = wanted.folder / FOLDERS[kind]
    found = sorted(folder.glob("*.age")) if folder.is_dir() else []
    if not found:
        raise Refused(f"There is no backup of the {_word(kind)} in {folder}.")
    manifests = {file: archive.manifest_of(file, wanted.key) for file in found}
    return max(manifests, key=lambda file: (manifests[file].made_at, str(manifests[file].backup_id)))


def _word(kind: Kind) -> str:
    return "key store" if kind is Kind.KEYS else "database"


def _in(room: Path, kind: Kind) -> Path:
    return room / f"{kind}.sqlite"


def _staged(config: Config, room: Path, *, live_keys: bool) -> Config:
    """Return the settings under which what was unpacked is opened, before it has its place."""
    staged = replace(config, database_url=f"sqlite:///{_in(room, Kind.DATABASE)}")
    return staged if live_keys else replace(staged, keys_database_url=f"sqlite:///{_in(room, Kind.KEYS)}")


# ---------------------------------------------------------------------------------------------------------- checking
def _unpack(source: Path, kind: Kind, room: Path, key: age.PrivateKey, bar: Bar) -> Unpacked:
    with bar(f"Reading the {_word(kind)}", source.stat().st_size) as progress:
        unpacked = archive.unpack(source, key, _in(room, kind), progress)
    if unpacked.manifest.kind is not kind:
        raise Refused(f"{source.name} holds no {_word(kind)}; take the other file. Nothing was changed.")
    return unpacked


def _check_age(unpacked: dict[Kind, Unpacked], *, forced: bool) -> None:
    """Refuse a key store from before the database: it lacks keys, and may bring back one that was destroyed."""
    keys, database = unpacked[Kind.KEYS].manifest, unpacked[Kind.DATABASE].manifest
    if keys.made_at < database.made_at and not forced:
        raise Refused(
            f"The key store's backup ({keys.made_at:%Y-%m-%d %H:%M:%S}) is older than the database's "
            f"({database.made_at:%Y-%m-%d %H:%M:%S}): find a newer one, or name this one with --older-key-store. "
            "Nothing was changed."
        )


def _check_versions(staged: Config, migrations: dict[Kind, str]) -> None:
    """Refuse what this version does not know; what is older is brought up to it."""
    if Kind.KEYS not in migrations:
        live = Database(staged.keys_database_url)
        try:
            current = migrate.current(live)
        finally:
            live.close()
        if current is None:
            raise Refused("The key store that is in its place is empty: move it away, so that the newest is put back.")
        migrations |= {Kind.KEYS: current}
    for kind, found in migrations.items():
        scripts = ScriptDirectory(str(migrate.MIGRATIONS / WHICH[kind]))
        if found not in {script.revision for script in scripts.walk_revisions()}:
            raise Refused(
                f"The {_word(kind)} is of a newer version (migration {found}, here {migrate.head(WHICH[kind])}): "
                "check out that version and try again. Nothing was changed."
            )


def _check_seals(staged: Config, unpacked: dict[Kind, Unpacked]) -> None:
    """Refuse a wrong master key, and files that this installation did not write."""
    database = Database(staged.keys_database_url)
    try:
        keys = KeyStore(database, installation.master_keys(staged))
        keys.check()
        keys.of_subject(SYSTEM_SUBJECT)
        ours = all(each.is_sealed_by(Vault(keys)) for each in unpacked.values())
    except KeyGone:
        ours = False
    finally:
        database.close()
    if not ours:
        raise Refused("This backup was not made by the installation of this key store and master key.")


# ---------------------------------------------------------------------------------------------------------- settling
def _settle(store: Store, manifest: Manifest, done: Restored, *, nothing_lost: bool) -> None:
    """Make what was unpacked fit to go on from here: nothing old acts, and nothing that was destroyed is back."""
    for subject in manifest.destroyed:  # The key store may be an older one, by the operator's own word.
        store.keys.destroy(subject)
    shorter = access_log.shorter_chains(store)
    if shorter.lost and nothing_lost:
        raise Refused(
            f"{shorter.lost} access records came after this backup, so something is lost: leave out --nothing-lost. "
            "Nothing was changed."
        )
    done.lost = shorter.lost
    done.quieted = quieting.quiet(store, nothing_lost=nothing_lost)
    access_log.accept_ends(store, shorter)
    if not nothing_lost:
        quieting.tell_patients(store, manifest.made_at.date(), clock.now().date())
    found = access_log.verify(store)
    done.patients, done.records = found.patients, found.records
    done.faults = [*found.faults, *seals.verify(store)]
