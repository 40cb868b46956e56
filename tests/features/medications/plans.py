"""Schedules for the tests: short ways to write one, ways to draw one by chance, and a slow engine, plainly right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, time, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from patient_app.medications.due import DueDose, Version
from patient_app.medications.schedule import (
    Anchor,
    AsNeeded,
    At,
    AtClinic,
    Days,
    Dose,
    EveryDays,
    EveryWeeks,
    Food,
    Hours,
    Paused,
    Place,
    Plan,
    Regular,
    Schedule,
    Step,
    Stepwise,
    minute_of,
    slot_of,
)

MON, TUE, WED, THU, FRI, SAT, SUN = range(1, 8)
TODAY = date(2026, 1, 1)  # a Thursday
DAILY = EveryDays()


def day(text: str) -> date:
    return date.fromisoformat(text)


def clock(text: str) -> time:
    return time.fromisoformat(text)


def doses(*said: str) -> tuple[Dose, ...]:
    """Make doses: "08:00" is one of it, "bedtime x2" two, "day" one at no time."""
    found = []
    for each in said:
        when, _, amount = each.partition(" x")
        at: At = None if when == "day" else clock(when) if ":" in when else Anchor(when)
        found.append(Dose(at, Decimal(amount or 1)))
    return tuple(found)


def weekly(*weekdays: int, n: int = 1) -> EveryWeeks:
    return EveryWeeks(frozenset(weekdays), n)


def regular(days: Days, *said: str, start: str = "2026-01-01", end: str | None = None) -> Schedule:
    return planned(Regular(days, doses(*said)), start=start, end=end)


def planned(plan: Plan, *, start: str = "2026-01-01", end: str | None = None, unit: str = "tablet") -> Schedule:
    return Schedule(day(start), day(end) if end else None, unit, plan)


def version(
    schedule: Schedule, since: str = "2000-01-01", at: str = "00:00", name: str = "v1", medicine: str = "lithium"
) -> Version:
    return Version(name, medicine, schedule, day(since), clock(at).hour * 60 + clock(at).minute)


# --- by chance -------------------------------------------------------------------------------------------------

dates = st.dates(date(2025, 11, 1), date(2026, 4, 30))
ats = st.one_of(st.sampled_from(Anchor), st.builds(time, st.integers(0, 23), st.sampled_from([0, 30, 59])))
amounts = st.decimals(Decimal("0.001"), Decimal(100_000), places=3)
weekday_sets = st.frozensets(st.integers(1, 7), min_size=1)
day_rules: st.SearchStrategy[Days] = st.one_of(
    st.just(DAILY),
    st.builds(EveryDays, st.integers(1, 365)),
    st.builds(EveryDays, st.integers(1, 9)),
    st.builds(EveryWeeks, weekday_sets),
    st.builds(EveryWeeks, weekday_sets, st.integers(1, 52)),
)
foods = st.one_of(st.none(), st.sampled_from(Food))
hours: st.SearchStrategy[Hours] = st.fixed_dictionaries({}, optional={a: st.integers(0, 2159) for a in Anchor})


@st.composite
def dose_lists(draw: st.DrawFn, *, known: bool = False) -> tuple[Dose, ...]:
    amount = amounts if known else st.one_of(st.none(), amounts)
    if draw(st.integers(0, 4)) == 0:
        return (Dose(None, draw(amount), draw(foods)),)
    times = draw(st.lists(ats, min_size=1, max_size=5, unique=True))
    return tuple(Dose(at, draw(amount), draw(foods)) for at in times)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Draw a schedule; some never fire, or end before they begin."""
    start = draw(dates)
    end = draw(st.one_of(st.none(), dates))
    kind = draw(st.sampled_from(["regular", "regular", "stepwise", "clinic", "as_needed", "paused"]))
    unit = draw(st.sampled_from(["tablet", "mg", "½ Film"]))
    plan: Plan
    if kind == "regular":
        plan = Regular(draw(day_rules), draw(dose_lists()))
    elif kind == "stepwise":
        firsts = [start, *sorted(draw(st.sets(dates.filter(lambda later: later > start), max_size=4)))]
        plan = Stepwise(tuple(Step(first, draw(day_rules), draw(dose_lists(known=True))) for first in firsts))
    elif kind == "clinic":
        plan = AtClinic(draw(day_rules), draw(st.one_of(st.none(), day_rules)), draw(st.one_of(st.none(), ats)))
    elif kind == "as_needed":
        most, gap = st.integers(1, 48), st.integers(1, 7 * 24 * 60)
        plan = AsNeeded(*(draw(st.one_of(st.none(), each)) for each in (amounts, most, gap)))  # type: ignore[arg-type]
    else:
        plan = Paused()
    return Schedule(start, end, unit, plan)


