"""Time: the one place that says what time it is and which day an entry belongs to.

Everything is kept in UTC beside the civil date that was true for the person; neither is derived again later.
Tests set the time (time-machine), nothing here sleeps.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

DEFAULT_DAY_START_MINUTES = 4 * 60
# Stands where a moment does, and never comes: no time ends it.
NO_END = datetime(9000, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Return the IANA zone names that this machine knows."""
    return frozenset(available_timezones())


@lru_cache(maxsize=512)
def find_zone(name: str) -> ZoneInfo | None:
    """Return the IANA zone of that name, or None when there is no such zone."""
    if name not in zone_names():
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happened, as it was for the person: fixed at writing, never derived again.

    `occurred_at` is UTC; `local_date` the civil date in `zone`; `day` the civil date with a day starting at the hour
    the person set; `utc_offset` in minutes east of UTC. `time_known`: the time of day is when it happened; else it was
    told afterwards for a past day, and `occurred_at` is noon of that day only to have a place among the others.
    """

    occurred_at: datetime
    local_date: date
    day: date
    utc_offset: int
    zone: str
    time_known: bool = True


def moment(
    occurred_at: datetime, zone: str, day_start_minutes: int = DEFAULT_DAY_START_MINUTES, *, offset: int = 0
) -> Moment:
    """Return the moment for an aware time in the named zone; where we know none of that name, at that offset from UTC.

    A day starts at `day_start_minutes` after midnight by the wall clock, so an entry at 02:30 belongs to the day before
    also on the nights when clocks change.
    """
    found = find_zone(zone)
    local = occurred_at.astimezone(found or timezone(timedelta(minutes=offset)))
    wall = local.replace(tzinfo=None)
    return Moment(
        occurred_at=occurred_at.astimezone(UTC),
        local_date=wall.date(),
        day=(wall - timedelta(minutes=day_start_minutes)).date(),
        utc_offset=_minutes(local),
        zone=zone if found else "UTC",
    )


def noon_of(day: date, zone: str) -> Moment:
    """Return noon of a civil date in the named zone (UTC when unknown): the moment of an entry made afterwards.

    No clock anywhere is put forward over noon, so that moment exists on every day.
    """
    found = find_zone(zone)
    local = datetime.combine(day, time(12), tzinfo=found or UTC)
    return Moment(local.astimezone(UTC), day, day, _minutes(local), zone if found else "UTC", time_known=False)


def _minutes(local: datetime) -> int:
    return int((local.utcoffset() or timedelta()).total_seconds() // 60)
