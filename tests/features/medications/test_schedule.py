"""Which doses are due: cases worked by hand on a calendar; then as needed, refills, and which dose is next."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from patient_app.core.clock import moment
from patient_app.medications.as_needed import Advice, Taken, as_needed_advice
from patient_app.medications.due import DueDose, Version, due_doses, held_between, in_force, next_due
from patient_app.medications.schedule import (
    DEFAULT_HOURS,
    Anchor,
    AsNeeded,
    AtClinic,
    Dose,
    EveryDays,
    Food,
    Paused,
    Place,
    Regular,
    Schedule,
    Step,
    Stepwise,
    hours_from,
)
from patient_app.medications.supply import days_left, supply
from tests.features.medications.plans import (
    DAILY,
    FRI,
    MON,
    SAT,
    SUN,
    THU,
    TODAY,
    TUE,
    WED,
    clock,
    day,
    doses,
    planned,
    regular,
    version,
    weekly,
)

NEW_YORK = ZoneInfo("America/New_York")


def told(found: list[DueDose]) -> list[str]:
    """Write doses as "2026-01-05 08:00 x1", at no time "2026-01-05 day x1", unknown amounts without the x."""
    return [
        f"{dose.local_date} {dose.slot}" + (f" x{dose.amount}" if dose.amount is not None else "") for dose in found
    ]


def due(*versions: Version, first: str, last: str) -> list[str]:
    return told(due_doses(versions, day(first), day(last)))


def days_of(schedule: Schedule, first: str, last: str) -> list[str]:
    return [f"{dose.local_date}" for dose in due_doses([version(schedule)], day(first), day(last))]


# (which days, from, to when, the dates between 2020 and the end of the case). 1 January 2026 is a Thursday.
DAYS = {
    "every day, over a new year": (
        regular(DAILY, "08:00", start="2025-12-30"),
        ("2025-12-01", "2026-01-02"),
        ["2025-12-30", "2025-12-31", "2026-01-01", "2026-01-02"],
    ),
    "the end is included": (
        regular(DAILY, "08:00", start="2026-01-30", end="2026-02-01"),
        ("2026-01-01", "2026-12-31"),
        ["2026-01-30", "2026-01-31", "2026-02-01"],
    ),
    "one day only": (
        regular(DAILY, "08:00", start="2026-01-30", end="2026-01-30"),
        ("2026-01-01", "2026-12-31"),
        ["2026-01-30"],
    ),
    "Monday, Wednesday, Friday": (
        regular(weekly(MON, WED, FRI), "08:00", start="2026-01-01", end="2026-01-09"),
        ("2026-01-01", "2026-12-31"),
        ["2026-01-02", "2026-01-05", "2026-01-07", "2026-01-09"],
    ),
    "Sundays end an ISO week": (
        regular(weekly(SUN, MON), "08:00", start="2026-01-04", end="2026-01-12"),
        ("2026-01-01", "2026-12-31"),
        ["2026-01-04", "2026-01-05", "2026-01-11", "2026-01-12"],
    ),
    "every 2 days over a leap day": (
        regular(EveryDays(2), "08:00", start="2024-02-25"),
        ("2024-02-01", "2024-03-05"),
        ["2024-02-25", "2024-02-27", "2024-02-29", "2024-03-02", "2024-03-04"],
    ),
    "every 2 days over an end of February without": (
        regular(EveryDays(2), "08:00", start="2026-02-25"),
        ("2026-02-01", "2026-03-04"),
        ["2026-02-25", "2026-02-27", "2026-03-01", "2026-03-03"],
    ),
    "every 3 days, asked from the middle": (
        regular(EveryDays(3), "08:00", start="2026-01-29"),
        ("2026-02-02", "2026-02-10"),
        ["2026-02-04", "2026-02-07", "2026-02-10"],
    ),
    "every 90 days": (
        regular(EveryDays(90), "day", start="2026-01-01"),
        ("2026-01-01", "2026-12-31"),
        ["2026-01-01", "2026-04-01", "2026-06-30", "2026-09-28", "2026-12-27"],
    ),
    "an injection every 4 weeks, a year": (
        regular(weekly(TUE, n=4), "day", start="2026-01-06"),
        ("2026-01-01", "2027-01-05"),
        [
            "2026-01-06",
            "2026-02-03",
            "2026-03-03",
            "2026-03-31",
            "2026-04-28",
            "2026-05-26",
            "2026-06-23",
            "2026-07-21",
            "2026-08-18",
            "2026-09-15",
            "2026-10-13",
            "2026-11-10",
            "2026-12-08",
            "2027-01-05",
        ],
    ),
    "every 2 weeks on Monday and Thursday, begun on a Wednesday": (
        regular(weekly(MON, THU, n=2), "08:00", start="2026-01-07"),
        ("2026-01-01", "2026-02-05"),
        ["2026-01-08", "2026-01-19", "2026-01-22", "2026-02-02", "2026-02-05"],
    ),
    "every 2 weeks through a year of 53 weeks": (
        regular(weekly(MON, n=2), "08:00", start="2026-12-14"),
        ("2026-12-01", "2027-01-31"),
        ["2026-12-14", "2026-12-28", "2027-01-11", "2027-01-25"],
    ),
    "every 52 weeks": (
        regular(weekly(FRI, n=52), "08:00", start="2026-01-02"),
        ("2026-01-01", "2028-12-31"),
        ["2026-01-02", "2027-01-01", "2027-12-31", "2028-12-29"],
    ),
    "nothing before it begins": (regular(DAILY, "08:00", start="2026-01-01"), ("2025-01-01", "2025-12-31"), []),
    "nothing in a range that ends before it begins": (regular(DAILY, "08:00"), ("2026-02-02", "2026-02-01"), []),
    "nothing while paused": (planned(Paused()), ("2026-01-01", "2026-12-31"), []),
    "nothing as needed": (planned(AsNeeded(Decimal(1), 4, 240)), ("2026-01-01", "2026-12-31"), []),
}


@pytest.mark.parametrize("case", DAYS)
def test_the_days(case: str) -> None:
    schedule, (first, last), expected = DAYS[case]
    assert days_of(schedule, first, last) == expected


def test_several_times_a_day_come_in_the_order_of_the_clock() -> None:
    schedule = regular(DAILY, "20:00 x2", "08:00 x0.5", "00:30")
    assert due(version(schedule), first="2026-01-05", last="2026-01-06") == [
        "2026-01-05 00:30 x1",
        "2026-01-05 08:00 x0.5",
        "2026-01-05 20:00 x2",
        "2026-01-06 00:30 x1",
        "2026-01-06 08:00 x0.5",
        "2026-01-06 20:00 x2",
    ]


def test_what_a_dose_says() -> None:
    schedule = planned(Regular(DAILY, (Dose(Anchor.DINNER, Decimal("1.5"), Food.WITH),)), unit="capsule")
    [dose] = due_doses([version(schedule)], TODAY, TODAY)
    assert dose.identity == ("lithium", TODAY, "dinner")
    assert (dose.medicine, dose.version, dose.slot) == ("lithium", "v1", "dinner")
    assert (dose.wall, dose.amount, dose.unit, dose.food) == (time(18, 30), Decimal("1.5"), "capsule", Food.WITH)
    assert (dose.place, dose.at_clinic) == (Place.HOME, False)


def test_a_dose_at_no_time_has_no_wall_time_and_comes_first() -> None:
    morning = version(regular(DAILY, "06:00"), medicine="a")
    injection = version(regular(DAILY, "day"), medicine="b")
    found = due_doses([morning, injection], TODAY, TODAY)
    assert [(dose.medicine, dose.slot, dose.wall) for dose in found] == [("b", "day", None), ("a", "06:00", time(6))]


def test_medicines_are_ordered_together() -> None:
    one = version(regular(DAILY, "08:00", "20:00"), medicine="a")
    other = version(regular(DAILY, "08:00", "12:00"), medicine="b")
    found = due_doses([other, one], TODAY, TODAY)
    assert [(dose.slot, dose.medicine) for dose in found] == [
        ("08:00", "a"),
        ("08:00", "b"),
        ("12:00", "b"),
        ("20:00", "a"),
    ]


# --- anchors ---------------------------------------------------------------------------------------------------


def test_anchors_follow_the_hours_of_the_patient_and_keep_their_names() -> None:
    schedule = version(regular(DAILY, "waking", "breakfast", "lunch", "dinner", "bedtime", "12:00"))
    usual = due_doses([schedule], TODAY, TODAY)
    assert [f"{dose.slot} {dose.wall:%H:%M}" for dose in usual] == [
        "waking 07:00",
        "breakfast 08:00",
        "12:00 12:00",
        "lunch 12:30",
        "dinner 18:30",
        "bedtime 22:00",
    ]
    own = due_doses([schedule], TODAY, TODAY, {Anchor.LUNCH: 11 * 60, Anchor.WAKING: 9 * 60 + 15})
    assert [f"{dose.slot} {dose.wall:%H:%M}" for dose in own] == [
        "breakfast 08:00",
        "waking 09:15",
        "lunch 11:00",
        "12:00 12:00",
        "dinner 18:30",
        "bedtime 22:00",
    ]
    assert {dose.identity for dose in usual} == {dose.identity for dose in own}


def test_a_bedtime_after_midnight_belongs_to_the_day_before_it() -> None:
    hours = hours_from({Anchor.BEDTIME: clock("00:30"), Anchor.WAKING: clock("09:00")})
    assert hours == {**DEFAULT_HOURS, Anchor.BEDTIME: 1470, Anchor.WAKING: 540}
    [morning, night] = due_doses([version(regular(DAILY, "breakfast", "bedtime"))], TODAY, TODAY, hours)
    assert (morning.slot, night.slot) == ("breakfast", "bedtime")
    assert (night.local_date, night.wall) == (TODAY, time(0, 30))


def test_hours_that_nobody_told_are_the_usual_ones() -> None:
    assert hours_from({}) == DEFAULT_HOURS
    assert hours_from({Anchor.BEDTIME: clock("23:30")})[Anchor.BEDTIME] == 23 * 60 + 30


# --- stepwise, from the prescriber -----------------------------------------------------------------------------


def test_a_taper_goes_down_on_its_dates_and_stops_at_its_end() -> None:
    plan = Stepwise(
        (
            Step(day("2026-02-26"), DAILY, doses("08:00 x2", "20:00 x2")),
            Step(day("2026-02-28"), DAILY, doses("08:00 x2", "20:00 x1")),
            Step(day("2026-03-02"), DAILY, doses("20:00 x0.5")),
            Step(day("2026-03-04"), EveryDays(2), doses("20:00 x0.5")),
        )
    )
    schedule = planned(plan, start="2026-02-26", end="2026-03-08")
    assert due(version(schedule), first="2026-01-01", last="2026-12-31") == [
        "2026-02-26 08:00 x2",
        "2026-02-26 20:00 x2",
        "2026-02-27 08:00 x2",
        "2026-02-27 20:00 x2",
        "2026-02-28 08:00 x2",
        "2026-02-28 20:00 x1",
        "2026-03-01 08:00 x2",
        "2026-03-01 20:00 x1",
        "2026-03-02 20:00 x0.5",
        "2026-03-03 20:00 x0.5",
        "2026-03-04 20:00 x0.5",
        "2026-03-06 20:00 x0.5",
        "2026-03-08 20:00 x0.5",
    ]


def test_the_last_step_of_a_titration_goes_on_without_an_end() -> None:
    plan = Stepwise(
        (Step(TODAY, DAILY, doses("bedtime x25")), Step(TODAY + timedelta(days=14), DAILY, doses("bedtime x50")))
    )
    schedule = planned(plan, unit="mg")
    assert due(version(schedule), first="2026-01-14", last="2026-01-15") == [
        "2026-01-14 bedtime x25",
        "2026-01-15 bedtime x50",
    ]
    assert due(version(schedule), first="2030-01-01", last="2030-01-01") == ["2030-01-01 bedtime x50"]


# --- at the clinic ---------------------------------------------------------------------------------------------


def clinic(schedule: Schedule, first: str, last: str) -> list[str]:
    found = due_doses([version(schedule)], day(first), day(last))
    assert all(dose.amount is None for dose in found)
    assert all(dose.at_clinic == (dose.place is Place.CLINIC) for dose in found)
    return [f"{dose.local_date:%a} {dose.slot} {dose.place}" for dose in found]


def test_six_days_at_the_clinic_and_sunday_at_home() -> None:
    schedule = planned(AtClinic(weekly(MON, TUE, WED, THU, FRI, SAT), weekly(SUN), clock("07:30")))
    assert clinic(schedule, "2026-01-09", "2026-01-12") == [
        "Fri 07:30 clinic",
        "Sat 07:30 clinic",
        "Sun 07:30 take_home",
        "Mon 07:30 clinic",
    ]


def test_every_day_at_the_clinic() -> None:
    assert clinic(planned(AtClinic(DAILY)), "2026-01-03", "2026-01-04") == ["Sat day clinic", "Sun day clinic"]


def test_one_day_in_two_weeks_at_the_clinic_and_the_others_at_home() -> None:
    schedule = planned(AtClinic(weekly(THU, n=2), DAILY, Anchor.BREAKFAST))
    found = clinic(schedule, "2026-01-01", "2026-01-28")
    assert len(found) == 28
    assert [number for number, each in enumerate(found) if each == "Thu breakfast clinic"] == [0, 14]
    assert set(found) - {"Thu breakfast clinic"} == {
        f"{name} breakfast take_home" for name in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    }


# --- versions --------------------------------------------------------------------------------------------------


def test_a_change_at_noon_leaves_the_morning_as_it_was() -> None:
    first = version(regular(DAILY, "08:00", "12:00", "20:00"))
    second = version(regular(DAILY, "08:00 x2", "12:00 x2", "20:00 x2"), since="2026-05-10", at="12:00", name="v2")
    found = due_doses([second, first], day("2026-05-09"), day("2026-05-11"))
    assert told(found) == [
        "2026-05-09 08:00 x1",
        "2026-05-09 12:00 x1",
        "2026-05-09 20:00 x1",
        "2026-05-10 08:00 x1",
        "2026-05-10 12:00 x2",
        "2026-05-10 20:00 x2",
        "2026-05-11 08:00 x2",
        "2026-05-11 12:00 x2",
        "2026-05-11 20:00 x2",
    ]
    assert [dose.version for dose in found] == ["v1"] * 4 + ["v2"] * 5


def test_a_change_from_midnight_takes_the_whole_date() -> None:
    versions = version(regular(DAILY, "day", "00:00")), version(planned(Paused()), since="2026-05-10", name="v2")
    assert due(*versions, first="2026-05-09", last="2026-05-10") == ["2026-05-09 day x1", "2026-05-09 00:00 x1"]


def test_a_new_amount_does_not_shift_every_second_day() -> None:
    first = version(regular(EveryDays(2), "08:00", start="2026-01-01"))
    second = version(regular(EveryDays(2), "08:00 x2", start="2026-01-01"), since="2026-01-04", name="v2")
    assert due(first, second, first="2026-01-01", last="2026-01-07") == [
        "2026-01-01 08:00 x1",
        "2026-01-03 08:00 x1",
        "2026-01-05 08:00 x2",
        "2026-01-07 08:00 x2",
    ]


def test_a_pause_and_going_on() -> None:
    plan = regular(DAILY, "08:00")
    versions = (
        version(plan),
        version(planned(Paused()), since="2026-01-03", at="09:00", name="v2"),
        version(plan, since="2026-01-06", at="09:00", name="v3"),
    )
    assert due(*versions, first="2026-01-02", last="2026-01-07") == [
        "2026-01-02 08:00 x1",
        "2026-01-03 08:00 x1",
        "2026-01-07 08:00 x1",
    ]


def test_of_two_versions_from_one_minute_the_later_said_holds() -> None:
    one = version(regular(DAILY, "08:00 x1"), since="2026-01-03", name="v1")
    other = version(regular(DAILY, "08:00 x3"), since="2026-01-03", name="v2")
    assert due(one, other, first="2026-01-03", last="2026-01-03") == ["2026-01-03 08:00 x3"]


def test_several_changes_in_one_day() -> None:
    versions = [
        version(regular(DAILY, "08:00 x1", "14:00 x1", "20:00 x1")),
        version(regular(DAILY, "08:00 x2", "14:00 x2", "20:00 x2"), since="2026-01-03", at="10:00", name="v2"),
        version(regular(DAILY, "08:00 x3", "14:00 x3", "20:00 x3"), since="2026-01-03", at="16:00", name="v3"),
    ]
    assert due(*versions, first="2026-01-03", last="2026-01-03") == [
        "2026-01-03 08:00 x1",
        "2026-01-03 14:00 x2",
        "2026-01-03 20:00 x3",
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("day x1", "day x2", ["2026-01-03 day x1", "2026-01-04 day x2"]),
        ("08:00 x1", "day x2", ["2026-01-03 day x2", "2026-01-03 08:00 x1", "2026-01-04 day x2"]),
        ("day x1", "20:00 x2", ["2026-01-03 day x1", "2026-01-03 20:00 x2", "2026-01-04 20:00 x2"]),
    ],
    ids=["kept by the first", "begun by the second", "left by the second"],
)
def test_a_dose_at_no_time_on_a_day_that_changes_at_noon(before: str, after: str, expected: list[str]) -> None:
    versions = version(regular(DAILY, before)), version(regular(DAILY, after), since="2026-01-03", at="12:00")
    assert due(*versions, first="2026-01-03", last="2026-01-04") == expected


def test_an_injection_written_down_at_noon_is_due_that_day() -> None:
    injection = version(regular(weekly(THU, n=4), "day"), since="2026-01-01", at="12:00")
    assert due(injection, first="2026-01-01", last="2026-01-31") == ["2026-01-01 day x1", "2026-01-29 day x1"]


def test_the_hours_of_a_change_are_kept_with_it() -> None:
    """Lunch was at 11:30 when the change came at noon; that it is at 13:00 today moves no dose of that day."""
    before = version(regular(DAILY, "lunch x1"))
    after = Version("v2", "lithium", regular(DAILY, "lunch x2"), day("2026-01-03"), 720, {Anchor.LUNCH: 690})
    found = due_doses([before, after], day("2026-01-03"), day("2026-01-04"), {Anchor.LUNCH: 780})
    assert told(found) == ["2026-01-03 lunch x1", "2026-01-04 lunch x2"]


def test_versions_in_force() -> None:
    one, other = version(regular(DAILY, "08:00")), version(planned(Paused()), since="2026-01-03", at="09:00")
    assert in_force([other, one], day("2026-01-03"), 539) is one
    assert in_force([other, one], day("2026-01-03"), 540) is other
    assert in_force([other], day("2026-01-02"), 1439) is None
    assert held_between([other, one], day("2026-01-02"), day("2026-01-05")) == [
        (one, day("2026-01-02"), day("2026-01-03")),
        (other, day("2026-01-03"), day("2026-01-05")),
    ]


# --- the next dose ---------------------------------------------------------------------------------------------


def after(text: str) -> datetime:
    """Return a wall time of New York."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("schedule", "moment_asked", "expected"),
    [
        (regular(DAILY, "08:00", "20:00"), "2026-01-05 07:59", "2026-01-05 08:00 x1"),
        (regular(DAILY, "08:00", "20:00"), "2026-01-05 08:00", "2026-01-05 20:00 x1"),
        (regular(DAILY, "08:00", "20:00"), "2026-01-05 23:00", "2026-01-06 08:00 x1"),
        (regular(weekly(THU, n=52), "08:00"), "2026-01-01 09:00", "2026-12-31 08:00 x1"),
        (regular(DAILY, "08:00", start="2030-12-31"), "2026-01-01 09:00", "2030-12-31 08:00 x1"),
        (regular(DAILY, "day"), "2026-01-05 09:00", "2026-01-06 day x1"),
        (regular(DAILY, "08:00", end="2026-01-04"), "2026-01-05 09:00", None),
        (planned(AsNeeded()), "2026-01-05 09:00", None),
    ],
    ids=["soon", "not the one of now", "tomorrow", "in a year", "in five years", "at no time", "ended", "as needed"],
)
def test_the_next_dose(schedule: Schedule, moment_asked: str, expected: str | None) -> None:
    found = next_due([version(schedule)], after(moment_asked), NEW_YORK)
    assert (told([found])[0] if found else None) == expected


