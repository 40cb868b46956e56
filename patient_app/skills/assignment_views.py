"""The patient's pages of what a clinician gave them: what it is, from whom, until when, and saying no to it."""

from __future__ import annotations

import uuid
from datetime import date

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from patient_app.consent import receipts
from patient_app.consent.words import DISCIPLINE_NAMES
from patient_app.core import clock, keeping, notices, outbox
from patient_app.core.access import Permission, access
from patient_app.core.clock import moment
from patient_app.core.identity import Viewer, viewer
from patient_app.core.keeping import kept_on_phone
from patient_app.core.pages import render_page
from patient_app.skills import assignments
from patient_app.skills.assignment_forms import DeclineForm
from patient_app.skills.assignments import OwnAssignment
from patient_app.skills.blueprint import bp
from patient_app.skills.facts import Start
from patient_app.skills.from_phones import take_decline, take_taking_up
from patient_app.skills.parts import that_it_was_done
from patient_app.skills.words import OFTEN

outbox.register("skills.decline", take_decline)
outbox.register("skills.take_up", take_taking_up)

notices.register(
    "skills.assignment",
    assignment_declined=_l("That is fine. It does not come up any more."),
    assignment_taken_up=_l("It is back among what was given to you."),
)


@bp.get("/skills/assigned")
@access(Permission.SKILLS_PRACTISE)
@kept_on_phone
def assigned() -> ResponseReturnValue:
    """Show all that was given to the patient: what stands, and what is over."""
    patient = viewer()
    found = assignments.own_assignments(patient, _today(patient))
    standing = [one for one in found if one.stands]
    keep_with_it(standing)
    return render_page(
        "skills/assigned.html",
        standing=standing,
        others=[one for one in found if not one.stands],
        often=OFTEN,
        closed_until=patient.entries_closed_until,
    )


@bp.get("/skills/assigned/<uuid:assignment_id>")
@access(Permission.SKILLS_PRACTISE)
@kept_on_phone
def assignment(assignment_id: uuid.UUID) -> ResponseReturnValue:
    """Show one of them, and who can see whether it was done."""
    patient = viewer()
    one = assignments.own_assignment(patient, assignment_id, _today(patient))
    keep_with_it([one] if one.stands else [])
    return _page(patient, one, DeclineForm())


@bp.post("/skills/assigned/<uuid:assignment_id>/decline")
@access(Permission.SKILLS_PRACTISE)
def decline(assignment_id: uuid.UUID) -> ResponseReturnValue:
    """Keep that the patient does not want it now."""
    patient, form = viewer(), DeclineForm()
    one = assignments.own_assignment(patient, assignment_id, _today(patient))
    if not form.validate():
        return _page(patient, one, form), 422
    assignments.decline(
        patient, one.id, form.word.data or "", moment(clock.now(), patient.zone, patient.day_start_minutes)
    )
    return redirect(url_for("skills.assignment", assignment_id=one.id, done="assignment-declined"), 303)


@bp.post("/skills/assigned/<uuid:assignment_id>/take-up")
@access(Permission.SKILLS_PRACTISE)
def take_up(assignment_id: uuid.UUID) -> ResponseReturnValue:
    """Take back that they said no."""
    assignments.take_up(viewer(), assignment_id)
    return redirect(url_for("skills.assignment", assignment_id=assignment_id, done="assignment-taken-up"), 303)


def _page(patient: Viewer, one: OwnAssignment, form: DeclineForm) -> str:
    part = that_it_was_done(one.given.exercise)
    reached, today = receipts.standing(patient), _today(patient)
    return render_page(
        "skills/assignment.html",
        one=one,
        form=form,
        often=OFTEN,
        sees=[one for one in reached.sees(today, [part]) if one.discipline is not None],  # Supporters read none of it.
        author_reads=reached.can_see(one.author_id, today, part.needs),
        disciplines=DISCIPLINE_NAMES,
    )


def keep_with_it(standing: list[OwnAssignment]) -> None:
    """Have a phone keep, with the page that is made, those with which these work without a network.

    The pages of exercises that everybody may start it has anyway.
    """
    own = [url_for("skills.assignment", assignment_id=one.id) for one in standing]
    locked = {one.given.exercise.id for one in standing if one.given.exercise.start is not Start.ALONE}
    keeping.keep_too([*own, *(url_for("skills.do", exercise=name) for name in sorted(locked))])


def _today(patient: Viewer) -> date:
    return moment(clock.now(), patient.zone, patient.day_start_minutes).day
