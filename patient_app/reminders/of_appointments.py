"""Reminders of appointments: their times follow from when the appointments are, as those stand now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from patient_app.appointments import service as appointments
from patient_app.appointments.service import Coming
from patient_app.core import clock
from patient_app.medications.due import instant
from patient_app.reminders import sources
from patient_app.reminders.models import Kind, Reason
from patient_app.reminders.schedule import MINUTES_A_DAY, Slot
from patient_app.reminders.sources import Rule, Whose


@dataclass(frozen=True, slots=True)
class _Appointments:
    """So long before each appointment as the person chose; a day before is at the same time of the clock.

    The key names the appointment, when it is and how long before: one that was moved is told of anew, and one of which
    only the place was changed is the same.
    """

    window: timedelta

    def slots(self, rule: Rule, whose: Whose, first: date, last: date) -> list[Slot]:
        found = []
        widest = timedelta(minutes=max(rule.times, default=0)) + timedelta(days=2)
        for one in appointments.coming(whose.as_viewer, first - timedelta(days=1), last + widest):
            for lead in rule.times:
                due_at = _before(one, lead)
                day = due_at.astimezone(whose.zone).date()
                if first <= day <= last and due_at < one.starts_at:
                    found.append(Slot(day, _key(one, lead), due_at, min(one.starts_at, due_at + self.window)))
        return sorted(found, key=lambda slot: (slot.due_at, slot.key))

    def standing(self, rule: Rule, whose: Whose, slot: Slot, now: datetime) -> Reason | datetime | None:
        for one in appointments.coming(
            whose.as_viewer, slot.local_day - timedelta(days=1), slot.local_day + timedelta(days=9)
        ):
            lead = int(slot.key.rpartition(".")[2])
            # By the key alone it could have been moved by whole days.
            if slot.key == _key(one, lead) and slot.due_at == _before(one, lead):
                return Reason.OFF if lead not in rule.times else Reason.TOO_LATE if now >= one.starts_at else None
        return Reason.OFF


def _key(one: Coming, lead: int) -> str:
    minute = int(one.starts_at.timestamp()) // 60 % MINUTES_A_DAY
    return f"{one.id.hex[-6:]}.{minute:03x}.{lead}"


def _before(one: Coming, lead: int) -> datetime:
    days, minutes = divmod(lead, MINUTES_A_DAY)
    zone = clock.find_zone(one.zone) or ZoneInfo("UTC")
    return instant(one.local_date - timedelta(days=days), one.minute, zone) - timedelta(minutes=minutes)


sources.add(Kind.APPOINTMENT, _Appointments(timedelta(hours=8)))
