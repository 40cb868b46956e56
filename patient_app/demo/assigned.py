"""What the therapist of the demonstration gave to the first patient; days are counted from today."""

from __future__ import annotations

from datetime import timedelta

from patient_app.core.clock import Moment
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.learn import given as lessons
from patient_app.learn import library as libraries
from patient_app.learn.facts import FALLBACK
from patient_app.skills import assignments, library
from patient_app.skills.assignments import Given
from patient_app.skills.models import Often

# How many days ago it was given, and for how long.
AGO, STANDS = 7, timedelta(days=28)
NOTE = "Start with things of ten minutes. We look at it together next time."
# Of the lesson, and its note.
LESSON_AGO, LESSON, LESSON_NOTE = 1, "night-rest", "You spoke of long nights. See if one thing in here fits you."


def enter(patient: Viewer, therapist: Viewer, moment: Moment) -> None:
    """Give it as the therapist would have at that moment. Needs a writing unit."""
    given = Given(library.exercise_named("small-thing"), Often.THREE_A_WEEK, moment.day + STANDS, NOTE)
    assignments.give(therapist, patient.id, new_id(), given, moment)


def enter_lesson(patient: Viewer, therapist: Viewer, moment: Moment) -> None:
    """Give a lesson as the therapist would have at that moment. Needs a writing unit."""
    lesson = libraries.library().lesson(LESSON, FALLBACK)
    lessons.give(therapist, patient.id, new_id(), lessons.Given(lesson, LESSON_NOTE), moment)
