"""Which doses are due: versions of schedules in, doses out. Pure: no database, no clock of its own.

A dose is named by its medicine, its civil date and its slot. That name is the same whatever range is asked for, and
stays when a later version changes the amount: what was logged under it stays logged. A date never depends on a zone;
only `at` and `next_due`, which speak of instants, are told one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from patient_app.medications.schedule import (
    DEFAULT_HOURS,
    MINUTES_A_DAY,
    At,
    Dose,
    Food,
    Hours,
    Place,
    Schedule,
    Stretch,
    minute_of,
    slot_of,
    stretches,
)

# How far `next_due` looks, in days, wider each time. The last is beyond any first dose of a schedule that was accepted:
# five years ahead, and a year more until its first day comes round.
_LOOK_AHEAD = (3, 40, 400, 7 * 366)


@dataclass(frozen=True, slots=True)
class Version:
    """What was true of a medicine from a civil date and a minute of it on, until the next version of that medicine.

    A version from minute 0 governs the whole of its date. One from a later minute leaves the doses before that minute
    as they were, and the dose that is due at no time of that date too, if there was one.
    `hours` are the patient's at the time of the change, kept with it: they decide only which anchored doses of its
    first date it takes over, so that another breakfast hour years later moves no dose from one version to the other.
    """

    id: str
    medicine: str
    schedule: Schedule
    since: date
    minute: int = 0
    hours: Hours = field(default_factory=lambda: DEFAULT_HOURS, hash=False)


@dataclass(frozen=True, slots=True)
class Planned:
    """What is due in one slot, the same on each of its dates.

    `minute` counts from the midnight that begins the plan's date; from 1440 on it is the night after; None at no time.
    """

    medicine: str
    version: str
    slot: str
    minute: int | None
    amount: Decimal | None
    unit: str
    food: Food | None
    place: Place


@dataclass(frozen=True, slots=True)
class DueDose:
    """One dose that is due. `local_date` is the date of its plan, also where a late bedtime falls after midnight."""

    local_date: date
    planned: Planned  # one object for all its dates: three years of doses stay cheap

    @property
    def identity(self) -> tuple[str, date, str]:
        """Medicine, date and slot: unique, and never another for the same dose."""
        return self.planned.medicine, self.local_date, self.planned.slot

    @property
    def medicine(self) -> str:
        """The id of the medicine."""
        return self.planned.medicine

    @property
    def version(self) -> str:
        """The id of the version that says so."""
        return self.planned.version

    @property
    def slot(self) -> str:
        """Its key among the doses of that medicine and date: "08:00", "breakfast", "day"."""
        return self.planned.slot

    @property
    def wall(self) -> time | None:
        """The wall time, None at no time; a late bedtime's is that of the night after `local_date`."""
        minute = self.planned.minute
        return None if minute is None else time(minute // 60 % 24, minute % 60)

    @property
    def amount(self) -> Decimal | None:
        """How many of the unit; None where it is not known, and always where a clinic doses."""
        return self.planned.amount

    @property
    def unit(self) -> str:
        """What the amount counts."""
        return self.planned.unit

    @property
    def food(self) -> Food | None:
        """With or without food, None where it does not matter."""
        return self.planned.food

    @property
    def place(self) -> Place:
        """At home, at the clinic, or at home from the clinic."""
        return self.planned.place

    @property
    def at_clinic(self) -> bool:
        """Whether the clinic gives it there: shown and recorded, never a reminder to take something."""
        return self.planned.place is Place.CLINIC


def due_doses(versions: Iterable[Version], first: date, last: date, hours: Hours = DEFAULT_HOURS) -> list[DueDose]:
    """Return the doses due from one civil date to another, both included, of one medicine or of several.

    By date, then wall time (first those at no time), then medicine and slot. `hours` are the patient's now: they give
    the wall times of anchored doses, never their names.
    """
    low, high = first.toordinal(), last.toordinal()
    lines = sorted(_lines(versions, low, high, hours), key=_place_in_the_day)
    # A date and a place in the day as one number: sorting numbers is what makes years of doses cheap.
    many = len(lines)
    keys = [
        day * many + place
        for place, line in enumerate(lines)
        for run in line.stretch.runs(line.first, line.last)
        for day in run
    ]
    keys.sort()
    dates = {day: date.fromordinal(day) for day in {key // many for key in keys}}
    planned = [line.planned for line in lines]
    return [DueDose(dates[key // many], planned[key % many]) for key in keys]


def in_force(versions: Iterable[Version], day: date, minute: int) -> Version | None:
    """Return the version of one medicine that holds at a minute of a civil date; None before the first."""
    begun = [version for version in versions if (version.since, version.minute) <= (day, minute)]
    return _in_order(begun)[-1] if begun else None


def held_between(versions: Iterable[Version], first: date, last: date) -> list[tuple[Version, date, date]]:
    """Return the versions of one medicine that hold anywhere in a range, with their first and last date in it.

    A date on which one ends and the next begins belongs to both, unless the next begins with the date.
    """
    in_order = _in_order(versions)
    held = []
    for version, follower in zip(in_order, [*in_order[1:], None], strict=True):
        begins, ends = max(first, version.since), last
        if follower is not None:
            ends = min(last, follower.since - timedelta(days=0 if follower.minute else 1))
        if begins <= ends:
            held.append((version, begins, ends))
    return held


def at(dose: DueDose, zone: ZoneInfo, at_no_time: int = 0) -> datetime:
    """Return the instant of a dose in UTC, for a patient who is in that zone then.

    A wall time that a clock skips is the first moment after the gap; one that comes twice is the first of both. A dose
    at no time counts at minute `at_no_time` of its date.
    """
    return instant(dose.local_date, at_no_time if dose.planned.minute is None else dose.planned.minute, zone)


def instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) of a minute counted from the midnight that begins a civil date, by the rules of `at`."""
    days, minute = divmod(minute, MINUTES_A_DAY)
    wall = datetime.combine(day + timedelta(days=days) if days else day, time(minute // 60, minute % 60), tzinfo=zone)
    found = wall.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return found
    return _after_gap(wall.replace(fold=1).astimezone(UTC), found, zone)


def next_due(
    versions: Iterable[Version], after: datetime, zone: ZoneInfo, hours: Hours = DEFAULT_HOURS, at_no_time: int = 0
) -> DueDose | None:
    """Return the first dose whose instant is later than an aware time, None when there is none in seven years.

    Of several at that instant it is the first as `due_doses` orders them.
    """
    versions = list(versions)
    # Two days back: a bedtime after midnight, and the date that is skipped where a country crosses the date line.
    first = after.astimezone(zone).date() - timedelta(days=2)
    for days in _LOOK_AHEAD:
        last = first + timedelta(days=days + 2)
        ahead = [
            (begins, dose)
            for dose in due_doses(versions, first, last, hours)
            if (begins := at(dose, zone, at_no_time)) > after
        ]
        soonest = min(ahead, key=lambda pair: pair[0], default=None)
        # On the last date of the range a bedtime may come after the first dose of the date behind it.
        if soonest and (soonest[1].local_date < last or days == _LOOK_AHEAD[-1]):
            return soonest[1]
    return None


def _after_gap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return when the clock went forward between two instants."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


@dataclass(frozen=True, slots=True)
class _Line:
    """One slot of one version, and the dates (ordinals, both included) on which that version governs it."""

    planned: Planned
    stretch: Stretch
    first: int
    last: int


def _place_in_the_day(line: _Line) -> tuple[int, str, str]:
    minute = line.planned.minute
    return -1 if minute is None else minute, line.planned.medicine, line.planned.slot


def _lines(versions: Iterable[Version], low: int, high: int, hours: Hours) -> Iterator[_Line]:
    by_medicine: dict[str, list[Version]] = {}
    for version in versions:
        by_medicine.setdefault(version.medicine, []).append(version)
    for found in by_medicine.values():
        in_order = _in_order(found)
        for number in range(len(in_order)):
            yield from _lines_of(in_order, number, low, high, hours)


def _in_order(versions: Iterable[Version]) -> list[Version]:
    """Return versions of one medicine as they follow; of two that begin together the later in the list holds."""
    return sorted(versions, key=lambda version: (version.since, version.minute))


def _lines_of(versions: Sequence[Version], number: int, low: int, high: int, hours: Hours) -> Iterator[_Line]:
    """Yield the lines of one version that reach into the range."""
    version, later = versions[number], versions[number + 1 :]
    if version.since.toordinal() > high or (later and later[0].since.toordinal() < low):
        return
    for stretch in stretches(version.schedule):
        if stretch.first > high or stretch.last < low:
            continue
        for dose in stretch.doses:
            first = max(low, _begins(versions, number, dose.at))
            last = min([high, *(_takes_over(other, dose.at) - 1 for other in later)])
            if first <= last:
                yield _Line(_planned(version, dose, stretch.place, hours), stretch, first, last)


def _planned(version: Version, dose: Dose, place: Place, hours: Hours) -> Planned:
    return Planned(
        medicine=version.medicine,
        version=version.id,
        slot=slot_of(dose.at),
        minute=minute_of(dose.at, hours),
        amount=dose.amount,
        unit=version.schedule.unit,
        food=dose.food,
        place=place,
    )


def _takes_over(version: Version, when: At) -> int:
    """Return the first date, an ordinal, on which a version and none before it says whether that slot is due."""
    minute = minute_of(when, version.hours) or 0
    return version.since.toordinal() + (version.minute > minute)


def _begins(versions: Sequence[Version], number: int, when: At) -> int:
    """Return the first date, an ordinal, on which a version makes that slot due.

    On a date of changes the dose at no time is due by the first version of that date that has one.
    """
    version = versions[number]
    if when is None and _first_at_no_time(versions, version.since) is version:
        return version.since.toordinal()
    return _takes_over(version, when)


def _first_at_no_time(versions: Sequence[Version], day: date) -> Version | None:
    """Return which of the versions that hold on a date is the first with a dose at no time of it."""
    begun = [version for version in versions if version.since <= day]
    in_the_morning = sum((version.since, version.minute) <= (day, 0) for version in begun)
    holding = begun[max(0, in_the_morning - 1) :]
    return next((version for version in holding if _has_at_no_time(version, day.toordinal())), None)


def _has_at_no_time(version: Version, day: int) -> bool:
    return any(
        stretch.holds(day) and any(dose.at is None for dose in stretch.doses) for stretch in stretches(version.schedule)
    )
