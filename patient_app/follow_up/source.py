"""The word to the person: a reminder like the others, once for each silence, at one time of the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from patient_app.core import clock
from patient_app.follow_up import counting
from patient_app.follow_up.counting import Counted
from patient_app.reminders import schedule, sources
from patient_app.reminders.models import Kind, Reason
from patient_app.reminders.schedule import EVERY_DAY, Slot
from patient_app.reminders.sources import Rule, Whose

# When the word comes: late enough for whoever sleeps long, early enough to reach somebody on that day.
AT = 11 * 60


@dataclass(frozen=True, slots=True)
class _Quiet:
    window: timedelta

    def slots(self, rule: Rule, whose: Whose, first: date, last: date) -> list[Slot]:
        counted = _counted(whose)
        if counted is None or not first <= counted.word_on <= last:
            return []
        day = counted.word_on
        return schedule.times_slots(rule.times, EVERY_DAY, whose.zone, (day, day), self.window)

    def standing(self, rule: Rule, whose: Whose, slot: Slot, now: datetime) -> Reason | datetime | None:
        counted = counting.count(whose.patient_id, whose.zone, now)
        if counted is None:
            return Reason.OFF
        if counted.away:
            return Reason.PAUSED
        return None if counted.word_on == slot.local_day else Reason.NOT_NEEDED


def _counted(whose: Whose) -> Counted | None:
    return counting.count(whose.patient_id, whose.zone, clock.now())


sources.add(Kind.FOLLOW_UP, _Quiet(timedelta(hours=10)))
