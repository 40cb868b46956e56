"""Writing appointments: by the patient, by the clinician, from the clinic's list. Each change is a version.

Whoever calls this has asked whether the author may write about this patient. A change names the version that was shown
(`base`); one that is not the newest any more is refused with both shown, so that nobody overwrites what another wrote.
Whether it took place is said by each side for itself.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import and_, bindparam, select
from sqlalchemy.exc import IntegrityError

from patient_app.accounts.entry_order import lock_entries, next_entry_seq
from patient_app.accounts.models import Person
from patient_app.appointments.models import Appointment, AppointmentVersion, Source, State, Took
from patient_app.appointments.said import Said
from patient_app.core import changed, clock
from patient_app.core.changed import What
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import connection, db, vault

_OF_ONE = and_(
    AppointmentVersion.patient_id == bindparam("patient_id"),
    AppointmentVersion.appointment_id == bindparam("appointment_id"),
)
_SAID = select(AppointmentVersion.id).where(_OF_ONE, AppointmentVersion.fingerprint == bindparam("mark")).limit(1)
_BEFORE = select(Person.id, Person.discipline).where(
    Person.id.in_(select(AppointmentVersion.clinician_id).where(_OF_ONE))
)


class IdTaken(Exception):
    """The id is of something else."""


class Stale(Exception):
    """It was changed meanwhile, or was entered with other words; nothing was written."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes, of which patient, on which day of the patient; `in_question`: in a session after a clinic code."""

    person_id: uuid.UUID
    practice_id: uuid.UUID
    patient_id: uuid.UUID
    source: Source
    day: date
    in_question: bool = False

    @classmethod
    def patient(cls, patient: Viewer, day: date | None = None) -> Author:
        """The patient, about themselves; `day` where it was written on another one than today."""
        day = day or clock.moment(clock.now(), patient.zone, patient.day_start_minutes).day
        in_question = patient.entries_closed_from is not None
        return cls(patient.id, patient.practice_id, patient.id, Source.PATIENT, day, in_question)

    @classmethod
    def clinician(cls, clinician: Viewer, patient_id: uuid.UUID, day: date) -> Author:
        """A clinician; `day` is the patient's."""
        return cls(clinician.id, clinician.practice_id, patient_id, Source.CLINICIAN, day)

    @classmethod
    def of_list(cls, administrator: Viewer, patient_id: uuid.UUID, day: date) -> Author:
        """An administrator with the clinic's list; `day` is the patient's."""
        return cls(administrator.id, administrator.practice_id, patient_id, Source.LIST, day)


def enter(author: Author, appointment_id: uuid.UUID, said: Said, *, list_index: bytes | None = None) -> None:
    """Keep a new appointment once. Needs a writing unit.

    The same id with the same words changes nothing. Raise `Stale` for the id of an appointment of this patient that
    says something else, and `IdTaken` for one of anything else.
    """
    lock_entries(author.patient_id)  # From here on, one writer at a time for this patient.
    known = db().get(Appointment, appointment_id)
    if known is not None:
        if known.patient_id != author.patient_id or known.while_closed != author.in_question:
            raise IdTaken
        if any(one.fingerprint == fingerprint(said) for one in versions(appointment_id)):
            return
        raise Stale
    row = Appointment(
        id=appointment_id,
        practice_id=author.practice_id,
        patient_id=author.patient_id,
        source=author.source,
        list_index=list_index,
        recorded_at=clock.now(),
        while_closed=author.in_question,
        **_now_true(said, 1, State.CANCELLED if said.cancelled else State.PLANNED),
    )
    try:
        with db().begin_nested():
            db().add(row)
    except IntegrityError:  # Somebody else's request took the id this very moment.
        raise IdTaken from None
    _add_version(author, row, said)


def change(author: Author, appointment_id: uuid.UUID, said: Said, *, base: int) -> None:
    """Keep what is true of an appointment from now on, as a new version. What is said already changes nothing.

    The mark "about alcohol or drugs" (42 CFR Part 2) stays: no list takes it away, nor a clinician that of the patient.
    Raise `NotFound` for one of another patient, and `Stale` where `base` is not the newest version.
    """
    lock_entries(author.patient_id)
    row = db().get(Appointment, appointment_id)
    if row is None or row.patient_id != author.patient_id:
        raise NotFound
    known = versions(appointment_id)
    said = replace(said, about_use=said.about_use or _stays_marked(author, known))
    mark = fingerprint(said)
    # As it is now, or the very change that this page made before: it came twice.
    if any(one.fingerprint == mark for one in known if one.version in {row.newest_version, base + 1}):
        return
    if base != row.newest_version:
        raise Stale
    for name, value in _now_true(said, row.newest_version + 1, _state(known, said)).items():
        setattr(row, name, value)
    _add_version(author, row, said)


