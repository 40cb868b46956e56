"""The three things that a patient wants to raise: one short list, which hangs on their next appointment.

Each save is a version of the whole list; what was talked about is left out of the next one, and the rest is carried on.
It is nobody else's until the patient picks the clinician of an appointment to read it, for that appointment. Even then
only that clinician reads it, and only while notes are shared with them (and, for what is about alcohol or drugs, those
too): the pick opens nothing that no consent opens.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from patient_app.access_log.models import AccessKind, AccessRecord
from patient_app.accounts.entry_order import lock_entries, next_entry_seq
from patient_app.appointments import service
from patient_app.appointments.models import Appointment, State, ToRaise
from patient_app.consent import receipts
from patient_app.consent.categories import Category
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.vault import Place
from patient_app.core.work import connection, db, vault

MOST_LINES = 3
LONGEST_LINE = 200


class IdTaken(Exception):
    """The id is of something else."""


class TooMany(Exception):
    """The list holds three things already; nothing was written."""


class Stale(Exception):
    """The list was changed elsewhere since the page was made; nothing was written."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be kept: the lines, whether they are about alcohol or drugs, and for which appointment who reads them.

    `shares`: the clinician of that appointment is picked to read them. `reader` is who that was where it was chosen: if
    the appointment is with somebody else by now, nobody is picked.
    """

    lines: tuple[str, ...]
    about_use: bool = False
    appointment_id: uuid.UUID | None = None
    shares: bool = False
    reader: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """The list as it is now. `shared_with` is the clinician who is picked to read it; None for nobody."""

    id: uuid.UUID
    version: int
    lines: tuple[str, ...]
    about_use: bool
    appointment_id: uuid.UUID | None
    shared_with: uuid.UUID | None
    day: date
    recorded_seq: int

    @property
    def needs(self) -> frozenset[Category]:
        """All that has to be shared with whoever reads it."""
        return frozenset({Category.NOTES, *([Category.SUBSTANCE_USE] if self.about_use else [])})


# The pick holds while the appointment stands with that clinician.
IS_PICKED = and_(
    Appointment.id == ToRaise.appointment_id,
    Appointment.patient_id == ToRaise.patient_id,
    Appointment.clinician_id == ToRaise.shared_with,
    Appointment.state != State.CANCELLED,
)
COLUMNS = (
    ToRaise.id,
    ToRaise.patient_id,
    ToRaise.version,
    ToRaise.about_use,
    ToRaise.appointment_id,
    ToRaise.day,
    ToRaise.recorded_seq,
    ToRaise.lines_sealed,
)
_NEWEST = (
    select(*COLUMNS, Appointment.clinician_id.label("shared_with"))
    .outerjoin(Appointment, IS_PICKED)
    .where(ToRaise.patient_id == bindparam("patient_id"))
    .order_by(ToRaise.version.desc())
    .limit(1)
)
_READINGS = (
    select(AccessRecord.recorded_at, AccessRecord.categories)
    .where(
        AccessRecord.patient_id == bindparam("patient_id"),
        AccessRecord.viewer_id == bindparam("viewer_id"),
        AccessRecord.kind == AccessKind.APPOINTMENTS,
        AccessRecord.highest_seq >= bindparam("seq"),
    )
    .order_by(AccessRecord.seq.desc())
    .limit(100)
)


def own_list(patient: Viewer) -> Listed | None:
    """Return the patient's list as it is now; None where none was ever written. One statement.

    Raise `NotFound` in a session that is in question.
    """
    _only_when_open(patient)
    row = connection().execute(_NEWEST, {"patient_id": patient.id}).one_or_none()
    return None if row is None else as_listed(row)


def how_many(patient: Viewer) -> int:
    """Return how many things wait on the patient's list; in a session that is in question none is told of."""
    found = None if patient.entries_closed_from is not None else own_list(patient)
    return len(found.lines) if found else 0


def save(
    patient: Viewer,
    list_id: uuid.UUID,
    wishes: Wishes,
    *,
    base: int,
    day: date | None = None,
    recorded_at: datetime | None = None,
    device_seq: int | None = None,
) -> None:
    """Keep what the list says now, once. Needs a writing unit.

    `base` is the version that the person had before them, 0 for none; `day` theirs at writing. The same sent again
    changes nothing. Raise `Stale` when another version came meanwhile, `IdTaken` for an id of something else.
    """
    _only_when_open(patient)
    lock_entries(patient.id)  # From here on, one writer at a time for this patient.
    taken = db().get(ToRaise, list_id)
    if taken is not None:
        if taken.patient_id == patient.id and taken.fingerprint == _fingerprint(list_id, wishes):
            return
        raise Stale if taken.patient_id == patient.id else IdTaken
    newest = own_list(patient)
    if (newest.version if newest else 0) != base:
        raise Stale
    moment = recorded_at or clock.now()
    appointment_id, shared_with = _picked(patient, wishes)
    row = ToRaise(
        id=list_id,
        practice_id=patient.practice_id,
        patient_id=patient.id,
        version=base + 1,
        appointment_id=appointment_id,
        shared_with=shared_with,
        about_use=wishes.about_use,
        day=day or clock.moment(moment, patient.zone, patient.day_start_minutes).day,
        recorded_at=moment,
        recorded_seq=next_entry_seq(patient.id),
        device_seq=device_seq,
        fingerprint=_fingerprint(list_id, wishes),
    )
    row.lines = json.dumps(wishes.lines) if wishes.lines else None
    try:
        with db().begin_nested():
            db().add(row)
    except IntegrityError:  # Somebody else's request took the id this very moment.
        raise IdTaken from None


