"""Ninety days of entries for each patient of the demonstration: seeded, relative to today, the same every time.

Days that tell something come from `told`; the ordinary days between them are drawn around the phase they stand in.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from patient_app.checkins.answers import Answers, ThingSaid
from patient_app.checkins.chips import HELPED, TRIGGERS
from patient_app.checkins.words import LEAST_SLEEP, MOST_SLEEP
from patient_app.demo.told import LIVES, Life, Phase, Told
from patient_app.profile.things import Thing

FRIDAY, SUNDAY = 4, 6
# Earlier hours belong to the night after a day.
DAY_STARTS = 4
HOURS_TO_SECOND = 8
CHANCE_OF_SMALL_NOTE = 0.3
CHANCE_OF_SECOND = 0.12
CHANCE_OF_CORRECTION = 0.04
CHANCE_OF_MORE = 0.6
CHANCE_OF_CHIP = 0.5


@dataclass(frozen=True, slots=True)
class Entry:
    """One check-in of the story; `first` is what it said before it was corrected, if it was."""

    at: datetime
    answers: Answers
    first: Answers | None = None


def entries(email: str, today: date, zone: ZoneInfo) -> list[Entry]:
    """Return a patient's entries up to the night after yesterday, oldest first."""
    life = LIVES[email]
    # Chance that guards nothing: the same story every time.
    teller = _Teller(life, zone, random.Random(f"tandem {email}"))  # noqa: S311 - as said above.
    told = {entry.days_ago: entry for entry in life.told}
    found: list[Entry] = []
    for days_ago in range(life.phases[0].from_days_ago, 0, -1):
        day = today - timedelta(days=days_ago)
        phase = [phase for phase in life.phases if phase.from_days_ago >= days_ago][-1]
        drawn = teller.ordinary(phase, day)  # Drawn on every day, so that a told one does not move the others.
        found += [teller.telling(told[days_ago], day)] if days_ago in told else drawn
    return sorted(found, key=lambda entry: entry.at)


class _Teller:
    """Draws one person's entries."""

    def __init__(self, life: Life, zone: ZoneInfo, chance: random.Random) -> None:
        self._life = life
        self._zone = zone
        self._chance = chance

    def telling(self, told: Told, day: date) -> Entry:
        answers = Answers(
            told.mood, told.craving, told.use, told.note, told.about, told.own, things=self._used(told.use)
        )
        return Entry(self._at(day, told.hour), answers)

    def ordinary(self, phase: Phase, day: date) -> list[Entry]:
        if self._chance.random() > phase.often:
            return []
        entry = self._drawn(phase, day, self._life.hour)
        if self._happens(CHANCE_OF_CORRECTION) and entry.answers.mood is not None:
            entry = replace(entry, first=replace(entry.answers, mood=_within(entry.answers.mood - 1, 1, 5)))
        if not self._happens(CHANCE_OF_SECOND):
            return [entry]
        return [entry, self._drawn(phase, day, (self._life.hour + HOURS_TO_SECOND) % 24)]

    def _drawn(self, phase: Phase, day: date, hour: int) -> Entry:
        weekend = self._life.weekend if FRIDAY <= day.weekday() <= SUNDAY else 0.0
        craving = _within(round(self._chance.gauss(phase.craving + weekend, 1.2)), 0, 10)
        answers = Answers(
            mood=_within(round(self._chance.gauss(phase.mood, 0.6)), 1, 5),
            craving=None if self._happens(self._life.skips) else craving,
            use=None if self._happens(self._life.skips) else False,
            note=self._chance.choice(self._life.small_notes) if self._happens(CHANCE_OF_SMALL_NOTE) else "",
            **self._more(phase),
        )
        return Entry(self._at(day, hour), answers)

    def _more(self, phase: Phase) -> dict[str, Any]:
        """Draw what is told under "More", on the days on which it is."""
        if not self._happens(CHANCE_OF_MORE):
            return {}
        return {
            "sleep_hours": _within(round(self._chance.gauss(4 + phase.mood, 1.0)), LEAST_SLEEP, MOST_SLEEP),
            "anxiety": _within(round(self._chance.gauss(9 - 1.6 * phase.mood, 1.4)), 0, 10),
            "energy": _within(round(self._chance.gauss(phase.mood, 0.8)), 1, 5),
            "triggers": (self._chance.choice(tuple(TRIGGERS)),) if self._happens(CHANCE_OF_CHIP) else (),
            "helped": (self._chance.choice(tuple(HELPED)),) if self._happens(CHANCE_OF_CHIP) else (),
        }

    def _used(self, use: bool | None) -> tuple[ThingSaid, ...]:
        return (ThingSaid(Thing(self._life.thing, self._life.thing), used=True),) if use else ()

    def _at(self, day: date, hour: int) -> datetime:
        return datetime.combine(
            day + timedelta(days=hour < DAY_STARTS), time(hour, self._chance.randrange(60)), self._zone
        )

    def _happens(self, how_often: float) -> bool:
        return self._chance.random() < how_often


def _within(value: int, least: int, most: int) -> int:
    return max(least, min(most, value))
