"""A patient's appointments for a clinician, through the one door: decided in the query, recorded.

| what                                  | who reads it                                                               |
| ------------------------------------- | -------------------------------------------------------------------------- |
| an appointment                        | the clinician it is with, and who wrote it                                 |
| another's                             | who the patient shares `plan` with, and `substance_use` too where it tells |
|                                       | of that: with an addiction specialist, or marked                           |
| the three things to raise             | the clinician whom the patient picked for the appointment, while `notes`   |
|                                       | are shared with them, and `substance_use` where they are about that        |

All of it only while the patient is on the clinician's list. Supporters read none of it. "See what they see" runs the
same function for what is shared, and records nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind, AccessRecord
from patient_app.accounts.models import Patient, Person, PersonState, TeamMembership
from patient_app.appointments import raising
from patient_app.appointments.models import Appointment, AppointmentVersion, State, Took, ToRaise
from patient_app.appointments.raising import Listed
from patient_app.appointments.said import CLINICIAN, COLUMNS, NEWEST, Entered, as_entered
from patient_app.appointments.service import MOST_SHOWN, SHOWN_BACK, OwnAppointments, sorted_out
from patient_app.consent.categories import Category, Level
from patient_app.consent.decisions import Asker, Grants, Reader, asked_by, asker, grants_of, open_days
from patient_app.core import clock, work
from patient_app.core.clock import moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.reading import people, records
from patient_app.reading.people import Named, plain_rows
from patient_app.reading.service import reader_of

PLAN, USE, NOTES = Category.PLAN, Category.SUBSTANCE_USE, Category.NOTES
# How far back the last visit is looked for.
VISIT_BACK = timedelta(days=366)
NOBODY = uuid.UUID(int=0)


@dataclass(frozen=True, slots=True)
class SharedAppointments:
    """What a clinician sees of a patient's appointments. `raised` is None where the list is not for them."""

    person: Named
    grants: Grants
    found: OwnAppointments
    raised: Listed | None
    today: date

    @property
    def is_open(self) -> bool:
        """Whether visits with others are shared with this reader."""
        return self.grants.level(PLAN) is Level.DETAIL

    @property
    def has_substance_use(self) -> bool:
        """Whether the notice of 42 CFR 2.32 belongs on this view."""
        shown = [*self.found.to_come, *self.found.past]
        return any(one.said.about_use for one in shown) or bool(self.raised and self.raised.about_use)

    def one(self, viewer: Viewer, appointment_id: uuid.UUID) -> Entered:
        """Return one that is with this clinician, who may change it; raise `NotFound` for any other."""
        for one in (*self.found.to_come, *self.found.past):
            if one.id == appointment_id and one.said.clinician_id == viewer.id:
                return one
        raise NotFound


@dataclass(frozen=True, slots=True)
class Visits:
    """A clinician's own last visit with a patient that took place, and the next that stands; None where there is none.

    Both are local times (naive) of the appointment's own zone; `last_on` is the date of the last.
    """

    last: datetime | None = None
    next: datetime | None = None

    @property
    def last_on(self) -> date | None:
        """The date of the last visit."""
        return None if self.last is None else self.last.date()


@dataclass(frozen=True, slots=True)
class TodaysVisit:
    """One line of a clinician's day: their own appointments with patients on their list."""

    person: Named
    local_time: datetime
    minutes: int | None
    state: State
    clinic_says: Took | None


def read_appointments(viewer: Viewer, patient_id: uuid.UUID) -> SharedAppointments:
    """Return what this clinician may see of a patient's appointments, and record the reading.

    Raise `NotFound` when the patient is not on the clinician's list.
    """
    with work.aside():
        person = people.one_of_list(viewer, patient_id)
    if person is None:
        raise NotFound
    reader, held = reader_of(viewer), records.hold([patient_id])
    grants = grants_of(reader, [patient_id]).get(patient_id, Grants())
    asked = _asked(reader, patient_id, grants, viewer.id)
    raised = _raised(plain_rows(_lists(asker(reader)), asked))
    shared = SharedAppointments(person, grants, _found(reader, asked), raised, _today(person))
    _record(viewer, shared, held)
    return shared


def preview(patient: Viewer, reader: Reader, grants: Grants) -> SharedAppointments:
    """Return what a recipient would see of the patient's own visits: the same function, and no record.

    `grants` are those of that recipient, as `grants_of` gives them. The picture of one person has the visits with
    them, and what they were picked to read; that of a whole discipline has neither.
    """
    if reader.preview_of != patient.id:
        raise NotFound
    person = Named(patient.id, patient.name, zone=patient.zone, day_start_minutes=patient.day_start_minutes)
    asked = _asked(reader, patient.id, grants, reader.id or NOBODY)
    raised = _raised(plain_rows(_lists(asker(reader)), asked))
    return SharedAppointments(person, grants, _found(reader, asked), raised, _today(person))


