"""Where a prescriber enters and changes a patient's medicines. Whether they may, `reading.prescribing` decides.

A reason is needed each time: the patient reads it with the change, and says that they saw it or want to talk about it.
"""

from __future__ import annotations

import uuid

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from patient_app.care_team.medicine_views import bp
from patient_app.care_team.prescribing_forms import (
    KINDS,
    NO_USE,
    NO_USE_HERE,
    HoldForm,
    WhichForm,
    has_reason,
    prescribers_form,
)
from patient_app.core import clock, notices
from patient_app.core.access import Permission, access
from patient_app.core.clock import Moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import viewer
from patient_app.core.pages import render_page
from patient_app.medications import catalogue, changing
from patient_app.medications.changing import Author
from patient_app.medications.facts import ForSubstanceUse, Medicine
from patient_app.medications.filling_in import put_beside
from patient_app.medications.models import Change
from patient_app.medications.plan_forms import Kind, MedicineForm, data_for, data_of
from patient_app.medications.plan_kinds import data_of_plan, kind_of
from patient_app.medications.schedule import Paused
from patient_app.medications.writing import IdTaken, Refused, Stale
from patient_app.reading import medicine_words, prescribing, words
from patient_app.reading.medicines import SharedMedicine, SharedMedicines
from patient_app.reading.people import Named

__all__ = ["bp"]

STALE = _l("This was changed meanwhile. Look at both, and save what is right.")
NEW_STEPS = _l("Its steps were made for their own days and are not moved. Enter it again with your new steps.")
_HOLDS = {"stop": Change.STOPPED, "pause": Change.PAUSED, "go-on": Change.RESUMED}
_WRITE = {Change.STOPPED: changing.stop, Change.PAUSED: changing.pause, Change.RESUMED: changing.resume}
HOLD_WORDS: dict[str, tuple[LazyString, LazyString]] = {
    "stop": (_l("Stop it"), _l("From now on nothing of it is due.")),
    "pause": (_l("Pause it"), _l("Nothing is due until it is taken again.")),
    "go-on": (_l("Take it again"), _l("It goes on from now with the plan of before.")),
}

notices.register(
    "team_medicines.medicine",
    medicine_entered=_l("Entered. The patient sees it at once, with your reason."),
    medicine_changed_for=_l("Changed. The patient sees it at once, with your reason."),
)


@bp.get("/team/<uuid:patient_id>/medications/new")
@access(Permission.MEDICATIONS_PRESCRIBE)
def new_medicine(patient_id: uuid.UUID) -> ResponseReturnValue:
    """Ask what it is called."""
    return _which_page(prescribing.to_enter(viewer(), patient_id), WhichForm(), found=False)


@bp.post("/team/<uuid:patient_id>/medications/new")
@access(Permission.MEDICATIONS_PRESCRIBE, reads=True)
def find_medicine(patient_id: uuid.UUID) -> ResponseReturnValue:
    """Show what is called like that; once one of it was picked, ask what belongs to it. Nothing is stored here."""
    person, form = prescribing.to_enter(viewer(), patient_id), WhichForm()
    if not form.validate():
        return _which_page(person, form, found=False), 422
    if form.chosen is None:
        return _which_page(person, form, found=True)
    use_is_open = prescribing.may_enter_for_use(viewer(), patient_id)
    if form.is_for_use() and not use_is_open:
        form.add_error("pick", NO_USE)
        return _which_page(person, form, found=True), 422
    found, kind = form.chosen
    told = {**data_for(found, _moment(person).local_date), "prescriber": viewer().name}
    if found is None:
        told["name"] = form.name.data
    filled = prescribers_form(kind, use_is_open=use_is_open, **told)
    filled.offer(found)
    return _enter_page(person, filled, found)


@bp.post("/team/<uuid:patient_id>/medications/new/<string:kind>")
@access(Permission.MEDICATIONS_PRESCRIBE)
def enter_medicine(patient_id: uuid.UUID, kind: str) -> ResponseReturnValue:
    """Store a medicine for the patient; the same one sent again gives the same answer."""
    person, form = prescribing.to_enter(viewer(), patient_id), _form(patient_id, _kind(kind))
    found, now = catalogue.get(form.catalogue.data), _moment(person)
    form.offer(found)
    schedule = form.schedule(now.local_date) if form.validate() else None
    if not has_reason(form) or schedule is None or not _is_open(patient_id, form):
        return _enter_page(person, form, found), 422
    try:
        if not prescribing.may_send(viewer(), patient_id, form["id"].value):
            raise IdTaken
        changing.start(
            Author.prescriber(viewer(), patient_id),
            form["id"].value,
            form["id"].value,
            form.said(),
            schedule,
            about_use=form.is_about_use,
            moment=now,
            reason=form.reason.data,
        )
        return _to_medicine(patient_id, form["id"].value, "medicine-entered")
    except Refused as refused:
        put_beside(form, refused)
    except IdTaken:
        form.renew_id()
    except Stale:
        form.renew_id()
    return _enter_page(person, form, found), 422


