"""The patient's page of what there is of a medicine, and the button that says that nothing is left."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _l

from patient_app.consent import receipts
from patient_app.consent.categories import Category
from patient_app.consent.receipts import Part, Sees
from patient_app.consent.words import DISCIPLINE_NAMES
from patient_app.core import clock, notices, outbox
from patient_app.core.access import Permission, access
from patient_app.core.clock import Moment, moment
from patient_app.core.identity import Viewer, viewer
from patient_app.core.keeping import kept_on_phone
from patient_app.core.outbox import Item, Refused, id_cannot_be_used
from patient_app.core.pages import render_page
from patient_app.medications import cards, left_out
from patient_app.medications.models import Source
from patient_app.medications.regimen import OwnMedicine, own_medicine
from patient_app.refills import service
from patient_app.refills.forms import RanOutForm, SupplyForm
from patient_app.refills.models import Kind
from patient_app.refills.on_page import on_page
from patient_app.refills.service import Entry, IdTaken, New, OtherWords, Supply
from patient_app.refills.strengths import plan_of

bp = Blueprint("refills", __name__)

_OTHER_WORDS = _l("You saved this before, with other words. Look at both, and send what is right as a new one.")

notices.register(
    "refills.show",
    supply_saved=_l("Saved. What is left is counted from there."),
    supply_taken_back=_l("Taken back. It does not count any more."),
    ran_out=_l("Saved: nothing is left."),
)


@bp.get("/medications/<uuid:medicine_id>/supply")
@access(Permission.MEDICATIONS_MANAGE)
@kept_on_phone
def show(medicine_id: uuid.UUID) -> ResponseReturnValue:
    """Show what is left, as far as it can be counted, and the form to write down more."""
    patient = viewer()
    medicine = own_medicine(patient, medicine_id)
    return _page(patient, medicine, _blank(patient, medicine))


@bp.post("/medications/<uuid:medicine_id>/supply")
@access(Permission.MEDICATIONS_MANAGE)
def save(medicine_id: uuid.UUID) -> ResponseReturnValue:
    """Keep what was got or counted; the same one sent again is stored once."""
    patient = viewer()
    medicine, now = own_medicine(patient, medicine_id), _now(patient)
    form = SupplyForm().by(plan_of(medicine.versions, now.local_date))
    new = form.new(now.local_date) if form.validate() else None
    if new is not None:
        try:
            service.record(patient, medicine, new, now)
            return redirect(url_for(".show", medicine_id=medicine_id, done="supply-saved"), 303)
        except IdTaken:
            form.renew_id()
    return _page(patient, medicine, form), 422


@bp.post("/medications/<uuid:medicine_id>/ran-out")
@access(Permission.MEDICATIONS_MANAGE)
def ran_out(medicine_id: uuid.UUID) -> ResponseReturnValue:
    """Keep that nothing is left, and say who can help."""
    patient, form = viewer(), RanOutForm()
    medicine, now = own_medicine(patient, medicine_id), _now(patient)
    if form.validate():
        try:
            service.record(patient, medicine, New(form["id"].value, Kind.RAN_OUT, now.local_date), now)
            return redirect(url_for(".show", medicine_id=medicine_id, done="ran-out"), 303)
        except IdTaken:
            form.renew_id()
    return _page(patient, medicine, _blank(patient, medicine), form), 422


@bp.post("/medications/<uuid:medicine_id>/supply/<uuid:supply_id>/take-back")
@access(Permission.MEDICATIONS_MANAGE)
def take_back(medicine_id: uuid.UUID, supply_id: uuid.UUID) -> ResponseReturnValue:
    """Take back what was a mistake; done twice it is done once."""
    patient = viewer()
    service.take_back(patient, own_medicine(patient, medicine_id), supply_id, _now(patient).local_date)
    return redirect(url_for(".show", medicine_id=medicine_id, done="supply-taken-back"), 303)


# --- what waited on a phone --------------------------------------------------------------------------------------


def take_entry(patient: Viewer, item: Item, *, medicine_id: uuid.UUID) -> str:
    """Keep what was got or counted while there was no network."""
    medicine, made = own_medicine(patient, medicine_id), _made(patient, item)
    form = SupplyForm(formdata=item.fields).by(plan_of(medicine.versions, made.local_date))
    if not form.validate():
        raise Refused.by(form)
    new = form.new(made.local_date)
    if new is None:
        raise Refused.by(form)
    return _taken(patient, medicine, item, replace(new, id=item.id), "supply-saved")


def take_ran_out(patient: Viewer, item: Item, *, medicine_id: uuid.UUID) -> str:
    """Keep that nothing was left while there was no network."""
    medicine = own_medicine(patient, medicine_id)
    new = New(item.id, Kind.RAN_OUT, _made(patient, item).local_date)
    return _taken(patient, medicine, item, new, "ran-out")


def _taken(patient: Viewer, medicine: OwnMedicine, item: Item, new: New, done: str) -> str:
    address = url_for("refills.show", medicine_id=medicine.id, done=done)
    if service.was_sent(patient, medicine.id, new):
        return address
    try:
        service.record(
            patient,
            medicine,
            new,
            item.moment(patient),
            source=Source.OUTBOX,
            device_seq=item.made.device_seq,
            recorded_at=item.made.received_at,
        )
    except OtherWords:
        raise Refused([("id", _OTHER_WORDS)]) from None
    except IdTaken:
        raise id_cannot_be_used() from None
    return address


def _made(patient: Viewer, item: Item) -> Moment:
    """Return when it was made, by the phone's clock, right or wrong: what was stored already gets its answer alike."""
    made = item.made
    return moment(made.made_at, made.zone, patient.day_start_minutes, offset=made.offset)