def _asked(reader: Reader, patient_id: uuid.UUID, grants: Grants, viewer_id: uuid.UUID) -> dict[str, Any]:
    return {
        **asked_by(reader),
        "patient_id": patient_id,
        "viewer_id": viewer_id,
        "consent_ids": grants.consent_ids,
        "level": Level.DETAIL,
    }


def _found(reader: Reader, asked: dict[str, Any]) -> OwnAppointments:
    now = clock.now()
    rows = plain_rows(_appointments(asker(reader)), {**asked, "since": now - SHOWN_BACK})
    return sorted_out([as_entered(row) for row in rows], now)


def _today(person: Named) -> date:
    return moment(clock.now(), person.zone, person.day_start_minutes).day


def _record(viewer: Viewer, shared: SharedAppointments, held: records.Held) -> None:
    """Record the reading: under the consents that opened something, or without where all of it is the clinician's."""
    others = [
        one
        for one in (*shared.found.to_come, *shared.found.past)
        if viewer.id not in {one.said.clinician_id, one.author_id}
    ]
    relied = {PLAN} if others else set()
    relied |= {NOTES} if shared.raised else set()
    if any(one.said.about_use for one in others) or (shared.raised and shared.raised.about_use):
        relied.add(USE)
    dates = [one.said.start.local_date for one in (*shared.found.to_come, *shared.found.past)] or [shared.today]
    on_page = {shared.person.id: records.only(shared.grants, relied)}
    readings = records.readings(viewer, on_page, AccessKind.APPOINTMENTS, (min(dates), max(dates)), held)
    access_log.record(readings, held.chains)


def to_enter(viewer: Viewer, patient_id: uuid.UUID) -> Named:
    """Return the patient with whom this clinician may enter an appointment: one on their list; else `NotFound`.

    Nothing of the patient's is in it but who they are, so no reading is recorded.
    """
    person = people.one_of_list(viewer, patient_id)
    if person is None:
        raise NotFound
    return person


def visits(viewer: Viewer, patient_id: uuid.UUID) -> Visits:
    """Return this clinician's own last and next visit with a patient whose page they read now. One statement.

    Their own appointments alone, which they know whatever is shared; whoever reads the page records that.
    """
    now = clock.now()
    asked = {"patient_id": patient_id, "viewer_id": viewer.id, "since": now - VISIT_BACK}
    rows = plain_rows(_OWN_VISITS, asked)
    kept = [row for row in rows if row.starts_at <= now and (row.clinic_says or row.patient_says) == Took.KEPT]
    coming = [row for row in rows if row.starts_at > now]
    return Visits(
        last=_wall(max(kept, key=lambda row: row.starts_at)) if kept else None,
        next=_wall(min(coming, key=lambda row: row.starts_at)) if coming else None,
    )


def todays_visits(viewer: Viewer) -> tuple[TodaysVisit, ...]:
    """Return this clinician's own appointments of today by their clock, the earliest first; cancelled ones too.

    Whom they meet and when is theirs to know, so it rests on no consent; that they looked is recorded of each patient
    once a day all the same. Opened again it waits for no writer.
    """
    zone = clock.find_zone(viewer.zone)
    begins = clock.now().astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    asked = {
        "viewer_id": viewer.id,
        "practice_id": viewer.practice_id,
        "since": begins,
        "until": (begins + timedelta(days=1)).replace(fold=0),
    }
    with work.aside():
        rows, recorded = plain_rows(_OF_DAY, asked), _recorded_today(viewer)
        unrecorded = {row.patient_id for row in rows} - recorded
    if unrecorded:
        held = records.hold(unrecorded)
        # As it is now that nobody writes; who came in this very moment is there the next time.
        shown = recorded | held.chains.keys()
        rows = [row for row in plain_rows(_OF_DAY, asked) if row.patient_id in shown]
        _record_day(viewer, {row.patient_id for row in rows} - _recorded_today(viewer), begins.date(), held)
    # Whoever's key is gone is left out.
    known = {person.id: person for person in people.named(viewer, rows)}
    return tuple(
        TodaysVisit(
            person=known[row.patient_id],
            local_time=row.starts_at.astimezone(zone).replace(tzinfo=None),
            minutes=row.minutes,
            state=State(row.state),
            clinic_says=Took(row.clinic_says) if row.clinic_says else None,
        )
        for row in rows
        if row.patient_id in known
    )


