"""A patient's own appointments, and what reminders ask of them. Reading somebody else's is `reading`'s alone.

For reminders, which stand above: `coming` says when appointments are, by civil date and minute of their own zone,
without opening a word of them; `still_stands` is asked again at the moment of sending. Whoever writes an appointment
tells it by `changed.What.APPOINTMENTS`.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import Boolean, Select, and_, bindparam, or_, select

from patient_app.accounts import teams
from patient_app.appointments.models import Appointment, AppointmentVersion, Source, State
from patient_app.appointments.said import CLINICIAN, COLUMNS, NEWEST, USUAL_MINUTES, Entered, as_entered
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.prepared import Prepared
from patient_app.core.work import connection

_EVER = datetime(1, 1, 1, tzinfo=UTC)
# How far back a page of one's own shows them, and how many at most.
SHOWN_BACK = timedelta(days=366)
MOST_SHOWN = 200
# So long before it begins Today tells of the next one.
NEAR = timedelta(days=2)
# No appointment lasts longer: one that began before that is over.
_LONGEST = timedelta(hours=12)

# The patient's own as this session may see them: one in question after a clinic code sees only what it wrote itself.
OWN = and_(
    Appointment.patient_id == bindparam("patient_id"),
    Appointment.recorded_at >= bindparam("closed_from"),
    or_(bindparam("is_open", type_=Boolean), Appointment.while_closed),
)
_ENTERED: Select[Any] = (
    select(*cast("tuple[Any, ...]", COLUMNS))
    .join(AppointmentVersion, NEWEST)
    .outerjoin(CLINICIAN, CLINICIAN.id == AppointmentVersion.clinician_id)
)
_OWN_ONE = _ENTERED.where(OWN, Appointment.id == bindparam("appointment_id"))
_OWN_ALL = (
    _ENTERED.where(OWN, Appointment.starts_at >= bindparam("since"))
    .order_by(Appointment.starts_at.desc(), Appointment.id)
    .limit(MOST_SHOWN)
)
_OWN_NEXT = Prepared(
    _ENTERED.where(
        OWN,
        Appointment.state != State.CANCELLED,
        Appointment.starts_at >= bindparam("since"),
        Appointment.starts_at <= bindparam("until"),
    )
    .order_by(Appointment.starts_at, Appointment.id)
    .limit(20)
)
_COMING = (
    select(
        Appointment.id,
        AppointmentVersion.version,
        AppointmentVersion.starts_at,
        AppointmentVersion.local_date,
        AppointmentVersion.minute,
        AppointmentVersion.zone,
        AppointmentVersion.minutes,
    )
    .join(AppointmentVersion, NEWEST)
    .where(
        OWN,
        Appointment.state != State.CANCELLED,
        Appointment.local_date >= bindparam("first"),
        Appointment.local_date <= bindparam("last"),
    )
    .order_by(Appointment.starts_at, Appointment.id)
)
_STANDS = select(Appointment.id).where(
    OWN,
    Appointment.id == bindparam("appointment_id"),
    Appointment.starts_at == bindparam("starts_at"),
    Appointment.state != State.CANCELLED,
)


@dataclass(frozen=True, slots=True)
class Coming:
    """When an appointment that stands is, and no word of it: `minute` of the day of `local_date`, both in `zone`."""

    id: uuid.UUID
    version: int
    starts_at: datetime
    local_date: date
    minute: int
    zone: str
    minutes: int | None


@dataclass(frozen=True, slots=True)
class OwnAppointments:
    """What a patient's page shows: what is still to come, the next first, and what was, the latest first.

    `next` is the next one that stands. Among what is to come is also what was cancelled, so that nobody goes there.
    """

    to_come: tuple[Entered, ...]
    past: tuple[Entered, ...]

    @property
    def next(self) -> Entered | None:
        """The next one that stands."""
        return next((one for one in self.to_come if one.stands), None)


def asked_by(patient: Viewer) -> dict[str, Any]:
    """Return what statements with `OWN` want to know of the person who asks."""
    since = patient.entries_closed_from
    return {"patient_id": patient.id, "closed_from": since or _EVER, "is_open": since is None}


# --- one's own -------------------------------------------------------------------------------------------------


def own_appointments(patient: Viewer, now: datetime) -> OwnAppointments:
    """Return the patient's appointments of the last year and to come. One statement."""
    rows = connection().execute(_OWN_ALL, {**asked_by(patient), "since": now - SHOWN_BACK})
    return sorted_out([as_entered(row) for row in rows], now)


def sorted_out(found: Sequence[Entered], now: datetime) -> OwnAppointments:
    """Return appointments as a page shows them; what was cancelled and is over is left out."""
    to_come = sorted((one for one in found if one.ends_at > now), key=lambda one: (one.starts_at, one.id))
    past = [one for one in found if one.ends_at <= now and one.stands]
    return OwnAppointments(tuple(to_come), tuple(sorted(past, key=lambda one: (one.starts_at, one.id), reverse=True)))


def own_appointment(patient: Viewer, appointment_id: uuid.UUID) -> Entered:
    """Return one of the patient's own; raise `NotFound` for "not yours" and "not there" alike."""
    row = connection().execute(_OWN_ONE, {**asked_by(patient), "appointment_id": appointment_id}).one_or_none()
    if row is None:
        raise NotFound
    return as_entered(row)


def next_one(patient: Viewer, now: datetime, within: timedelta | None = None) -> Entered | None:
    """Return the next appointment that stands and is not over, or None; `within`: only one that begins so soon."""
    until = now + (within or timedelta(days=3 * 366))
    asked = {**asked_by(patient), "since": now - _LONGEST, "until": until}
    found = (as_entered(row) for row in _OWN_NEXT.all(connection(), asked))
    return next((one for one in found if one.ends_at > now), None)


def own_to_change(patient: Viewer, appointment_id: uuid.UUID) -> Entered:
    """Return one that the patient may change; raise `NotFound` for any other, what the practice wrote too."""
    one = own_appointment(patient, appointment_id)
    if not may_change(patient, one):
        raise NotFound
    return one


def may_change(patient: Viewer, one: Entered) -> bool:
    """Whether the patient may move or cancel it: what they wrote. What the practice wrote, the practice changes."""
    return one.source is Source.PATIENT


def clinicians_for(patient: Viewer) -> list[teams.TeamMember]:
    """Return the clinicians with whom a patient can write an appointment: their team.

    Nobody is named to a session in question after a clinic code.
    """
    return [] if patient.entries_closed_from is not None else teams.team_of(patient.id)


# --- for reminders ---------------------------------------------------------------------------------------------


def coming(patient: Viewer, first: date, last: date) -> list[Coming]:
    """Return the appointments that stand from one civil date to another, both included, each by its own zone's dates.

    One statement, which opens nothing. A patient of whom nobody is signed in can be asked about too.
    """
    rows = connection().execute(_COMING, {**asked_by(patient), "first": first, "last": last})
    return [Coming(*row) for row in rows]


def still_stands(patient: Viewer, appointment_id: uuid.UUID, starts_at: datetime) -> bool:
    """Whether an appointment still stands and still begins at this instant; asked at the moment of sending."""
    asked = {**asked_by(patient), "appointment_id": appointment_id, "starts_at": starts_at}
    return connection().scalar(_STANDS, asked) is not None


def over_at(one: Coming) -> datetime:
    """Return when it makes no sense any more to speak of it as to come."""
    return one.starts_at + timedelta(minutes=one.minutes or USUAL_MINUTES)