def test_a_dose_at_no_time_comes_when_the_caller_says() -> None:
    versions = [version(regular(DAILY, "day"))]
    found = next_due(versions, after("2026-01-05 08:59"), NEW_YORK, at_no_time=9 * 60)
    assert found is not None
    assert found.local_date == day("2026-01-05")


def test_last_nights_bedtime_comes_before_this_mornings_dose() -> None:
    versions = [version(regular(DAILY, "bedtime", "00:45"))]
    found = next_due(versions, after("2026-01-05 00:10"), NEW_YORK, {Anchor.BEDTIME: 24 * 60 + 30})
    assert found is not None
    assert told([found]) == ["2026-01-04 bedtime x1"]


def test_a_bedtime_at_the_edge_of_where_it_looks_first_does_not_hide_an_earlier_dose() -> None:
    night = version(regular(DAILY, "bedtime", start="2026-01-08"), medicine="a")
    early = version(regular(DAILY, "00:15", start="2026-01-09"), medicine="b")
    found = next_due([night, early], after("2026-01-05 12:00"), NEW_YORK, {Anchor.BEDTIME: 24 * 60 + 30})
    assert found is not None
    assert told([found]) == ["2026-01-09 00:15 x1"]


# --- as needed -------------------------------------------------------------------------------------------------


