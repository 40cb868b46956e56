"""When a dose is, in zones whose clocks go forward and back, by half an hour, at midnight, and once by a whole day."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

import pytest

from patient_app.medications.due import DueDose, at, due_doses, next_due
from patient_app.medications.schedule import Anchor
from tests.features.medications.plans import DAILY, clock, day, regular, version

ZONES = (
    "America/New_York",
    "America/St_Johns",  # until 2011 at one minute past midnight
    "Europe/London",
    "Australia/Lord_Howe",  # by half an hour
    "Asia/Tehran",  # at midnight
    "Africa/Casablanca",  # back for Ramadan
    "Pacific/Apia",  # 30 December 2011 never was
)
MINUTE = timedelta(minutes=1)
HOURS_22, HOURS_26 = timedelta(hours=22), timedelta(hours=26)


@lru_cache
def transitions(name: str) -> tuple[datetime, ...]:
    """Return every moment from 2000 to 2035 at which the clocks of a zone change, in UTC."""
    zone, found = ZoneInfo(name), []
    begins = datetime(2000, 1, 1, tzinfo=UTC)
    for number in range(36 * 366):
        before, after = begins + timedelta(days=number), begins + timedelta(days=number + 1)
        offset = before.astimezone(zone).utcoffset()
        if after.astimezone(zone).utcoffset() == offset:
            continue
        while after - before > MINUTE:
            middle = before + (after - before) // MINUTE // 2 * MINUTE
            before, after = (middle, after) if middle.astimezone(zone).utcoffset() == offset else (before, middle)
        found.append(after)
    return tuple(found)


@dataclass(frozen=True)
class Watched:
    """A clock on the wall, watched every minute for some hours before and after a transition."""

    instants: list[datetime]
    walls: list[datetime]  # the latest time that it has shown so far

    def first_at(self, wall: datetime) -> datetime:
        """Return the first minute at which the clock has come to show that time, or a later one."""
        return self.instants[bisect_left(self.walls, wall)]


def watched(transition: datetime, zone: ZoneInfo) -> Watched:
    instants = [transition + number * MINUTE for number in range(-180, 181)]
    shown = (instant.astimezone(zone).replace(tzinfo=None) for instant in instants)
    return Watched(instants, list(accumulate(shown, max)))


def dose(on: date, wall: time) -> DueDose:
    [found] = due_doses([version(regular(DAILY, f"{wall:%H:%M}", start="1999-01-01"))], on, on)
    return found


@pytest.mark.parametrize("name", ZONES)
def test_every_dose_around_every_change_of_clocks_has_its_one_instant(name: str) -> None:
    zone = ZoneInfo(name)
    quarters = {minute: f"{minute // 60:02}:{minute % 60:02}" for minute in range(0, 1440, 15)}
    every_quarter = version(regular(DAILY, *quarters.values(), start="1999-01-01"))
    seen = 0
    for transition in transitions(name):
        seen_clock = watched(transition, zone)
        first, last = seen_clock.walls[0], seen_clock.walls[-1]
        doses = [each for each in due_doses([every_quarter], first.date(), last.date()) if first < _wall(each) <= last]
        instants = [at(each, zone) for each in doses]
        assert instants == [seen_clock.first_at(_wall(each)) for each in doses], transition
        assert instants == sorted(instants), transition
        assert len({each.identity for each in doses}) == len(doses)
        seen += len(doses)
    assert seen > 1000 or name == "Pacific/Apia"


def _wall(each: DueDose) -> datetime:
    assert each.wall is not None
    return datetime.combine(each.local_date, each.wall)


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("wall", ["00:30", "02:30"])
def test_a_dose_at_night_is_once_on_every_date_and_always_later_than_the_one_before(name: str, wall: str) -> None:
    zone = ZoneInfo(name)
    nightly = due_doses([version(regular(DAILY, wall, start="1999-01-01"))], date(2000, 1, 1), date(2035, 12, 31))
    assert len(nightly) == 13149
    assert [each.local_date for each in nightly[:2]] == [date(2000, 1, 1), date(2000, 1, 2)]
    moments = [at(each, zone) for each in nightly]
    assert all(earlier < later for earlier, later in pairwise(moments))
    if name != "Pacific/Apia":
        assert all(HOURS_22 <= later - earlier <= HOURS_26 for earlier, later in pairwise(moments))


# (zone, date, wall time, instant in UTC), worked by hand
BY_HAND = [
    ("America/New_York", "2026-03-08", "01:59", "2026-03-08 06:59"),
    ("America/New_York", "2026-03-08", "02:00", "2026-03-08 07:00"),  # 03:00, the first minute there is
    ("America/New_York", "2026-03-08", "02:30", "2026-03-08 07:00"),
    ("America/New_York", "2026-03-08", "03:00", "2026-03-08 07:00"),
    ("America/New_York", "2026-11-01", "01:30", "2026-11-01 05:30"),  # the first of two
    ("America/New_York", "2026-11-01", "02:30", "2026-11-01 07:30"),
    ("America/New_York", "2026-11-01", "00:30", "2026-11-01 04:30"),
    ("Europe/London", "2026-03-29", "01:30", "2026-03-29 01:00"),
    ("Europe/London", "2026-10-25", "01:30", "2026-10-25 00:30"),
    ("Europe/London", "2026-07-01", "00:30", "2026-06-30 23:30"),  # its date is that of its plan
    ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03 15:30"),
    ("Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-04 14:45"),
    ("America/St_Johns", "2008-03-09", "00:30", "2008-03-09 03:31"),  # from 00:01 to 01:01
    ("Asia/Tehran", "2022-03-22", "00:30", "2022-03-21 20:30"),
    ("Pacific/Apia", "2011-12-29", "08:00", "2011-12-29 18:00"),
    ("Pacific/Apia", "2011-12-30", "08:00", "2011-12-30 10:00"),
    ("Pacific/Apia", "2011-12-31", "08:00", "2011-12-30 18:00"),
]


@pytest.mark.parametrize(("zone", "on", "wall", "expected"), BY_HAND)
def test_instants_by_hand(zone: str, on: str, wall: str, expected: str) -> None:
    found = at(dose(day(on), clock(wall)), ZoneInfo(zone))
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert found.tzinfo is UTC


def test_dates_do_not_change_with_the_zone() -> None:
    """A dose at 08:00 is at 08:00 wherever the patient is that day, and keeps its name."""
    morning = dose(day("2026-06-01"), clock("08:00"))
    assert at(morning, ZoneInfo("America/New_York")) == datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert at(morning, ZoneInfo("Asia/Tokyo")) == datetime(2026, 5, 31, 23, tzinfo=UTC)
    assert morning.identity == ("lithium", day("2026-06-01"), "08:00")


def test_a_bedtime_after_midnight_is_in_the_night_after_its_date() -> None:
    bedtime = version(regular(DAILY, "bedtime"))
    [found] = due_doses([bedtime], day("2026-03-07"), day("2026-03-07"), {Anchor.BEDTIME: 26 * 60 + 30})
    assert found.local_date == day("2026-03-07")
    # Half past two does not exist in that night.
    assert at(found, ZoneInfo("America/New_York")) == datetime(2026, 3, 8, 7, tzinfo=UTC)


def test_a_dose_at_no_time_counts_from_the_minute_that_is_asked_for() -> None:
    [found] = due_doses([version(regular(DAILY, "day"))], day("2026-06-01"), day("2026-06-01"))
    london = ZoneInfo("Europe/London")
    assert at(found, london) == datetime(2026, 5, 31, 23, tzinfo=UTC)
    assert at(found, london, at_no_time=9 * 60) == datetime(2026, 6, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize("name", ZONES)
def test_going_from_dose_to_dose_leaves_none_out(name: str) -> None:
    """Over the first change of clocks of 2011 and the days beside it; doses at one instant are one stop."""
    zone = ZoneInfo(name)
    versions = [version(regular(DAILY, "00:30", "02:30", "14:00", start="1999-01-01"))]
    middle = next((each for each in transitions(name) if each.year == 2011), datetime(2011, 6, 1, tzinfo=UTC))
    begins, ends = middle - timedelta(days=3), middle + timedelta(days=3)
    near = due_doses(versions, begins.date() - timedelta(days=3), ends.date() + timedelta(days=3))
    expected = sorted({instant for each in near if begins < (instant := at(each, zone)) <= ends})
    stops, now = [], begins
    while (found := next_due(versions, now, zone)) is not None and (now := at(found, zone)) <= ends:
        stops.append(now)
    assert stops == expected
