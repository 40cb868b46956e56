"""What a person does with a reminder that came: done, or later. Both may arrive twice, late, and from two devices."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select

from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.work import db
from patient_app.medications import dose_log
from patient_app.medications.dose_log import Slot
from patient_app.reminders import own, sources
from patient_app.reminders.models import Handled, Kind, Occurrence, Reminder, State
from patient_app.reminders.sources import Rule, Whose

LATER_MINUTES = (10, 30, 60)
MOST_ROUNDS = 3
# Put off is put off from now; so long after that it still makes sense.
AFTER_PUTTING_OFF = timedelta(hours=1)


_OF_DOSES = (
    select(Occurrence)
    .where(
        Occurrence.patient_id == bindparam("patient_id"),
        Occurrence.kind == Kind.DOSES,
        Occurrence.local_day.in_(bindparam("days", expanding=True)),
    )
    .order_by(Occurrence.id)
    .with_for_update()
)


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
    _come_again(occurrence, again)
    return again


def follow_put_off(patient: Viewer, put_off: Mapping[Slot, datetime]) -> None:
    """Send the reminder of doses that were put off in the list again, at the time that was chosen there.

    As often as the person puts them off; of doses that are due together, at the soonest of their times. One that waits
    to be sent for the first time waits by itself: the engine asks the log. Needs a writing unit.
    """
    now = clock.now()
    to_come = {slot: until for slot, until in put_off.items() if until > now}
    if not to_come or patient.entries_closed_from is not None:
        return
    whose = own.whose(patient)
    asked = {"patient_id": patient.id, "days": sorted({slot.plan_date for slot in to_come})}
    for occurrence in db().scalars(_OF_DOSES, asked):
        again = min((to_come[slot] for slot in doses_of(whose, occurrence) if slot in to_come), default=None)
        is_untold = occurrence.state == State.WAITING and occurrence.round == occurrence.attempts == 0
        if again is not None and not is_untold:
            _come_again(occurrence, again)


def _come_again(occurrence: Occurrence, again: datetime) -> None:
    """Send it once more at a time: in a round of its own, unless the one of now was not begun."""
    waits_unsent = occurrence.state == State.WAITING and not occurrence.attempts
    occurrence.round += not waits_unsent
    occurrence.state, occurrence.reason, occurrence.claim, occurrence.attempts = State.WAITING, None, None, 0
    occurrence.handled_at = occurrence.handled_how = None
    occurrence.act_at, occurrence.until = again, max(occurrence.until, again + AFTER_PUTTING_OFF)


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


dose_log.when_put_off(follow_put_off)
