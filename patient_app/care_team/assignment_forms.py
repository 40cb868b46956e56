"""The form with which a clinician gives an exercise to a patient."""

from __future__ import annotations

from datetime import date, timedelta

from flask_babel import lazy_gettext as _l

from patient_app.core.forms import DayField, Form, IdField, ListField, Needed, long_text
from patient_app.skills.assignments import Given
from patient_app.skills.facts import Exercise
from patient_app.skills.models import Often
from patient_app.skills.words import OFTEN

LONGEST_NOTE = 1000
# What is in the form at first, and the furthest day that it takes.
USUAL, LONGEST = timedelta(days=28), timedelta(days=366)


class AssignmentForm(Form):
    """How often, until when, and a note."""

    id = IdField()
    often = ListField(
        _l("How often"),
        [("", "–"), *((often.value, words) for often, words in OFTEN.items())],
        validators=[Needed(_l("Pick how often it is to be done."))],
    )
    until = DayField(_l("Until which day"))
    note = long_text(
        _l("A note for the patient"),
        longest=LONGEST_NOTE,
        description=_l("The patient reads it. So do those on the team who may see what you give."),
    )

    @classmethod
    def blank(cls, today: date) -> AssignmentForm:
        """Return the form as it is sent first; `today` is the patient's."""
        return cls(until=(today + USUAL).isoformat())

    def given(self, exercise: Exercise, today: date) -> Given | None:
        """Return what was said; None, with messages, for what cannot be. Only after `validate`."""
        until = self.until.day
        if until is None or not today <= until <= today + LONGEST:
            self.add_error("until", _l("Pick a day from today on, within a year."))
            return None
        return Given(exercise, Often(self.often.data), until, self.note.data or "")