def add_line(patient: Viewer, list_id: uuid.UUID, line: str, *, about_use: bool) -> None:
    """Put one more thing onto the list, once; all else of it stays, and who reads it. Needs a writing unit.

    Raise `TooMany` where it holds three already, `IdTaken` for an id of something else, or of other words of theirs:
    whoever goes back, and asks something else in the same form, has both on the list.
    """
    _only_when_open(patient)
    lock_entries(patient.id)  # Nobody changes it meanwhile, so it cannot be `Stale`.
    taken = db().get(ToRaise, list_id)
    if taken is not None:
        if taken.patient_id != patient.id or line not in json.loads(taken.lines or "[]"):
            raise IdTaken
        return
    newest = own_list(patient)
    lines = newest.lines if newest else ()
    if len(lines) >= MOST_LINES:
        raise TooMany
    wishes = Wishes(
        lines=(*lines, line),
        about_use=about_use or bool(newest and newest.about_use),
        appointment_id=newest.appointment_id if newest else None,
        shares=bool(newest and newest.shared_with),
        reader=newest.shared_with if newest else None,
    )
    save(patient, list_id, wishes, base=newest.version if newest else 0)


def newest_version() -> Select[int]:
    """Return the query of the newest version of a patient's list (`patient_id` is bound to it)."""
    other = aliased(ToRaise)
    return select(func.max(other.version)).where(other.patient_id == bindparam("patient_id"))


def is_kept(list_id: uuid.UUID) -> bool:
    """Whether a list, of whomever, was kept under this id."""
    return db().get(ToRaise, list_id) is not None


def was_saved(patient: Viewer, list_id: uuid.UUID, wishes: Wishes) -> bool:
    """Whether exactly this was kept under this id before."""
    row = db().get(ToRaise, list_id)
    return row is not None and row.patient_id == patient.id and row.fingerprint == _fingerprint(list_id, wishes)


@dataclass(frozen=True, slots=True)
class Readers:
    """Who reads the list, as it is told to the patient: the clinician who is picked, and whether sharing lets them.

    `needed` is what would have to be shared with them for that; `read_at` is when they last read the list as it is now.
    """

    name: str
    may_read: bool
    read_at: datetime | None
    needed: frozenset[Category]


def readers(patient: Viewer, found: Listed | None) -> Readers | None:
    """Return who is picked to read the list, and what comes of it; None while it is the patient's alone."""
    if found is None or found.shared_with is None or not found.lines:
        return None
    standing = receipts.standing(patient, names=True)
    may_read = standing.can_see(found.shared_with, found.day, found.needs)
    name = standing.name_of(found.shared_with)
    return Readers(name, may_read, _read_at(patient, found), found.needs) if name else None


def may_read(patient: Viewer, clinician_id: uuid.UUID, day: date, *, about_use: bool) -> bool:
    """Whether a clinician could read the list of that day, if they were picked: asked before they are."""
    needs = frozenset({Category.NOTES, *([Category.SUBSTANCE_USE] if about_use else [])})
    return receipts.standing(patient).can_see(clinician_id, day, needs)


def as_listed(row: Any) -> Listed:
    """Return a row of `COLUMNS` with `shared_with`, opened; words that are broken say so in their place."""
    text = ""
    if row.lines_sealed is not None:
        text = vault().open_or_say(
            Place(ToRaise.__tablename__, "lines_sealed", row.id, row.patient_id), row.lines_sealed
        )
    lines: Sequence[str] = json.loads(text) if text.startswith("[") else [text] if text else []
    return Listed(
        id=row.id,
        version=row.version,
        lines=tuple(lines),
        about_use=bool(row.about_use),
        appointment_id=row.appointment_id,
        shared_with=row.shared_with,
        day=row.day,
        recorded_seq=row.recorded_seq,
    )


def _picked(patient: Viewer, wishes: Wishes) -> tuple[uuid.UUID | None, uuid.UUID | None]:
    """Return the appointment on which the list hangs, and whom the patient picked: its clinician, while it stands.

    What is no appointment of theirs is as good as none: the words are kept, and nobody reads them.
    """
    if not wishes.shares or wishes.appointment_id is None:
        return None, None
    try:
        one = service.own_appointment(patient, wishes.appointment_id)
    except NotFound:
        return None, None
    is_whom_they_saw = wishes.reader in {None, one.said.clinician_id}
    return wishes.appointment_id, one.said.clinician_id if one.stands and is_whom_they_saw else None


def _read_at(patient: Viewer, found: Listed) -> datetime | None:
    asked = {"patient_id": patient.id, "viewer_id": found.shared_with, "seq": found.recorded_seq}
    read = [row.recorded_at for row in connection().execute(_READINGS, asked) if Category.NOTES in row.categories]
    return read[0] if read else None


def _only_when_open(patient: Viewer) -> None:
    if patient.entries_closed_from is not None:
        raise NotFound


def _fingerprint(list_id: uuid.UUID, wishes: Wishes) -> bytes:
    said = [list(wishes.lines), wishes.about_use, str(wishes.appointment_id), wishes.shares, str(wishes.reader)]
    return vault().keyed_hash("to raise", list_id.bytes + json.dumps(said).encode())