def taken(text: str) -> Taken:
    """Return one that was taken, such as "2026-01-05 09:00" or "2026-01-05 09:00 x2"."""
    when, _, amount = text.partition(" x")
    return Taken(moment(after(when).astimezone(UTC), "America/New_York"), Decimal(amount) if amount else None)


def advised(now: str, *log: str, most: int | None = 3, gap: int | None = 240) -> Advice:
    return as_needed_advice([taken(each) for each in log], planned(AsNeeded(Decimal(1), most, gap)), taken(now))


def test_as_needed_says_nothing_where_nothing_was_taken() -> None:
    found = advised("2026-01-05 09:00")
    assert found.fits
    assert (found.taken, found.clear_from) == (0, after("2026-01-05 09:00"))


def test_as_needed_within_the_gap_says_from_when_on() -> None:
    found = advised("2026-01-05 12:59", "2026-01-05 09:00")
    assert (found.within_gap, found.over_most, found.fits) == (True, False, False)
    assert found.clear_from == after("2026-01-05 13:00")
    assert advised("2026-01-05 13:00", "2026-01-05 09:00").fits


def test_as_needed_counts_the_day_of_the_person_which_begins_at_four() -> None:
    log = ["2026-01-05 06:00", "2026-01-05 12:00", "2026-01-05 20:00"]
    assert advised("2026-01-06 03:59", *log).over_most
    assert advised("2026-01-06 03:59", *log).taken == 3
    assert advised("2026-01-06 04:00", *log).fits


