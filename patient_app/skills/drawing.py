"""Ratings of one exercise, time after time, as a drawing: numbers in, places out, no words.

Each time is a step, whatever lies between two of them; the table behind the drawing says the days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from patient_app.skills.figures import Group, Trial, change_of

WIDTH, HEIGHT = 320, 148
LEFT, RIGHT, TOP, BOTTOM = 32, 252, 12, 112
AXIS_WORDS = 136
# Two words at the ends of their lines stand at least so far apart.
_APART = 17
MOST_STEPS = 30
LEAST_STEPS = 2


@dataclass(frozen=True, slots=True)
class Line:
    """One rating: the points of its line, each of its dots, and how high the word at its end stands."""

    points: str
    dots: tuple[tuple[str, str], ...]
    word_y: float


@dataclass(frozen=True, slots=True)
class Row:
    """One time, as the table says it: its day, and the two numbers."""

    day: date
    first: int
    second: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """Two ratings over time, the oldest first. `rows` are what is drawn; `most` is the top of the scale."""

    most: int
    rows: tuple[Row, ...]
    lines: tuple[Line, Line]

    @property
    def first_day(self) -> date:
        """The day of the first time."""
        return self.rows[0].day

    @property
    def last_day(self) -> date:
        """The day of the last time."""
        return self.rows[-1].day


def of_changes(group: Group) -> Drawing | None:
    """Draw how it was before and after, the last times that both were said; None for fewer than two."""
    exercise = group.exercise
    told = [(run.day, change) for run in group.runs if (change := change_of(run, exercise)) is not None]
    rows = [Row(day, change.before, change.after) for day, change in reversed(told[:MOST_STEPS])]
    return _drawing(rows, exercise.rating.most)


def of_trials(trials: Sequence[Trial], most: int) -> Drawing | None:
    """Draw the highest and the last rating of each time that the same was faced; None for fewer than two."""
    return _drawing([Row(one.day, one.highest, one.last) for one in trials[-MOST_STEPS:]], most)


def _drawing(rows: Sequence[Row], most: int) -> Drawing | None:
    if len(rows) < LEAST_STEPS:
        return None
    first, second = [row.first for row in rows], [row.second for row in rows]
    words = _apart(_y(first[-1], most), _y(second[-1], most))
    return Drawing(most, tuple(rows), (_line(first, most, words[0]), _line(second, most, words[1])))


def _line(numbers: Sequence[int], most: int, word_y: float) -> Line:
    step = (RIGHT - LEFT) / (len(numbers) - 1)
    dots = tuple((f"{LEFT + step * at:.1f}", f"{_y(number, most):.1f}") for at, number in enumerate(numbers))
    return Line(" ".join(f"{x},{y}" for x, y in dots), dots, word_y)


def _y(number: int, most: int) -> float:
    return BOTTOM - (BOTTOM - TOP) * min(number, most) / most


def _apart(one: float, other: float) -> tuple[float, float]:
    """Return where two words stand, each as near to its line as the other lets it."""
    short = _APART - abs(one - other)
    if short <= 0:
        return one, other
    up, down = (-short / 2, short / 2) if one <= other else (short / 2, -short / 2)
    return one + up, other + down
