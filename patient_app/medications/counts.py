"""How many doses were taken, left out, and not recorded. Three numbers, always apart: never one percentage of them.

They are what a person logged themselves (self-logged), no more: nobody saw a dose being taken. Pure, so that each
viewer's numbers can be made of the medicines that this viewer may see, and of no others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from patient_app.medications.due import DueDose
from patient_app.medications.models import DoseState

PERIODS = (7, 30, 90)
_SETTLED = (DoseState.TAKEN, DoseState.SKIPPED)


class LoggedDose(Protocol):
    """What is logged of a dose; `slot` is None for one taken as needed."""

    @property
    def medicine_id(self) -> object:
        """Which medicine; its text is the id."""

    @property
    def plan_date(self) -> date:
        """The civil date of its plan, or on which it was taken."""

    @property
    def slot(self) -> str | None:
        """Which of the doses of that date."""

    @property
    def state(self) -> DoseState:
        """What is known of it."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Of the last `days`, this one included: doses that were due, and apart from them how many were taken as needed."""

    days: int
    taken: int = 0
    skipped: int = 0
    not_recorded: int = 0
    as_needed: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to count."""
        return not (self.taken or self.skipped or self.not_recorded or self.as_needed)


def first_day(days: int, today: date) -> date:
    """Return the first of the last so many days, this one included."""
    return today - timedelta(days=days - 1)


def count(
    due: Iterable[DueDose], logged: Iterable[LoggedDose], today: date, days: int, known_since: Mapping[str, date]
) -> Counts:
    """Return the numbers of the last `days`.

    `due` and `logged` may hold more than that. Not recorded is what was due on a day that is over, and of which nothing
    is known; so what is still to come or put off today is not, nor what was paused or stopped. `known_since` is the day
    on which each medicine (by its id) was entered: of the days up to that nobody could log anything.
    """
    return over(due, logged, today, (days,), known_since)[0]


def over(
    due: Iterable[DueDose],
    logged: Iterable[LoggedDose],
    today: date,
    periods: Sequence[int],
    known_since: Mapping[str, date],
) -> tuple[Counts, ...]:
    """Return what `count` does for each of several numbers of days, walking through what was due and logged once."""
    first, last = first_day(max(periods), today), today + timedelta(days=1)
    of_plan: dict[tuple[str, date, str], DoseState] = {}
    as_needed: list[date] = []
    medicine, name = None, ""
    for row in logged:
        if not first <= row.plan_date <= last:
            continue
        if row.slot is None:
            if row.state is DoseState.TAKEN:
                as_needed.append(row.plan_date)
            continue
        if row.medicine_id is not medicine:  # Most follow one of the same medicine.
            medicine, name = row.medicine_id, str(row.medicine_id)
        of_plan[name, row.plan_date, row.slot] = row.state
    settled = {identity for identity, state in of_plan.items() if state in _SETTLED}
    unknown = {
        dose.identity
        for dose in due
        if first <= dose.local_date < today
        and dose.local_date > known_since.get(dose.medicine, date.min)
        and dose.identity not in settled
    }
    taken = [day for (_, day, _), state in of_plan.items() if state is DoseState.TAKEN]
    skipped = [day for (_, day, _), state in of_plan.items() if state is DoseState.SKIPPED]
    open_ones = [day for _, day, _ in unknown]

    def since(days: Iterable[date], from_day: date) -> int:
        return sum([day >= from_day for day in days])

    return tuple(
        Counts(
            days=days,
            taken=since(taken, from_day),
            skipped=since(skipped, from_day),
            not_recorded=since(open_ones, from_day),
            as_needed=since(as_needed, from_day),
        )
        for days in periods
        for from_day in [first_day(days, today)]
    )
