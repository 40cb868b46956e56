"""A patient's own appointments: what is to come, what was, and writing one down."""

from __future__ import annotations

import uuid
from datetime import date

from flask import Response, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from patient_app.accounts import practice
from patient_app.appointments import calendar_file, from_phones, raising, raising_views, service, words, writing
from patient_app.appointments.blueprint import bp
from patient_app.appointments.forms import AppointmentForm, TookForm
from patient_app.appointments.models import Took
from patient_app.appointments.said import Entered, Said
from patient_app.appointments.writing import Author, IdTaken, Stale
from patient_app.consent.words import DISCIPLINE_NAMES
from patient_app.core import clock, notices
from patient_app.core.access import Permission, access
from patient_app.core.clock import moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer, viewer
from patient_app.core.keeping import kept_on_phone
from patient_app.core.pages import render_page
from patient_app.core.roles import Discipline
from patient_app.profile import service as profiles

__all__ = ["bp"]

assert raising_views  # noqa: S101 - its routes belong to the same blueprint.

notices.register(
    "appointments.overview",
    appointment_saved=_l("Saved."),
    appointment_cancelled=_l("Cancelled."),
    appointment_said=_l("Thank you. It is noted."),
)


@bp.get("/appointments")
@access(Permission.APPOINTMENTS_MANAGE)
@kept_on_phone
def overview() -> ResponseReturnValue:
    """Show what is to come, the next first, and what was."""
    patient, now = viewer(), clock.now()
    found = service.own_appointments(patient, now)
    is_open = patient.entries_closed_from is None
    listed = raising.own_list(patient) if is_open else None
    return render_page(
        "appointments/overview.html",
        found=found,
        now=now,
        zone=patient.zone,
        listed=listed,
        is_open=is_open,
        readers=raising.readers(patient, listed) if is_open else None,
        with_words=words.with_words,
        took_words=words.TOOK_WORDS,
        may_change=service.may_change,
        numbers=practice.reachable(patient.practice_id).numbers,
    )


@bp.get("/appointments/new")
@access(Permission.APPOINTMENTS_MANAGE)
@kept_on_phone
def new() -> ResponseReturnValue:
    """Show the form that writes one down."""
    patient = viewer()
    return _form_page(patient, AppointmentForm.offering(_people(patient), zone=patient.zone))


@bp.post("/appointments/new")
@access(Permission.APPOINTMENTS_MANAGE)
def save_new() -> ResponseReturnValue:
    """Keep one, once; the same form sent again changes nothing, and with other words it is a correction."""
    patient = viewer()
    form = AppointmentForm.offering(_people(patient))
    zone = form.zone_or(patient.zone)
    said = form.said(zone, _today(patient), _disciplines(patient)) if form.validate() else None
    if said is not None:
        try:
            _enter(patient, form["id"].value, said)
            return _done("appointment-saved")
        except (IdTaken, NotFound):
            form.renew_id()
    return _form_page(patient, form), 422


def _enter(patient: Viewer, appointment_id: uuid.UUID, said: Said) -> None:
    """Keep a new one. Who goes back to the form that wrote one, and saves other words there, corrects it.

    Raise `IdTaken`, and `NotFound` for the id of one that the practice wrote.
    """
    author = Author.patient(patient)
    try:
        writing.enter(author, appointment_id, said)
    except Stale:
        one = service.own_to_change(patient, appointment_id)
        writing.change(author, appointment_id, said, base=one.version)


@bp.get("/appointments/<uuid:appointment_id>/change")
@access(Permission.APPOINTMENTS_MANAGE)
@kept_on_phone
def change(appointment_id: uuid.UUID) -> ResponseReturnValue:
    """Show the form filled with one that the patient wrote."""
    patient = viewer()
    one = service.own_to_change(patient, appointment_id)
    return _form_page(patient, AppointmentForm.of(_people(patient), one), one)


@bp.post("/appointments/<uuid:appointment_id>/change")
@access(Permission.APPOINTMENTS_MANAGE)
def save_change(appointment_id: uuid.UUID) -> ResponseReturnValue:
    """Keep a change; one that was changed elsewhere meanwhile is shown beside it."""
    patient, newer = viewer(), None
    one = service.own_to_change(patient, appointment_id)
    form = AppointmentForm.of(_people(patient), one)
    disciplines = _disciplines(patient)
    if one.said.clinician_id is not None and one.discipline is not None:
        disciplines[one.said.clinician_id] = one.discipline
    said = form.said(one.said.start.zone, _today(patient), disciplines) if form.validate() else None
    if said is not None:
        try:
            writing.change(Author.patient(patient), appointment_id, said, base=form.base_version())
            return _done("appointment-cancelled" if said.cancelled else "appointment-saved")
        except Stale:
            newer, form.base.data = one, str(one.version)
            form.add_error("on", from_phones.STALE)
    return _form_page(patient, form, one, newer), 422


@bp.post("/appointments/<uuid:appointment_id>/took")
@access(Permission.APPOINTMENTS_MANAGE)
def say_took(appointment_id: uuid.UUID) -> ResponseReturnValue:
    """Keep whether it took place, by the patient's word; or take that word back."""
    patient, form = viewer(), TookForm()
    service.own_appointment(patient, appointment_id)
    try:
        writing.say(Author.patient(patient), appointment_id, took_of(form))
    except Stale:
        raise NotFound from None
    return _done("appointment-said")


@bp.get("/appointments/<uuid:appointment_id>/appointment.ics")
@access(Permission.APPOINTMENTS_MANAGE)
def calendar(appointment_id: uuid.UUID) -> ResponseReturnValue:
    """Give one as a file for a calendar app, under a discreet title."""
    text = calendar_file.file_of(service.own_appointment(viewer(), appointment_id))
    answer = Response(text, content_type="text/calendar; charset=utf-8")
    answer.headers["Content-Disposition"] = "attachment; filename=reminder.ics"
    return answer


def took_of(form: TookForm) -> Took | None:
    """Return the word of a button; None for the one that takes it back, and for anything else."""
    return Took(form.word.data) if form.word.data in set(Took) else None


def _people(patient: Viewer) -> list[tuple[uuid.UUID, str]]:
    team = service.clinicians_for(patient)
    return [(one.clinician_id, f"{one.name}, {DISCIPLINE_NAMES[one.discipline]}") for one in team]


def _disciplines(patient: Viewer) -> dict[uuid.UUID, Discipline]:
    return {one.clinician_id: one.discipline for one in service.clinicians_for(patient)}


def _today(patient: Viewer) -> date:
    return moment(clock.now(), patient.zone, patient.day_start_minutes).local_date


def _done(word: str) -> ResponseReturnValue:
    return redirect(url_for("appointments.overview", done=word), 303)


def _form_page(patient: Viewer, form: AppointmentForm, one: Entered | None = None, newer: Entered | None = None) -> str:
    marked = one is not None and one.said.about_use
    return render_page(
        "appointments/form.html",
        form=form,
        one=one,
        newer=newer,
        with_words=words.with_words,
        zone=one.said.start.zone if one else form.zone_or(patient.zone),
        asks_about_use=marked or profiles.profile_of(patient).asks_about_use,
    )
