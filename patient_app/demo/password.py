"""The one password of all demonstration accounts: from `DEMO_PASSWORD`, else made once and kept beside the database."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from sqlalchemy import select, update

from patient_app.accounts import sessions
from patient_app.accounts.models import Person
from patient_app.accounts.passwords import hash_password
from patient_app.accounts.registry import sign_in_index
from patient_app.core.config import Config
from patient_app.core.work import Store, db
from patient_app.demo.people import ACCOUNTS

# Without letters and digits that are taken for one another.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def file_of(config: Config) -> Path:
    """Return where the password is kept."""
    return config.instance / "demo-password"


def kept(config: Config) -> str | None:
    """Return the password that the accounts were last given, or None."""
    try:
        return file_of(config).read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None


def choose(config: Config) -> str:
    """Return the password that the accounts are to have."""
    return config.demo_password or kept(config) or make()


def make() -> str:
    """Return a new password that is easy to type: three groups of five letters."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(3))


def keep(config: Config, password: str) -> None:
    """Keep the password, readable for this user only."""
    config.instance.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = file_of(config).with_suffix(".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(password + "\n")
    part.replace(file_of(config))


def settle(store: Store) -> str:
    """Return the password of the accounts, giving them another one where the settings changed.

    Everybody is signed out then, as after any change of a password.
    """
    before, wanted = kept(store.config), choose(store.config)
    if wanted != before:
        with store.work(writes=False):
            changed = hash_password(wanted)
        with store.work(writes=True):
            _change(changed)
        keep(store.config, wanted)
    return wanted


def _change(password_hash: str) -> None:
    indexes = [sign_in_index(account.email) for account in ACCOUNTS]
    everybody = db().scalars(select(Person.id).where(Person.sign_in_index.in_(indexes))).all()
    db().execute(update(Person).where(Person.id.in_(everybody)).values(password_hash=password_hash))
    for person_id in everybody:
        sessions.end_other_sessions(person_id, None)
