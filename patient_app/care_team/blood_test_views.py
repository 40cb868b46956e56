"""Where a prescriber enters the blood tests of a patient's medicine. Whether they may, `reading.supplies` decides."""

from __future__ import annotations

import uuid
from datetime import date

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l

from patient_app.blood_tests import service
from patient_app.blood_tests.service import Entered, IdTaken, Stale
from patient_app.care_team.blood_test_forms import BloodTestForm
from patient_app.core import clock, notices
from patient_app.core.access import Permission, access
from patient_app.core.clock import moment
from patient_app.core.identity import viewer
from patient_app.core.pages import render_page
from patient_app.medications import catalogue
from patient_app.reading import supplies, words
from patient_app.reading.supplies import ToEnter

bp = Blueprint("blood_tests", __name__)

_STALE = _l("Somebody changed this test meanwhile. Look at both, and save what is right.")

notices.register("blood_tests.show", blood_test_saved=_l("Saved. The patient can see it."))


@bp.get("/team/<uuid:patient_id>/medications/<uuid:medicine_id>/tests")
@access(Permission.TEAM_READ, records=True)
def show(patient_id: uuid.UUID, medicine_id: uuid.UUID) -> ResponseReturnValue:
    """Show the blood tests of one medicine, and the form for another."""
    found = supplies.to_enter(viewer(), patient_id, medicine_id)
    return _page(found, BloodTestForm.offering(_offered(found)))


@bp.post("/team/<uuid:patient_id>/medications/<uuid:medicine_id>/tests")
@access(Permission.TEAM_WRITE)
def enter(patient_id: uuid.UUID, medicine_id: uuid.UUID) -> ResponseReturnValue:
    """Keep a new test, once; one whose id says something else already is shown beside it."""
    found = supplies.to_enter(viewer(), patient_id, medicine_id)
    form, newer = BloodTestForm.offering(_offered(found)), None
    planned = form.planned(_today(found)) if form.validate() else None
    if planned is not None:
        try:
            service.enter(viewer(), patient_id, medicine_id, form["id"].value, planned, day=found.page.today)
            return _saved(patient_id, medicine_id)
        except Stale:
            newer = found.one(form["id"].value)
            form.base.data = str(newer.version)
            form.add_error("what", _STALE)
        except IdTaken:
            form.renew_id()
    return _page(found, form, newer, newer), 422


@bp.get("/team/<uuid:patient_id>/medications/<uuid:medicine_id>/tests/<uuid:test_id>")
@access(Permission.TEAM_READ, records=True)
def change(patient_id: uuid.UUID, medicine_id: uuid.UUID, test_id: uuid.UUID) -> ResponseReturnValue:
    """Show the form filled with one test."""
    found = supplies.to_enter(viewer(), patient_id, medicine_id)
    test = found.one(test_id)
    form = BloodTestForm.of(_offered(found), test.planned, id=str(test.id), base=str(test.version))
    return _page(found, form, test)


@bp.post("/team/<uuid:patient_id>/medications/<uuid:medicine_id>/tests/<uuid:test_id>")
@access(Permission.TEAM_WRITE)
def save_change(patient_id: uuid.UUID, medicine_id: uuid.UUID, test_id: uuid.UUID) -> ResponseReturnValue:
    """Keep a change as a new version; a test that was changed elsewhere meanwhile is shown beside it."""
    found = supplies.to_enter(viewer(), patient_id, medicine_id)
    test = found.one(test_id)
    form, newer = BloodTestForm.of(_offered(found), test.planned, id=str(test.id)), None
    planned = form.planned(_today(found)) if form.validate() else None
    if planned is not None:
        try:
            base = form.base_version() or test.version
            service.change(viewer(), patient_id, medicine_id, test_id, planned, day=found.page.today, base=base)
            return _saved(patient_id, medicine_id)
        except Stale:
            newer, form.base.data = test, str(test.version)
            form.add_error("what", _STALE)
    return _page(found, form, test, newer), 422


def _saved(patient_id: uuid.UUID, medicine_id: uuid.UUID) -> ResponseReturnValue:
    return redirect(url_for(".show", patient_id=patient_id, medicine_id=medicine_id, done="blood-test-saved"), 303)


def _offered(found: ToEnter) -> list[tuple[str, str]]:
    language, key = str(get_locale()), found.medicine.newest.said.catalogue
    return [(told.entry.id, told.entry.read(language).name) for told in catalogue.blood_tests(key)]


def _today(found: ToEnter) -> date:
    person = found.page.person
    return moment(clock.now(), person.zone, person.day_start_minutes).local_date


def _page(found: ToEnter, form: BloodTestForm, test: Entered | None = None, newer: Entered | None = None) -> str:
    return render_page(
        "care_team/blood_tests.html",
        found=found,
        person=found.page.person,
        identity=words.identity_words(found.page.person),
        protected=found.page.has_substance_use,
        form=form,
        test=test,
        newer=newer,
        language=str(get_locale()),
    )
