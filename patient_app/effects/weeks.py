"""The weeks around a change of a medicine: what changed, and how the person was before and after. Pure.

It puts days beside each other and says nothing about causes: many things change how a person feels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from statistics import median

from patient_app.medications import regimen
from patient_app.medications.models import Change
from patient_app.medications.regimen import OwnVersion
from patient_app.medications.said import Said
from patient_app.medications.schedule import (
    AsNeeded,
    EveryDays,
    EveryWeeks,
    Paused,
    Plan,
    Regular,
    Schedule,
    Step,
    Stepwise,
)

DAYS_OF_A_WEEK = 7
# Shown so many weeks before the change, and up to this one after it; week 0 begins with the day of the change.
WEEKS_BEFORE, LAST_WEEK = 4, 12
WEEKS = range(-WEEKS_BEFORE, LAST_WEEK + 1)
# With fewer weeks on a side nothing is said of it in a sentence: ups and downs are usual.
LEAST_WEEKS = 2


class Kind(StrEnum):
    """What happened to a medicine."""

    STARTED = "started"
    DOSE = "dose"
    STEPS = "steps"
    PAUSED = "paused"
    RESUMED = "resumed"
    STOPPED = "stopped"
    # By the plan itself, with no new version: its last day is over; or steps have reached the last of them.
    ENDED = "ended"
    LAST_STEP = "last_step"
    TAPERED = "tapered"


_BY_PLAN = frozenset({Kind.ENDED, Kind.LAST_STEP, Kind.TAPERED})


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """A change that is followed for twelve weeks: from which date on, what it was, and the version that says it.

    One version can say several: what it began with, its last step, and its end.
    """

    since: date
    kind: Kind
    number: int

    @property
    def key(self) -> str:
        """A word for it in an address, which stays the same."""
        return f"{self.number}-{self.kind}" if self.kind in _BY_PLAN else str(self.number)

    def week_on(self, day: date) -> int:
        """Return the number of a day's week, counted from the change; below 0 before it."""
        return (day - self.since).days // DAYS_OF_A_WEEK

    def begin_of(self, week: int) -> date:
        """Return the first day of a week, by its number."""
        return self.since + timedelta(weeks=week)

    @property
    def first_day(self) -> date:
        """The first day that is shown."""
        return self.begin_of(-WEEKS_BEFORE)

    @property
    def last_day(self) -> date:
        """The last day that is shown."""
        return self.since + timedelta(weeks=LAST_WEEK, days=DAYS_OF_A_WEEK - 1)

    def is_followed_on(self, day: date) -> bool:
        """Whether a day lies in the weeks after it."""
        return self.since <= day <= self.last_day

    @property
    def lessens(self) -> bool:
        """Whether a medicine is left out from then on, or less of it is taken."""
        return self.kind in {Kind.STOPPED, Kind.PAUSED, Kind.ENDED, Kind.TAPERED}


@dataclass(frozen=True, slots=True)
class DaySaid:
    """What check-ins of a day say: the mean of mood, the strongest pull, the mean of hours slept; None for nothing."""

    day: date
    mood: float | None = None
    craving: float | None = None
    sleep: float | None = None


@dataclass(frozen=True, slots=True)
class Noticed:
    """A side effect on the line of weeks: the day it began, and what it is called."""

    day: date
    name: str


@dataclass(frozen=True, slots=True)
class Week:
    """A week around a change: the middle of its days, and what was noticed first in it."""

    number: int
    mood: float | None = None
    craving: float | None = None
    sleep: float | None = None
    noticed: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was told of it."""
        return self.mood is None and self.craving is None and self.sleep is None and not self.noticed


def changes_of(versions: Sequence[OwnVersion]) -> list[ChangePoint]:
    """Return the changes of a medicine that are followed, the earliest first; a change of times alone is none.

    A reader may not see what it was before: then the first version that they see says itself what it did.
    """
    found: list[ChangePoint] = []
    before: OwnVersion | None = None
    holding = regimen.in_effect(versions)
    for version, follower in zip(holding, [*holding[1:], None], strict=True):
        kind = _first_kind(version, versions[0].change) if before is None else _kind(version, before)
        if kind is not None:
            found.append(ChangePoint(version.since, kind, version.number))
        found += [one for one in _by_plan(version) if follower is None or one.since < follower.since]
        before = version
    return found


def _by_plan(version: OwnVersion) -> list[ChangePoint]:
    """Return what a version's own plan does later: its last step begins, and it ends."""
    schedule, found = version.schedule, []
    if isinstance(schedule.plan, Stepwise) and len(schedule.plan.steps) > 1:
        first, *_, last = schedule.plan.steps
        kind = Kind.TAPERED if _much(last) < _much(first) else Kind.LAST_STEP
        found.append(ChangePoint(last.first, kind, version.number))
    if schedule.end is not None and not isinstance(schedule.plan, Paused):
        found.append(ChangePoint(schedule.end + timedelta(days=1), Kind.ENDED, version.number))
    return [one for one in found if one.since > version.since]


