"""What Today says of exercises that a clinician gave: one line for what is due by what was asked for; a suggestion."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from patient_app.core.identity import Viewer
from patient_app.home.attention import Line
from patient_app.skills import assignments


def assignment_lines(patient: Viewer, today: date) -> Iterator[Line]:
    """Yield a line for what is not done yet, with the one that ends first; asked only if it can be shown."""
    due = [one for one in assignments.standing(patient, today) if one.is_due(today)]
    if due:
        first = min(due, key=lambda one: one.given.until)
        yield Line(
            "assignment",
            str(first.given.exercise.title),
            first.author,
            count=len(due),
            target=first.id,
            is_prompt=True,
        )
