"""What the schedule of one medicine can say: on which days, at which times, how much. Pure data.

Every date is a civil date and every time a wall time of the patient, never an instant: `due.py` says which doses follow
and when each one is in a zone. `documents.py` writes a schedule as JSON, reads one, and checks all limits; the classes
here trust what they are made of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from enum import StrEnum

from patient_app.core.times import as_field

MINUTES_A_DAY = 24 * 60
# The slot of a dose that is due on a date and at no time of it.
ON_THE_DAY = "day"


class Anchor(StrEnum):
    """What a time of the day hangs on instead of the clock; each patient has their own hour for it."""

    WAKING = "waking"
    BREAKFAST = "breakfast"
    LUNCH = "lunch"
    DINNER = "dinner"
    BEDTIME = "bedtime"


class Food(StrEnum):
    """Whether a dose goes with a meal; where that does not matter there is none of these."""

    WITH = "with"
    WITHOUT = "without"


class Place(StrEnum):
    """Where a dose is taken: at home, at the clinic, or at home from what the clinic gave out for that day."""

    HOME = "home"
    CLINIC = "clinic"
    TAKE_HOME = "take_home"


# Minutes after the midnight that begins the date of the plan, 0 to 2159. From 1440 on it is the night after: whoever
# goes to bed at half past midnight has bedtime at 1470, so that Monday's last dose is not the first of Monday.
Hours = Mapping[Anchor, int]
DEFAULT_HOURS: Hours = {
    Anchor.WAKING: 7 * 60,
    Anchor.BREAKFAST: 8 * 60,
    Anchor.LUNCH: 12 * 60 + 30,
    Anchor.DINNER: 18 * 60 + 30,
    Anchor.BEDTIME: 22 * 60,
}
# When a dose is due on its date: by the clock (whole minutes), by an anchor, or at no time.
At = time | Anchor | None


def hours_from(told: Mapping[Anchor, time]) -> Hours:
    """Return a patient's hours: these, and defaults for the others. A bedtime earlier than waking is after midnight."""
    hours = {anchor: _minutes(told[anchor]) if anchor in told else usual for anchor, usual in DEFAULT_HOURS.items()}
    if hours[Anchor.BEDTIME] < hours[Anchor.WAKING]:
        hours[Anchor.BEDTIME] += MINUTES_A_DAY
    return hours


def minute_of(at: At, hours: Hours) -> int | None:
    """Return the minute of the plan's date, by the patient's hours (defaults where one is missing); None at no time."""
    if at is None:
        return None
    if isinstance(at, Anchor):
        return hours.get(at, DEFAULT_HOURS[at])
    return _minutes(at)


def slot_of(at: At) -> str:
    """Return the key that names this dose among those of its date, for ever: "08:00", "breakfast" or "day"."""
    if at is None:
        return ON_THE_DAY
    return at.value if isinstance(at, Anchor) else as_field(at)


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


@dataclass(frozen=True, slots=True)
class EveryDays:
    """Every `n` days (1 to 365), the first on the date that it counts from; 1 is every day."""

    n: int = 1

    def runs(self, base: date, first: int, last: int) -> list[range]:
        """Return the ordinals of its dates from `first` to `last`, which is not before `base`."""
        return [_run(base.toordinal(), self.n, first, last)]


@dataclass(frozen=True, slots=True)
class EveryWeeks:
    """On ISO weekdays (Monday is 1) of every `n`th week (1 to 52), the first being the ISO week that it counts from."""

    on: frozenset[int]
    n: int = 1

    def runs(self, base: date, first: int, last: int) -> list[range]:
        """Return the ordinals of its dates from `first` to `last`, one run a weekday."""
        sunday = base.toordinal() - base.isoweekday()
        return [_run(sunday + weekday, 7 * self.n, first, last) for weekday in sorted(self.on)]


Days = EveryDays | EveryWeeks


def _run(base: int, step: int, first: int, last: int) -> range:
    return range(first + (base - first) % step, last + 1, step)


