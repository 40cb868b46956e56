"""What Today says of exercises that a clinician gave: one line for what is due by what was asked for; a suggestion."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from flask import url_for

from patient_app.core.identity import Viewer
from patient_app.home.attention import Line
from patient_app.skills import assignments


def assignment_lines(patient: Viewer, today: date) -> Iterator[Line]:
    """Yield a line for what is not done yet, with the one that ends first; asked only if it can be shown."""
    due = [one for one in assignments.standing(patient, today) if one.is_due(today)]
    if due:
        first = min(due, key=lambda one: one.given.until)
        leads_to = url_for("skills.assigned") if len(due) > 1 else url_for("skills.assignment", assignment_id=first.id)
        # Whichever it names: of a day it is one prompt, which keeps its place.
        yield Line("assignment", str(first.given.exercise.title), leads_to, count=len(due), is_prompt=True)