def test_as_needed_written_down_later_looks_both_ways() -> None:
    log = ["2026-01-05 12:00", "2026-01-05 15:00"]
    found = advised("2026-01-05 09:30", *log)
    assert found.within_gap
    assert found.clear_from == after("2026-01-05 19:00")
    assert advised("2026-01-05 08:00", *log).fits


def test_as_needed_three_at_once_are_three_of_the_day() -> None:
    assert advised("2026-01-05 09:00 x1").fits
    at_once = advised("2026-01-05 09:00 x2")
    assert (at_once.over_at_once, at_once.day_amount, at_once.fits) == (True, None, False)
    later = advised("2026-01-05 20:00", "2026-01-05 09:00 x3")
    assert (later.over_most, later.over_at_once, later.day_amount) == (False, False, Decimal(4))
    assert advised("2026-01-05 20:00", "2026-01-05 09:00 x2").fits
    # Half a one leaves room by amount; the number of times holds all the same.
    halves = [f"2026-01-05 {hour:02}:00 x0.5" for hour in (5, 10, 15)]
    assert advised("2026-01-05 20:00 x0.5", *halves).over_most
    assert advised("2026-01-05 20:00 x9", most=None).over_at_once
    assert advised("2026-01-05 20:00", "2026-01-05 09:00 x9", most=None).fits