@dataclass(frozen=True, slots=True)
class Dose:
    """One dose of a day; the amount is above 0 and counts the schedule's unit, or is None where nobody told it."""

    at: At
    amount: Decimal | None
    food: Food | None = None


@dataclass(frozen=True, slots=True)
class Regular:
    """The same doses on each of its days: 1 to 12 at times that differ, or one at no time."""

    days: Days
    doses: tuple[Dose, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A part of a stepwise plan: from `first` on, counted from there, to the day before the next step."""

    first: date
    days: Days
    doses: tuple[Dose, ...]


@dataclass(frozen=True, slots=True)
class Stepwise:
    """A titration or taper that a prescriber wrote, with its dates; the first step begins with the schedule.

    Nothing in the application makes one: it comes from a prescription or not at all (`documents.py` refuses others).
    """

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class AtClinic:
    """Given by a clinic: due there on some days, and at home on the `take_home` days that are not clinic days.

    It holds no amount, so that nobody is ever reminded of one.
    """

    clinic: Days
    take_home: Days | None = None
    at: At = None


@dataclass(frozen=True, slots=True)
class AsNeeded:
    """Never due: at most so many times in a `day` of the person, so many minutes apart, as far as that was told."""

    amount: Decimal | None = None
    most_a_day: int | None = None
    gap_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Paused:
    """Nothing is due, until another version says otherwise."""


Plan = Regular | Stepwise | AtClinic | AsNeeded | Paused


@dataclass(frozen=True, slots=True)
class Schedule:
    """A plan from `start` to `end`, both included (None: open), in one unit ("tablet", "mg").

    "Every N days" and "every N weeks" count from `start`, whichever version of a regimen says it and since when, so a
    new amount does not shift the days: whoever changes a schedule keeps its start unless the days shall move.
    """

    start: date
    end: date | None
    unit: str
    plan: Plan


@dataclass(frozen=True, slots=True)
class Stretch:
    """Doses that are due by one rule from one date to another (ordinals, both included), but for the days `without`."""

    first: int
    last: int
    days: Days
    base: date
    doses: tuple[Dose, ...]
    place: Place = Place.HOME
    without: Days | None = None

    def runs(self, first: int, last: int) -> Sequence[Sequence[int]]:
        """Return the ordinals of the dates with these doses from `first` to `last`, as runs that share no date."""
        first, last = max(first, self.first), min(last, self.last)
        runs = self.days.runs(self.base, first, last)
        if self.without is None:
            return runs
        left_out = {day for run in self.without.runs(self.base, first, last) for day in run}
        return [[day for day in run if day not in left_out] for run in runs]

    def holds(self, day: int) -> bool:
        """Whether these doses are due on that date, an ordinal."""
        return any(self.runs(day, day))


def stretches(schedule: Schedule) -> list[Stretch]:
    """Return all that a schedule makes due, in parts that each follow one rule; none for as needed and paused."""
    first, last = schedule.start.toordinal(), (schedule.end or date.max).toordinal()
    match schedule.plan:
        case Regular(days, doses):
            return [Stretch(first, last, days, schedule.start, doses)]
        case Stepwise(steps):
            ends = [min(last, step.first.toordinal() - 1) for step in steps[1:]] + [last]
            return [
                Stretch(step.first.toordinal(), end, step.days, step.first, step.doses)
                for step, end in zip(steps, ends, strict=True)
            ]
        case AtClinic():
            return _at_clinic(schedule.plan, schedule.start, first, last)
        case AsNeeded() | Paused():
            return []


def _at_clinic(plan: AtClinic, start: date, first: int, last: int) -> list[Stretch]:
    doses = (Dose(plan.at, None),)
    there = Stretch(first, last, plan.clinic, start, doses, Place.CLINIC)
    if plan.take_home is None:
        return [there]
    return [there, Stretch(first, last, plan.take_home, start, doses, Place.TAKE_HOME, without=plan.clinic)]