def say(author: Author, appointment_id: uuid.UUID, word: Took | None) -> None:
    """Keep whether an appointment took place by the word of the author's side; None takes that word back.

    The other side's word stays as it is. Said twice is said once. Raise `NotFound` for one of another patient, and
    `Stale` for one that is cancelled or has not begun.
    """
    lock_entries(author.patient_id)
    row = db().get(Appointment, appointment_id)
    if row is None or row.patient_id != author.patient_id:
        raise NotFound
    if row.state == State.CANCELLED or row.starts_at > clock.now():
        raise Stale
    said_at = None if word is None else clock.now()
    if author.source is Source.PATIENT:
        if row.patient_says != word:
            row.patient_says, row.patient_said_at = word, said_at
    elif row.clinic_says != word:
        row.clinic_says, row.clinic_said_at = word, said_at
        row.clinic_said_by = None if word is None else author.person_id


def versions(appointment_id: uuid.UUID) -> Sequence[AppointmentVersion]:
    """Return the versions of an appointment, the oldest first."""
    query = select(AppointmentVersion).where(AppointmentVersion.appointment_id == appointment_id)
    return db().scalars(query.order_by(AppointmentVersion.version)).all()


def was_said(patient_id: uuid.UUID, appointment_id: uuid.UUID, said: Said) -> bool:
    """Whether exactly this was kept of a patient's appointment before."""
    asked = {"patient_id": patient_id, "appointment_id": appointment_id, "mark": fingerprint(said)}
    return connection().scalar(_SAID, asked) is not None


def clinicians_before(patient_id: uuid.UUID, appointment_id: uuid.UUID) -> dict[uuid.UUID, Discipline | None]:
    """Return with which clinicians a patient's appointment was, now or before, on the team or not."""
    rows = connection().execute(_BEFORE, {"patient_id": patient_id, "appointment_id": appointment_id})
    return {row.id: Discipline(row.discipline) if row.discipline else None for row in rows}


def fingerprint(said: Said) -> bytes:
    """Return by what the same words are known again; useless without the key store."""
    start = [said.start.at.isoformat(), said.start.zone, said.minutes]
    told = [*start, str(said.clinician_id), said.who, said.place, said.link, said.about_use, said.cancelled]
    return vault().keyed_hash("appointment", json.dumps(told).encode())


def _stays_marked(author: Author, known: Sequence[AppointmentVersion]) -> bool:
    """Whether the mark "about alcohol or drugs" stays: a list takes none away, a clinician not that of the patient."""
    if author.source is Source.PATIENT:
        return False
    by_patient = [one.about_use for one in known if one.source == Source.PATIENT]
    return known[-1].about_use if author.source is Source.LIST else bool(by_patient and by_patient[-1])


def _state(known: Sequence[AppointmentVersion], said: Said) -> State:
    if said.cancelled:
        return State.CANCELLED
    return State.PLANNED if known[0].starts_at == said.start.at else State.MOVED


def _now_true(said: Said, version: int, state: State) -> dict[str, object]:
    """Return what the newest version says of what is asked of an appointment in queries."""
    return {
        "newest_version": version,
        "state": state,
        "starts_at": said.start.at,
        "local_date": said.start.local_date,
        "clinician_id": said.clinician_id,
        "about_use": said.about_use,
    }


def _add_version(author: Author, appointment: Appointment, said: Said) -> None:
    row = AppointmentVersion(
        id=new_id(),
        appointment_id=appointment.id,
        patient_id=author.patient_id,
        version=appointment.newest_version,
        author_id=author.person_id,
        source=author.source,
        day=author.day,
        recorded_at=clock.now(),
        recorded_seq=next_entry_seq(author.patient_id),
        fingerprint=fingerprint(said),
        state=appointment.state,
        clinician_id=said.clinician_id,
        about_use=said.about_use,
        starts_at=said.start.at,
        local_date=said.start.local_date,
        minute=said.start.minute,
        utc_offset=said.start.utc_offset,
        zone=said.start.zone,
        minutes=said.minutes,
    )
    row.place, row.link, row.who = said.place, said.link, said.who
    db().add(row)
    changed.tell(What.APPOINTMENTS, author.patient_id)
