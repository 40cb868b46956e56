"""Days: an entry belongs to the civil day by the person's own clock, with a day starting at 04:00."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patient_app.core import clock

ZONES = sorted(clock.zone_names())
# The nights on which clocks change: a day of 23 or 25 hours, half an hour, and a whole day left out.
NIGHTS = [
    ("America/New_York", datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 5, tzinfo=UTC), datetime(2026, 10, 4, tzinfo=UTC)),
    ("America/St_Johns", datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, tzinfo=UTC), datetime(2026, 4, 5, tzinfo=UTC)),
]


def _at(wall: str, zone: str = "America/New_York") -> clock.Moment:
    return clock.moment(datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone)), zone)


@pytest.mark.parametrize(
    ("wall", "day"),
    [
        ("2026-05-31T03:59", date(2026, 5, 30)),
        ("2026-05-31T04:00", date(2026, 5, 31)),
        ("2026-05-31T00:00", date(2026, 5, 30)),
        ("2026-05-31T23:59", date(2026, 5, 31)),
        ("2026-01-01T02:30", date(2025, 12, 31)),
        ("2028-03-01T03:00", date(2028, 2, 29)),
        # The night the hour from two to three does not exist, and the one in which it happens twice.
        ("2026-03-08T03:30", date(2026, 3, 7)),
        ("2026-03-08T04:00", date(2026, 3, 8)),
        ("2026-11-01T01:30", date(2026, 10, 31)),
        ("2026-11-01T04:00", date(2026, 11, 1)),
    ],
)
def test_a_day_starts_at_four(wall: str, day: date) -> None:
    assert _at(wall).day == day


def test_the_start_of_a_day_can_be_set() -> None:
    moment = datetime(2026, 5, 31, 5, 30, tzinfo=UTC)
    assert clock.moment(moment, "UTC", 0).day == date(2026, 5, 31)
    assert clock.moment(moment, "UTC", 6 * 60).day == date(2026, 5, 30)


def test_both_of_the_doubled_hours_keep_their_offset() -> None:
    first = clock.moment(datetime(2026, 11, 1, 5, 30, tzinfo=UTC), "America/New_York")
    second = clock.moment(datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "America/New_York")
    assert (first.utc_offset, second.utc_offset) == (-240, -300)
    assert first.day == second.day == date(2026, 10, 31)
    assert first.local_date == second.local_date == date(2026, 11, 1)


@pytest.mark.parametrize(("zone", "first", "second"), NIGHTS, ids=[night[0] for night in NIGHTS])
def test_days_follow_each_other_over_a_change_of_clocks(zone: str, first: datetime, second: datetime) -> None:
    for around in (first, second):
        moments = [clock.moment(around + timedelta(minutes=15 * step), zone) for step in range(-200, 200)]
        days = [moment.day for moment in moments]
        assert days == sorted(days)
        for moment in moments:
            wall = moment.occurred_at + timedelta(minutes=moment.utc_offset)
            assert moment.local_date == wall.date()
            assert moment.day == (wall - timedelta(hours=4)).date()


@given(
    moment=st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - a naive one is what is meant here.
    zone=st.sampled_from(ZONES),
    start=st.integers(0, 12 * 60),
)
def test_a_day_is_the_civil_date_or_the_one_before(moment: datetime, zone: str, start: int) -> None:
    found = clock.moment(moment, zone, start)
    assert found.occurred_at == moment
    assert found.local_date - found.day in {timedelta(0), timedelta(days=1)}
    assert found.local_date == moment.astimezone(ZoneInfo(zone)).date()
    if start == 0:
        assert found.day == found.local_date


@pytest.mark.parametrize("name", ["", "Nowhere/Town", "../etc/passwd", "localtime\x00", "A" * 500])
def test_an_unknown_zone_is_utc(name: str) -> None:
    assert clock.find_zone(name) is None
    moment = clock.moment(datetime(2026, 5, 31, 3, tzinfo=UTC), name)
    assert (moment.zone, moment.utc_offset, moment.day) == ("UTC", 0, date(2026, 5, 30))


def test_now_is_aware() -> None:
    assert clock.now().tzinfo is UTC
