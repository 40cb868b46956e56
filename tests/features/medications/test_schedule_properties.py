"""What holds for every schedule: no dose twice, none lost, each in its place and under its name, all as documents."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from patient_app.medications.documents import from_data, propose, to_data
from patient_app.medications.due import DueDose, Version, at, due_doses, held_between, in_force, next_due
from patient_app.medications.schedule import AsNeeded, Hours, Paused, Schedule
from patient_app.medications.supply import days_left, supply
from tests.features.medications.plans import (
    TODAY,
    amounts,
    dates,
    hours,
    plain,
    regimens,
    schedules,
    slow,
)

FIRST, LAST = date(2025, 12, 20), date(2026, 2, 10)
by_chance = settings(max_examples=50, deadline=None)


@by_chance
@given(regimens(medicines=2), hours)
def test_the_doses_are_those_of_an_engine_that_asks_every_day(versions: list[Version], own: Hours) -> None:
    assert [plain(dose) for dose in due_doses(versions, FIRST, LAST, own)] == slow(versions, FIRST, LAST, own)


@by_chance
@given(regimens(medicines=2), hours, dates, dates, dates)
def test_parts_of_a_range_make_the_whole(
    versions: list[Version], own: Hours, one: date, other: date, third: date
) -> None:
    first, middle, last = sorted([one, other, third])
    before = due_doses(versions, first, middle - timedelta(days=1), own)
    assert before + due_doses(versions, middle, last, own) == due_doses(versions, first, last, own)


@by_chance
@given(regimens(medicines=3), hours)
def test_no_dose_twice_and_all_in_order(versions: list[Version], own: Hours) -> None:
    found = due_doses(versions, FIRST, LAST, own)
    assert [name for name, times in Counter(dose.identity for dose in found).items() if times > 1] == []
    assert found == sorted(found, key=_order)


def _order(dose: DueDose) -> tuple[date, int, str, str]:
    minute = dose.planned.minute
    return dose.local_date, -1 if minute is None else minute, dose.medicine, dose.slot


@by_chance
@given(regimens(), schedules(), st.integers(0, 1439), st.integers(0, 60), hours, hours)
def test_a_later_version_leaves_what_came_before_it(
    versions: list[Version], schedule: Schedule, minute: int, later: int, own: Hours, then: Hours
) -> None:
    """Whatever it says, and whatever the hours were when it was written."""
    newest = max(versions, key=lambda version: (version.since, version.minute))
    since = newest.since + timedelta(days=later)
    assume((since, minute) > (newest.since, newest.minute))
    added = Version("new", newest.medicine, schedule, since, minute, then)
    before = due_doses(versions, FIRST, LAST, own)
    after = {dose.identity: dose for dose in due_doses([*versions, added], FIRST, LAST, own)}
    assert [dose for dose in before if dose.local_date < since and after[dose.identity] != dose] == []
    assert all(dose.version != "new" for dose in after.values() if dose.local_date < since)
    if later:
        untouched = [dose for dose in before if dose.local_date == since and _before_change(dose, minute)]
        assert [after[dose.identity] for dose in untouched] == untouched


def _before_change(dose: DueDose, minute: int) -> bool:
    if dose.slot == "day":
        return minute > 0
    return dose.slot[0].isdigit() and (dose.planned.minute or 0) < minute


@by_chance
@given(regimens(), hours, hours)
def test_other_hours_change_no_name(versions: list[Version], own: Hours, other: Hours) -> None:
    now, then = (due_doses(versions, FIRST, LAST, each) for each in (own, other))
    assert {(dose.identity, dose.version) for dose in now} == {(dose.identity, dose.version) for dose in then}


@by_chance
@given(schedules())
def test_a_schedule_is_the_same_after_its_document(schedule: Schedule) -> None:
    proposed = propose(to_data(schedule), TODAY)
    assume(isinstance(proposed, Schedule))
    document = json.loads(json.dumps(to_data(schedule)))
    assert from_data(document) == proposed == schedule
    assert to_data(from_data(document)) == document


@by_chance
@given(schedules())
def test_what_is_accepted_is_due_at_least_once_and_nothing_else_is_refused_for_that(schedule: Schedule) -> None:
    found = propose(to_data(schedule), TODAY)
    assume(not isinstance(schedule.plan, AsNeeded | Paused))
    ends = min(schedule.end or date.max, schedule.start + timedelta(days=800))
    due = slow([Version("v", "m", schedule, schedule.start)], schedule.start, ends, {})
    if isinstance(found, Schedule):
        assert due
    elif {problem.code for problem in found} == {"never_due"} and found[0].field in {"plan.days", "plan.clinic"}:
        assert not due


@by_chance
@given(regimens(medicines=2), hours, st.datetimes(datetime(2025, 12, 1), datetime(2026, 4, 1)), st.integers(0, 1439))  # noqa: DTZ001 - made aware below
def test_the_next_dose_is_the_first_of_all_later_ones(
    versions: list[Version], own: Hours, wall: datetime, at_no_time: int
) -> None:
    zone = ZoneInfo("Europe/London")
    after = wall.replace(tzinfo=UTC)
    ends = after.date() + timedelta(days=500)
    near = due_doses(versions, after.date() - timedelta(days=3), ends, own)
    later = [(at(dose, zone, at_no_time), _order(dose), dose) for dose in near]
    expected = min([each for each in later if each[0] > after], default=None, key=lambda each: each[:2])
    found = next_due(versions, after, zone, own, at_no_time)
    if expected is not None:
        assert found == expected[2]
    else:
        assert found is None or found.local_date > ends


@by_chance
@given(regimens(), dates, st.integers(0, 1439))
def test_the_version_in_force_is_the_last_that_began(versions: list[Version], today: date, minute: int) -> None:
    held = {version.id: (begins, ends) for version, begins, ends in held_between(versions, today, today)}
    found = in_force(versions, today, minute)
    assert (found is None) == all((each.since, each.minute) > (today, minute) for each in versions)
    if found is not None:
        assert held[found.id] == (today, today)


@by_chance
@given(regimens(), amounts)
def test_days_left_are_the_last_that_are_enough(versions: list[Version], units: Decimal) -> None:
    left = days_left(units, versions, TODAY)
    if left is not None:
        used, more = (supply(versions, TODAY, TODAY + timedelta(days=left - 1 + extra)) for extra in (0, 1))
        assert used is not None
        assert more is not None
        assert used <= units < more
