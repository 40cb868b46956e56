"""What a document of a schedule looks like, and every way in which one is refused, all of it at once."""

from __future__ import annotations

import copy
import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patient_app.medications.documents import from_data, propose, to_data
from patient_app.medications.problems import NotASchedule
from patient_app.medications.schedule import (
    Anchor,
    AsNeeded,
    AtClinic,
    Dose,
    EveryDays,
    EveryWeeks,
    Food,
    Paused,
    Regular,
    Schedule,
    Step,
    Stepwise,
)
from tests.features.medications.plans import DAILY, MON, THU, TODAY, clock, day, doses, planned, weekly

GOOD: dict[str, Any] = {
    "v": 1,
    "start": "2026-01-05",
    "end": None,
    "unit": "tablet",
    "plan": {
        "kind": "regular",
        "days": {"every": "weeks", "n": 2, "on": [1, 4]},
        "doses": [
            {"at": "08:00", "amount": "0.5", "food": None},
            {"at": "bedtime", "amount": "2", "food": "with"},
        ],
    },
}
STEPS: dict[str, Any] = {
    **GOOD,
    "end": "2026-01-31",
    "plan": {
        "kind": "stepwise",
        "from_prescriber": True,
        "steps": [
            {
                "first": first,
                "unit": "tablet",
                "days": {"every": "days", "n": 1},
                "doses": [{"at": "08:00", "amount": amount, "food": None}],
            }
            for first, amount in (("2026-01-05", "2"), ("2026-01-12", "1.5"), ("2026-01-19", "1"))
        ],
    },
}
CLINIC: dict[str, Any] = {
    **GOOD,
    "plan": {
        "kind": "at_clinic",
        "clinic": {"every": "weeks", "n": 1, "on": [1]},
        "take_home": {"every": "days", "n": 1},
        "at": "07:30",
    },
}
NEEDED: dict[str, Any] = {
    **GOOD,
    "plan": {"kind": "as_needed", "amount": "1", "most_a_day": 4, "gap_minutes": 360},
}
PAUSED: dict[str, Any] = {**GOOD, "plan": {"kind": "paused"}}
MISSING = object()


def changed(document: dict[str, Any], *changes: tuple[str, object]) -> Any:
    """Return a copy with other values at these paths ("plan.doses.0.at"); MISSING takes the key out."""
    copied: Any = copy.deepcopy(document)
    for path, value in changes:
        *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        place = copied
        for part in parents:
            place = place[part]
        if value is MISSING:
            del place[last]
        else:
            place[last] = value
    return copied


def problems(document: object) -> list[str]:
    found = propose(document, TODAY)
    return [] if isinstance(found, Schedule) else [f"{problem.field}: {problem.code}" for problem in found]


READ = {
    "regular": (
        GOOD,
        Schedule(
            day("2026-01-05"),
            None,
            "tablet",
            Regular(
                EveryWeeks(frozenset({MON, THU}), 2),
                (
                    Dose(clock("08:00"), Decimal("0.5")),
                    Dose(Anchor.BEDTIME, Decimal(2), Food.WITH),
                ),
            ),
        ),
    ),
    "stepwise": (
        STEPS,
        Schedule(
            day("2026-01-05"),
            day("2026-01-31"),
            "tablet",
            Stepwise(
                (
                    Step(day("2026-01-05"), DAILY, doses("08:00 x2")),
                    Step(day("2026-01-12"), DAILY, doses("08:00 x1.5")),
                    Step(day("2026-01-19"), DAILY, doses("08:00 x1")),
                )
            ),
        ),
    ),
    "at the clinic": (CLINIC, planned(AtClinic(weekly(MON), DAILY, clock("07:30")), start="2026-01-05")),
    "as needed": (NEEDED, planned(AsNeeded(Decimal(1), 4, 360), start="2026-01-05")),
    "paused": (PAUSED, planned(Paused(), start="2026-01-05")),
}


@pytest.mark.parametrize("kind", READ)
def test_a_document_is_read_and_written(kind: str) -> None:
    document, schedule = READ[kind]
    assert propose(document, TODAY) == from_data(document) == schedule
    assert json.loads(json.dumps(to_data(schedule))) == document


