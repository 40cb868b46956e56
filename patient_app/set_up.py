"""What the commands do to make an installation: databases, demonstration, or a real practice and its administrator."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from patient_app.accounts import people
from patient_app.accounts.models import Installation, InstallationKind, Person, Practice
from patient_app.consent import seals
from patient_app.core import clock, installation, migrate
from patient_app.core.config import Config, ConfigError
from patient_app.core.db import Database
from patient_app.core.keys import DataKeyRow, KeyStore, make_master_key, read_master_keys
from patient_app.core.work import Store, db
from patient_app.demo import password
from patient_app.push import vapid

# Gives a bar for a number of steps; each call of what it yields is that many steps done.
Bar = Callable[[int], AbstractContextManager[Callable[[int], object]]]

# The migration that brought the seals of consents. What has none after it was made up, and opens nothing.
CONSENTS_SEALED = "0005"
NOT_EMPTY = "The database is not empty; the demonstration only goes into an empty one. Nothing was changed."


class Refused(ConfigError):
    """A command cannot do what it was asked with this installation; the message is one plain sentence."""


@contextmanager
def opened(config: Config) -> Iterator[Store]:
    """Open the installation for one command."""
    store = installation.open_store(config)
    try:
        yield store
    finally:
        store.close()


def kind_of(store: Store) -> InstallationKind | None:
    """Return what the database is for; None while nobody has said so."""
    with store.work(writes=False):
        found = db().scalar(select(Installation.kind))
    return None if found is None else InstallationKind(found)


# ----------------------------------------------------------------------------------------------------------- databases
def bring_up_to_date(config: Config) -> None:
    """Make both databases or bring them to this version; raise `ConfigError` and make nothing when one is lost."""
    masters = installation.master_keys(config)
    keys_database, database = Database(config.keys_database_url), Database(config.database_url)
    try:
        has_keys = _holds(keys_database, DataKeyRow, "The key store")
        if has_keys:
            KeyStore(keys_database, masters).check()
        _check_that_both_belong(database, has_keys=has_keys)
        before = None if _is_missing_file(database) else migrate.current(database)
    finally:
        keys_database.close()
        database.close()
    installation.migrate_all(config)
    if before is not None and before < CONSENTS_SEALED:
        with opened(config) as store:
            seals.seal_all(store)


def _check_that_both_belong(database: Database, *, has_keys: bool) -> None:
    """Refuse where one database has people and the other is missing: an empty one in its place would hide the loss."""
    has_people = _holds(database, Person, "The database")
    if has_keys and database.file is not None:
        # Keys come after the tables: a file that is gone, or without tables, was there before with people in it.
        # (One key store may serve an empty PostgreSQL database.)
        lost = "missing" if _is_missing_file(database) else "empty" if migrate.current(database) is None else ""
        if lost:
            raise ConfigError(
                f"The key store is there but its database is {lost}: put the database back, or start in an empty "
                "INSTANCE_PATH. Nothing was changed."
            )
    if has_people and not has_keys:
        raise ConfigError(
            "The database is there but its key store is missing: put the key store back. Nothing was changed."
        )


def _is_missing_file(database: Database) -> bool:
    return database.file is not None and not database.file.exists()


def _holds(database: Database, table: type[DataKeyRow] | type[Person], name: str) -> bool:
    """Whether a table that may not be there yet has a row; raise `ConfigError` for a database that cannot be used."""
    if _is_missing_file(database):
        return False
    if database.file is not None and not (_is_writable(database.file) and _is_writable(database.file.parent)):
        raise ConfigError(f"{name} is read-only; give this user the right to write to it and its folder.")
    try:
        if migrate.current(database) is None:
            return False
        with database.session(writes=False) as session:
            return session.scalar(select(table.id).limit(1)) is not None
    except DBAPIError as error:
        raise ConfigError(f"{name} {installation.reason(error)}") from None


def _is_writable(path: Path) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


# ----------------------------------------------------------------------------------------------------- demonstration
def prepare_to_run(config: Config, bar: Bar) -> str | None:
    """Bring everything up to date; fill an empty database with the demonstration.

    Return the password of a demonstration, None for a real practice. Raise `Refused` for an empty database that is
    meant for the public.
    """
    if config.secure_cookies and not config.master_key and not installation.own_key_file(config).exists():
        raise ConfigError("There is no master key: set MASTER_KEY (`python app.py init --new-key FILE` makes one).")
    installation.make_own_key(config)
    bring_up_to_date(config)
    vapid.make_keys(config)
    with opened(config) as store:
        kind = kind_of(store)
        if kind is None and config.secure_cookies:
            raise Refused(
                "The database is empty: set up your practice with `python app.py init`, "
                "or put the demonstration in with `python app.py demo fill`."
            )
        if kind is None:
            return fill(store, bar)
        return password.settle(store) if kind is InstallationKind.DEMONSTRATION else None


def fill(store: Store, bar: Bar) -> str:
    """Fill an empty database with the demonstration; return its password, raise `Refused` when it is not empty."""
    if kind_of(store) is not None:
        raise Refused(NOT_EMPTY)
    from patient_app.demo import service  # noqa: PLC0415 - not needed once it is filled.
    from patient_app.factory import create_app  # noqa: PLC0415 - likewise.

    chosen = password.choose(store.config)
    with create_app(store.config, store).app_context(), bar(service.size()) as progress:
        try:
            service.fill(store, chosen, progress)
        except service.NotEmpty:
            raise Refused(NOT_EMPTY) from None
    password.keep(store.config, chosen)
    return chosen


def demonstration_password(store: Store) -> str:
    """Return the password of the demonstration's accounts; raise `Refused` where there is no demonstration."""
    if kind_of(store) is not InstallationKind.DEMONSTRATION:
        raise Refused("This database holds no demonstration.")
    return password.settle(store)


