"""Reminders of what measures how it goes: the two questions of the week, on what the medicines do.

They come at times that the person chose, until that week's note is written. Of a week of which there is nothing to say,
since nothing is taken, nobody is told, nor while medicine is a topic that is put aside. Questionnaires are no part of
this release: once they are, they are added here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from patient_app.core import clock, not_now
from patient_app.effects import prompts, weekly
from patient_app.reminders import schedule, sources
from patient_app.reminders.models import Kind, Reason
from patient_app.reminders.schedule import Slot
from patient_app.reminders.sources import Rule, Whose

# On Sunday, unless the person says otherwise: the note is about a week that was lived.
USUAL_DAYS = (7,)


@dataclass(frozen=True, slots=True)
class _Measures:
    """Times and weekdays that the person chose."""

    window: timedelta

    def slots(self, rule: Rule, whose: Whose, first: date, last: date) -> list[Slot]:
        return schedule.times_slots(rule.times, rule.weekdays, whose.zone, (first, last), self.window)

    def standing(self, rule: Rule, whose: Whose, slot: Slot, now: datetime) -> Reason | datetime | None:
        minute = int(slot.key) if slot.key.isdecimal() else -1
        if minute not in rule.times or slot.local_day.isoweekday() not in rule.weekdays:
            return Reason.OFF
        if not_now.of(whose.as_viewer).covers(prompts.TOPICS):
            return Reason.OFF
        # The week in which it is read: what is written now is the note of that one.
        day = clock.moment(now, whose.zone.key, whose.day_start_minutes).day
        if weekly.own_note(whose.as_viewer, weekly.week_of(day)) is not None:
            return Reason.SETTLED
        medicines, _versions, _hours = whose.regimen()
        return None if prompts.has_something_to_say(medicines, day) else Reason.NOT_NEEDED


sources.add(Kind.MEASURE, _Measures(timedelta(hours=8)))