@pytest.mark.parametrize(
    ("written", "stored"), [("0.50", "0.5"), ("2.000", "2"), ("1e2", "100"), ("100000", "100000"), ("+1.", "1")]
)
def test_an_amount_is_stored_in_one_way(written: str, stored: str) -> None:
    schedule = from_data(changed(GOOD, ("plan.doses.0.amount", written)))
    assert to_data(schedule)["plan"]["doses"][0]["amount"] == stored


# (the document it starts from, what is changed in it, the problems in the order of the fields)
NO_SUCH_DAY = {"every": "weeks", "n": 1, "on": [MON]}
BAD: dict[str, tuple[dict[str, Any], list[tuple[str, object]], list[str]]] = {
    # Amounts
    "a dose of 0": (GOOD, [("plan.doses.0.amount", "0")], ["plan.doses.0.amount: not_positive"]),
    "a dose of minus 0": (GOOD, [("plan.doses.0.amount", "-0.0")], ["plan.doses.0.amount: not_positive"]),
    "a negative dose": (GOOD, [("plan.doses.1.amount", "-1")], ["plan.doses.1.amount: not_positive"]),
    "10^9": (GOOD, [("plan.doses.0.amount", "1000000000")], ["plan.doses.0.amount: too_large"]),
    "1e9": (GOOD, [("plan.doses.0.amount", "1e9")], ["plan.doses.0.amount: too_large"]),
    "just too large": (GOOD, [("plan.doses.0.amount", "100000.001")], ["plan.doses.0.amount: too_large"]),
    "NaN": (GOOD, [("plan.doses.0.amount", "NaN")], ["plan.doses.0.amount: not_a_number"]),
    "infinity": (GOOD, [("plan.doses.0.amount", "Infinity")], ["plan.doses.0.amount: not_a_number"]),
    "words": (GOOD, [("plan.doses.0.amount", "two")], ["plan.doses.0.amount: not_a_number"]),
    "a comma": (GOOD, [("plan.doses.0.amount", "0,5")], ["plan.doses.0.amount: not_a_number"]),
    "other digits": (GOOD, [("plan.doses.0.amount", "٣")], ["plan.doses.0.amount: not_a_number"]),
    "a line after it": (GOOD, [("plan.doses.0.amount", "1\n")], ["plan.doses.0.amount: not_a_number"]),
    "too many decimals": (GOOD, [("plan.doses.0.amount", "0.1234")], ["plan.doses.0.amount: too_many_decimals"]),
    "hidden decimals": (GOOD, [("plan.doses.0.amount", "1e-9")], ["plan.doses.0.amount: too_many_decimals"]),
    "an empty amount": (GOOD, [("plan.doses.0.amount", "")], ["plan.doses.0.amount: missing"]),
    "an amount as a number": (GOOD, [("plan.doses.0.amount", 0.5)], ["plan.doses.0.amount: wrong_type"]),
    "no amount in a step": (STEPS, [("plan.steps.0.doses.0.amount", None)], ["plan.steps.0.doses.0.amount: missing"]),
    # Units
    "no unit": (GOOD, [("unit", "")], ["unit: missing"]),
    "a unit of spaces": (GOOD, [("unit", "  ")], ["unit: missing"]),
    "a long unit": (GOOD, [("unit", "x" * 41)], ["unit: too_long"]),
    "a unit of two lines": (GOOD, [("unit", "a\nb")], ["unit: unknown"]),
    "another unit in a step": (STEPS, [("plan.steps.1.unit", "mg")], ["plan.steps.1.unit: unit_mismatch"]),
    # Dates
    "an end before the start": (GOOD, [("end", "2026-01-04")], ["end: end_before_start"]),
    "a start in 6 years": (GOOD, [("start", "2032-01-01")], ["start: too_far_ahead"]),
    "a start in 5 years and a day": (GOOD, [("start", "2031-01-02")], ["start: too_far_ahead"]),
    "an end in 6 years": (GOOD, [("end", "2032-01-01")], ["end: too_far_ahead"]),
    "a start in the year 206": (GOOD, [("start", "0206-01-01")], ["start: too_far_back"]),
    "30 February": (GOOD, [("start", "2026-02-30")], ["start: not_a_date"]),
    "a date of another form": (GOOD, [("start", "20260105")], ["start: not_a_date"]),
    "a week": (GOOD, [("start", "2026-W02-1")], ["start: not_a_date"]),
    "no start": (GOOD, [("start", None)], ["start: missing"]),
    "a date as a number": (GOOD, [("end", 20260105)], ["end: wrong_type"]),
    # Times
    "no times": (GOOD, [("plan.doses", [])], ["plan.doses: missing"]),
    "13 times a day": (
        GOOD,
        [("plan.doses", [{"at": f"{hour:02}:00", "amount": "1", "food": None} for hour in range(13)])],
        ["plan.doses: too_many_times"],
    ),
    "100 times a day": (
        GOOD,
        [("plan.doses", [{"at": f"08:{n % 60:02}", "amount": "1", "food": None} for n in range(100)])],
        ["plan.doses: too_many_times"],
    ),
    "one time twice": (GOOD, [("plan.doses.1.at", "08:00")], ["plan.doses.1.at: twice"]),
    "one anchor twice": (
        GOOD,
        [("plan.doses.0.at", "lunch"), ("plan.doses.1.at", "lunch")],
        ["plan.doses.1.at: twice"],
    ),
    "no time beside another": (GOOD, [("plan.doses.1.at", None)], ["plan.doses.1.at: time_missing"]),
    "24:00": (GOOD, [("plan.doses.0.at", "24:00")], ["plan.doses.0.at: not_a_time"]),
    "8:00": (GOOD, [("plan.doses.0.at", "8:00")], ["plan.doses.0.at: not_a_time"]),
    "seconds": (GOOD, [("plan.doses.0.at", "08:00:30")], ["plan.doses.0.at: not_a_time"]),
    "a meal there is none of": (GOOD, [("plan.doses.0.at", "brunch")], ["plan.doses.0.at: not_a_time"]),
    "an empty time": (GOOD, [("plan.doses.0.at", "")], ["plan.doses.0.at: missing"]),
    "food that is neither": (GOOD, [("plan.doses.0.food", "some")], ["plan.doses.0.food: unknown"]),
    # Days
    "every 0 weeks": (GOOD, [("plan.days.n", 0)], ["plan.days.n: not_positive"]),
    "every 53 weeks": (GOOD, [("plan.days.n", 53)], ["plan.days.n: too_large"]),
    "every 0 days": (GOOD, [("plan.days", {"every": "days", "n": 0})], ["plan.days.n: not_positive"]),
    "every -2 days": (GOOD, [("plan.days", {"every": "days", "n": -2})], ["plan.days.n: not_positive"]),
    "every 366 days": (GOOD, [("plan.days", {"every": "days", "n": 366})], ["plan.days.n: too_large"]),
    "every true days": (GOOD, [("plan.days", {"every": "days", "n": True})], ["plan.days.n: wrong_type"]),
    "every 1.5 days": (GOOD, [("plan.days", {"every": "days", "n": 1.5})], ["plan.days.n: wrong_type"]),
    "every so many months": (GOOD, [("plan.days", {"every": "months", "n": 1})], ["plan.days.every: unknown"]),
    "days without a rule": (GOOD, [("plan.days", {"n": 1})], ["plan.days.every: missing"]),
    "no weekday": (GOOD, [("plan.days.on", [])], ["plan.days.on: missing"]),
    "an eighth weekday": (GOOD, [("plan.days.on", [1, 8])], ["plan.days.on.1: too_large"]),
    "a weekday 0": (GOOD, [("plan.days.on", [0])], ["plan.days.on.0: not_positive"]),
    "a weekday twice": (GOOD, [("plan.days.on", [1, 1])], ["plan.days.on.1: twice"]),
    "Mondays from Tuesday to Sunday": (
        GOOD,
        [("start", "2026-01-06"), ("end", "2026-01-11"), ("plan.days", NO_SUCH_DAY)],
        ["plan.days: never_due"],
    ),
    "a clinic day that never comes": (
        CLINIC,
        [("start", "2026-01-06"), ("end", "2026-01-11"), ("plan.take_home", None)],
        ["plan.clinic: never_due"],
    ),
    # Steps
    "not from a prescriber": (
        STEPS,
        [("plan.from_prescriber", False)],
        ["plan.from_prescriber: not_from_prescriber"],
    ),
    "from a prescriber, perhaps": (
        STEPS,
        [("plan.from_prescriber", "yes")],
        ["plan.from_prescriber: not_from_prescriber"],
    ),
    "nobody says from whom": (STEPS, [("plan.from_prescriber", MISSING)], ["plan.from_prescriber: missing"]),
    "no steps": (STEPS, [("plan.steps", [])], ["plan.steps: missing"]),
    "101 steps": (STEPS, [("plan.steps", STEPS["plan"]["steps"][:1] * 101)], ["plan.steps: too_many_steps"]),
    "a first step after the start": (
        STEPS,
        [("start", "2026-01-04")],
        ["plan.steps.0.first: first_step_not_at_start"],
    ),
    "two steps on one date": (
        STEPS,
        [("plan.steps.2.first", "2026-01-12")],
        ["plan.steps.2.first: steps_not_rising"],
    ),
    "steps that go back": (STEPS, [("plan.steps.2.first", "2026-01-06")], ["plan.steps.2.first: steps_not_rising"]),
    "a step after the end": (STEPS, [("end", "2026-01-18")], ["plan.steps.2.first: step_after_end"]),
    "a step that never comes": (
        STEPS,
        [("plan.steps.1.first", "2026-01-13"), ("plan.steps.1.days", {"every": "weeks", "n": 1, "on": [MON]})],
        ["plan.steps.1.days: never_due"],
    ),
    # As needed
    "0 a day": (NEEDED, [("plan.most_a_day", 0)], ["plan.most_a_day: not_positive"]),
    "49 a day": (NEEDED, [("plan.most_a_day", 49)], ["plan.most_a_day: too_large"]),
    "a gap of 0": (NEEDED, [("plan.gap_minutes", 0)], ["plan.gap_minutes: not_positive"]),
    "a gap of years": (NEEDED, [("plan.gap_minutes", 10**9)], ["plan.gap_minutes: too_large"]),
    "4 a day, 8 hours apart": (NEEDED, [("plan.gap_minutes", 480)], ["plan.gap_minutes: gaps_exceed_day"]),
    # The document itself
    "another format": (GOOD, [("v", 2)], ["v: unknown"]),
    "a format that is true": (GOOD, [("v", True)], ["v: unknown"]),
    "no format": (GOOD, [("v", MISSING)], ["v: missing"]),
    "a key too many": (GOOD, [("colour", "blue")], ["colour: unknown"]),
    "a key of another kind": (PAUSED, [("plan.days", {"every": "days", "n": 1})], ["plan.days: unknown"]),
    "a key too few": (GOOD, [("plan.doses.0.food", MISSING)], ["plan.doses.0.food: missing"]),
    "no plan": (GOOD, [("plan", None)], ["plan: missing"]),
    "a plan of a kind there is none of": (GOOD, [("plan.kind", "hourly")], ["plan.kind: unknown"]),
    "a plan of no kind": (GOOD, [("plan", {})], ["plan.kind: missing"]),
    "doses as an object": (GOOD, [("plan.doses", {})], ["plan.doses: wrong_type"]),
    "a dose as text": (GOOD, [("plan.doses.0", "08:00")], ["plan.doses.0: wrong_type"]),
    "a step as text": (STEPS, [("plan.steps.1", "then less")], ["plan.steps.1: wrong_type"]),
    # Several at once
    "all that is wrong, in the order of the fields": (
        GOOD,
        [
            ("start", "2026-02-30"),
            ("unit", ""),
            ("plan.days.n", 0),
            ("plan.doses.0.amount", "0"),
            ("plan.doses.1.at", "noon"),
        ],
        [
            "start: not_a_date",
            "unit: missing",
            "plan.days.n: not_positive",
            "plan.doses.0.amount: not_positive",
            "plan.doses.1.at: not_a_time",
        ],
    ),
    "dates and amounts": (
        GOOD,
        [("end", "2026-01-04"), ("plan.doses.0.amount", "0")],
        ["plan.doses.0.amount: not_positive", "end: end_before_start"],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_named_with_its_field(case: str) -> None:
    document, changes, expected = BAD[case]
    assert problems(document) == []
    assert problems(changed(document, *changes)) == expected


@pytest.mark.parametrize("case", [case for case, (*_, found) in BAD.items() if "too_far" not in found[0]])
def test_a_stored_document_is_read_as_strictly(case: str) -> None:
    document, changes, expected = BAD[case]
    with pytest.raises(NotASchedule) as refused:
        from_data(changed(document, *changes))
    assert str(refused.value) == "; ".join(expected)
    assert [f"{problem.field}: {problem.code}" for problem in refused.value.problems] == expected


@pytest.mark.parametrize("value", [None, 1, "text", [], True, 0.5], ids=repr)
def test_what_is_no_object_is_no_schedule(value: object) -> None:
    with pytest.raises(NotASchedule, match=r"^document: (wrong_type|missing)$"):
        from_data(value)


def test_limits_themselves_are_accepted() -> None:
    assert problems(changed(GOOD, ("start", "2031-01-01"))) == []
    assert problems(changed(GOOD, ("start", "1926-01-01"))) == []
    assert problems(changed(GOOD, ("plan.days", {"every": "days", "n": 365}))) == []
    assert problems(changed(GOOD, ("plan.days.n", 52))) == []
    assert problems(changed(GOOD, ("plan.doses.0.amount", "0.001"))) == []
    assert problems(changed(NEEDED, ("plan.most_a_day", 1), ("plan.gap_minutes", 7 * 24 * 60))) == []
    assert problems(changed(NEEDED, ("plan.most_a_day", None), ("plan.gap_minutes", None))) == []
    twelve = [{"at": f"{hour:02}:00", "amount": None, "food": None} for hour in range(12)]
    assert problems(changed(GOOD, ("plan.doses", twelve))) == []


def test_a_document_stays_readable_when_its_dates_have_become_old() -> None:
    assert from_data(changed(GOOD, ("start", "1900-01-01"))).start == date(1900, 1, 1)
    assert from_data(changed(GOOD, ("end", "2099-01-01"))).end == date(2099, 1, 1)


def test_on_29_february_five_years_ahead_is_the_end_of_february() -> None:
    leap = date(2028, 2, 29)
    assert isinstance(propose(changed(GOOD, ("start", "2033-02-28")), leap), Schedule)
    assert not isinstance(propose(changed(GOOD, ("start", "2033-03-01")), leap), Schedule)


def test_a_week_that_is_half_over_waits_for_the_next_one_that_counts() -> None:
    """Begun on a Tuesday, every 52 weeks on Mondays: the first comes almost a year later, and it is no mistake."""
    rule = {"every": "weeks", "n": 52, "on": [MON]}
    assert problems(changed(GOOD, ("start", "2026-01-06"), ("plan.days", rule))) == []
    late = changed(GOOD, ("start", "2026-01-06"), ("end", "2027-01-03"), ("plan.days", rule))
    assert problems(late) == ["plan.days: never_due"]
    assert problems(changed(late, ("end", "2027-01-04"))) == []


def test_take_home_days_alone_are_enough() -> None:
    found = propose(changed(CLINIC, ("start", "2026-01-06"), ("end", "2026-01-11")), TODAY)
    assert isinstance(found, Schedule)
    assert found.plan == AtClinic(weekly(MON), EveryDays(1), clock("07:30"))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=8,
)
PATHS = [
    (document, path)
    for document, paths in (
        (GOOD, "v start end unit plan plan.kind plan.days plan.days.every plan.days.n plan.days.on plan.days.on.0"),
        (GOOD, "plan.doses plan.doses.0 plan.doses.0.at plan.doses.0.amount plan.doses.1.food"),
        (STEPS, "start end unit plan.from_prescriber plan.steps plan.steps.1 plan.steps.1.first plan.steps.1.unit"),
        (STEPS, "plan.steps.1.days plan.steps.2.doses plan.steps.2.doses.0.amount"),
        (CLINIC, "plan.clinic plan.take_home plan.at"),
        (NEEDED, "plan.amount plan.most_a_day plan.gap_minutes"),
    )
    for path in paths.split()
]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PATHS), anything)
def test_anything_anywhere_is_a_schedule_or_a_list_of_problems(at: tuple[dict[str, Any], str], value: object) -> None:
    document, path = at
    found = propose(changed(document, (path, value)), TODAY)
    assert isinstance(found, Schedule) or found
    if isinstance(found, Schedule):
        assert from_data(json.loads(json.dumps(to_data(found)))) == found