def _recorded_today(viewer: Viewer) -> set[uuid.UUID]:
    asked = {"viewer_id": viewer.id, "on_day": clock.now().date()}
    return {row.patient_id for row in plain_rows(_RECORDED, asked)}


def _record_day(viewer: Viewer, patients: set[uuid.UUID], day: date, held: records.Held) -> None:
    on_page = {one: Grants() for one in patients}
    access_log.record(records.readings(viewer, on_page, AccessKind.VISITS, (day, day), held), held.chains)


def _wall(row: Any) -> datetime:
    return cast("datetime", (row.starts_at + timedelta(minutes=row.utc_offset)).replace(tzinfo=None))


def _raised(rows: Sequence[Any]) -> Listed | None:
    return raising.as_listed(rows[0]) if rows and rows[0].lines_sealed is not None else None


_OWN_VISITS = (
    select(
        Appointment.starts_at,
        Appointment.patient_says,
        Appointment.clinic_says,
        AppointmentVersion.utc_offset,
    )
    .join(AppointmentVersion, NEWEST)
    .where(
        Appointment.patient_id == bindparam("patient_id"),
        Appointment.clinician_id == bindparam("viewer_id"),
        Appointment.while_closed.is_(False),
        Appointment.state != State.CANCELLED,
        Appointment.starts_at >= bindparam("since"),
    )
    .order_by(Appointment.starts_at.desc())
    .limit(100)
)
_OF_DAY = (
    select(
        Appointment.patient_id,
        Appointment.state,
        Appointment.starts_at,
        Appointment.clinic_says,
        AppointmentVersion.minutes,
        *people.WHO,
    )
    .join(AppointmentVersion, NEWEST)
    .join(Person, Person.id == Appointment.patient_id)
    .join(Patient, Patient.person_id == Person.id)
    .where(
        Appointment.clinician_id == bindparam("viewer_id"),
        Appointment.practice_id == bindparam("practice_id"),
        Appointment.while_closed.is_(False),
        Appointment.starts_at >= bindparam("since"),
        Appointment.starts_at < bindparam("until"),
        Person.state != PersonState.CLOSED,
        Appointment.patient_id.in_(
            select(TeamMembership.patient_id).where(
                TeamMembership.clinician_id == bindparam("viewer_id"), TeamMembership.ended_at.is_(None)
            )
        ),
    )
    .order_by(Appointment.starts_at, Appointment.id)
    .limit(MOST_SHOWN)
)


_RECORDED = select(AccessRecord.patient_id).where(
    AccessRecord.viewer_id == bindparam("viewer_id"),
    AccessRecord.on_day == bindparam("on_day"),
    AccessRecord.kind == AccessKind.VISITS,
)


@lru_cache(maxsize=32)
def _appointments(kind: Asker) -> Select[Any]:
    opened = open_days(kind, (PLAN, USE))
    day = AppointmentVersion.day
    shared = and_(opened.c[PLAN] <= day, or_(AppointmentVersion.about_use.is_(False), opened.c[USE] <= day))
    is_own = or_(
        AppointmentVersion.clinician_id == bindparam("viewer_id"),
        AppointmentVersion.author_id == bindparam("viewer_id"),
    )
    return (
        select(*cast("tuple[Any, ...]", COLUMNS))
        .join(AppointmentVersion, NEWEST)
        .outerjoin(CLINICIAN, CLINICIAN.id == AppointmentVersion.clinician_id)
        .outerjoin(opened, opened.c.patient_id == Appointment.patient_id)
        .where(
            Appointment.patient_id == bindparam("patient_id"),
            Appointment.while_closed.is_(False),
            Appointment.starts_at >= bindparam("since"),
            or_(is_own, shared),
        )
        .order_by(Appointment.starts_at.desc(), Appointment.id)
        .limit(MOST_SHOWN)
    )


@lru_cache(maxsize=32)
def _lists(kind: Asker) -> Select[Any]:
    """Return the statement for the list of things to raise, as it is now and only if it is for this reader."""
    opened = open_days(kind, (NOTES, USE))
    columns: tuple[Any, ...] = (*raising.COLUMNS, ToRaise.shared_with)
    return (
        select(*columns)
        .join(opened, opened.c.patient_id == ToRaise.patient_id)
        .join(Appointment, raising.IS_PICKED)
        .where(
            ToRaise.patient_id == bindparam("patient_id"),
            ToRaise.shared_with == bindparam("viewer_id"),
            ToRaise.version == _newest_version(),
            opened.c[NOTES] <= ToRaise.day,
            or_(ToRaise.about_use.is_(False), opened.c[USE] <= ToRaise.day),
        )
        .limit(1)
    )


def _newest_version() -> ColumnElement[int]:
    return raising.newest_version().scalar_subquery()
