"""From which day on a silence counts. It begins anew with every sign of the person, and with all that may explain it.

A sign is what they write or say: a check-in, a dose that they logged, a reminder that they marked as done, "I am here",
a change to their reminders. Looking at pages is none: what is told says that there was no check-in, and to look is not
to check in. What may explain a silence: a pause of reminders, being away, an outage of ours, entries that are known to
wait on the phone. Where it is in question whose hands an account is in, nothing is counted at all.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, bindparam, func, select

from patient_app.accounts.models import Person, PersonState
from patient_app.checkins.models import CheckIn
from patient_app.core.work import connection
from patient_app.follow_up.models import FollowUp
from patient_app.medications.models import DoseVersion
from patient_app.reminders.models import Occurrence, ReminderOutage, ReminderSettings

_PATIENT: BindParameter[Any] = bindparam("patient_id")


def _newest(column: Any, owner: Any) -> Any:
    return select(func.max(column)).where(owner == _PATIENT).scalar_subquery()


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
        _newest(CheckIn.recorded_at, CheckIn.patient_id).label("checked_in_at"),
        _newest(DoseVersion.recorded_at, DoseVersion.patient_id).label("logged_at"),
        _newest(Occurrence.handled_at, Occurrence.patient_id).label("handled_at"),
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
    signs = _moments(row.since_at, row.here_at, row.changed_at, row.checked_in_at, row.logged_at, row.handled_at)
    last_sign = max(signs).astimezone(zone).date()
    explained = [at.astimezone(zone).date() for at in _moments(row.waiting_at, row.outage_ended_at)]
    explained += [day for day in (row.paused_until, row.away_until) if day is not None]
    today = now.astimezone(zone).date()
    away = row.away_until is not None and (row.away_from or today) <= today < row.away_until
    return Counted(row.days, last_sign, max([last_sign, *explained]), away)


def _moments(*at: datetime | None) -> list[datetime]:
    return [one for one in at if one is not None]
