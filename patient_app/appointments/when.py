"""When an appointment is: a civil date and a minute of it in a zone, and the instant that this is. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from patient_app.core import clock

MINUTES_A_DAY = 24 * 60
# Dates that are no slip of a finger.
AHEAD = timedelta(days=2 * 366)
BACK = timedelta(days=366)


class NoSuchTime(Exception):
    """A clock that is put forward skips this time of that day, or there is no such zone."""


@dataclass(frozen=True, slots=True)
class Start:
    """When something begins: the wall clock of a zone, and the instant with the offset (minutes east of UTC) then."""

    at: datetime
    local_date: date
    minute: int
    utc_offset: int
    zone: str

    @property
    def local_time(self) -> datetime:
        """The wall clock, naive."""
        return datetime.combine(self.local_date, time(self.minute // 60, self.minute % 60))


def start(day: date, minute: int, zone: str) -> Start:
    """Return the start at a minute of a civil date in a zone; of a time that comes twice, the first.

    Raise `NoSuchTime` for one that never comes, or a zone that is not known here.
    """
    found = clock.find_zone(zone)
    if found is None or not 0 <= minute < MINUTES_A_DAY:
        raise NoSuchTime
    wall = datetime.combine(day, time(minute // 60, minute % 60), found)
    at = wall.astimezone(UTC)
    if at.astimezone(found).replace(tzinfo=None) != wall.replace(tzinfo=None):
        raise NoSuchTime
    return Start(at, day, minute, int((wall.utcoffset() or timedelta()).total_seconds() // 60), zone)


def is_near(day: date, today: date) -> bool:
    """Whether a date can be meant."""
    return today - BACK <= day <= today + AHEAD
