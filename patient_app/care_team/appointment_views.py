"""A clinician's pages of appointments: with one patient, and their own of today; `reading` decides what is open."""

from __future__ import annotations

import uuid

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from patient_app.accounts import practice
from patient_app.appointments import writing
from patient_app.appointments.forms import TookForm
from patient_app.appointments.models import Took
from patient_app.appointments.said import Entered
from patient_app.appointments.writing import Author, IdTaken, Stale
from patient_app.care_team.appointment_forms import VisitForm
from patient_app.core import clock, notices
from patient_app.core.access import Permission, access
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer, viewer
from patient_app.core.pages import render_page
from patient_app.core.roles import Discipline
from patient_app.reading import appointments as reading
from patient_app.reading import visit_words, words
from patient_app.reading.appointments import SharedAppointments

bp = Blueprint("team_appointments", __name__)

_STALE = _l("This was changed meanwhile. Look at both, and save what is right.")

notices.register(
    "team_appointments.show",
    visit_saved=_l("Saved. The patient sees it on their page."),
    visit_said=_l("Noted. The patient sees what you said, beside what they say."),
)


@bp.get("/team/appointments")
@access(Permission.TEAM_READ, records=True)
def today() -> ResponseReturnValue:
    """Show the clinician's own visits of today."""
    return render_page(
        "care_team/todays_visits.html",
        visits=reading.todays_visits(viewer()),
        chart_words=words.chart_words,
        now=clock.now(),
        zone=viewer().zone,
    )


@bp.get("/team/<uuid:patient_id>/appointments")
@access(Permission.TEAM_READ, records=True)
def show(patient_id: uuid.UUID) -> ResponseReturnValue:
    """Show what this clinician may see of a patient's appointments, and the form for another."""
    return _page(reading.read_appointments(viewer(), patient_id), VisitForm.blank())


@bp.post("/team/<uuid:patient_id>/appointments")
@access(Permission.TEAM_WRITE)
def enter(patient_id: uuid.UUID) -> ResponseReturnValue:
    """Keep a new visit with this clinician, once."""
    shared = reading.read_appointments(viewer(), patient_id)
    form = VisitForm.blank()
    said = form.said(_zone(), shared.today, _discipline(viewer()), whom=viewer().id) if form.validate() else None
    if said is not None:
        try:
            writing.enter(Author.clinician(viewer(), patient_id, shared.today), form["id"].value, said)
            return _done(patient_id, "visit-saved")
        except (IdTaken, Stale):
            form.renew_id()
    return _page(shared, form), 422


@bp.get("/team/<uuid:patient_id>/appointments/<uuid:appointment_id>")
@access(Permission.TEAM_READ, records=True)
def change(patient_id: uuid.UUID, appointment_id: uuid.UUID) -> ResponseReturnValue:
    """Show the form filled with one visit with this clinician."""
    shared = reading.read_appointments(viewer(), patient_id)
    one = shared.one(viewer(), appointment_id)
    return _page(shared, VisitForm.filled(one), one)


@bp.post("/team/<uuid:patient_id>/appointments/<uuid:appointment_id>")
@access(Permission.TEAM_WRITE)
def save_change(patient_id: uuid.UUID, appointment_id: uuid.UUID) -> ResponseReturnValue:
    """Keep a change; one that was changed elsewhere meanwhile is shown beside it."""
    shared, newer = reading.read_appointments(viewer(), patient_id), None
    one = shared.one(viewer(), appointment_id)
    form = VisitForm.filled(one)
    said = None
    if form.validate():
        said = form.said(one.said.start.zone, shared.today, _discipline(viewer()), whom=viewer().id)
    if said is not None:
        try:
            author = Author.clinician(viewer(), patient_id, shared.today)
            writing.change(author, appointment_id, said, base=form.base_version())
            return _done(patient_id, "visit-saved")
        except Stale:
            newer, form.base.data = one, str(one.version)
            form.add_error("on", _STALE)
    return _page(shared, form, one, newer), 422


@bp.post("/team/<uuid:patient_id>/appointments/<uuid:appointment_id>/took")
@access(Permission.TEAM_WRITE)
def say_took(patient_id: uuid.UUID, appointment_id: uuid.UUID) -> ResponseReturnValue:
    """Keep whether a visit with this clinician took place, by their word; or take that word back."""
    shared, form = reading.read_appointments(viewer(), patient_id), TookForm()
    shared.one(viewer(), appointment_id)
    word = Took(form.word.data) if form.word.data in set(Took) else None
    try:
        writing.say(Author.clinician(viewer(), patient_id, shared.today), appointment_id, word)
    except Stale:
        raise NotFound from None
    return _done(patient_id, "visit-said")


def _zone() -> str:
    """Return the time zone of the practice, by whose clock a clinician enters times."""
    return practice.zone_of(viewer())


def _discipline(clinician: Viewer) -> dict[uuid.UUID, Discipline | None]:
    return {clinician.id: clinician.discipline}


def _done(patient_id: uuid.UUID, word: str) -> ResponseReturnValue:
    return redirect(url_for(".show", patient_id=patient_id, done=word), 303)


def _page(shared: SharedAppointments, form: VisitForm, one: Entered | None = None, newer: Entered | None = None) -> str:
    return render_page(
        "care_team/appointments.html",
        person=shared.person,
        identity=words.identity_words(shared.person),
        protected=shared.has_substance_use,
        form=form,
        one=one,
        newer=newer,
        zone=one.said.start.zone if one else _zone(),
        **visit_words.page_words(shared),
    )
