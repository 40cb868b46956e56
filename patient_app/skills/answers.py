"""What is answered in an exercise, by field; how it is kept, and what a person reads of it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from patient_app.core.i18n import time_in_words
from patient_app.core.times import of_field
from patient_app.skills.facts import Asked, Exercise, Kind

# A text; a list of texts or of ids; a number; rows of a table; marks of a timer; a plan.
Answer = str | int | list[str] | list[dict[str, str | int]] | dict[str, int] | dict[str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """What is said in a run. `kept` names the fields that no one else ever reads."""

    answers: Mapping[str, Any] = field(default_factory=dict)
    before: int | None = None
    after: int | None = None
    finished: bool = True
    about_use: bool = False
    kept: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said at all."""
        return not self.answers and self.before is None and self.after is None

    def part(self, *, kept: bool) -> str | None:
        """Return the answers that are kept to oneself, or the others, as they are stored; None for none."""
        part = {name: answer for name, answer in self.answers.items() if (name in self.kept) == kept}
        return json.dumps(part, ensure_ascii=False) if part else None


def read(text: str | None) -> dict[str, Any]:
    """Return answers as `Said.part` wrote them."""
    found: dict[str, Any] = json.loads(text) if text else {}
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """One answer as it is read: the question, and each of its sentences; `rows` are those of a table, under `heads`."""

    field: str
    question: str
    told: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    marks: tuple[tuple[int, int], ...] = ()
    most: int = 10
    day: date | None = None
    kept: bool = False


def lines_of(exercise: Exercise, answers: Mapping[str, Any], kept: Collection[str] = ()) -> list[Line]:
    """Return the answers that were given, in the order of the exercise. What it does not ask any more is left out."""
    return [_line(asked, answers[asked.id], kept=asked.id in kept) for asked in exercise.fields if asked.id in answers]


def _line(asked: Asked, answer: Any, *, kept: bool) -> Line:
    question = str(asked.label)
    if asked.kind in (Kind.LADDER, Kind.TABLE):
        heads = tuple(str(column.label) for column in asked.columns)
        return Line(asked.id, question, heads=heads, rows=tuple(_rows(asked, answer)), kept=kept)
    if asked.kind is Kind.TIMER:
        marks = tuple((int(mark), int(number)) for mark, number in answer.items())
        return Line(asked.id, question, marks=tuple(sorted(marks)), most=asked.most, kept=kept)
    if asked.kind is Kind.PLAN:
        told = tuple(filter(None, (answer.get("activity"), _time(answer.get("time")))))
        day = date.fromisoformat(answer["day"]) if answer.get("day") else None
        return Line(asked.id, question, told, day=day, kept=kept)
    return Line(asked.id, question, tuple(_told(asked, answer)), kept=kept)


def _told(asked: Asked, answer: Any) -> Iterator[str]:
    if asked.kind in (Kind.CHIPS, Kind.CHOICE):
        names = {option.id: str(option.words) for option in asked.options}
        yield from (names[one] for one in answer if one in names)
    elif isinstance(answer, list):
        yield from answer
    else:
        yield _time(answer) if asked.kind is Kind.TIME else str(answer)


def _time(kept: str | None) -> str:
    """Return a time of day as its reader's language writes it; what is kept is that of the form."""
    minute = of_field(kept or "")
    return (kept or "") if minute is None else time_in_words(minute)


def _rows(asked: Asked, answer: Any) -> Iterator[tuple[str, ...]]:
    rows = answer
    if asked.kind is Kind.LADDER:  # From the lowest step up; what was not rated comes last.
        rows = sorted(answer, key=lambda row: row.get("rating", 101))
    for row in rows:
        yield tuple(str(row.get(column.id, "")) for column in asked.columns)