def _much(step: Step) -> Decimal:
    """Return how much a step takes in the long run, by the day."""
    taken = sum((dose.amount or Decimal(0) for dose in step.doses), Decimal(0))
    match step.days:
        case EveryDays(n):
            return taken / n
        case EveryWeeks(on, n):
            return taken * len(on) / (n * DAYS_OF_A_WEEK)


def weeks_around(
    change: ChangePoint, days: Iterable[DaySaid], noticed: Iterable[Noticed], today: date
) -> list[Week]:  # fmt: skip
    """Return every week that is shown, up to today's, with what was told of it."""
    by_week: dict[int, list[DaySaid]] = {}
    for day in days:
        by_week.setdefault(change.week_on(day.day), []).append(day)
    names: dict[int, list[str]] = {}
    for one in noticed:
        names.setdefault(change.week_on(one.day), []).append(one.name)
    last = min(change.week_on(today), LAST_WEEK)
    return [
        Week(
            number,
            mood=_middle(day.mood for day in by_week.get(number, ())),
            craving=_middle(day.craving for day in by_week.get(number, ())),
            sleep=_middle(day.sleep for day in by_week.get(number, ())),
            noticed=tuple(dict.fromkeys(names.get(number, ()))),
        )
        for number in WEEKS
        if number <= last
    ]


def before_and_after(values: Iterable[tuple[int, float | None]]) -> tuple[float | None, float | None]:
    """Return the middle of the weeks before a change and of those since; None on a side with too few."""
    told = [(number, value) for number, value in values if value is not None]
    sides = [value for number, value in told if number < 0], [value for number, value in told if number >= 0]
    before, after = (median(side) if len(side) >= LEAST_WEEKS else None for side in sides)
    return before, after


_NOTHING_DUE = {Change.STOPPED: Kind.STOPPED, Change.PAUSED: Kind.PAUSED}


def _first_kind(version: OwnVersion, first: Change) -> Kind | None:
    """Return what the first version that holds did; `first` is what the first that was written did.

    They are two where a change overtook the start: it has begun all the same.
    """
    if version.change in _NOTHING_DUE:
        return _NOTHING_DUE[version.change] if first is version.change else None
    if first in {Change.RESUMED, Change.PAUSED}:
        return Kind.RESUMED
    if first is Change.CHANGED:
        return Kind.STEPS if isinstance(version.schedule.plan, Stepwise) else Kind.DOSE
    return Kind.STARTED


def _kind(version: OwnVersion, before: OwnVersion) -> Kind | None:
    had_ended = before.schedule.end is not None and before.schedule.end < version.since - timedelta(days=1)
    if version.change in _NOTHING_DUE:
        return _NOTHING_DUE[version.change] if before.change is not version.change and not had_ended else None
    if before.change is Change.STOPPED:
        return Kind.STARTED
    if had_ended:
        return Kind.RESUMED
    if before.change is Change.PAUSED:
        return Kind.RESUMED
    if isinstance(version.schedule.plan, Stepwise):
        return Kind.STEPS if version.schedule.plan != before.schedule.plan else None
    return Kind.DOSE if _dose(version.said, version.schedule) != _dose(before.said, before.schedule) else None


def _dose(said: Said, schedule: Schedule) -> tuple[object, ...]:
    """Return what a dose is, whenever on its day it is taken."""
    return said.strength, said.form, said.catalogue, schedule.unit, _amounts(schedule.plan)


def _amounts(plan: Plan) -> tuple[object, ...]:
    match plan:
        case Regular(days, doses):
            return days, tuple(sorted(str(dose.amount) for dose in doses))
        case AsNeeded(amount, most_a_day, _):
            return "as needed", amount, most_a_day
        case _:
            return (plan,)


def _middle(values: Iterable[float | None]) -> float | None:
    told = [value for value in values if value is not None]
    return median(told) if told else None