@bp.get("/team/<uuid:patient_id>/medications/<uuid:medicine_id>/change")
@access(Permission.MEDICATIONS_PRESCRIBE, records=True)
def change_medicine(patient_id: uuid.UUID, medicine_id: uuid.UUID) -> ResponseReturnValue:
    """Show the form of its own kind, filled with what it says."""
    page, medicine = prescribing.to_change(viewer(), patient_id, medicine_id)
    return _change_page(page, medicine, _filled(page, _taken(medicine), kind_of(medicine.newest.schedule)))


@bp.get("/team/<uuid:patient_id>/medications/<uuid:medicine_id>/change/<string:kind>")
@access(Permission.MEDICATIONS_PRESCRIBE, records=True)
def change_medicine_to(patient_id: uuid.UUID, medicine_id: uuid.UUID, kind: str) -> ResponseReturnValue:
    """Show the form of another kind."""
    page, medicine = prescribing.to_change(viewer(), patient_id, medicine_id)
    return _change_page(page, medicine, _filled(page, _taken(medicine), _kind(kind)))


@bp.post("/team/<uuid:patient_id>/medications/<uuid:medicine_id>/change/<string:kind>")
@access(Permission.MEDICATIONS_PRESCRIBE)
def save_medicine(patient_id: uuid.UUID, medicine_id: uuid.UUID, kind: str) -> ResponseReturnValue:
    """Store a change with its reason; what was changed elsewhere meanwhile is shown beside it."""
    page, medicine = prescribing.to_change(viewer(), patient_id, medicine_id)
    _taken(medicine)
    form, known = _form(patient_id, _kind(kind)), medicine.newest.said.catalogue
    form.catalogue.data = known or ""
    form.offer(catalogue.get(known), medicine.newest.schedule.unit)
    now = _moment(page.person)
    schedule = form.schedule(now.local_date) if form.validate() else None
    since = form.begins_on(now.local_date)
    if not has_reason(form) or schedule is None or form.errors or not _is_open(patient_id, form):
        return _change_page(page, medicine, form), 422
    try:
        changing.change(
            Author.prescriber(viewer(), patient_id),
            medicine_id,
            form["id"].value,
            form.said(),
            schedule,
            base=_base(form),
            moment=now,
            about_use=form.is_about_use,
            reason=form.reason.data,
            since=since,
        )
        return _to_medicine(patient_id, medicine_id, "medicine-changed-for")
    except Refused as refused:
        put_beside(form, refused)
    except IdTaken:
        form.renew_id()
    except Stale:
        form.base.data = str(medicine.newest.number)
        form.add_error("reason", STALE)
    return _change_page(page, medicine, form), 422


@bp.get("/team/<uuid:patient_id>/medications/<uuid:medicine_id>/<any(stop,pause,'go-on'):how>")
@access(Permission.MEDICATIONS_PRESCRIBE, records=True)
def ask_to_hold(patient_id: uuid.UUID, medicine_id: uuid.UUID, how: str) -> ResponseReturnValue:
    """Ask why it is stopped, paused or taken again."""
    page, medicine = prescribing.to_change(viewer(), patient_id, medicine_id)
    return _hold_page(page, medicine, how, HoldForm())


@bp.post("/team/<uuid:patient_id>/medications/<uuid:medicine_id>/<any(stop,pause,'go-on'):how>")
@access(Permission.MEDICATIONS_PRESCRIBE)
def hold(patient_id: uuid.UUID, medicine_id: uuid.UUID, how: str) -> ResponseReturnValue:
    """Stop, pause or go on with the reason; done twice it is done once."""
    page, medicine = prescribing.to_change(viewer(), patient_id, medicine_id)
    form = HoldForm()
    if form.validate():
        try:
            write, author = _WRITE[_HOLDS[how]], Author.prescriber(viewer(), patient_id)
            write(author, medicine_id, form["id"].value, moment=_moment(page.person), reason=form.reason.data or "")
            return _to_medicine(patient_id, medicine_id, "medicine-changed-for")
        except Refused:
            form.add_error("reason", NEW_STEPS)
        except IdTaken:
            form.renew_id()
    return _hold_page(page, medicine, how, form), 422


