"""What every writing of the regimen goes through: who writes, what is refused, the lock, and the row of a version."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import cast

from sqlalchemy import Table, bindparam, insert, select

from patient_app.accounts.entry_order import lock_entries, next_entry_seq
from patient_app.core import changed
from patient_app.core.clock import Moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.vault import Place
from patient_app.core.work import connection, db, vault
from patient_app.medications import documents, regimen
from patient_app.medications import said as sayings
from patient_app.medications.models import Change, Medicine, MedicineVersion, Source
from patient_app.medications.regimen import OwnVersion
from patient_app.medications.said import Said
from patient_app.medications.schedule import Hours, Schedule, Stepwise


class IdTaken(Exception):
    """The id cannot be used: it is of somebody else's, or of one that was taken away; both are answered alike."""


class Stale(Exception):
    """The medicine was changed elsewhere since the page was made; nothing was written."""


class Why(StrEnum):
    """Why something is never written."""

    BUPRENORPHINE_STEPS = "buprenorphine_steps"
    BUPRENORPHINE_LATER = "buprenorphine_later"
    STEPS_AGAIN = "steps_again"


class Refused(Exception):
    """What only a prescriber can say; nothing was written."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes, and whose medicine it is. `closed_from`: as in `Viewer`, for a patient's session in question."""

    person_id: uuid.UUID
    patient_id: uuid.UUID
    practice_id: uuid.UUID
    by_prescriber: bool = False
    closed_from: datetime | None = None

    @classmethod
    def patient(cls, viewer: Viewer) -> Author:
        """Return the patient, who writes their own."""
        return cls(viewer.id, viewer.id, viewer.practice_id, closed_from=viewer.entries_closed_from)

    @classmethod
    def prescriber(cls, viewer: Viewer, patient_id: uuid.UUID) -> Author:
        """Return a prescriber who writes for a patient; whether they may is asked by whoever calls this."""
        return cls(viewer.id, patient_id, viewer.practice_id, by_prescriber=True)


@dataclass(frozen=True, slots=True)
class Writing:
    """One version that is about to be written. `about_use` is what was answered, None where nobody was asked."""

    author: Author
    medicine_id: uuid.UUID
    version_id: uuid.UUID
    change: Change
    said: Said
    schedule: Schedule
    reason: str
    about_use: bool | None
    moment: Moment
    source: Source
    recorded_at: datetime

    @property
    def fingerprint(self) -> bytes:
        """By what it is known again when it arrives once more, whatever its id."""
        words = [
            self.change,
            sayings.to_json(self.said),
            json.dumps(documents.to_data(self.schedule)),
            self.reason,
            self.about_use,
        ]
        return vault().keyed_hash("medicine", self.medicine_id.bytes + json.dumps(words).encode())


@dataclass(frozen=True, slots=True)
class Stored:
    """A version that is there, and by what it is known again."""

    version: OwnVersion
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Begins:
    """From which date and minute of it a version holds, and the patient's hours at its writing."""

    since: date
    minute: int
    hours: Hours


_VERSIONS = (
    select(*regimen.VERSION_COLUMNS, MedicineVersion.fingerprint)
    .where(MedicineVersion.medicine_id == bindparam("medicine_id"))
    .order_by(MedicineVersion.version)
)
_BY_VERSION_ID = select(MedicineVersion.medicine_id).where(MedicineVersion.id == bindparam("version_id"))
_NEW_VERSION = insert(cast("Table", MedicineVersion.__table__))


def check(
    said: Said, schedule: Schedule, today: date, *, since: date | None = None, before: Said | None = None
) -> None:
    """Raise `Refused` for what only a prescriber can say, whoever writes it down.

    `since` is the later date on which a change begins, and `before` what holds until then: to name it buprenorphine
    from that date on is a start of it on a later day.
    """
    if not said.is_buprenorphine:
        return
    if isinstance(schedule.plan, Stepwise):
        raise Refused(Why.BUPRENORPHINE_STEPS)
    is_new = before is None or not before.is_buprenorphine
    if schedule.start > today or (is_new and since is not None and since > today):
        raise Refused(Why.BUPRENORPHINE_LATER)