def test_as_needed_takes_the_log_in_any_order() -> None:
    log = ["2026-01-05 15:00", "2026-01-05 12:00"]
    assert advised("2026-01-05 09:30", *log).clear_from == after("2026-01-05 19:00")


def test_a_gap_is_real_time_when_clocks_go_back() -> None:
    found = advised("2026-11-01 03:00", "2026-11-01 00:30", most=None, gap=180)
    assert not found.within_gap  # 00:30 to 03:00 by the clock, three hours and a half of time


@pytest.mark.parametrize(
    "schedule", [planned(AsNeeded()), regular(DAILY, "08:00"), planned(Paused())], ids=["no limits", "daily", "paused"]
)
def test_without_limits_there_is_nothing_to_say(schedule: Schedule) -> None:
    log = [taken("2026-01-05 09:00")] * 60
    assert as_needed_advice(log, schedule, taken("2026-01-05 09:00")).fits


# --- refills ---------------------------------------------------------------------------------------------------


def used(*versions: Version, first: str = "2026-01-01", last: str = "2026-01-10") -> Decimal | None:
    return supply(versions, day(first), day(last))


def test_a_plan_uses_up_its_amounts() -> None:
    assert used(version(regular(DAILY, "08:00 x0.5", "20:00 x2"))) == Decimal(25)
    assert used(version(regular(EveryDays(3), "08:00"))) == Decimal(4)
    assert used(version(planned(Paused()))) == Decimal(0)
    assert used(version(regular(DAILY, "08:00", end="2026-01-04"))) == Decimal(4)


