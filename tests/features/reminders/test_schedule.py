"""When a reminder is due: in every zone, over every change of clocks, each slot once in its day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patient_app.reminders.schedule import EVERY_DAY, Quiet, due_between, next_after, times_slots
from tests.drills.zones import WINDOW, around, changes, faults, not_once, run_through, zones

ZONES = zones()
MINUTES = st.floats(min_value=0.1, max_value=2000, allow_nan=False)


def test_each_quarter_of_an_hour_is_once_in_each_day_of_every_zone_over_every_change() -> None:
    found = [fault for zone in ZONES for day in changes(zone) for fault in faults(zone, day, around(zone, day))]
    assert found == []
    assert len(ZONES) > 500


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(ZONES), st.lists(MINUTES, min_size=1, max_size=40), st.integers(0, 10))
def test_whenever_the_engine_ticks_each_slot_is_due_once(zone: ZoneInfo, ticks: list[float], number: int) -> None:
    days = list(changes(zone))
    day = days[number % len(days)]
    due = run_through(zone, day, (timedelta(minutes=minutes) for minutes in ticks))
    assert list(not_once(day, due)) == []


@pytest.mark.parametrize(
    ("first", "last", "wall", "ends"),
    [
        ((22, 0), (7, 0), "2026-03-02 23:30", "2026-03-03 07:00"),
        ((22, 0), (7, 0), "2026-03-02 06:59", "2026-03-02 07:00"),
        ((22, 0), (7, 0), "2026-03-02 07:00", None),
        ((13, 0), (14, 0), "2026-03-02 13:00", "2026-03-02 14:00"),
        ((13, 0), (14, 0), "2026-03-02 12:59", None),
        # The night in which clocks go forward: at 2:30 there is no 2:30, so quiet hours end at 3:00.
        ((22, 0), (2, 30), "2026-03-08 01:00", "2026-03-08 03:00"),
    ],
)
def test_quiet_hours_end(first: tuple[int, int], last: tuple[int, int], wall: str, ends: str | None) -> None:
    zone = ZoneInfo("America/New_York")
    quiet = Quiet(first[0] * 60 + first[1], last[0] * 60 + last[1])
    found = quiet.ends(datetime.fromisoformat(wall).replace(tzinfo=zone), zone)
    assert (found and f"{found.astimezone(zone):%Y-%m-%d %H:%M}") == ends


def test_the_window_of_one_ends_where_the_next_begins() -> None:
    zone = ZoneInfo("UTC")
    day = datetime(2026, 3, 2, tzinfo=UTC)

    def slots(first: object, last: object) -> list:  # type: ignore[type-arg]
        return times_slots((480, 540), EVERY_DAY, zone, (first, last), WINDOW)  # type: ignore[arg-type]

    one, other = due_between(slots, zone, day, day + timedelta(hours=10))
    assert one.until == other.due_at == day + timedelta(hours=9)
    assert other.until == other.due_at + WINDOW
    assert next_after(slots, zone, other.due_at) == day + timedelta(days=1, hours=8)
    assert next_after(lambda _first, _last: [], zone, day) is None
