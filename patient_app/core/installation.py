"""Opening an installation: both databases and the master key, each refusal one plain sentence."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from patient_app.core import migrate
from patient_app.core.config import Config, ConfigError
from patient_app.core.db import Database
from patient_app.core.keys import KeyStore, MasterKey, make_master_key, read_master_keys
from patient_app.core.migrate import Which
from patient_app.core.vault import Vault
from patient_app.core.work import Store


def own_key_file(config: Config) -> Path:
    """Return where a demonstration keeps its master key."""
    return config.instance / "master.key"


def master_keys(config: Config) -> tuple[MasterKey, ...]:
    """Return the master keys; raise `ConfigError` when there are none."""
    if config.master_key:
        return read_master_keys(config.master_key)
    own = own_key_file(config)
    if not own.exists():
        raise ConfigError(f"There is no master key: set MASTER_KEY, or put {own} back. Nothing was changed.")
    return read_master_keys(str(own.resolve()))


def make_own_key(config: Config) -> None:
    """Make the master key of a demonstration, unless a key is set; refuse where a key store exists without its key."""
    own = own_key_file(config)
    if config.master_key or own.exists():
        return
    if keys_exist(config):
        raise ConfigError(
            f"The key store is there but its master key is missing: set MASTER_KEY, or put {own} back. "
            "Nothing was changed."
        )
    if _holds_something(config.database_url, "main"):
        raise ConfigError(
            "The database is there but its key store and master key are missing: put both back. Nothing was changed."
        )
    own.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(make_master_key() + "\n")


def keys_exist(config: Config) -> bool:
    """Whether there is a key store already."""
    return _holds_something(config.keys_database_url, "keys")


def _holds_something(url: str, which: Which) -> bool:
    database = Database(url)
    try:
        if database.file is not None:
            return database.file.exists() and database.file.stat().st_size > 0
        return migrate.current(database) is not None
    except DBAPIError as error:
        raise ConfigError(f"{_named(which)} {reason(error)}") from None
    finally:
        database.close()


def migrate_all(config: Config) -> None:
    """Bring both databases to the newest migration."""
    for which, url in (("keys", config.keys_database_url), ("main", config.database_url)):
        database = Database(url)
        try:
            if _current(database) != migrate.head(which):  # type: ignore[arg-type]  # The two words of `Which`.
                migrate.upgrade(which, database)  # type: ignore[arg-type]
        except DBAPIError as error:
            raise ConfigError(f"{_named(which)} {reason(error)}") from None
        except OSError as error:
            raise ConfigError(f"{_named(which)} cannot be written: {error.strerror}.") from None
        finally:
            database.close()


def open_store(config: Config) -> Store:
    """Open both databases; raise `ConfigError` when one is missing, out of date or cannot be opened."""
    database, keys_database = Database(config.database_url), Database(config.keys_database_url)
    try:
        keys = KeyStore(keys_database, master_keys(config))
        _check_version("keys", keys_database)
        _check_version("main", database)
        keys.check()
    except BaseException:  # What is refused holds no connection.
        keys_database.close()
        database.close()
        raise
    return Store(config, database, Vault(keys))


def _check_version(which: Which, database: Database) -> None:
    try:
        found = _current(database)
    except DBAPIError as error:
        raise ConfigError(f"{_named(which)} {reason(error)}") from None
    if found is None:
        raise ConfigError(f"{_named(which)} is missing or empty; run `python app.py migrate`.")
    if found != migrate.head(which):
        raise ConfigError(f"{_named(which)} is at another version ({found}); run `python app.py migrate`.")


def _current(database: Database) -> str | None:
    if database.file is not None and not database.file.exists():
        return None
    return migrate.current(database)


def _named(which: str) -> str:
    return "The key store" if which == "keys" else "The database"


def reason(error: DBAPIError) -> str:
    """Return what is wrong with a database as the rest of a sentence that begins with its name."""
    text = str(error.orig).lower()
    if "readonly" in text or "read-only" in text:
        return "is read-only; give this user the right to write to it and its folder."
    if "locked" in text:
        return "is locked by another program; close it and start again."
    if "unable to open" in text:
        return "cannot be opened; check the address and the rights of its folder."
    if "not a database" in text or "malformed" in text:
        return "is damaged or not a database; put a backup in its place."
    return "cannot be reached; check its address and that it is running."


def remarks(config: Config) -> list[str]:
    """Return what somebody who starts an installation has to know of its settings, one sentence each."""
    said = []
    if not config.secure_cookies:
        said.append("Plain http on localhost: cookies go without Secure and without the __Host- prefix here.")
    if config.smtp is None:
        said.append(f"No mail server is set: e-mails are written to {config.instance / 'outbox'} instead.")
    return said