def test_a_change_of_amount_is_counted_from_its_minute() -> None:
    more = version(regular(DAILY, "08:00 x2", "20:00 x2"), since="2026-01-06", at="12:00", name="v2")
    assert used(version(regular(DAILY, "08:00", "20:00")), more) == Decimal(11 + 2 + 16)


def test_what_cannot_be_counted_is_not() -> None:
    unknown = planned(Regular(DAILY, (Dose(clock("08:00"), None),)))
    other_unit = planned(Regular(DAILY, doses("08:00")), unit="mg")
    assert used(version(unknown)) is None
    assert used(version(planned(AsNeeded(Decimal(1))))) is None
    assert used(version(planned(AtClinic(weekly(MON), DAILY)))) is None
    assert used(version(regular(DAILY, "08:00")), version(other_unit, since="2026-01-05")) is None
    assert used(version(planned(AsNeeded(Decimal(1)), end="2025-12-31", start="2025-01-01"))) == 0


@pytest.mark.parametrize(
    ("units", "said", "expected"),
    [
        ("0", "08:00", 0),
        ("7", "08:00", 7),
        ("7.5", "08:00", 7),
        ("5", "08:00 x0.5", 10),
        ("4", "08:00 x3", 1),
        ("2.5", "08:00 x3", 0),
        ("100000", "08:00", None),
    ],
)
def test_days_left(units: str, said: str, expected: int | None) -> None:
    assert days_left(Decimal(units), [version(regular(DAILY, said))], TODAY) == expected


