"""Changing a medicine, and stopping, pausing or taking it again."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from patient_app.core.access import Permission, access
from patient_app.core.identity import Viewer, viewer
from patient_app.core.pages import render_page
from patient_app.medications import catalogue, changing, holding, pages, regimen, words
from patient_app.medications.adding_views import kind_named
from patient_app.medications.beginning import starts_from
from patient_app.medications.blueprint import bp
from patient_app.medications.changing import Author
from patient_app.medications.filling_in import STALE, put_beside
from patient_app.medications.forms import MEANWHILE, GoOnForm
from patient_app.medications.models import Change
from patient_app.medications.pages import now_of
from patient_app.medications.plan_forms import Kind, MedicineForm, data_of
from patient_app.medications.plan_kinds import FORMS, NAMES, data_of_plan, kind_of
from patient_app.medications.problem_words import REFUSED
from patient_app.medications.regimen import OwnMedicine
from patient_app.medications.schedule import Schedule
from patient_app.medications.writing import IdTaken, Refused, Stale

_BIGGEST_VERSION = 1_000_000
_HOLDS = {"stop": Change.STOPPED, "pause": Change.PAUSED, "go-on": Change.RESUMED}
_DONE = {Change.STOPPED: "medicine-stopped", Change.PAUSED: "medicine-paused", Change.RESUMED: "medicine-resumed"}


@bp.get("/medications/<uuid:medicine_id>/change")
@access(Permission.MEDICATIONS_MANAGE)
def change(medicine_id: uuid.UUID) -> ResponseReturnValue:
    """Show the form of its own kind, filled with what it says."""
    medicine = regimen.own_medicine(viewer(), medicine_id)
    return _ask(medicine, kind_of(medicine.planned.schedule))


@bp.get("/medications/<uuid:medicine_id>/how")
@access(Permission.MEDICATIONS_MANAGE)
def change_how(medicine_id: uuid.UUID) -> ResponseReturnValue:
    """Ask in which other way it is taken from now on."""
    medicine = regimen.own_medicine(viewer(), medicine_id)
    return render_page("medications/how.html", own=medicine, medicine=None, code=None, kinds=NAMES)


@bp.get("/medications/<uuid:medicine_id>/change/<string:kind>")
@access(Permission.MEDICATIONS_MANAGE)
def change_to(medicine_id: uuid.UUID, kind: str) -> ResponseReturnValue:
    """Show the form of another kind."""
    return _ask(regimen.own_medicine(viewer(), medicine_id), kind_named(kind))


@bp.post("/medications/<uuid:medicine_id>/change/<string:kind>")
@access(Permission.MEDICATIONS_MANAGE)
def save_change(medicine_id: uuid.UUID, kind: str) -> ResponseReturnValue:
    """Store a change as a new version; one that was changed elsewhere meanwhile is shown beside it."""
    patient = viewer()
    medicine, form = regimen.own_medicine(patient, medicine_id), FORMS[kind_named(kind)]()
    form.catalogue.data = medicine.catalogue or ""
    form.offer(catalogue.get(medicine.catalogue), medicine.planned.schedule.unit)
    today, newer = now_of(patient).local_date, None
    is_valid, schedule, since = form.validate(), form.schedule(today), form.begins_on(today)
    if schedule is None or not is_valid or form.errors:
        return _page(medicine, form), 422
    keeps_later = form.keeps(_planned_for(medicine, today), starts_from(schedule, now_of(patient), since)[0])
    if form.errors:
        return _page(medicine, form), 422
    try:
        _store(patient, medicine_id, form, schedule, since, keeps_later=keeps_later)
        shown = next((one for one in medicine.versions if one.number == _base(form)), medicine.newest)
        done = "medicine-resumed" if shown.change in regimen.HOLDS else "medicine-changed"
        return redirect(url_for("medications.show_medicine", medicine_id=medicine_id, done=done), 303)
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
    return _hold_page(regimen.own_medicine(viewer(), medicine_id), how, _hold_form(how))


@bp.post("/medications/<uuid:medicine_id>/<any(stop,pause,'go-on'):how>")
@access(Permission.MEDICATIONS_MANAGE)
def hold(medicine_id: uuid.UUID, how: str) -> ResponseReturnValue:
    """Stop, pause or go on; done twice it is done once."""
    patient, form = viewer(), _hold_form(how)
    medicine, change = regimen.own_medicine(patient, medicine_id), _HOLDS[how]
    goes_on = pages.goes_on_with(patient, medicine) if change is Change.RESUMED else None
    is_valid = form.validate()
    if goes_on is not None and goes_on.asks and form.plan.data is None:
        form.add_error("plan", _l("Please pick one of the two."))
    if not is_valid or form.errors:
        return _hold_page(medicine, how, form), 422
    told: dict[str, Any] = {"moment": now_of(patient), "reason": form.reason.data or ""}
    if goes_on is not None:
        told["changed_meanwhile"] = (goes_on.only or form.plan.data) == MEANWHILE
    write = {Change.STOPPED: changing.stop, Change.PAUSED: changing.pause, Change.RESUMED: changing.resume}[change]
    try:
        write(Author.patient(patient), medicine_id, form.id.value, **told)
    except Refused as refused:
        form.add_error("reason", REFUSED[refused.why])
        return _hold_page(medicine, how, form), 422
    except IdTaken:
        form.renew_id()
        return _hold_page(medicine, how, form), 422
    return redirect(url_for("medications.show_medicine", medicine_id=medicine_id, done=_DONE[change]), 303)


def _planned_for(medicine: OwnMedicine, today: date) -> list[date]:
    """Return the days still to come for which something was planned before a break; none where there is no break."""
    return [one.since for one in holding.going_on(medicine.versions, today).to_come] if _is_held(medicine) else []


def _store(
    patient: Viewer,
    medicine_id: uuid.UUID,
    form: MedicineForm,
    schedule: Schedule,
    since: date | None,
    *,
    keeps_later: bool,
) -> None:
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
        keeps_later=keeps_later,
    )


def _base(form: MedicineForm) -> int:
    """Return the version that the person had before them; 0, which is none, for what is no number."""
    text = form.base.data or ""
    return min(int(text), _BIGGEST_VERSION) if text.isascii() and text.isdigit() and len(text) < 10 else 0  # noqa: PLR2004 - more digits than any version has.


def _ask(medicine: OwnMedicine, kind: Kind) -> str:
    """Show the form of a kind, filled with the newest plan; of one that is taken again, with what held before."""
    planned, today = medicine.planned if _is_held(medicine) else medicine.newest, now_of(viewer()).local_date
    told = {
        **data_of(planned, today, about_use=medicine.about_use),
        # Steps that were broken off are asked for anew: their days are over.
        **({} if _is_held(medicine) and kind is Kind.STEPS else data_of_plan(kind, planned.schedule)),
        "base": str(medicine.newest.number),
    }
    if _is_held(medicine) and planned.schedule.end is not None and planned.schedule.end < today:
        told["end"] = ""
    form = FORMS[kind](formdata=None, **told)
    form.offer(catalogue.get(medicine.catalogue), planned.schedule.unit)
    return _page(medicine, form)


def _is_held(medicine: OwnMedicine) -> bool:
    """Whether it was paused or stopped, so that a change takes it again."""
    return medicine.newest.change in regimen.HOLDS


def _hold_form(how: str) -> GoOnForm:
    form = GoOnForm()
    if _HOLDS[how] is not Change.RESUMED:
        del form.plan
    return form


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
        again=_is_held(medicine),
        later=pages.goes_on_with(viewer(), medicine).to_come if _is_held(medicine) else [],
    )


def _hold_page(medicine: OwnMedicine, how: str, form: GoOnForm) -> str:
    change = _HOLDS[how]
    return render_page(
        "medications/hold.html",
        form=form,
        medicine=medicine,
        how=how,
        goes_on=pages.goes_on_with(viewer(), medicine) if change is Change.RESUMED else None,
        told=pages.before(change, medicine),
        not_reviewed=catalogue.notice("not_reviewed").read(words.language()),
    )
