"""What Today says of exercises that a clinician gave: one line for what is due by what was asked for; a suggestion."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from flask import url_for

from patient_app.core.identity import Viewer
from patient_app.core.not_now import NotNow
from patient_app.home.attention import Line
from patient_app.skills import assignments


def assignment_lines(patient: Viewer, today: date, aside: NotNow) -> Iterator[Line]:
    """Yield a line for what is not done yet, with the one that ends first; asked only if it can be shown.

    None names what the person put aside.
    """
    standing = assignments.standing(patient, today)
    due = [one for one in standing if one.is_due(today) and not aside.covers(one.given.exercise.topics)]
    if due:
        first = min(due, key=lambda one: one.given.until)
        leads_to = url_for("skills.assigned") if len(due) > 1 else url_for("skills.assignment", assignment_id=first.id)
        # Whichever it names: of a day it is one prompt, which keeps its place.
        yield Line("assignment", str(first.given.exercise.title), leads_to, count=len(due), is_prompt=True)