def may_write(author: Author, medicine: Medicine) -> bool:
    """Whether the author may write there: a patient what their session sees, a prescriber what is not kept closed."""
    if medicine.patient_id != author.patient_id or medicine.removed_at is not None:
        return False
    if author.by_prescriber:
        return not medicine.private and not medicine.while_closed
    return regimen.is_open(author.closed_from, medicine)


def is_stored(medicine_id: uuid.UUID) -> bool:
    """Whether a medicine has this id, whosever it is: for the gate of whoever enters one under it."""
    return db().get(Medicine, medicine_id) is not None


def locked(author: Author, medicine_id: uuid.UUID) -> tuple[Medicine, list[Stored]]:
    """Return a medicine that the author may change, and its versions; from here on, one writer at a time.

    Whether it is there is asked first: nobody waits for what is not theirs. Raise `NotFound`.
    """
    medicine = db().get(Medicine, medicine_id)
    if medicine is None or not may_write(author, medicine):
        raise NotFound
    lock_entries(author.patient_id)
    db().refresh(medicine)
    if not may_write(author, medicine):
        raise NotFound
    return medicine, stored(medicine_id)


def stored(medicine_id: uuid.UUID) -> list[Stored]:
    """Return the versions of a medicine that are there, the oldest first."""
    rows = connection().execute(_VERSIONS, {"medicine_id": medicine_id})
    return [Stored(regimen.version_of(row), row.fingerprint) for row in rows]


def medicine_of(version_id: uuid.UUID) -> uuid.UUID | None:
    """Return whose version it is, or None for an id that is not taken."""
    found: uuid.UUID | None = db().scalar(_BY_VERSION_ID, {"version_id": version_id})
    return found


def arrived(version_id: uuid.UUID, medicine_id: uuid.UUID, known: Sequence[Stored]) -> Stored | None:
    """Return the version that was stored under this id before, or None; raise `IdTaken` for another medicine's."""
    owner = medicine_of(version_id)
    if owner is None:
        return None
    if owner != medicine_id:
        raise IdTaken
    return next(one for one in known if one.version.id == version_id)


def insert_version(
    writing: Writing, number: int, seq: int, begins: Begins, *, known_by: bytes | None = None
) -> uuid.UUID:
    """Write the row of a version; `known_by` is the fingerprint that it arrived with, where that is another."""
    row_id, owner = writing.version_id, writing.author.patient_id

    def sealed(column: str, text: str) -> bytes | None:
        return vault().seal(Place(MedicineVersion.__tablename__, column, row_id, owner), text) if text else None

    connection().execute(
        _NEW_VERSION,
        {
            "id": row_id,
            "medicine_id": writing.medicine_id,
            "patient_id": owner,
            "version": number,
            "change": writing.change,
            "author_id": writing.author.person_id,
            "by_prescriber": writing.author.by_prescriber,
            "day": writing.moment.day,
            "recorded_at": writing.recorded_at,
            "recorded_seq": seq,
            "source": writing.source,
            "since": begins.since,
            "minute": begins.minute,
            "hours": regimen.hours_to_data(begins.hours),
            "fingerprint": known_by or writing.fingerprint,
            "says_sealed": sealed("says_sealed", sayings.to_json(writing.said)),
            "schedule_sealed": sealed("schedule_sealed", json.dumps(documents.to_data(writing.schedule))),
            "reason_sealed": sealed("reason_sealed", writing.reason),
        },
    )
    changed.tell(changed.What.REGIMEN, owner)
    return row_id


def insert_next(writing: Writing, medicine: Medicine, begins: Begins, *, known_by: bytes | None = None) -> None:
    """Write a version as the newest of a medicine that is locked."""
    medicine.newest_version += 1
    seq = next_entry_seq(writing.author.patient_id)
    insert_version(writing, medicine.newest_version, seq, begins, known_by=known_by)
