"""Reminders of exercises: at times that the person chose; what was done since the one before does not come again.

One that names an exercise that a clinician gave (`only` holds its id) comes while that stands and, by what was asked
for, is not done yet. It rests while the person has its topic put aside.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, case, select, update

from patient_app.core import changed, clock, not_now
from patient_app.core.changed import What
from patient_app.core.errors import NotFound
from patient_app.core.ids import parse_id
from patient_app.core.work import connection
from patient_app.medications.due import instant
from patient_app.reminders import schedule, sources
from patient_app.reminders.models import Kind, Reason, Reminder
from patient_app.reminders.schedule import Slot
from patient_app.reminders.sources import Rule, Whose
from patient_app.skills import assignments
from patient_app.skills.assignments import OwnAssignment
from patient_app.skills.models import ExerciseRun

_DONE = (
    select(ExerciseRun.id)
    .where(
        ExerciseRun.patient_id == bindparam("patient_id"),
        ExerciseRun.removed_at.is_(None),
        ExerciseRun.occurred_at >= bindparam("since"),
        ExerciseRun.occurred_at <= bindparam("now"),
    )
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class _Exercises:
    """Times and weekdays that the person chose; which exercise it is, is not spoken of."""

    window: timedelta

    def slots(self, rule: Rule, whose: Whose, first: date, last: date) -> list[Slot]:
        if rule.only is not None:
            given = _given(rule, whose, first)
            if given is None or not given.stands:
                return []
            last = min(last, given.given.until)
        return schedule.times_slots(rule.times, rule.weekdays, whose.zone, (first, last), self.window)

    def standing(self, rule: Rule, whose: Whose, slot: Slot, now: datetime) -> Reason | datetime | None:
        minute = int(slot.key) if slot.key.isdecimal() else -1
        if minute not in rule.times or slot.local_day.isoweekday() not in rule.weekdays:
            return Reason.OFF
        if rule.only is not None:
            return _standing(rule, whose, now)
        earlier = [one for one in rule.times if one < minute]
        day = clock.moment(slot.due_at, whose.zone.key, whose.day_start_minutes).day
        begins = (slot.local_day, max(earlier)) if earlier else (day, whose.day_start_minutes)
        asked = {
            "patient_id": whose.patient_id,
            "since": instant(*begins, whose.zone),
            "now": now + timedelta(minutes=5),
        }
        return None if connection().scalar(_DONE, asked) is None else Reason.SETTLED


def _given(rule: Rule, whose: Whose, day: date) -> OwnAssignment | None:
    """Return what a reminder names, as it stands on a day; None for what is not there."""
    named = parse_id(rule.only[0]) if rule.only else None
    try:
        return None if named is None else assignments.own_assignment(whose.as_viewer, named, day)
    except NotFound:
        return None


def _standing(rule: Rule, whose: Whose, now: datetime) -> Reason | None:
    day = clock.moment(now, whose.zone.key, whose.day_start_minutes).day
    given = _given(rule, whose, day)
    if given is None or not given.stands or not_now.of(whose.as_viewer).covers(given.given.exercise.topics):
        return Reason.OFF
    return None if given.may_be_reminded else Reason.SETTLED


_SOONER = case((Reminder.next_at < bindparam("at"), Reminder.next_at), else_=bindparam("at"))
_LOOK_AGAIN = (
    update(Reminder)
    .where(
        Reminder.patient_id == bindparam("patient"),
        Reminder.kind == Kind.EXERCISE,
        Reminder.ended_at.is_(None),
    )
    .values(next_at=_SOONER)
)


def look_again(person_id: uuid.UUID) -> None:
    """After something was given, taken back, declined or taken up: look at the reminders of exercises again."""
    connection().execute(_LOOK_AGAIN, {"patient": person_id, "at": clock.now()})


changed.listen(What.ASSIGNMENTS, look_again)
sources.add(Kind.EXERCISE, _Exercises(timedelta(hours=4)))
