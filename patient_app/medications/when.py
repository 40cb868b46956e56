"""When doses are looked at, put off, and said to have been taken. Pure: no database, no clock of its own.

A dose belongs to the civil date of its plan. The list of a day is that of the person's day, which begins some hours
after midnight: so in the night it is still the list of the evening before.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from patient_app.core import clock
from patient_app.core.clock import Moment
from patient_app.medications.due import DueDose, Version, at, due_doses, instant
from patient_app.medications.schedule import MINUTES_A_DAY, Anchor, Hours, minute_of

# How long back doses can be written down.
PAST_DAYS = 14
# A phone's clock and ours differ a little; a time that is no further ahead than this is now.
_AHEAD = timedelta(minutes=5)


class Later(StrEnum):
    """For how long a dose can be put off."""

    TEN_MINUTES = "10"
    HALF_AN_HOUR = "30"
    HOUR = "60"
    TWO_HOURS = "120"
    EVENING = "evening"


def on_list(versions: Iterable[Version], now: Moment, day_start_minutes: int, hours: Hours) -> list[DueDose]:
    """Return the doses on the list of this moment, in their order, each once.

    All of the person's day. Of the date before, those of the night after it that fall into this day: whoever goes to
    bed at nine in the morning. After midnight, while the day has not turned, those of the new date that are due before
    it turns; but none that is due at no time, since the day that it is for has not begun.
    """
    # Two days back: where a country crosses the date line, the night after a date can be that of the next but one.
    doses = due_doses(versions, now.day - timedelta(days=2), now.day + timedelta(days=1), hours)
    return [dose for dose in doses if _is_on(dose, now, day_start_minutes)]


def _is_on(dose: DueDose, now: Moment, day_start_minutes: int) -> bool:
    if dose.local_date == now.day:
        return True
    if dose.planned.minute is None or dose.local_date > now.local_date:
        return False
    zone = clock.find_zone(now.zone) or ZoneInfo("UTC")
    return clock.moment(at(dose, zone), now.zone, day_start_minutes).day == now.day


def is_tapped_now(plan_date: date, minute: int | None, now: Moment) -> bool:
    """Whether a dose said to be taken is taken now: on its day, or in the night after it that is due then."""
    if plan_date >= now.day:
        return True
    return minute is not None and minute >= MINUTES_A_DAY and plan_date == now.day - timedelta(days=1)


def later_choices(now: datetime, zone: ZoneInfo, hours: Hours) -> dict[Later, datetime]:
    """Return until when a dose can be put off, in UTC; "this evening" only while it has not come."""
    soon = (Later.TEN_MINUTES, Later.HALF_AN_HOUR, Later.HOUR, Later.TWO_HOURS)
    found: dict[Later, datetime] = {choice: now + timedelta(minutes=int(choice)) for choice in soon}
    evening = instant(now.astimezone(zone).date(), minute_of(Anchor.DINNER, hours) or 0, zone)
    if evening > max(found.values()):
        found[Later.EVENING] = evening
    return found


def taken_at(
    said: time, planned: tuple[date, int | None], now: datetime, zone: ZoneInfo, day_start_minutes: int
) -> datetime | None:
    """Return the instant (UTC) of a time of the clock at which a dose is said to be taken; None if it is to come.

    Of the plan's date, or of the night after it: the one that is nearer to the planned minute. For a dose at no time, a
    time before the person's day begins is in the night after.
    """
    day, planned_minute = planned
    if planned_minute is None:
        return on_day(said, day, now, zone, day_start_minutes)
    both = (instant(day, _minute(said) + night, zone) for night in (0, MINUTES_A_DAY))
    past = [each for each in both if each <= now + _AHEAD]
    due = instant(day, planned_minute, zone)
    return min(past, key=lambda each: abs(each - due), default=None)


def on_day(said: time, day: date, now: datetime, zone: ZoneInfo, day_start_minutes: int) -> datetime | None:
    """Return the instant (UTC) of a time of the clock in a day of the person's; None if it is to come."""
    night = MINUTES_A_DAY if _minute(said) < day_start_minutes else 0
    found = instant(day, _minute(said) + night, zone)
    return found if found <= now + _AHEAD else None


def _minute(said: time) -> int:
    return said.hour * 60 + said.minute