# ---------------------------------------------------------------------------------------------------- real practice
@dataclass(frozen=True, slots=True)
class Administrator:
    """The administrator to be invited."""

    name: str
    email: str


def write_new_key(file: Path) -> None:
    """Write a new master key, readable for this user only; raise `Refused` when the file is there."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refused(f"{file} is there already; nothing was changed.") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as opened_file:
        opened_file.write(make_master_key() + "\n")


def make_real(config: Config, practice_name: str, zone: str, administrator: Administrator) -> str:
    """Set up a real practice in an empty database; return the token of the administrator's one-time link."""
    _check_real_key(config)
    bring_up_to_date(config)
    vapid.make_keys(config)
    with opened(config) as store, _words(store):
        kind = kind_of(store)
        if kind is InstallationKind.DEMONSTRATION:
            raise Refused("This database holds the demonstration; name an empty one (INSTANCE_PATH or DATABASE_URL).")
        if kind is not None:
            raise Refused("This database is set up already; `python app.py invite` invites another administrator.")
        with store.work(writes=True):
            db().add(Installation(id=1, kind=InstallationKind.REAL, created_at=clock.now()))
            practice = people.create_practice(practice_name, zone)
            return people.invite_administrator(practice, administrator.name, administrator.email).token


def _check_real_key(config: Config) -> None:
    """Refuse the key that a demonstration made for itself, by its place or by its content."""
    ask = "set MASTER_KEY to your own key (`python app.py init --new-key FILE` makes one)"
    if not config.master_key:
        raise ConfigError(f"A real practice needs its own master key: {ask}.")
    own = installation.own_key_file(config)
    own_ids = {key.id for key in read_master_keys(str(own.resolve()))} if own.exists() else set()
    if own_ids & {key.id for key in installation.master_keys(config)}:
        raise ConfigError(f"This is the demonstration's key, kept beside its database: {ask}.")


def invite_administrator(config: Config, practice_name: str | None, administrator: Administrator) -> str:
    """Invite another administrator of an existing practice; return the token of the one-time link."""
    with opened(config) as store, _words(store), store.work(writes=True):
        practices = db().scalars(select(Practice).order_by(Practice.created_at)).all()
        named = [practice for practice in practices if practice_name in {None, practice.name}]
        if not practices:
            raise Refused("There is no practice yet; `python app.py init` sets one up.")
        if len(named) != 1:
            names = ", ".join(practice.name for practice in practices)
            raise Refused(f"Please name one practice with --practice: {names}.")
        return people.invite_administrator(named[0], administrator.name, administrator.email).token


@contextmanager
def _words(store: Store) -> Iterator[None]:
    """Give services the context in which they find their words."""
    from patient_app.factory import create_app  # noqa: PLC0415 - imports every feature.

    with create_app(store.config, store).app_context():
        yield
