"""Blood tests of a medicine: entered and changed by a prescriber, read by the patient. Others read through `reading`.

Whether a prescriber may is asked by whoever calls this (`reading.supplies`). A change names the version that was shown
(`base`); one that is not the newest any more is
refused with both shown, so that no two prescribers overwrite each other.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, and_, bindparam, select
from sqlalchemy.exc import IntegrityError

from patient_app.accounts import names
from patient_app.accounts.entry_order import lock_entries, next_entry_seq
from patient_app.accounts.models import Person
from patient_app.blood_tests.models import BloodTest, BloodTestVersion
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.prepared import Prepared
from patient_app.core.vault import Place
from patient_app.core.work import connection, db, vault
from patient_app.medications import catalogue
from patient_app.medications.models import Medicine
from patient_app.medications.regimen import OWN, OwnMedicine, asked_by

# So long before a test is due Today tells of it, and so long after it still does.
SOON = timedelta(days=7)
STILL = timedelta(days=30)


class IdTaken(Exception):
    """The id is of something else."""


class Stale(Exception):
    """The test was changed meanwhile, or was entered with other words; nothing was written."""


@dataclass(frozen=True, slots=True)
class What:
    """Which test: an id of the catalogue, or the prescriber's words."""

    code: str = ""
    words: str = ""

    def name(self, key: str | None, language: str) -> str:
        """Return what it is called, for a medicine of the catalogue's key."""
        known = next((told for told in catalogue.blood_tests(key) if told.entry.id == self.code), None)
        return self.words or (known.entry.read(language).name if known else self.code)


@dataclass(frozen=True, slots=True)
class Planned:
    """What a prescriber says of a test. Without `done_on` it is still to come; `dropped`: it is not needed any more."""

    what: What
    due_on: date
    done_on: date | None = None
    dropped: bool = False

    @property
    def is_to_come(self) -> bool:
        """Whether it is still to be done."""
        return self.done_on is None and not self.dropped


@dataclass(frozen=True, slots=True)
class Entered:
    """A blood test as it is now: what was planned, in which version, and who wrote that."""

    id: uuid.UUID
    medicine_id: uuid.UUID
    version: int
    planned: Planned
    author_id: uuid.UUID
    author: str
    day: date
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """A test for one line on Today."""

    medicine_id: uuid.UUID
    what: What
    due_on: date


NEWEST = and_(BloodTestVersion.test_id == BloodTest.id, BloodTestVersion.version == BloodTest.newest_version)
_PLANNED = (
    BloodTest.id.label("test_id"),
    BloodTest.medicine_id,
    BloodTestVersion.id.label("version_id"),
    BloodTestVersion.patient_id,
    BloodTestVersion.version,
    BloodTestVersion.author_id,
    BloodTestVersion.day,
    BloodTestVersion.recorded_at,
    BloodTestVersion.due_on,
    BloodTestVersion.done_on,
    BloodTestVersion.dropped,
    BloodTestVersion.what_sealed,
)
COLUMNS = (*_PLANNED, *names.COLUMNS)


_TESTS: Select[Any] = (
    select(*cast("tuple[Any, ...]", COLUMNS))
    .join(BloodTestVersion, NEWEST)
    .join(Person, Person.id == BloodTestVersion.author_id)
    .join(Medicine, Medicine.id == BloodTest.medicine_id)
)
_OWN = _TESTS.where(
    OWN, BloodTest.patient_id == bindparam("patient_id"), BloodTest.medicine_id == bindparam("medicine_id")
).order_by(BloodTestVersion.due_on.desc(), BloodTest.id.desc())
_DUE = Prepared(
    select(*cast("tuple[Any, ...]", _PLANNED))
    .join(BloodTestVersion, NEWEST)
    .join(Medicine, Medicine.id == BloodTest.medicine_id)
    .where(
        OWN,
        BloodTest.patient_id == bindparam("patient_id"),
        BloodTest.due_on >= bindparam("first"),
        BloodTest.due_on <= bindparam("last"),
    )
    .order_by(BloodTest.due_on, BloodTest.id)
)


# --- reading one's own -----------------------------------------------------------------------------------------


def own_tests(patient: Viewer, medicine_id: uuid.UUID) -> list[Entered]:
    """Return the tests of one of the patient's own medicines, the latest due first; dropped ones are left out."""
    asked = {**asked_by(patient), "medicine_id": medicine_id}
    found = [as_test(row) for row in connection().execute(_OWN, asked)]
    return [test for test in found if not test.planned.dropped]


def due_soon(patient: Viewer, today: date, medicines: Iterable[OwnMedicine]) -> list[Due]:
    """Return the patient's tests that are due within a week, or were lately and are not done. One statement.

    `medicines` are all of the patient's: those of one that is not taken any more are left out.
    """
    going_on = {one.id for one in medicines if one.is_going_on(today)}
    asked = {**asked_by(patient), "first": today - STILL, "last": today + SOON}
    rows = _DUE.all(connection(), asked)
    return [Due(row.medicine_id, _what(row), row.due_on) for row in rows if row.medicine_id in going_on]


