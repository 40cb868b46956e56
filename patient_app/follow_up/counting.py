"""From which day on a silence counts. It begins anew with every sign of the person, and with all that may explain it.

A sign is all that they write or say: a check-in, a dose that they logged, an exercise, yes or no to one that was given,
a side effect, a visit, a reminder that they marked as done, "I am here", a change to their reminders. Looking at pages
is none: what is told says that there was no check-in, and to look is not to check in. What may explain a silence: a
pause of reminders, being away, an outage of ours, entries that are known to wait on the phone. Where it is in question
whose hands an account is in, nothing is counted at all.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, bindparam, func, select

from patient_app.accounts.models import Person, PersonState
from patient_app.appointments.models import Appointment, AppointmentVersion, ToRaise
from patient_app.checkins.models import CheckIn
from patient_app.core.work import connection
from patient_app.effects.models import ResponseNote, SideEffect
from patient_app.follow_up.models import FollowUp
from patient_app.medications.models import DoseVersion, MedicineVersion
from patient_app.refills.models import SupplyEntry
from patient_app.reminders.models import Occurrence, ReminderOutage, ReminderSettings
from patient_app.safety.models import PlanStep
from patient_app.skills.models import ExerciseAssignment, ExerciseRun

_PATIENT: BindParameter[Any] = bindparam("patient_id")


def _newest(column: Any, *by: Any) -> Any:
    return select(func.max(column)).where(*(owner == _PATIENT for owner in by)).scalar_subquery()


# What a person writes, each by when we got it, and whose it is; of what others can write too, who wrote it.
_WRITTEN: dict[str, Any] = {
    "checked_in_at": _newest(CheckIn.recorded_at, CheckIn.patient_id),
    "logged_at": _newest(DoseVersion.recorded_at, DoseVersion.patient_id),
    "did_at": _newest(ExerciseRun.recorded_at, ExerciseRun.patient_id),
    "answered_at": _newest(ExerciseAssignment.answered_at, ExerciseAssignment.patient_id),
    "noted_at": _newest(SideEffect.recorded_at, SideEffect.patient_id),
    "told_of_week_at": _newest(ResponseNote.recorded_at, ResponseNote.patient_id),
    "planned_at": _newest(PlanStep.recorded_at, PlanStep.patient_id),
    "supplied_at": _newest(SupplyEntry.recorded_at, SupplyEntry.patient_id),
    "changed_medicine_at": _newest(MedicineVersion.recorded_at, MedicineVersion.patient_id, MedicineVersion.author_id),
    "wrote_visit_at": _newest(
        AppointmentVersion.recorded_at, AppointmentVersion.patient_id, AppointmentVersion.author_id
    ),
    "said_of_visit_at": _newest(Appointment.patient_said_at, Appointment.patient_id),
    "raised_at": _newest(ToRaise.recorded_at, ToRaise.patient_id),
    "handled_at": _newest(Occurrence.handled_at, Occurrence.patient_id),
}


_COUNTED = (
    select(
        FollowUp.days,
        FollowUp.since_at,
        FollowUp.here_at,
        FollowUp.away_from,
        FollowUp.away_until,
        FollowUp.waiting_at,
        Person.state,
        Person.entries_closed_until,
        ReminderSettings.paused_until,
        ReminderSettings.changed_at,
        *(newest.label(name) for name, newest in _WRITTEN.items()),
        select(func.max(ReminderOutage.ended_at)).scalar_subquery().label("outage_ended_at"),
    )
    .join(Person, Person.id == FollowUp.patient_id)
    .outerjoin(ReminderSettings, ReminderSettings.patient_id == FollowUp.patient_id)
    .where(FollowUp.patient_id == _PATIENT)
)


@dataclass(frozen=True, slots=True)
class Counted:
    """After how many days there is a word, the last day with a sign of the person, and from which day on it counts.

    Days are civil dates where the person is; `away` while they are, by what they said.
    """

    days: int
    last_sign: date
    since: date
    away: bool

    def silent(self, today: date) -> int:
        """Return how many days of silence there are; less than one where it has not begun."""
        return (today - self.since).days

    @property
    def word_on(self) -> date:
        """The day of the word to the person, if nothing comes until then."""
        return self.since + timedelta(days=self.days)


def count(patient_id: uuid.UUID, zone: ZoneInfo, now: datetime) -> Counted | None:
    """Return how a patient's silence counts now; None for whom nothing is to be done. One SQL statement."""
    row = connection().execute(_COUNTED, {"patient_id": patient_id}).one_or_none()
    if row is None or row.days is None or row.state != PersonState.ACTIVE:
        return None
    if row.entries_closed_until is not None and now < row.entries_closed_until:
        return None
    written = (getattr(row, name) for name in _WRITTEN)
    signs = _moments(row.since_at, row.here_at, row.changed_at, *written)
    last_sign = max(signs).astimezone(zone).date()
    explained = [at.astimezone(zone).date() for at in _moments(row.waiting_at, row.outage_ended_at)]
    explained += [day for day in (row.paused_until, row.away_until) if day is not None]
    today = now.astimezone(zone).date()
    away = row.away_until is not None and (row.away_from or today) <= today < row.away_until
    return Counted(row.days, last_sign, max([last_sign, *explained]), away)


def _moments(*at: datetime | None) -> list[datetime]:
    return [one for one in at if one is not None]