def test_days_left_knows_what_is_planned() -> None:
    half_the_time = version(regular(EveryDays(2), "08:00"))
    assert days_left(Decimal(2), [half_the_time], TODAY) == 4
    doubled = version(regular(DAILY, "08:00 x2"), since="2026-01-04", name="v2")
    assert days_left(Decimal(7), [version(regular(DAILY, "08:00")), doubled], TODAY) == 5
    assert days_left(Decimal(7), [version(regular(DAILY, "08:00", end="2026-01-07"))], TODAY) is None
    assert days_left(Decimal(7), [version(planned(AsNeeded(Decimal(1))))], TODAY) is None
    between = version(planned(AsNeeded(Decimal(1))), since="2026-01-03", name="v2")
    daily_again = version(regular(DAILY, "08:00"), since="2026-01-05", name="v3")
    assert days_left(Decimal(2), [version(regular(DAILY, "08:00")), between, daily_again], TODAY) is None
    mixed = planned(Regular(DAILY, (Dose(clock("08:00"), Decimal(1)), Dose(clock("20:00"), None))))
    assert days_left(Decimal(7), [version(mixed)], TODAY) is None


def test_a_range_of_dates_may_be_long() -> None:
    found = due_doses([version(regular(weekly(MON), "08:00"))], date(1900, 1, 1), date(2100, 1, 1))
    assert (found[0].local_date, len(found)) == (day("2026-01-05"), 3861)
