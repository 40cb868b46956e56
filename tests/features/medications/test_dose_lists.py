"""Which doses stand on the list of a moment, in any zone and on the nights when clocks change; and what is counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patient_app.core.clock import moment
from patient_app.medications import counts, when
from patient_app.medications.counts import Counts
from patient_app.medications.due import Version, at, due_doses
from patient_app.medications.models import DoseState
from patient_app.medications.schedule import DEFAULT_HOURS, Anchor, Paused, hours_from
from tests.features.medications.plans import DAILY, clock, day, planned, regular, version
from tests.features.medications.test_schedule_zones import transitions

FIVE = ("America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Tehran", "Pacific/Apia")
STARTS = (0, 240, 360)
LATE = hours_from({Anchor.BEDTIME: clock("00:30")})
NIGHT_WORK = hours_from({Anchor.WAKING: clock("16:00"), Anchor.BEDTIME: clock("09:00")})
EVERYTHING = [
    version(regular(DAILY, "08:00", "bedtime", "02:15", "00:10", "23:50", start="2000-01-01"), name="a", medicine="a"),
    version(regular(DAILY, "day", start="2000-01-01"), name="b", medicine="b"),
]


def listed(versions: list[Version], instant: datetime, zone: str, start: int = 240, hours: object = LATE) -> list[str]:
    """Return what stands on the list at a moment, as "date slot"."""
    found = when.on_list(versions, moment(instant, zone, start), start, hours)  # type: ignore[arg-type]
    return [f"{dose.local_date} {dose.slot}" for dose in found]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(FIVE), st.sampled_from(STARTS), st.sampled_from([LATE, NIGHT_WORK]))
def test_across_every_change_of_clocks_each_dose_is_on_the_list_when_it_is_due(
    which: int, name: str, start: int, hours: dict[Anchor, int]
) -> None:
    zone, changes = ZoneInfo(name), transitions(name)
    around = changes[which % len(changes)]
    first = around.astimezone(zone).date() - timedelta(days=2)
    for dose in due_doses(EVERYTHING, first, first + timedelta(days=4), hours):
        if dose.wall is None:
            continue
        instant = at(dose, zone)
        found = when.on_list(EVERYTHING, moment(instant, name, start), start, hours)
        assert dose in found, (name, instant, dose.identity)


@pytest.mark.parametrize("name", FIVE)
def test_at_every_hour_near_every_change_a_list_has_each_dose_once_and_none_before_its_date(name: str) -> None:
    for change in transitions(name)[::3]:
        for hours_off in range(-26, 27, 4):
            now = moment(change + timedelta(hours=hours_off), name, 240)
            found = when.on_list(EVERYTHING, now, 240, LATE)
            names = [dose.identity for dose in found]
            assert len(names) == len(set(names))
            at_no_time = [dose.local_date for dose in found if dose.wall is None]
            assert at_no_time == [now.day], (name, now)
            # "Not before its date": what cannot be logged yet stands on no list but that of its own day.
            assert all(dose.local_date <= now.local_date for dose in found)


def test_after_midnight_the_list_is_that_of_the_evening_before() -> None:
    new_york = ZoneInfo("America/New_York")

    def found(wall: str) -> list[str]:
        return listed(EVERYTHING, datetime.fromisoformat(wall).replace(tzinfo=new_york), "America/New_York")

    evening = ["2026-03-02 day", *(f"2026-03-02 {slot}" for slot in ("00:10", "02:15", "08:00", "23:50", "bedtime"))]
    assert found("2026-03-02 22:00") == evening
    assert found("2026-03-03 00:40") == [*evening, "2026-03-03 00:10", "2026-03-03 02:15"]
    assert found("2026-03-03 04:00")[0] == "2026-03-03 day"


def test_who_sleeps_at_nine_in_the_morning_finds_that_bedtime_on_the_new_day() -> None:
    plan = [version(regular(DAILY, "bedtime"))]
    instant = datetime(2026, 3, 3, 9, tzinfo=UTC)
    assert listed(plan, instant, "UTC", hours=NIGHT_WORK) == ["2026-03-02 bedtime", "2026-03-03 bedtime"]


def test_a_dose_is_the_same_in_whatever_zone_a_person_travels() -> None:
    instant = datetime(2026, 3, 2, 13, tzinfo=UTC)
    names = {zone: set(listed(EVERYTHING, instant, zone)) for zone in ("America/New_York", "Europe/Paris")}
    assert names["America/New_York"] == names["Europe/Paris"]


@pytest.mark.parametrize(
    ("said", "slot", "now", "expected"),
    [
        ("00:40", "23:00", "03-03T08:00", "03-03T00:40"),  # The night after.
        ("22:40", "23:00", "03-03T08:00", "03-02T22:40"),
        ("02:10", "02:15", "03-03T08:00", "03-02T02:10"),
        ("00:40", "bedtime", "03-03T08:00", "03-03T00:40"),
        ("23:00", "bedtime", "03-03T08:00", "03-02T23:00"),
        ("01:00", "day", "03-03T08:00", "03-03T01:00"),
        ("12:00", "day", "03-03T08:00", "03-02T12:00"),
        ("12:00", "08:00", "03-02T09:00", None),  # To come.
        ("23:00", "08:00", "03-02T09:00", None),
    ],
)
def test_a_time_that_was_told_is_the_one_near_the_dose(said: str, slot: str, now: str, expected: str | None) -> None:
    (dose,) = due_doses([version(regular(DAILY, slot))], day("2026-03-02"), day("2026-03-02"), LATE)
    at_now = datetime.fromisoformat(f"2026-{now}").replace(tzinfo=UTC)
    planned_at = dose.local_date, dose.planned.minute
    found = when.taken_at(time.fromisoformat(said), planned_at, at_now, ZoneInfo("UTC"), 240)
    assert found == (expected and datetime.fromisoformat(f"2026-{expected}").replace(tzinfo=UTC))


def test_later_is_never_over_an_evening_that_is_past() -> None:
    zone = ZoneInfo("UTC")
    noon, night = datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 3, 2, 17, tzinfo=UTC)
    assert when.later_choices(noon, zone, DEFAULT_HOURS)[when.Later.EVENING] == datetime(2026, 3, 2, 18, 30, tzinfo=UTC)
    assert when.Later.EVENING not in when.later_choices(night, zone, DEFAULT_HOURS)


# --- three numbers ---------------------------------------------------------------------------------------------


@dataclass
class Row:
    """What is logged of a dose, as far as it is counted."""

    plan_date: date
    state: DoseState
    slot: str | None = "08:00"
    medicine_id: str = "lithium"


TODAY = day("2026-03-10")
KNOWN = {"lithium": day("2026-01-01")}


def numbers(versions: list[Version], rows: list[Row], days: int = 7, known: dict[str, date] | None = None) -> Counts:
    due = due_doses(versions, counts.first_day(days, TODAY), TODAY)
    return counts.count(due, rows, TODAY, days, KNOWN if known is None else known)


def test_taken_skipped_and_not_recorded_are_three_numbers() -> None:
    rows = [
        Row(day("2026-03-04"), DoseState.TAKEN),
        Row(day("2026-03-05"), DoseState.SKIPPED),
        Row(day("2026-03-06"), DoseState.OPEN),
        Row(day("2026-03-07"), DoseState.LATER),
        Row(day("2026-03-03"), DoseState.TAKEN),  # Before these seven days.
        Row(day("2026-03-08"), DoseState.TAKEN, slot=None),
    ]
    # The 6th to the 9th; today is not over.
    assert numbers([version(regular(DAILY, "08:00"))], rows) == Counts(7, 1, 1, 4, 1)
    today = Row(TODAY, DoseState.TAKEN)
    assert numbers([version(regular(DAILY, "08:00"))], [*rows, today]) == Counts(7, 2, 1, 4, 1)


def test_what_was_paused_or_not_yet_entered_is_not_counted_as_unknown() -> None:
    daily = version(regular(DAILY, "08:00"))
    paused = version(planned(Paused()), since="2026-03-06", name="v2")
    assert numbers([daily, paused], []).not_recorded == 2
    assert numbers([daily], [], known={"lithium": day("2026-03-07")}).not_recorded == 2
    assert numbers([daily], [], known={"lithium": TODAY}).not_recorded == 0


def test_a_dose_that_was_logged_before_the_plan_changed_still_counts() -> None:
    rows = [Row(day("2026-03-05"), DoseState.TAKEN, slot="21:00")]
    assert numbers([version(regular(DAILY, "08:00"))], rows) == Counts(7, 1, 0, 6, 0)
