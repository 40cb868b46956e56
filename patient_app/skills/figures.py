"""What came of exercises: how it was before and after, and what is worked out from their answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from patient_app.skills.answers import Line
from patient_app.skills.facts import Better, Exercise, Figure
from patient_app.skills.service import OwnRun

WIDTH, HEIGHT, MARGIN = 320, 96, 8
_TEN = 10
_DAY = 24 * 60
ANCHORS = ("up", "contact", "start", "dinner", "bed")
LEAST_DAYS, NEAR = 3, 45


@dataclass(frozen=True, slots=True)
class Change:
    """How it was before and after a run, on a scale up to `most`."""

    before: int
    after: int
    most: int
    better: Better

    @property
    def helped(self) -> bool:
        """Whether it was better afterwards."""
        if self.better is Better.MORE:
            return self.after > self.before
        return self.better is Better.LESS and self.after < self.before


@dataclass(frozen=True, slots=True)
class Group:
    """The runs of one exercise, the latest first; after how many of those with both ratings it was better."""

    exercise: Exercise
    runs: tuple[OwnRun, ...]
    rated: int
    helped: int


def change_of(run: OwnRun, exercise: Exercise) -> Change | None:
    """Return how it was before and after; None unless both were said."""
    if run.said.before is None or run.said.after is None:
        return None
    return Change(run.said.before, run.said.after, exercise.rating.most, exercise.better)


def groups_of(runs: Iterable[OwnRun], known: Mapping[str, Exercise]) -> list[Group]:
    """Return the runs by exercise, the one done last first."""
    by_exercise: dict[str, list[OwnRun]] = {}
    for run in runs:
        by_exercise.setdefault(run.exercise, []).append(run)
    return [_group(known[name], those) for name, those in by_exercise.items()]


def _group(exercise: Exercise, runs: Sequence[OwnRun]) -> Group:
    changes = [change for run in runs if (change := change_of(run, exercise)) is not None]
    return Group(exercise, tuple(runs), len(changes), sum(change.helped for change in changes))


def sleep_of(answers: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return the minutes asleep and in bed of a night, as far as somebody can tell; None where that is not said."""
    bed, up, awake = (answers.get(name) for name in ("to_bed", "out_of_bed", "awake"))
    if not bed or not up or not awake:
        return None
    in_bed = (_minutes(up) - _minutes(bed)) % _DAY
    return max(in_bed - int(awake[0].removeprefix("m")), 0), in_bed


def rhythm_of(days: Sequence[Mapping[str, Any]]) -> tuple[int, int] | None:
    """Return how many anchors of these days were near their usual time, of how many; None without three days of one.

    After Monk and others (2002): an anchor that was told of three times or more counts, and is near within 45 minutes
    of its usual time, here the middle one of those days.
    """
    near = told = 0
    for anchor in ANCHORS:
        times = [_minutes(day[anchor]) for day in days if day.get(anchor)]
        if len(times) < LEAST_DAYS:
            continue
        usual = _middle(times)
        told += len(times)
        near += sum(_apart(time, usual) <= NEAR for time in times)
    return (near, told) if told else None


@dataclass(frozen=True, slots=True)
class Trial:
    """One time that the same thing was faced: the highest rating of it, and the last one."""

    day: date
    highest: int
    last: int


def trials_of(figure: Figure, told: Iterable[tuple[date, Mapping[str, Any]]], like: Mapping[str, Any]) -> list[Trial]:
    """Return the times that the same was faced as in the answers `like`, in the order in which they are `told`.

    The same is what the person called the same, large letters and spaces aside. Each row of a table is a time.
    """
    same = _called(like.get(figure.of))
    found = [one for one in told if same and _called(one[1].get(figure.of)) == same]
    return [trial for day, answers in found for trial in _trials(figure, day, answers.get(figure.rated))]


def _called(answer: Any) -> str:
    text = " ".join(answer) if isinstance(answer, list) else answer or ""
    return " ".join(text.casefold().split())


def _trials(figure: Figure, day: date, answer: Any) -> list[Trial]:
    if not answer:
        return []
    if figure.column:
        numbers = [int(row[figure.column]) for row in answer if figure.column in row]
        return [Trial(day, number, number) for number in numbers]
    marks = sorted((int(minute), int(number)) for minute, number in answer.items())
    return [Trial(day, max(number for _, number in marks), marks[-1][1])]


def _middle(times: Sequence[int]) -> int:
    """Return the time to which all are nearest, taken together: midnight is no edge."""
    return min(times, key=lambda one: (sum(_apart(one, other) for other in times), one))


def _apart(one: int, other: int) -> int:
    between = abs(one - other)
    return min(between, _DAY - between)


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def wave(marks: Sequence[tuple[int, int]], most: int = _TEN) -> str:
    """Return the points of a line through ratings up to `most` over minutes, for an SVG of `WIDTH` by `HEIGHT`."""
    last = max(marks[-1][0], 1)
    points = (
        (
            MARGIN + (WIDTH - 2 * MARGIN) * minute / last,
            HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * number / most,
        )
        for minute, number in marks
    )
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def waves(lines: Iterable[Line]) -> dict[str, str]:
    """Return the points to draw by field: of those that were rated more than once."""
    return {line.field: wave(line.marks, line.most) for line in lines if len(line.marks) > 1}
