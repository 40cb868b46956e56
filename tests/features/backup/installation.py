"""An installation with people in it, its backups, and the empty place to restore into."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind
from patient_app.accounts import links, mail, resets, sessions
from patient_app.accounts.models import ClinicCode, CodePurpose, LinkPurpose, Person
from patient_app.backup import restoring, taking
from patient_app.backup.archive import Progress
from patient_app.backup.restoring import Restored, Wanted
from patient_app.backup.taking import Taken
from patient_app.consent.categories import Category, Level
from patient_app.core import age, clock
from patient_app.core.config import Config
from patient_app.core.identity import Stage
from patient_app.core.ids import new_id
from patient_app.core.installation import open_store
from patient_app.core.roles import Role
from patient_app.core.work import Store, db
from tests import factories

KEY = age.PrivateKey.make()
NOTE = "The long walk by the canal helped."


@contextmanager
def no_bar(_label: str, _size: int) -> Iterator[Progress]:
    """Show nothing."""
    yield lambda _done: None


@dataclass
class Installed:
    """An installation, who is in it, and what of theirs waits or opens something."""

    store: Store
    folder: Path
    patient: factories.Made = field(init=False)
    clinician: factories.Made = field(init=False)
    entry: uuid.UUID = field(init=False)
    consent: uuid.UUID = field(init=False)
    membership: uuid.UUID = field(init=False)
    cookie: str = ""
    link: str = ""

    def __post_init__(self) -> None:
        """Fill it."""
        factories.make_installation(self.store)
        practice = factories.make_practice(self.store)
        self.patient = factories.make_patient(self.store, practice)
        self.clinician = factories.make_clinician(self.store, practice)
        administrator = factories.make_administrator(self.store, practice)
        self.membership = factories.assign_team(self.store, self.patient, self.clinician, administrator)
        self.consent = factories.give_consent(
            self.store, self.patient, self.clinician, {Category.MOOD: Level.DETAIL, Category.NOTES: Level.DETAIL}
        )
        self.entry = factories.make_check_in(self.store, self.patient, note=NOTE)
        self.read()
        with self.store.work(writes=True):
            resets.ask(self.patient.sign_in_name, "203.0.113.7")
        with self.store.work(writes=True):
            person = db().get_one(Person, self.patient.id)
            self.cookie = sessions.begin_session(person, "Firefox", Stage.FULL)
            self.link = links.make_link(LinkPurpose.RESET, practice_id=practice.id, person_id=self.patient.id, hours=24)
            mail.tell(person, "account_news")
            db().add(
                ClinicCode(
                    id=new_id(),
                    practice_id=practice.id,
                    person_id=self.patient.id,
                    purpose=CodePurpose.RESET,
                    locator="ABCD",
                    secret_hash=b"secret",
                    tries_left=5,
                    issued_by=self.clinician.id,
                    issued_at=clock.now(),
                    expires_at=clock.now().replace(year=clock.now().year + 1),
                    needs_second=False,
                )
            )

    @property
    def config(self) -> Config:
        """Its settings."""
        return replace(self.store.config, backup_public_key=KEY.public.text)

    def read(self) -> None:
        """Let the clinician read, so that there is an access record."""
        with self.store.work(writes=True):
            access_log.record(
                [
                    access_log.Reading(
                        practice_id=self.patient.practice_id,
                        patient_id=self.patient.id,
                        viewer_id=self.clinician.id,
                        viewer_role=str(Role.CLINICIAN),
                        kind=AccessKind.DETAIL,
                        consent_id=self.consent,
                        categories=("mood",),
                    )
                ]
            )

    def back_up(self) -> Taken:
        """Make a backup."""
        return taking.take(self.config, self.folder / "backups", no_bar)

    def elsewhere(self, name: str = "elsewhere") -> Config:
        """Return the settings of another machine: an empty folder, the same master key."""
        instance = self.folder / name
        return replace(self.config, instance=instance, database_url="", keys_database_url="")

    def restore(self, to: Config | None = None, **wanted: object) -> Restored:
        """Put the newest backup back."""
        given = {"folder": self.folder / "backups", "key": KEY, **wanted}
        return restoring.restore(to or self.elsewhere(), Wanted(**given), no_bar)  # type: ignore[arg-type]


@contextmanager
def opened(config: Config) -> Iterator[Store]:
    """Open an installation for a look."""
    store = open_store(config)
    try:
        yield store
    finally:
        store.close()


def left_in(folder: Path) -> set[str]:
    """Return what lies in a folder, at whatever depth, but for locks."""
    found = (path.relative_to(folder) for path in folder.rglob("*"))
    return {str(path) for path in found if not path.name.endswith((".lock", "-wal", "-shm"))}
