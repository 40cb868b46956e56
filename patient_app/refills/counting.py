"""What is left of a medicine, and which days fills covered. Pure: what was said, and the plan, go in; numbers come out.

All is counted by the plan, as if every dose were taken: what is left is a guess that helps to think of the pharmacy in
time, and says nothing of whether anybody took anything. What cannot be counted is None, never a number near it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from patient_app.medications.due import Version
from patient_app.medications.supply import days_left, supply
from patient_app.refills.models import Kind

DAY = timedelta(days=1)
# Over fewer days than that, which days were covered says nothing yet.
FEWEST_DAYS = 28


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that was said of a supply, as far as it is counted: on which date, and how much of the unit."""

    kind: Kind
    on: date
    amount: Decimal
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Coverage:
    """On how many of the days from `first` to `last`, both included, what was filled was enough for the plan."""

    covered: int
    days: int
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class OfStrength:
    """What was said of one strength, the plan as it uses that one up, and the dates on which it is the one in use."""

    said: Sequence[Said]
    versions: Sequence[Version]
    days: Sequence[date]


def in_order(said: Iterable[Said]) -> list[Said]:
    """Return what was said by the date it is about, and of one date as it was written."""
    return sorted(said, key=lambda one: (one.on, one.seq))


def on_hand(said: Iterable[Said], versions: Sequence[Version], today: date) -> Decimal | None:
    """Return how many units are there on the morning of a date, by the plan; None where that cannot be counted.

    From the last count, or from when it ran out, on; without either from the first fill, when nothing was there yet as
    far as we know. What was said of a date holds for its morning: it may be a day's doses too little, never too much.
    """
    entries = [one for one in in_order(said) if one.on <= today]
    fixed = [number for number, one in enumerate(entries) if one.kind is not Kind.FILLED]
    entries = entries[fixed[-1] :] if fixed else entries
    if not entries:
        return None
    left, at = Decimal(0), entries[0].on
    for one in entries:
        used = _used(versions, at, one.on)
        if used is None:
            return None
        left, at = max(Decimal(0), left - used), one.on
        left = left + one.amount if one.kind is Kind.FILLED else one.amount
    used = _used(versions, at, today)
    return None if used is None else max(Decimal(0), left - used)


def ran_out_on(said: Iterable[Said], today: date) -> date | None:
    """Return the date on which somebody said last that it ran out; None where something was filled or counted since."""
    entries = [one for one in in_order(said) if one.on <= today]
    return entries[-1].on if entries and entries[-1].kind is Kind.RAN_OUT else None


def coverage(said: Iterable[Said], versions: Sequence[Version], first: date, last: date) -> Coverage | None:
    """Return on how many days of a range fills were enough for what the plan had due; only fills count.

    What is left of one fill when the next comes is used first. The range begins with the first fill that is known, if
    that is later. None where there is none, where the range is shorter than four weeks, or where a plan cannot be
    counted (as needed, given by a clinic, an amount that is not known, two units).
    """
    fills = _fills(said, last)
    if not fills:
        return None
    first = max(first, fills[0].on)
    days = (last - first).days + 1
    found = _stretches(fills, versions, last) if days >= FEWEST_DAYS else None
    if found is None:
        return None
    covered = sum(max(0, (min(ends, last) - max(begins, first)).days + 1) for begins, ends in found)
    return Coverage(covered, days, first, last)


def coverage_of_several(of_each: Sequence[OfStrength], first: date, last: date) -> Coverage | None:
    """Return on how many days of a range there was enough of the strength that the plan used on that day.

    What is of one strength covers no day of another. Else as `coverage`, also for what cannot be counted.
    """
    known = [(one, _fills(one.said, last)) for one in of_each]
    began = min((fills[0].on for _, fills in known if fills), default=None)
    if began is None:
        return None
    first = max(first, began)
    days = (last - first).days + 1
    if days < FEWEST_DAYS:
        return None
    covered = 0
    for one, fills in known:
        found = _stretches(fills, one.versions, last) if fills else []
        if found is None:
            return None
        covered += sum(any(begins <= day <= ends for begins, ends in found) for day in one.days if first <= day <= last)
    return Coverage(covered, days, first, last)


def _fills(said: Iterable[Said], last: date) -> list[Said]:
    return [one for one in in_order(said) if one.kind is Kind.FILLED and one.on <= last]


def _stretches(fills: Sequence[Said], versions: Sequence[Version], last: date) -> list[tuple[date, date]] | None:
    """Return from when until when fills were enough, one after the other; None where that cannot be counted."""
    if supply(versions, fills[0].on, last) is None:
        return None
    found, free_from = [], fills[0].on
    for one in fills:
        begins = max(one.on, free_from)
        if begins > last:
            break
        ends = _lasts_until(one.amount, versions, begins, last)
        if ends is None:
            return None
        found.append((begins, ends))
        free_from = ends + DAY
    return found


def _lasts_until(amount: Decimal, versions: Sequence[Version], begins: date, last: date) -> date | None:
    """Return the last date that an amount is enough for, from a date on; `last` where it is enough for more."""
    needed = supply(versions, begins, last)
    if needed is None:
        return None
    if needed <= amount:
        return last
    left = days_left(amount, versions, begins)
    return None if left is None else begins + (left - 1) * DAY


def _used(versions: Sequence[Version], first: date, until: date) -> Decimal | None:
    """Return what the plan uses from a date to the day before another."""
    return Decimal(0) if first >= until else supply(versions, first, until - DAY)
