"""The form with which a clinician gives a lesson to a patient."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from patient_app.core.forms import Form, IdField, long_text
from patient_app.learn.facts import Lesson
from patient_app.learn.given import Given

# It stands on Today, beside the lesson's name.
LONGEST_NOTE = 300


class LessonForm(Form):
    """A note, if the clinician likes."""

    id = IdField()
    note = long_text(
        _l("A note for the patient"),
        longest=LONGEST_NOTE,
        description=_l("The patient reads it. So do those on the team who may see what you give."),
    )

    def given(self, lesson: Lesson) -> Given:
        """Return what was said. Only after `validate`."""
        return Given(lesson, self.note.data or "")