def _is_open(patient_id: uuid.UUID, form: MedicineForm) -> bool:
    """Whether what the form says is open to who writes it: nobody enters what they could not read again."""
    about_use = form.is_about_use or form.said().always_about_use
    if not about_use or prescribing.may_enter_for_use(viewer(), patient_id):
        return True
    form.add_error("about_use", NO_USE)
    return False


def _taken(medicine: SharedMedicine) -> SharedMedicine:
    """Return a medicine that is taken now; one that was stopped or paused is taken again first."""
    if isinstance(medicine.newest.schedule.plan, Paused):
        raise NotFound
    return medicine


def _filled(page: SharedMedicines, medicine: SharedMedicine, kind: Kind) -> MedicineForm:
    newest = medicine.newest
    told = {
        **data_of(newest, _moment(page.person).local_date, about_use=medicine.about_use),
        **data_of_plan(kind, newest.schedule),
        "base": str(newest.number),
    }
    form = _form(page.person.id, kind, **told)
    form.offer(catalogue.get(newest.said.catalogue), newest.schedule.unit)
    return form


def _form(patient_id: uuid.UUID, kind: Kind, **told: object) -> MedicineForm:
    return prescribers_form(kind, use_is_open=prescribing.may_enter_for_use(viewer(), patient_id), **told)


def _kind(word: str) -> Kind:
    try:
        return Kind(word)
    except ValueError:
        raise NotFound from None


def _base(form: MedicineForm) -> int:
    """Return the version that stood on the page; 0, which is none, for what is no such number."""
    text = form.base.data or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < len("1000000") else 0


def _moment(person: Named) -> Moment:
    return clock.moment(clock.now(), person.zone, person.day_start_minutes)


def _to_medicine(patient_id: uuid.UUID, medicine_id: uuid.UUID, done: str) -> ResponseReturnValue:
    return redirect(url_for(".medicine", patient_id=patient_id, medicine_id=medicine_id, done=done), 303)


def _which_page(person: Named, form: WhichForm, *, found: bool) -> str:
    form.offer()
    use_is_open = prescribing.may_enter_for_use(viewer(), person.id)
    return render_page(
        "care_team/which_medicine.html",
        person=person,
        identity=words.identity_words(person),
        form=form,
        found=found,
        no_use="" if use_is_open else NO_USE_HERE,
        pick_hints=form.hints(use_is_open=use_is_open),
        hints={kind.value: hint for kind, (_, hint) in KINDS.items()},
    )


def _enter_page(person: Named, form: MedicineForm, found: Medicine | None) -> str:
    always = found is not None and found.for_substance_use is ForSubstanceUse.ALWAYS
    if always:
        form.about_use.data = form.about_use.data or "yes"
    return render_page(
        "care_team/enter_medicine.html",
        person=person,
        identity=words.identity_words(person),
        form=form,
        own_name=found is None,
        name=found.name if found else form.name.data,
        always=always,
        kind_name=KINDS[form.kind][0],
    )


def _change_page(page: SharedMedicines, medicine: SharedMedicine, form: MedicineForm) -> str:
    return render_page(
        "care_team/change_medicine.html",
        person=page.person,
        identity=words.identity_words(page.person),
        form=form,
        one=medicine_words.line_of(medicine),
        as_it_is=medicine_words.as_it_is(medicine, _moment(page.person).local_date),
        own_name=medicine.newest.said.catalogue is None,
        always=any(version.said.always_about_use for version in medicine.versions),
        scope=words.scope_sentences(page.grants, page.person.zone),
        kind_name=KINDS[form.kind][0],
        kinds={kind: label for kind, (label, _) in KINDS.items() if kind is not form.kind},
    )


def _hold_page(page: SharedMedicines, medicine: SharedMedicine, how: str, form: HoldForm) -> str:
    label, effect = HOLD_WORDS[how]
    return render_page(
        "care_team/hold_medicine.html",
        person=page.person,
        identity=words.identity_words(page.person),
        form=form,
        one=medicine_words.line_of(medicine),
        as_it_is=medicine_words.as_it_is(medicine, _moment(page.person).local_date),
        scope=words.scope_sentences(page.grants, page.person.zone),
        how=how,
        label=label,
        effect=effect,
    )
