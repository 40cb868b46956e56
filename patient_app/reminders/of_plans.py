"""Reminders of what was planned in exercises: at the day and time that stand in the plan, as it stands now.

Who ticks "Remind me then" beside a plan gets the one reminder of this kind, as discreet as any; it can be paused,
changed and turned off like the others.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast

from sqlalchemy import Insert, Table, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from patient_app.accounts.models import Person
from patient_app.core import changed, clock
from patient_app.core.changed import What
from patient_app.core.ids import new_id
from patient_app.core.work import connection
from patient_app.medications.due import instant
from patient_app.reminders import sources
from patient_app.reminders.making import look_at_derived_again
from patient_app.reminders.models import Kind, Reason, Reminder, Wording
from patient_app.reminders.schedule import EVERY_DAY, Slot
from patient_app.reminders.sources import AT_NO_TIME, Rule, Whose
from patient_app.skills import plans
from patient_app.skills.plans import Planned

_ONE: dict[str, Insert] = {
    name: dialect.insert(cast("Table", Reminder.__table__)).on_conflict_do_nothing()
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}
_PRACTICE = select(Person.practice_id).where(Person.id == bindparam("patient"))


@dataclass(frozen=True, slots=True)
class _Plans:
    """The key names the run, the plan's place in it, and its minute: one that was moved is told of anew."""

    window: timedelta

    def slots(self, rule: Rule, whose: Whose, first: date, last: date) -> list[Slot]:
        found = [_slot(one, whose, self.window) for one in plans.between(whose.patient_id, first, last)]
        return sorted(found, key=lambda slot: (slot.due_at, slot.key))

    def standing(self, rule: Rule, whose: Whose, slot: Slot, now: datetime) -> Reason | datetime | None:
        there = {_key(one) for one in plans.between(whose.patient_id, slot.local_day, slot.local_day)}
        return None if slot.key in there else Reason.OFF


def _slot(one: Planned, whose: Whose, window: timedelta) -> Slot:
    due_at = instant(one.local_date, _minute(one), whose.zone)
    return Slot(one.local_date, _key(one), due_at, due_at + window)


def _key(one: Planned) -> str:
    return f"{one.run_id.hex[-6:]}.{one.place}.{_minute(one)}"


def _minute(one: Planned) -> int:
    return AT_NO_TIME if one.minute is None else one.minute


def want(person_id: uuid.UUID) -> None:
    """After another plan: look at the reminder of plans again, and make it where there is none."""
    now = clock.now()
    if plans.between(person_id, now.date() - timedelta(days=1), date.max):
        row = {
            "id": new_id(),
            "practice_id": connection().scalar(_PRACTICE, {"patient": person_id}),
            "patient_id": person_id,
            "kind": Kind.PLAN,
            "times": [],
            "weekdays": list(EVERY_DAY),
            "wording": Wording.DISCREET,
            "created_at": now,
            "changed_at": now,
            "next_at": now,
        }
        connection().execute(_ONE[connection().dialect.name], row)
    look_at_derived_again(person_id)


sources.add(Kind.PLAN, _Plans(timedelta(hours=3)))
changed.listen(What.PLANS, want)