outbox.register("refills.save", take_entry)
outbox.register("refills.ran_out", take_ran_out)


def _now(patient: Viewer) -> Moment:
    return moment(clock.now(), patient.zone, patient.day_start_minutes)


def _page(patient: Viewer, medicine: OwnMedicine, form: SupplyForm, empty: RanOutForm | None = None) -> str:
    today, language = _now(patient).local_date, str(get_locale())
    part = on_page(patient, medicine, today)
    seen_by = _seen_by(patient, medicine, part.supply)
    return render_page(
        "refills/supply.html",
        medicine=medicine,
        supply=part.supply,
        coverage=part.coverage,
        form=form,
        ran_out=empty or RanOutForm(prefix="", formdata=None),
        stopping=left_out.before_stopping(medicine, language) if part.supply.is_low else None,
        gap_cards=left_out.cards_for(medicine, None, language) if part.supply.ran_out_on else (),
        notices=cards.notices(language),
        seen_by=seen_by,
        seen_at=service.seen_at(patient, _ran_out_entries(part.supply)[-1].id) if seen_by else None,
        disciplines=DISCIPLINE_NAMES,
        closed_until=patient.entries_closed_until,
    )


def _blank(patient: Viewer, medicine: OwnMedicine) -> SupplyForm:
    today = _now(patient).local_date
    return SupplyForm(formdata=None, on=today.isoformat()).by(plan_of(medicine.versions, today))


def _seen_by(patient: Viewer, medicine: OwnMedicine, supply: Supply) -> Sequence[Sees]:
    """Return who can see that it ran out, while that is so; nobody is named while a session is in question."""
    said = _ran_out_entries(supply)
    if supply.ran_out_on is None or medicine.is_only_theirs or patient.entries_closed_from is not None:
        return []
    needs = {Category.MEDICATIONS, *([Category.SUBSTANCE_USE] if medicine.about_use else [])}
    return receipts.who_sees(patient, said[-1].day, [Part(gettext("that it ran out"), frozenset(needs))])


def _ran_out_entries(supply: Supply) -> list[Entry]:
    return [one for one in supply.entries if one.kind is Kind.RAN_OUT]