def of_medicine() -> ColumnElement[bool]:
    """Return the condition that a test is of a medicine (joined as `Medicine`), for whoever else reads it."""
    return BloodTest.medicine_id == Medicine.id


def as_test(row: Any) -> Entered:
    """Return a row of `COLUMNS`, opened."""
    return Entered(
        id=row.test_id,
        medicine_id=row.medicine_id,
        version=row.version,
        planned=Planned(_what(row), row.due_on, row.done_on, row.dropped),
        author_id=row.author_id,
        author=names.shown_in(row.author_id, row),
        day=row.day,
        recorded_at=row.recorded_at,
    )


def _what(row: Any) -> What:
    place = Place(BloodTestVersion.__tablename__, "what_sealed", row.version_id, row.patient_id)
    return _from_json(vault().open_or_say(place, row.what_sealed))


# --- writing, by a prescriber ----------------------------------------------------------------------------------


def enter(
    author: Viewer, patient_id: uuid.UUID, medicine_id: uuid.UUID, test_id: uuid.UUID, planned: Planned, *, day: date
) -> None:
    """Keep a new test once; `day` is the patient's. Needs a writing unit.

    The same id with the same words changes nothing. Raise `Stale` for the id of a test of this medicine that says
    something else, and `IdTaken` for one of anything else.
    """
    lock_entries(patient_id)  # From here on, one writer at a time for this patient.
    known = db().get(BloodTest, test_id)
    fingerprint = _fingerprint(test_id, planned)
    if known is not None:
        if known.medicine_id != medicine_id or known.patient_id != patient_id:
            raise IdTaken
        if any(one.fingerprint == fingerprint for one in _versions(test_id)):
            return
        raise Stale
    row = BloodTest(
        id=test_id,
        practice_id=author.practice_id,
        patient_id=patient_id,
        medicine_id=medicine_id,
        newest_version=1,
        due_on=planned.due_on if planned.is_to_come else None,
    )
    try:
        with db().begin_nested():
            db().add(row)
    except IntegrityError:  # Somebody else's request took the id this very moment.
        raise IdTaken from None
    _add_version(author, row, planned, version=1, day=day)


def change(
    author: Viewer,
    patient_id: uuid.UUID,
    medicine_id: uuid.UUID,
    test_id: uuid.UUID,
    planned: Planned,
    *,
    day: date,
    base: int,
) -> None:
    """Keep what is true of a test from now on, as a new version. What is said already changes nothing.

    Raise `NotFound` for a test that is not of this medicine, and `Stale` where `base` is not the newest version.
    """
    lock_entries(patient_id)
    row = db().get(BloodTest, test_id)
    if row is None or (row.medicine_id, row.patient_id) != (medicine_id, patient_id):
        raise NotFound
    known, fingerprint = _versions(test_id), _fingerprint(test_id, planned)
    # As it is now, or the very change that this page made before: it came twice.
    again = {one.fingerprint for one in known if one.version in {row.newest_version, base + 1}}
    if fingerprint in again:
        return
    if base != row.newest_version:
        raise Stale
    row.newest_version += 1
    row.due_on = planned.due_on if planned.is_to_come else None
    _add_version(author, row, planned, version=row.newest_version, day=day)


def _add_version(author: Viewer, test: BloodTest, planned: Planned, *, version: int, day: date) -> None:
    row = BloodTestVersion(
        id=new_id(),
        test_id=test.id,
        patient_id=test.patient_id,
        version=version,
        author_id=author.id,
        day=day,
        recorded_at=clock.now(),
        recorded_seq=next_entry_seq(test.patient_id),
        due_on=planned.due_on,
        done_on=planned.done_on,
        dropped=planned.dropped,
        fingerprint=_fingerprint(test.id, planned),
    )
    row.what = _to_json(planned.what)
    db().add(row)


def _versions(test_id: uuid.UUID) -> Sequence[BloodTestVersion]:
    return db().scalars(select(BloodTestVersion).where(BloodTestVersion.test_id == test_id)).all()


def _to_json(what: What) -> str:
    return json.dumps({"code": what.code, "words": what.words})


def _from_json(text: str) -> What:
    """Return what was sealed; a text that is broken says so in its place."""
    if not text.startswith("{"):
        return What(words=text)
    kept = json.loads(text)
    return What(kept["code"], kept["words"])


def _fingerprint(test_id: uuid.UUID, planned: Planned) -> bytes:
    done = planned.done_on.isoformat() if planned.done_on else None
    said = [_to_json(planned.what), planned.due_on.isoformat(), done, planned.dropped]
    return vault().keyed_hash("blood test", test_id.bytes + json.dumps(said).encode())
