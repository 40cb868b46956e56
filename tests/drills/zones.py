"""The zone drill: in every IANA zone, around each change of its clocks in two years, each slot of a day is due once.

`python -m tests.drills.zones` lets the engine's own arithmetic run through the days with ticks at odd times, in every
zone, and prints a figure a line, `name value unit limit ok|over`; it leaves with 1 when one is over. Each slot of each
zone is looked at; where the clocks of several zones show the same in those days, time runs through them once for all.
tests/features/reminders/test_schedule.py lets chance look for moments at which a fault shows.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import click

from patient_app.core import clock
from patient_app.reminders.schedule import EVERY_DAY, Slot, due_between, next_after, times_slots
from tests.drills.restore import Figures

QUARTERS = tuple(range(0, 1440, 15))
WINDOW = timedelta(hours=2)
FROM, DAYS = date(2026, 1, 1), 2 * 365
AROUND = 2


def zones() -> list[ZoneInfo]:
    """Return every zone that this machine knows."""
    return [zone for name in sorted(clock.zone_names()) if (zone := clock.find_zone(name)) is not None]


def changes(zone: ZoneInfo, first: date = FROM, days: int = DAYS) -> Iterator[date]:
    """Yield the civil dates on which a zone's clocks change, and one date for a zone where they never do."""
    found = False
    midnight = datetime(first.year, first.month, first.day, tzinfo=UTC)
    before = midnight.astimezone(zone).utcoffset()
    for number in range(1, days):
        at = midnight + timedelta(days=number)
        after = at.astimezone(zone).utcoffset()
        if after != before:
            found = True
            yield (at - timedelta(hours=12)).astimezone(zone).date()
        before = after
    if not found:
        yield first


def slots(zone: ZoneInfo, first: date, last: date) -> list[Slot]:
    """Return the quarters of the days."""
    return times_slots(QUARTERS, EVERY_DAY, zone, (first, last), WINDOW)


def around(zone: ZoneInfo, day: date) -> list[Slot]:
    """Return the quarters of the days around a change."""
    return slots(zone, day - timedelta(days=AROUND), day + timedelta(days=AROUND))


def faults(zone: ZoneInfo, day: date, found: Sequence[Slot]) -> Iterator[str]:
    """Yield what is wrong around a change: a slot that is not once in its day, or not at its wall time."""
    names = Counter((slot.local_day, slot.key) for slot in found)
    if len(names) != (2 * AROUND + 1) * len(QUARTERS) or set(names.values()) != {1}:
        yield f"{zone.key} {day}: {len(names)} slots"
    for slot in found:
        wall = slot.due_at.astimezone(zone)
        minute = wall.hour * 60 + wall.minute
        if (wall.date(), minute) != (slot.local_day, int(slot.key)) and not _is_skipped(slot, zone):
            yield f"{zone.key} {slot.local_day} {slot.key}: due at {wall}"
        if not slot.due_at < slot.until <= slot.due_at + WINDOW:
            yield f"{zone.key} {slot.local_day} {slot.key}: its window is {slot.until - slot.due_at}"


def _is_skipped(slot: Slot, zone: ZoneInfo) -> bool:
    """Whether no clock of that day ever showed that time."""
    minute = int(slot.key)
    day = slot.local_day
    wall = datetime(day.year, day.month, day.day, minute // 60, minute % 60)  # noqa: DTZ001 - a wall time.
    return wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall


def odd_ticks(chance: random.Random) -> Iterator[timedelta]:
    """Yield how long after one tick the next one comes: mostly soon, at times after an outage."""
    while True:
        yield timedelta(minutes=chance.choice((1, 47, 600, 1500)) * (0.1 + chance.random()))


def run_through(zone: ZoneInfo, day: date, ticks: Iterator[timedelta]) -> Counter[tuple[date, str]]:
    """Let time pass with ticks at odd moments, as `making` does, and return how often each slot was due."""
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=2)
    ends, now, next_at = begin + timedelta(days=5), begin, begin
    due: Counter[tuple[date, str]] = Counter()
    # Most ticks of a day ask for the same days.
    slots_in: Callable[[date, date], list[Slot]] = lru_cache(maxsize=None)(lambda first, last: slots(zone, first, last))
    while now < ends:
        now += next(ticks, ends - begin)
        if next_at <= now:
            due.update((slot.local_day, slot.key) for slot in due_between(slots_in, zone, next_at, now))
            next_at = next_after(slots_in, zone, now) or now
    return due


def not_once(day: date, due: Counter[tuple[date, str]]) -> Iterator[str]:
    """Yield what is wrong with how often slots were due around a change."""
    whole = {on for on, _key in due if abs(on - day) <= timedelta(days=1)}
    yield from (f"{key}" for key, count in due.items() if count != 1)
    yield from (f"{on}: not all" for on in whole if sum(on == each for each, _key in due) != len(QUARTERS))
    if not whole:
        yield f"{day}: nothing was due"


@click.command()
@click.option("--seed", default=1, show_default=True, help="Of chance.")
def main(seed: int) -> None:
    """Try every zone around each change of its clocks. Leave with 1 when anything is over."""
    figures, chance = Figures(), random.Random(seed)
    begun = time.monotonic()
    wrong: list[str] = []
    looked_at = slots_looked_at = 0
    alike: set[tuple[date, tuple[datetime, ...]]] = set()
    every = zones()
    for zone in every:
        for day in changes(zone):
            found = around(zone, day)
            looked_at, slots_looked_at = looked_at + 1, slots_looked_at + len(found)
            wrong += list(faults(zone, day, found))
            shown = day, tuple(slot.due_at for slot in found)
            if shown not in alike:
                alike.add(shown)
                wrong += [f"{zone.key} {fault}" for fault in not_once(day, run_through(zone, day, odd_ticks(chance)))]
    figures.add("zones", len(every), "zones", least=500)
    figures.add("changes", looked_at, "days")
    figures.add("slots", slots_looked_at, "slots")
    figures.add("run-through", len(alike), "spans of days")
    figures.add("slots-not-once", len(wrong), "slots", most=0)
    figures.add("took", time.monotonic() - begun, "s", most=300)
    click.echo("\n".join([*figures.lines, *(f"# {line}" for line in wrong[:20])]))
    sys.exit(1 if figures.over else 0)


if __name__ == "__main__":
    main(prog_name="python -m tests.drills.zones")
