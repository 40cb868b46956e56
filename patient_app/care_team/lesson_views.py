"""Where a clinician gives lessons to a patient; `reading` decides what is open. Nobody is told whether one was read."""

from __future__ import annotations

import uuid

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from patient_app.care_team.lesson_forms import LessonForm
from patient_app.core import notices
from patient_app.core.access import Permission, access
from patient_app.core.identity import viewer
from patient_app.core.pages import render_page
from patient_app.learn import given, service
from patient_app.learn import library as libraries
from patient_app.learn.facts import Audience, Lesson
from patient_app.learn.given import AlreadyGiven, IdTaken
from patient_app.reading import giving, words
from patient_app.reading import lessons as reading
from patient_app.reading.people import Named

bp = Blueprint("team_lessons", __name__)

notices.register(
    "team_lessons.show",
    team_lesson_given=_l("Given. It waits for the patient in Learn."),
    team_lesson_withdrawn=_l("Taken back. The patient does not see it any more."),
)


@bp.get("/team/<uuid:patient_id>/lessons")
@access(Permission.TEAM_READ, records=True)
def show(patient_id: uuid.UUID) -> ResponseReturnValue:
    """Show which lessons were given to a patient, as far as this clinician may see it."""
    shared = reading.read_lessons(viewer(), patient_id)
    return render_page(
        "care_team/lessons.html",
        shared=shared,
        person=shared.person,
        identity=words.identity_words(shared.person),
        scope=words.scope_sentences(shared.grants, shared.person.zone),
    )


@bp.get("/team/<uuid:patient_id>/lessons/new")
@access(Permission.TEAM_READ)
def choose(patient_id: uuid.UUID) -> ResponseReturnValue:
    """Show which lessons there are to give, by path."""
    person, found = giving.to_give(viewer(), patient_id), libraries.library()
    by_path = found.by_path(libraries.language(), Audience.PATIENTS)
    return render_page(
        "care_team/lesson_choose.html",
        person=person,
        identity=words.identity_words(person),
        paths=[(path, by_path[path.id]) for path in found.paths()],
    )


@bp.get("/team/<uuid:patient_id>/lessons/new/<string:lesson>")
@access(Permission.TEAM_READ)
def new(patient_id: uuid.UUID, lesson: str) -> ResponseReturnValue:
    """Show the form for one lesson, with its words, and what a clinician is not told."""
    person = giving.to_give(viewer(), patient_id)
    return _form_page(person, service.lesson_for(lesson), LessonForm())


@bp.post("/team/<uuid:patient_id>/lessons/new/<string:lesson>")
@access(Permission.TEAM_WRITE)
def give(patient_id: uuid.UUID, lesson: str) -> ResponseReturnValue:
    """Give it, once."""
    person, found, form = giving.to_give(viewer(), patient_id), service.lesson_for(lesson), LessonForm()
    if form.validate():
        try:
            given.give(viewer(), patient_id, form.id.value, form.given(found), giving.moment_of(person))
            return redirect(url_for(".show", patient_id=patient_id, done="team-lesson-given"), 303)
        except IdTaken:
            form.renew_id()
        except AlreadyGiven:
            form.add_error("note", _l("You gave this one already. Take that back first."))
    return _form_page(person, found, form), 422


@bp.post("/team/<uuid:patient_id>/lessons/<uuid:given_lesson_id>/withdraw")
@access(Permission.TEAM_WRITE)
def withdraw(patient_id: uuid.UUID, given_lesson_id: uuid.UUID) -> ResponseReturnValue:
    """Take back what this clinician gave."""
    giving.to_give(viewer(), patient_id)
    given.withdraw(viewer(), patient_id, given_lesson_id)
    return redirect(url_for(".show", patient_id=patient_id, done="team-lesson-withdrawn"), 303)


def _form_page(person: Named, lesson: Lesson, form: LessonForm) -> str:
    return render_page(
        "care_team/lesson_new.html",
        person=person,
        identity=words.identity_words(person),
        lesson=lesson,
        form=form,
    )
