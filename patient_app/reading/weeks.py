"""What is said of a week where only a summary of it is shared: middles and counts, never a person's own words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from patient_app.checkins.answers import SHIPPED
from patient_app.consent.categories import Category, Level
from patient_app.consent.decisions import FIRST_DAY, Grants
from patient_app.profile.things import Kind
from patient_app.reading.fields import MOOD, USE, SharedCheckIn

# Stands for words of a person's own, which cannot be summed up.
OWN_WORDS = ""


@dataclass(frozen=True, slots=True)
class WeekSummary:
    """A week (its Monday) summed up, for categories shared as a summary only.

    `named` counts the days on which something of a kind was told of; `triggers` and `helped` count the check-ins.
    """

    monday: date
    mood_days: int = 0
    mood: int | None = None
    sleep_hours: int | None = None
    anxiety: float | None = None
    energy: int | None = None
    craving: float | None = None
    use_days: int | None = None
    named: tuple[tuple[Kind, int], ...] = ()
    triggers: tuple[tuple[str, int], ...] = ()
    helped: tuple[tuple[str, int], ...] = ()


def summed(grants: Grants) -> dict[Category, date]:
    """Return what is shared as a summary, each with the day from which on single check-ins are open instead."""
    found: dict[Category, date] = {}
    for category in (MOOD, USE):
        mine = [grant for grant in grants.items if grant.category is category]
        detailed = [grant.entries_from or FIRST_DAY for grant in mine if grant.level is Level.DETAIL]
        from_day = min(detailed, default=date.max)
        if any(grant.level is Level.SUMMARY and (grant.entries_from or FIRST_DAY) < from_day for grant in mine):
            found[category] = from_day
    return found


def weeks_of(entries: Iterable[SharedCheckIn], only: Mapping[Category, date]) -> tuple[WeekSummary, ...]:
    """Sum up by week, newest first; `only` is what `summed` returned. A week of which nothing is said is left out."""
    weeks: dict[date, list[SharedCheckIn]] = {}
    for entry in entries:
        if _says(entry, only):
            weeks.setdefault(entry.day - timedelta(days=entry.day.weekday()), []).append(entry)
    return tuple(_sum_up(monday, weeks[monday], only) for monday in sorted(weeks, reverse=True))


def _open(entry: SharedCheckIn, category: Category, only: Mapping[Category, date]) -> bool:
    return category in only and entry.day < only[category]


def _context_open(entry: SharedCheckIn, only: Mapping[Category, date]) -> bool:
    return _open(entry, USE if entry.context_about_use else MOOD, only)


def _says(entry: SharedCheckIn, only: Mapping[Category, date]) -> bool:
    about_mood = (entry.mood, entry.sleep_hours, entry.anxiety, entry.energy)
    about_use = (entry.craving, entry.use, entry.things or None, entry.amount or None)
    return (
        (_open(entry, MOOD, only) and any(said is not None for said in about_mood))
        or (_open(entry, USE, only) and any(said is not None for said in about_use))
        or (_context_open(entry, only) and bool(entry.triggers or entry.helped))
    )


def _sum_up(monday: date, entries: Sequence[SharedCheckIn], only: Mapping[Category, date]) -> WeekSummary:
    feeling = [entry for entry in entries if _open(entry, MOOD, only)]
    using = [entry for entry in entries if _open(entry, USE, only)]
    telling = [entry for entry in entries if _context_open(entry, only)]
    return WeekSummary(
        monday=monday,
        mood_days=len({entry.day for entry in feeling if entry.mood is not None}),
        mood=_nearest(entry.mood for entry in feeling),
        sleep_hours=_nearest(entry.sleep_hours for entry in feeling),
        anxiety=_middle(entry.anxiety for entry in feeling),
        energy=_nearest(entry.energy for entry in feeling),
        craving=_middle(_strongest(entry) for entry in using),
        use_days=_days_of_use(using),
        named=_named(using),
        triggers=_told(entry.triggers for entry in telling),
        helped=_told(entry.helped for entry in telling),
    )


def _days_of_use(entries: Sequence[SharedCheckIn]) -> int | None:
    """Return on how many days there was use; None where nobody said either way."""
    if not any(entry.use is not None or entry.amount for entry in entries):
        return None
    return len({entry.day for entry in entries if entry.use or entry.amount})


def _strongest(entry: SharedCheckIn) -> int | None:
    told = [entry.craving, *(said.craving for said in entry.things)]
    return max((number for number in told if number is not None), default=None)


def _middle(values: Iterable[int | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _nearest(values: Iterable[int | None]) -> int | None:
    middle = _middle(values)
    return None if middle is None else round(middle)


def _named(entries: Iterable[SharedCheckIn]) -> tuple[tuple[Kind, int], ...]:
    days = {(said.thing.kind, entry.day) for entry in entries for said in entry.things}
    counts = Counter(kind for kind, _ in days)
    return tuple((kind, counts[kind]) for kind in Kind if kind in counts)


def _told(chips: Iterable[tuple[str, ...]]) -> tuple[tuple[str, int], ...]:
    counts = Counter(chip for told in chips for chip in {one if one.startswith(SHIPPED) else OWN_WORDS for one in told})
    return tuple(sorted(counts.items(), key=lambda item: (item[0] == OWN_WORDS, -item[1], item[0])))
