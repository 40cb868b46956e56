"""When a reminder is due: times of civil days in, slots out. Pure: no database, no clock of its own.

A slot is named by its civil date and its key. That name never depends on a zone; only its instant does. So a day has
each of its slots once, whatever its clocks do and wherever the person goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from patient_app.medications.due import instant

MINUTES_A_DAY = 1440
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
# How far ahead the next slot is looked for, in days, wider each time; a reminder without one is looked at again later.
_LOOK_AHEAD = (2, 9, 40)
LOOK_AGAIN = timedelta(hours=12)
# Of days before that, nothing is made any more: nobody is helped by a list of last week's reminders.
LOOK_BACK = timedelta(days=1)
# A slot whose follower comes right away, where clocks go forward, still has this long.
SHORTEST_WINDOW = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Slot:
    """One time of one civil day at which a reminder is due; `until` ends the time in which it makes sense."""

    local_day: date
    key: str
    due_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Quiet:
    """Minutes of the civil day between which nothing is sent; over midnight where the first is the later."""

    first: int
    last: int

    def holds(self, minute: int) -> bool:
        """Whether a minute of the day lies in it."""
        if self.first <= self.last:
            return self.first <= minute < self.last
        return minute >= self.first or minute < self.last

    def ends(self, at: datetime, zone: ZoneInfo) -> datetime | None:
        """Return when the quiet hours in which an aware time lies are over; None where it lies in none."""
        wall = at.astimezone(zone)
        minute = wall.hour * 60 + wall.minute
        if not self.holds(minute):
            return None
        day = wall.date() if minute < self.last else wall.date() + timedelta(days=1)
        return max(at, instant(day, self.last, zone))


def times_slots(
    times: Sequence[int], weekdays: Sequence[int], zone: ZoneInfo, days: tuple[date, date], window: timedelta
) -> list[Slot]:
    """Return the slots of times of the day (minutes) on ISO weekdays, from one civil date to another, both included.

    The window of one ends where the next of its day begins, so that no two are sent together late.
    """
    first, last = days
    many = range((last - first).days + 1)
    named = [
        (day, str(minute), instant(day, minute, zone))
        for day in (first + timedelta(days=number) for number in many)
        if day.isoweekday() in weekdays
        for minute in sorted(set(times))
    ]
    return windows(named, window)


def windows(named: Iterable[tuple[date, str, datetime]], window: timedelta) -> list[Slot]:
    """Return slots for dates, keys and instants, in the order of their instants, each with its window."""
    in_order = sorted(named, key=lambda one: (one[2], one[0], one[1]))
    slots = []
    for number, (day, key, due_at) in enumerate(in_order, 1):
        until = due_at + window
        if number < len(in_order):
            until = max(due_at + SHORTEST_WINDOW, min(until, in_order[number][2]))
        slots.append(Slot(day, key, due_at, until))
    return slots


def due_between(
    slots: Callable[[date, date], list[Slot]], zone: ZoneInfo, first: datetime, last: datetime
) -> list[Slot]:
    """Return the slots whose instants lie between two aware times, both included."""
    # A day more on either side: a bedtime after midnight, and zones that change their date.
    begin, end = first.astimezone(zone).date() - timedelta(days=2), last.astimezone(zone).date() + timedelta(days=1)
    return [slot for slot in slots(begin, end) if first <= slot.due_at <= last]


def next_after(slots: Callable[[date, date], list[Slot]], zone: ZoneInfo, after: datetime) -> datetime | None:
    """Return the first instant after an aware time, None where none is near."""
    begin = after.astimezone(zone).date() - timedelta(days=2)
    for days in _LOOK_AHEAD:
        found = [slot.due_at for slot in slots(begin, begin + timedelta(days=days + 2)) if slot.due_at > after]
        if found:
            return min(found)
    return None
