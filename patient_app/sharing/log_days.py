"""Who has looked, day by day: the same words stand once a day, so that a busy day is no wall of lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from patient_app.sharing.service import LogLine


@dataclass(frozen=True, slots=True)
class LogRow:
    """What was done in the same words on one day, and each time of that day when it was, the newest first."""

    text: str
    days: str
    times: tuple[datetime, ...]


def by_day(lines: Sequence[LogLine]) -> list[tuple[date, list[LogRow]]]:
    """Return the lines day by day, in the order in which they came; the same words stand once a day."""
    found: list[tuple[date, list[LogRow]]] = []
    for day, of_day in groupby(lines, key=lambda line: line.at.date()):
        times: dict[tuple[str, str], list[datetime]] = {}
        for line in of_day:
            times.setdefault((line.text, line.days), []).append(line.at)
        found.append((day, [LogRow(*said, tuple(when)) for said, when in times.items()]))
    return found
