"""Changing a medicine, and stopping, pausing or taking it again."""

from __future__ import annotations

import uuid
from datetime import date

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from patient_app.core.access import Permission, access
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer, viewer
from patient_app.core.pages import render_page
from patient_app.medications import catalogue, changing, pages, regimen, words
from patient_app.medications.adding_views import kind_named
from patient_app.medications.blueprint import bp
from patient_app.medications.changing import Author
from patient_app.medications.filling_in import STALE, put_beside
from patient_app.medications.forms import WhyForm
from patient_app.medications.models import Change
from patient_app.medications.pages import now_of
from patient_app.medications.plan_forms import Kind, MedicineForm, data_of
from patient_app.medications.plan_kinds import FORMS, NAMES, data_of_plan, kind_of
from patient_app.medications.problem_words import REFUSED
from patient_app.medications.regimen import OwnMedicine, Standing
from patient_app.medications.schedule import Schedule
from patient_app.medications.writing import IdTaken, Refused, Stale

_BIGGEST_VERSION = 1_000_000
_HOLDS = {"stop": Change.STOPPED, "pause": Change.PAUSED, "go-on": Change.RESUMED}
_DONE = {Change.STOPPED: "medicine-stopped", Change.PAUSED: "medicine-paused", Change.RESUMED: "medicine-resumed"}


@bp.get("/medications/<uuid:medicine_id>/change")
@access(Permission.MEDICATIONS_MANAGE)
def change(medicine_id: uuid.UUID) -> ResponseReturnValue:
    """Show the form of its own kind, filled with what it says."""
    medicine = _changeable(viewer(), medicine_id)
    return _ask(medicine, kind_of(medicine.planned.schedule))


@bp.get("/medications/<uuid:medicine_id>/how")
@access(Permission.MEDICATIONS_MANAGE)
def change_how(medicine_id: uuid.UUID) -> ResponseReturnValue:
    """Ask in which other way it is taken from now on."""
    medicine = _changeable(viewer(), medicine_id)
    return render_page("medications/how.html", own=medicine, medicine=None, code=None, kinds=NAMES)


@bp.get("/medications/<uuid:medicine_id>/change/<string:kind>")
@access(Permission.MEDICATIONS_MANAGE)
def change_to(medicine_id: uuid.UUID, kind: str) -> ResponseReturnValue:
    """Show the form of another kind."""
    return _ask(_changeable(viewer(), medicine_id), kind_named(kind))


@bp.post("/medications/<uuid:medicine_id>/change/<string:kind>")
@access(Permission.MEDICATIONS_MANAGE)
def save_change(medicine_id: uuid.UUID, kind: str) -> ResponseReturnValue:
    """Store a change as a new version; one that was changed elsewhere meanwhile is shown beside it."""
    patient = viewer()
    medicine, form = _changeable(patient, medicine_id), FORMS[kind_named(kind)]()
    form.catalogue.data = medicine.catalogue or ""
    form.offer(catalogue.get(medicine.catalogue), medicine.planned.schedule.unit)
    today, newer = now_of(patient).local_date, None
    is_valid, schedule, since = form.validate(), form.schedule(today), form.begins_on(today)
    if schedule is None or not is_valid or form.errors:
        return _page(medicine, form), 422
    try:
        _store(patient, medicine_id, form, schedule, since)
        return redirect(url_for("medications.show_medicine", medicine_id=medicine_id, done="medicine-changed"), 303)
    except Refused as refused:
        put_beside(form, refused)
    except IdTaken:
        form.renew_id()
    except Stale:
        newer, form.base.data = medicine.newest, str(medicine.newest.number)
        form.add_error(form.first, STALE)
    return _page(medicine, form, newer), 422


@bp.get("/medications/<uuid:medicine_id>/<any(stop,pause,'go-on'):how>")
@access(Permission.MEDICATIONS_MANAGE)
def ask_to_hold(medicine_id: uuid.UUID, how: str) -> ResponseReturnValue:
    """Say what to know beforehand, and ask why."""
    return _hold_page(regimen.own_medicine(viewer(), medicine_id), how, WhyForm())


@bp.post("/medications/<uuid:medicine_id>/<any(stop,pause,'go-on'):how>")
@access(Permission.MEDICATIONS_MANAGE)
def hold(medicine_id: uuid.UUID, how: str) -> ResponseReturnValue:
    """Stop, pause or go on; done twice it is done once."""
    patient, form = viewer(), WhyForm()
    medicine = regimen.own_medicine(patient, medicine_id)
    if not form.validate():
        return _hold_page(medicine, how, form), 422
    write = {Change.STOPPED: changing.stop, Change.PAUSED: changing.pause, Change.RESUMED: changing.resume}[_HOLDS[how]]
    try:
        write(
            Author.patient(patient),
            medicine_id,
            form.id.value,
            moment=now_of(patient),
            reason=form.reason.data or "",
        )
    except Refused as refused:
        form.add_error("reason", REFUSED[refused.why])
        return _hold_page(medicine, how, form), 422
    except IdTaken:
        form.renew_id()
        return _hold_page(medicine, how, form), 422
    return redirect(url_for("medications.show_medicine", medicine_id=medicine_id, done=_DONE[_HOLDS[how]]), 303)


def _store(patient: Viewer, medicine_id: uuid.UUID, form: MedicineForm, schedule: Schedule, since: date | None) -> None:
    changing.change(
        Author.patient(patient),
        medicine_id,
        form.id.value,
        form.said(),
        schedule,
        base=_base(form),
        moment=now_of(patient),
        about_use=form.is_about_use,
        reason=form.reason.data or "",
        since=since,
    )


def _base(form: MedicineForm) -> int:
    """Return the version that the person had before them; 0, which is none, for what is no number."""
    text = form.base.data or ""
    return min(int(text), _BIGGEST_VERSION) if text.isascii() and text.isdigit() and len(text) < 10 else 0  # noqa: PLR2004 - more digits than any version has.


def _changeable(patient: Viewer, medicine_id: uuid.UUID) -> OwnMedicine:
    """Return a medicine that is taken now; one that was stopped or paused is taken again first."""
    medicine = regimen.own_medicine(patient, medicine_id)
    if medicine.standing(now_of(patient).local_date) in {Standing.STOPPED, Standing.PAUSED}:
        raise NotFound
    return medicine


def _ask(medicine: OwnMedicine, kind: Kind) -> str:
    newest, today = medicine.newest, now_of(viewer()).local_date
    told = {
        **data_of(newest, today, about_use=medicine.about_use),
        **data_of_plan(kind, newest.schedule),
        "base": str(newest.number),
    }
    form = FORMS[kind](formdata=None, **told)
    form.offer(catalogue.get(medicine.catalogue), newest.schedule.unit)
    return _page(medicine, form)


def _page(medicine: OwnMedicine, form: MedicineForm, newer: regimen.OwnVersion | None = None) -> str:
    now, to_come = pages.now_and_to_come(viewer(), medicine)
    return render_page(
        "medications/change.html",
        form=form,
        medicine=medicine,
        now=now,
        to_come=to_come,
        newer=newer is not None,
        always=any(version.said.always_about_use for version in medicine.versions),
        kind_name=NAMES[form.kind][0],
    )


def _hold_page(medicine: OwnMedicine, how: str, form: WhyForm) -> str:
    change = _HOLDS[how]
    return render_page(
        "medications/hold.html",
        form=form,
        medicine=medicine,
        how=how,
        told=pages.before(change, medicine),
        not_reviewed=catalogue.notice("not_reviewed").read(words.language()),
    )
