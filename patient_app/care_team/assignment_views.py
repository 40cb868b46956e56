"""Where a clinician gives exercises to a patient and sees whether they were done; `reading` decides what is open."""

from __future__ import annotations

import uuid

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from patient_app.care_team.assignment_forms import AssignmentForm
from patient_app.core import notices
from patient_app.core.access import Permission, access
from patient_app.core.errors import NotFound
from patient_app.core.identity import viewer
from patient_app.core.pages import render_page
from patient_app.reading import assignments as reading
from patient_app.reading import giving, words
from patient_app.reading.people import Named
from patient_app.skills import assignments, library
from patient_app.skills.assignments import AlreadyGiven, IdTaken
from patient_app.skills.facts import Exercise, Start
from patient_app.skills.words import OFTEN

bp = Blueprint("team_assignments", __name__)

notices.register(
    "team_assignments.show",
    assignment_given=_l("Given. The patient sees it on Today and under Skills."),
    assignment_withdrawn=_l("Taken back. What the patient wrote stays theirs."),
)


@bp.get("/team/<uuid:patient_id>/assignments")
@access(Permission.TEAM_READ, records=True)
def show(patient_id: uuid.UUID) -> ResponseReturnValue:
    """Show what was given to a patient, and whether it was done, as far as this clinician may see it."""
    shared = reading.read_assignments(viewer(), patient_id)
    return render_page(
        "care_team/assignments.html",
        shared=shared,
        person=shared.person,
        identity=words.identity_words(shared.person),
        scope=words.scope_sentences(shared.grants, shared.person.zone),
        often=OFTEN,
    )


@bp.get("/team/<uuid:patient_id>/assignments/new")
@access(Permission.TEAM_READ)
def choose(patient_id: uuid.UUID) -> ResponseReturnValue:
    """Show which exercises there are to give: first those that open in no other way."""
    person = giving.to_give(viewer(), patient_id)
    found = sorted(library.all_exercises().values(), key=lambda one: str(one.title))
    return render_page(
        "care_team/assignment_choose.html",
        person=person,
        identity=words.identity_words(person),
        locked=[one for one in found if one.start is not Start.ALONE],
        others=[one for one in found if one.start is Start.ALONE],
    )


@bp.get("/team/<uuid:patient_id>/assignments/new/<string:exercise>")
@access(Permission.TEAM_READ)
def new(patient_id: uuid.UUID, exercise: str) -> ResponseReturnValue:
    """Show the form for one exercise, with when it is not right."""
    person = giving.to_give(viewer(), patient_id)
    return _form_page(person, _named(exercise), AssignmentForm.blank(giving.moment_of(person).day))


@bp.post("/team/<uuid:patient_id>/assignments/new/<string:exercise>")
@access(Permission.TEAM_WRITE)
def give(patient_id: uuid.UUID, exercise: str) -> ResponseReturnValue:
    """Give it, once."""
    person, found = giving.to_give(viewer(), patient_id), _named(exercise)
    moment, form = giving.moment_of(person), AssignmentForm()
    given = form.given(found, moment.day) if form.validate() else None
    if given is not None:
        try:
            assignments.give(viewer(), patient_id, form.id.value, given, moment)
            return redirect(url_for(".show", patient_id=patient_id, done="assignment-given"), 303)
        except IdTaken:
            form.renew_id()
        except AlreadyGiven:
            form.add_error("often", _l("You gave this one already, and it still stands. Take that back first."))
    return _form_page(person, found, form), 422


@bp.post("/team/<uuid:patient_id>/assignments/<uuid:assignment_id>/withdraw")
@access(Permission.TEAM_WRITE)
def withdraw(patient_id: uuid.UUID, assignment_id: uuid.UUID) -> ResponseReturnValue:
    """Take back what this clinician gave."""
    giving.to_give(viewer(), patient_id)
    assignments.withdraw(viewer(), patient_id, assignment_id)
    return redirect(url_for(".show", patient_id=patient_id, done="assignment-withdrawn"), 303)


def _named(exercise: str) -> Exercise:
    found = library.all_exercises().get(exercise)
    if found is None:
        raise NotFound
    return found


def _form_page(person: Named, exercise: Exercise, form: AssignmentForm) -> str:
    return render_page(
        "care_team/assignment_new.html",
        person=person,
        identity=words.identity_words(person),
        exercise=exercise,
        form=form,
    )
