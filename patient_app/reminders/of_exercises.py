"""Reminders of exercises: at times that the person chose; what was done since the one before does not come again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, select

from patient_app.core import clock
from patient_app.core.work import connection
from patient_app.medications.due import instant
from patient_app.reminders import schedule, sources
from patient_app.reminders.models import Kind, Reason
from patient_app.reminders.schedule import Slot
from patient_app.reminders.sources import Rule, Whose
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
        return schedule.times_slots(rule.times, rule.weekdays, whose.zone, (first, last), self.window)

    def standing(self, rule: Rule, whose: Whose, slot: Slot, now: datetime) -> Reason | datetime | None:
        minute = int(slot.key) if slot.key.isdecimal() else -1
        if minute not in rule.times or slot.local_day.isoweekday() not in rule.weekdays:
            return Reason.OFF
        earlier = [one for one in rule.times if one < minute]
        day = clock.moment(slot.due_at, whose.zone.key, whose.day_start_minutes).day
        begins = (slot.local_day, max(earlier)) if earlier else (day, whose.day_start_minutes)
        asked = {
            "patient_id": whose.patient_id,
            "since": instant(*begins, whose.zone),
            "now": now + timedelta(minutes=5),
        }
        return None if connection().scalar(_DONE, asked) is None else Reason.SETTLED


sources.add(Kind.EXERCISE, _Exercises(timedelta(hours=4)))