@st.composite
def regimens(draw: st.DrawFn, medicines: int = 1) -> list[Version]:
    """Draw versions of medicines, some of them changed twice on one date."""
    versions = []
    for number in range(medicines):
        for change in range(draw(st.integers(1, 5))):
            since = draw(st.one_of(dates, st.sampled_from([TODAY, TODAY + timedelta(days=1)])))
            minute = draw(st.one_of(st.just(0), st.integers(0, 1439)))
            name, medicine = f"{number}-{change}", f"medicine {number}"
            versions.append(Version(name, medicine, draw(schedules()), since, minute, draw(hours)))
    return versions


# --- the slow engine -------------------------------------------------------------------------------------------

Plain = tuple[str, date, str, str, Decimal | None, Place]


def plain(dose: DueDose) -> Plain:
    return dose.medicine, dose.local_date, dose.slot, dose.version, dose.amount, dose.place


def slow(versions: Sequence[Version], first: date, last: date, own_hours: Hours) -> list[Plain]:
    """Walk every date, and on each ask every version of every medicine."""
    found: list[tuple[date, int, str, str, Plain]] = []
    today = first
    while today <= last:
        for medicine in {version.medicine for version in versions}:
            of_it = [version for version in versions if version.medicine == medicine]
            of_it.sort(key=lambda version: (version.since, version.minute))
            for holder, dose, place in _due_on(of_it, today):
                minute, slot = minute_of(dose.at, own_hours), slot_of(dose.at)
                entry = medicine, today, slot, holder.id, dose.amount, place
                found.append((today, -1 if minute is None else minute, medicine, slot, entry))
        today += timedelta(days=1)
    return [entry for *_, entry in sorted(found, key=lambda each: each[:4])]


def _due_on(versions: list[Version], today: date) -> Iterator[tuple[Version, Dose, Place]]:
    begun = [version for version in versions if version.since <= today]
    overnight = [version for version in begun if (version.since, version.minute) <= (today, 0)][-1:]
    during = [version for version in begun if version.since == today and version.minute > 0]
    untimed = False
    for asked in overnight + during:
        for dose, place in _said_for(asked.schedule, today):
            if dose.at is None:
                if not untimed:
                    yield asked, dose, place
                untimed = True
            elif _holder(overnight, during, dose.at) is asked:
                yield asked, dose, place


def _holder(overnight: list[Version], during: list[Version], at: At) -> Version | None:
    later = [version for version in during if version.minute <= (minute_of(at, version.hours) or 0)]
    return (overnight + later)[-1] if overnight + later else None


def _said_for(schedule: Schedule, today: date) -> list[tuple[Dose, Place]]:
    """Return what a schedule says for a date, by the plainest arithmetic."""
    if today < schedule.start or (schedule.end and today > schedule.end):
        return []
    plan, start = schedule.plan, schedule.start
    if isinstance(plan, Regular) and falls_on(plan.days, start, today):
        return [(dose, Place.HOME) for dose in plan.doses]
    if isinstance(plan, Stepwise):
        step = [step for step in plan.steps if step.first <= today][-1]
        return [(dose, Place.HOME) for dose in step.doses if falls_on(step.days, step.first, today)]
    if isinstance(plan, AtClinic) and falls_on(plan.clinic, start, today):
        return [(Dose(plan.at, None), Place.CLINIC)]
    if isinstance(plan, AtClinic) and plan.take_home and falls_on(plan.take_home, start, today):
        return [(Dose(plan.at, None), Place.TAKE_HOME)]
    return []


def falls_on(days: Days, base: date, today: date) -> bool:
    if isinstance(days, EveryDays):
        return (today - base).days % days.n == 0
    this_week, first_week = (each - timedelta(days=each.weekday()) for each in (today, base))
    return today.isoweekday() in days.on and (this_week - first_week).days // 7 % days.n == 0
