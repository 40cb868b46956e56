"""How much of a medicine its plan uses up, and how long what is there will last."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from patient_app.medications.due import DueDose, Version, due_doses, held_between
from patient_app.medications.schedule import AsNeeded

# Nobody holds more than that; beyond it "enough" is the answer.
_LOOK_AHEAD = timedelta(days=2 * 366)


def supply(versions: Iterable[Version], first: date, last: date) -> Decimal | None:
    """Return how many units one medicine's plan uses from one date to another, both included; 0 where nothing is due.

    None where that cannot be counted: taken as needed on any of those dates, an amount that is not known (always so
    where a clinic doses), or amounts in more than one unit.
    """
    versions = list(versions)
    if _as_needed(versions, first, last):
        return None
    return _total(due_doses(versions, first, last))


def days_left(units: Decimal, versions: Iterable[Version], today: date) -> int | None:
    """Return for how many whole dates, `today` the first, the units are enough for all that is due on them.

    Who has taken some of today's doses asks from tomorrow on. None where it cannot be counted, as in `supply`, and
    where the units outlast the plan or two years.
    """
    versions = list(versions)
    ends = today + _LOOK_AHEAD
    doses = due_doses(versions, today, ends)
    last = _not_enough_on(units, doses)
    if last is None or _as_needed(versions, today, last):
        return None
    needed = _total([dose for dose in doses if dose.local_date <= last])
    return None if needed is None else (last - today).days


def _not_enough_on(units: Decimal, doses: list[DueDose]) -> date | None:
    """Return the first date whose doses the units do not cover; unknown amounts count as none."""
    for dose in doses:
        units -= dose.amount or 0
        if units < 0:
            return dose.local_date
    return None


def _total(doses: list[DueDose]) -> Decimal | None:
    amounts = [dose.amount for dose in doses]
    known = [amount for amount in amounts if amount is not None]
    if len(known) < len(amounts) or len({dose.unit for dose in doses}) > 1:
        return None
    return sum(known, Decimal(0))


def _as_needed(versions: list[Version], first: date, last: date) -> bool:
    return any(
        isinstance(version.schedule.plan, AsNeeded)
        and max(begins, version.schedule.start) <= min(ends, version.schedule.end or ends)
        for version, begins, ends in held_between(versions, first, last)
    )
