"""What a person does with a reminder that came: done, or later. Both may arrive twice, late, and from two devices."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select

from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.work import db
from patient_app.medications.dose_log import Slot
from patient_app.reminders import sources
from patient_app.reminders.models import Handled, Kind, Occurrence, Reminder, State
from patient_app.reminders.sources import Rule, Whose

LATER_MINUTES = (10, 30, 60)
MOST_ROUNDS = 3
# Put off is put off from now; so long after that it still makes sense.
AFTER_PUTTING_OFF = timedelta(hours=1)


class PutOffTooOften(Exception):
    """It was put off as often as that can be done."""


def settle(patient_id: uuid.UUID, occurrence_id: uuid.UUID, how: Handled) -> Occurrence:
    """Keep that a reminder is done, once; the first word stays. Needs a writing unit.

    Raise `NotFound` for one that is not this patient's. Logging what it was about is the caller's.
    """
    occurrence = _own(patient_id, occurrence_id)
    if occurrence.handled_at is None:
        occurrence.handled_at, occurrence.handled_how = clock.now(), how
        if occurrence.act_at is not None:
            # Nothing more is sent; what is on its way right now cannot be called back.
            occurrence.state = State.SENT if occurrence.sent_at else State.LISTED
            occurrence.act_at = occurrence.claim = None
    return occurrence


def put_off(patient_id: uuid.UUID, occurrence_id: uuid.UUID, minutes: int) -> datetime | None:
    """Have a reminder come again in some minutes; return when, None where it was settled before. Needs a writing unit.

    A second time for the same, while it waits, changes nothing. Raise `NotFound` for one that is not this patient's, or
    a time that is not offered, `PutOffTooOften` after `MOST_ROUNDS`.
    """
    if minutes not in LATER_MINUTES:
        raise NotFound
    occurrence = _own(patient_id, occurrence_id)
    now = clock.now()
    if occurrence.handled_at is not None:
        return None
    if occurrence.round and occurrence.state == State.WAITING and occurrence.act_at and occurrence.act_at > now:
        return occurrence.act_at
    if occurrence.round >= MOST_ROUNDS:
        raise PutOffTooOften
    again = now + timedelta(minutes=minutes)
    occurrence.round += 1
    occurrence.state, occurrence.reason, occurrence.claim, occurrence.attempts = State.WAITING, None, None, 0
    occurrence.act_at, occurrence.until = again, max(occurrence.until, again + AFTER_PUTTING_OFF)
    return again


def doses_of(whose: Whose, occurrence: Occurrence) -> list[Slot]:
    """Return the doses that an occurrence is about, as the plan is now; none for another kind."""
    if occurrence.kind != Kind.DOSES:
        return []
    rule = rule_of(occurrence)
    due = sources.doses_at(rule, whose, occurrence.local_day, occurrence.slot)
    return [Slot(uuid.UUID(dose.medicine), dose.local_date, dose.slot) for dose in due]


def rule_of(occurrence: Occurrence) -> Rule:
    """Return what the reminder of an occurrence says of its times."""
    row = db().get_one(Reminder, occurrence.reminder_id)
    return Rule(row.id, Kind(row.kind), row.times, row.weekdays, row.only)


def _own(patient_id: uuid.UUID, occurrence_id: uuid.UUID) -> Occurrence:
    query = select(Occurrence).where(Occurrence.id == occurrence_id, Occurrence.patient_id == patient_id)
    found = db().scalar(query.with_for_update())
    if found is None:
        raise NotFound
    return found
