"""A schedule as a JSON document: how it is written, read, and proposed.

    {"v": 1, "start": "2026-01-05", "end": null, "unit": "tablet", "plan": PLAN}

    PLAN   {"kind": "regular", "days": DAYS, "doses": [DOSE, ...]}
           {"kind": "stepwise", "from_prescriber": true,
            "steps": [{"first": "2026-01-05", "unit": "tablet", "days": DAYS, "doses": [DOSE, ...]}, ...]}
           {"kind": "at_clinic", "clinic": DAYS, "take_home": DAYS or null, "at": AT}
           {"kind": "as_needed", "amount": AMOUNT, "most_a_day": 4 or null, "gap_minutes": 240 or null}
           {"kind": "paused"}
    DAYS   {"every": "days", "n": 2} or {"every": "weeks", "n": 1, "on": [1, 3, 5]}, Monday being 1
    DOSE   {"at": AT, "amount": AMOUNT, "food": "with", "without" or null}
    AT     "08:00", "waking", "breakfast", "lunch", "dinner", "bedtime" or null
    AMOUNT "0.5", a decimal number as text, or null where nobody told it

Every key stands in every document. A form makes such a document of what was typed, so that what is stored and what is
proposed are read by the same lines.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from patient_app.medications.problems import NotASchedule, Problem, Wrong
from patient_app.medications.reader import Reader, inside
from patient_app.medications.schedule import (
    MINUTES_A_DAY,
    AsNeeded,
    At,
    AtClinic,
    Days,
    Dose,
    EveryDays,
    EveryWeeks,
    Food,
    Paused,
    Plan,
    Regular,
    Schedule,
    Step,
    Stepwise,
    slot_of,
    stretches,
)
from patient_app.medications.words import UNITS

FORMAT = 1
DAYS_A_WEEK = 7
MOST_TIMES_A_DAY = 12
MOST_STEPS = 100
MOST_DAYS_BETWEEN = 365
MOST_WEEKS_BETWEEN = 52
# Every rule falls on one of so many days after it begins, if on any: a year of weeks, and the rest of the first.
LONGEST_WAIT = (MOST_WEEKS_BETWEEN + 1) * DAYS_A_WEEK
MOST_AS_NEEDED_A_DAY = 48
MOST_GAP_MINUTES = 7 * MINUTES_A_DAY


def to_data(schedule: Schedule) -> dict[str, Any]:
    """Return the schedule as a document of the standard types, the same one for equal schedules."""
    return {
        "v": FORMAT,
        "start": schedule.start.isoformat(),
        "end": schedule.end.isoformat() if schedule.end else None,
        "unit": schedule.unit,
        "plan": _plan_data(schedule.plan, schedule.unit),
    }


def from_data(document: object) -> Schedule:
    """Return the schedule of a stored document; raise NotASchedule for anything else."""
    found = _read(document, None)
    if isinstance(found, Schedule):
        return found
    raise NotASchedule(found)


def from_text(text: str) -> Schedule:
    """Return the schedule of a stored document's text, as `from_data` does.

    Read once for the same text: it names nobody and no medicine. One with a unit in somebody's own words is read each
    time, so that no words of theirs stay in memory.
    """
    document = json.loads(text)
    return _read_once(text) if document["unit"] in UNITS else from_data(document)


@lru_cache(maxsize=1024)
def _read_once(text: str) -> Schedule:
    return from_data(json.loads(text))


def propose(document: object, today: date) -> Schedule | tuple[Problem, ...]:
    """Return the schedule that a document proposes, or everything that is wrong with it, never nothing.

    Beside what `from_data` asks, no date may lie more than 5 years after `today` or 100 years before it.
    """
    return _read(document, today)


# --- writing ---------------------------------------------------------------------------------------------------


def _plan_data(plan: Plan, unit: str) -> dict[str, Any]:
    match plan:
        case Regular(days, doses):
            return {"kind": "regular", "days": _days_data(days), "doses": [_dose_data(dose) for dose in doses]}
        case Stepwise(steps):
            return {"kind": "stepwise", "from_prescriber": True, "steps": [_step_data(step, unit) for step in steps]}
        case AtClinic(clinic, take_home, at):
            home = _days_data(take_home) if take_home else None
            return {"kind": "at_clinic", "clinic": _days_data(clinic), "take_home": home, "at": _at_data(at)}
        case AsNeeded(amount, most, gap):
            return {"kind": "as_needed", "amount": _amount_data(amount), "most_a_day": most, "gap_minutes": gap}
        case Paused():
            return {"kind": "paused"}


def _step_data(step: Step, unit: str) -> dict[str, Any]:
    doses = [_dose_data(dose) for dose in step.doses]
    return {"first": step.first.isoformat(), "unit": unit, "days": _days_data(step.days), "doses": doses}


def _dose_data(dose: Dose) -> dict[str, Any]:
    food = dose.food.value if dose.food else None
    return {"at": _at_data(dose.at), "amount": _amount_data(dose.amount), "food": food}


def _days_data(days: Days) -> dict[str, Any]:
    if isinstance(days, EveryDays):
        return {"every": "days", "n": days.n}
    return {"every": "weeks", "n": days.n, "on": sorted(days.on)}


def _at_data(at: At) -> str | None:
    return None if at is None else slot_of(at)


def _amount_data(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount.normalize():f}"


# --- reading ---------------------------------------------------------------------------------------------------


def _read(document: object, today: date | None) -> Schedule | tuple[Problem, ...]:
    reader = Reader(today)
    data = reader.fields(document, "", ("v", "start", "end", "unit", "plan"))
    if reader.fine("v") and (type(data["v"]) is not int or data["v"] != FORMAT):
        reader.note(Wrong.UNKNOWN, "v")
    schedule = Schedule(
        start=reader.civil_date(data["start"], "start"),
        end=reader.civil_date_or_none(data["end"], "end"),
        unit=reader.unit(data["unit"], "unit"),
        plan=_plan(reader, data["plan"], "plan"),
    )
    if reader.fine("start", "end") and schedule.end and schedule.end < schedule.start:
        reader.note(Wrong.END_BEFORE_START, "end")
    if isinstance(schedule.plan, Stepwise):
        _check_steps(reader, schedule, schedule.plan, data["plan"]["steps"])
    if not reader.problems:
        _check_ever_due(reader, schedule)
    return tuple(reader.problems) or schedule


_PLANS = {
    "regular": ("days", "doses"),
    "stepwise": ("from_prescriber", "steps"),
    "at_clinic": ("clinic", "take_home", "at"),
    "as_needed": ("amount", "most_a_day", "gap_minutes"),
    "paused": (),
}
_DAYS = {"days": ("n",), "weeks": ("n", "on")}


def _plan(reader: Reader, value: object, where: str) -> Plan:
    kind, data = reader.tagged(value, where, "kind", _PLANS)
    match kind:
        case "regular":
            days = _days(reader, data["days"], inside(where, "days"))
            return Regular(days, _doses(reader, data["doses"], inside(where, "doses"), reader.amount_or_none))
        case "stepwise":
            return _stepwise(reader, data, where)
        case "at_clinic":
            home = data["take_home"]
            return AtClinic(
                clinic=_days(reader, data["clinic"], inside(where, "clinic")),
                take_home=None if home is None else _days(reader, home, inside(where, "take_home")),
                at=reader.at(data["at"], inside(where, "at")),
            )
        case "as_needed":
            return _as_needed(reader, data, where)
        case _:
            return Paused()


def _stepwise(reader: Reader, data: dict[str, Any], where: str) -> Stepwise:
    asked = inside(where, "from_prescriber")
    if reader.fine(asked) and data["from_prescriber"] is not True:
        reader.note(Wrong.NOT_FROM_PRESCRIBER, asked)
    found = reader.items(data["steps"], inside(where, "steps"), MOST_STEPS, Wrong.TOO_MANY_STEPS)
    return Stepwise(tuple(_step(reader, value, path) for value, path in found))


def _step(reader: Reader, value: object, where: str) -> Step:
    data = reader.fields(value, where, ("first", "unit", "days", "doses"))
    reader.unit(data["unit"], inside(where, "unit"))
    return Step(
        first=reader.civil_date(data["first"], inside(where, "first")),
        days=_days(reader, data["days"], inside(where, "days")),
        doses=_doses(reader, data["doses"], inside(where, "doses"), reader.amount),
    )


def _as_needed(reader: Reader, data: dict[str, Any], where: str) -> AsNeeded:
    gap_field = inside(where, "gap_minutes")
    amount = reader.amount_or_none(data["amount"], inside(where, "amount"))
    most = reader.whole_or_none(data["most_a_day"], inside(where, "most_a_day"), MOST_AS_NEEDED_A_DAY)
    gap = reader.whole_or_none(data["gap_minutes"], gap_field, MOST_GAP_MINUTES)
    if most is not None and gap is not None and (most - 1) * gap >= MINUTES_A_DAY:
        reader.note(Wrong.GAPS_EXCEED_DAY, gap_field)
    return AsNeeded(amount, most, gap)


def _days(reader: Reader, value: object, where: str) -> Days:
    kind, data = reader.tagged(value, where, "every", _DAYS)
    if kind == "weeks":
        n = reader.whole(data["n"], inside(where, "n"), MOST_WEEKS_BETWEEN)
        return EveryWeeks(_weekdays(reader, data["on"], inside(where, "on")), n)
    if kind == "days":
        return EveryDays(reader.whole(data["n"], inside(where, "n"), MOST_DAYS_BETWEEN))
    return EveryDays()


def _weekdays(reader: Reader, value: object, where: str) -> frozenset[int]:
    found: set[int] = set()
    for item, path in reader.items(value, where, DAYS_A_WEEK, Wrong.TOO_LARGE):
        weekday = reader.whole(item, path, DAYS_A_WEEK)
        if reader.fine(path) and weekday in found:
            reader.note(Wrong.TWICE, path)
        found.add(weekday)
    return frozenset(found)


def _doses(
    reader: Reader, value: object, where: str, amount: Callable[[object, str], Decimal | None]
) -> tuple[Dose, ...]:
    found = reader.items(value, where, MOST_TIMES_A_DAY, Wrong.TOO_MANY_TIMES)
    doses = []
    taken: set[At] = set()
    for item, path in found:
        data = reader.fields(item, path, ("at", "amount", "food"))
        at_field = inside(path, "at")
        at = reader.at(data["at"], at_field)
        if reader.fine(at_field) and at is None and len(found) > 1:
            reader.note(Wrong.TIME_MISSING, at_field)
        elif reader.fine(at_field) and at in taken:
            reader.note(Wrong.TWICE, at_field)
        taken.add(at)
        food = reader.choice_or_none(data["food"], inside(path, "food"), Food)
        doses.append(Dose(at, amount(data["amount"], inside(path, "amount")), food))
    return tuple(doses)


# --- what fields say together ----------------------------------------------------------------------------------


def _check_steps(reader: Reader, schedule: Schedule, plan: Stepwise, documents: list[dict[str, Any]]) -> None:
    """Note where steps do not follow each other from the start to the end, in one unit."""
    before: Step | None = None
    for number, step in enumerate(plan.steps):
        where = f"plan.steps.{number}"
        unit = inside(where, "unit")
        if reader.fine("unit", unit) and documents[number]["unit"].strip() != schedule.unit:
            reader.note(Wrong.UNIT_MISMATCH, unit)
        if reader.fine("start", "end", inside(where, "first")):
            _check_first(reader, schedule, step, before, inside(where, "first"))
        before = step


def _check_first(reader: Reader, schedule: Schedule, step: Step, before: Step | None, where: str) -> None:
    if before is None and step.first != schedule.start:
        reader.note(Wrong.FIRST_STEP_NOT_AT_START, where)
    elif before is not None and step.first <= before.first:
        reader.note(Wrong.STEPS_NOT_RISING, where)
    elif schedule.end is not None and step.first > schedule.end:
        reader.note(Wrong.STEP_AFTER_END, where)


def _check_ever_due(reader: Reader, schedule: Schedule) -> None:
    """Note what a schedule without other problems never makes due, the parts of a stepwise plan one by one."""
    due = [any(map(len, part.runs(part.first, part.first + LONGEST_WAIT))) for part in stretches(schedule)]
    if isinstance(schedule.plan, Stepwise):
        for number, ever in enumerate(due):
            if not ever:
                reader.note(Wrong.NEVER_DUE, f"plan.steps.{number}.days")
    elif due and not any(due):
        reader.note(Wrong.NEVER_DUE, "plan.clinic" if isinstance(schedule.plan, AtClinic) else "plan.days")
