"""The patient's own pages of side effects: writing, reading back, changing, taking away."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from patient_app.accounts import practice
from patient_app.consent.privacy_form import PrivacyForm
from patient_app.consent.words import DISCIPLINE_NAMES
from patient_app.core import clock, notices, outbox
from patient_app.core.access import Permission, access
from patient_app.core.clock import Moment, moment
from patient_app.core.identity import Viewer, viewer
from patient_app.core.keeping import kept_on_phone
from patient_app.core.pages import render_page
from patient_app.effects import advice, picks, recording, service, week_views, weeks_views
from patient_app.effects.blueprint import bp
from patient_app.effects.filling_in import NO_SUCH_MEDICINE, NOTHING_NOTICED, asked_about
from patient_app.effects.forms import SideEffectForm, medicine_asked
from patient_app.effects.from_phones import take_side_effect, take_week_note
from patient_app.effects.read_by import of_effect as read_by_of_effect
from patient_app.effects.words import BOTHER, SEVERITY
from patient_app.medications import regimen
from patient_app.medications.regimen import OwnMedicine
from patient_app.profile import service as profiles

__all__ = ["bp", "week_views", "weeks_views"]

outbox.register("effects.save", take_side_effect)
outbox.register("effects.save_week_note", take_week_note)

notices.register(
    "effects.show",
    effect_saved=_l("Saved."),
    effect_changed=_l("Changed. The earlier words are kept."),
    effect_over=_l("Noted: it is over."),
    effect_private=_l("Only you can see this now."),
    effect_shared=_l("People you share with can see this again."),
    effect_back=_l("It is back, as it was."),
)


@bp.get("/medications/side-effects")
@access(Permission.MEDICATIONS_MANAGE)
@kept_on_phone
def overview() -> ResponseReturnValue:
    """List the person's side effects: those that go on, then the others."""
    patient = viewer()
    effects, names = service.own_effects(patient), _names(regimen.own_medicines(patient))
    return render_page(
        "effects/overview.html",
        going_on=[one for one in effects if one.said.going_on],
        over=[one for one in effects if not one.said.going_on],
        names=names,
        pick_name=picks.name,
        severity=SEVERITY,
        closed_until=patient.entries_closed_until,
    )


@bp.get("/medications/side-effects/new")
@access(Permission.MEDICATIONS_MANAGE)
@kept_on_phone
def new() -> ResponseReturnValue:
    """Show the form; for one medicine (`?medicine=`) with its own list to pick from."""
    patient = viewer()
    today = _now(patient).day
    medicines = asked_about(regimen.own_medicines(patient), today)
    asked = medicine_asked(request.args.get("medicine"), medicines)
    form = SideEffectForm.blank(medicines, today, medicine=str(asked) if asked else None)
    return _form_page(patient, form)


@bp.post("/medications/side-effects/new")
@access(Permission.MEDICATIONS_MANAGE)
def save() -> ResponseReturnValue:
    """Store a side effect; the same one sent again gives the same answer."""
    patient = viewer()
    now = _now(patient)
    form = SideEffectForm.blank(regimen.own_medicines(patient), now.day)
    if form.validate():
        try:
            when = moment(clock.now(), form.zone_or(patient.zone), patient.day_start_minutes)
            private = bool(form.private.data)
            effect_id = recording.record(patient, form.id.value, form.said(), when, private=private)
            return redirect(url_for("effects.show", effect_id=effect_id, done="effect-saved"), 303)
        except recording.NothingSaid:
            form.add_error("effect", NOTHING_NOTICED)
        except recording.NoSuchMedicine:
            form.add_error("medicine", NO_SUCH_MEDICINE)
        except recording.IdTaken:
            form.renew_id()
    return _form_page(patient, form), 422


@bp.get("/medications/side-effects/<uuid:effect_id>")
@access(Permission.MEDICATIONS_MANAGE)
def show(effect_id: uuid.UUID) -> ResponseReturnValue:
    """Show one side effect: what to do at once where it cannot wait, who can see it, and what was said."""
    patient = viewer()
    entry, medicines = service.own_effect(patient, effect_id), regimen.own_medicines(patient)
    medicine = next((one for one in medicines if one.id == entry.said.medicine_id), None)
    read_by = read_by_of_effect(patient, entry, medicine)
    is_raised = entry.flagged and bool(read_by.seen_by) and service.is_raised(patient, effect_id)
    return render_page(
        "effects/show.html",
        entry=entry,
        medicine=medicine,
        pick_name=picks.name(entry.said.pick),
        severity=SEVERITY,
        bother=BOTHER,
        sign=advice.sign_of(entry.said, medicines),
        just_saved_words=request.args.get("done") in {"effect-saved", "effect-changed"},
        hard_to_bear=entry.said.going_on and advice.is_hard_to_bear(entry.said),
        disciplines=DISCIPLINE_NAMES,
        seen_by=read_by.seen_by,
        has_read=read_by.has_read,
        is_raised=is_raised,
        seen_at=service.seen_at(patient, effect_id) if is_raised else None,
        zone=patient.zone,
        closed_until=patient.entries_closed_until,
        when_read=practice.when_read(patient) if any(one.discipline for one in read_by.seen_by) else None,
    )


@bp.get("/medications/side-effects/<uuid:effect_id>/change")
@access(Permission.MEDICATIONS_MANAGE)
def change(effect_id: uuid.UUID) -> ResponseReturnValue:
    """Show the form filled with a side effect."""
    patient = viewer()
    entry, medicines = service.own_effect(patient, effect_id), regimen.own_medicines(patient)
    form = SideEffectForm.of(medicines, _now(patient).day, entry, id=str(effect_id), base=str(entry.version))
    return _form_page(patient, form, entry)


@bp.post("/medications/side-effects/<uuid:effect_id>/change")
@access(Permission.MEDICATIONS_MANAGE)
def save_change(effect_id: uuid.UUID) -> ResponseReturnValue:
    """Store a change as a new version; one that was changed elsewhere meanwhile is said so, and nothing is lost."""
    patient = viewer()
    entry, medicines, now = service.own_effect(patient, effect_id), regimen.own_medicines(patient), _now(patient)
    form = SideEffectForm.of(medicines, now.day, entry, id=str(effect_id))
    if form.validate():
        try:
            base = form.base_version() or entry.version
            recording.change(patient, effect_id, form.said(), now, base=base)
            return redirect(url_for("effects.show", effect_id=effect_id, done="effect-changed"), 303)
        except recording.NothingSaid:
            form.add_error("effect", NOTHING_NOTICED)
        except recording.NoSuchMedicine:
            form.add_error("medicine", NO_SUCH_MEDICINE)
        except recording.Stale:
            form.base.data = str(entry.version)
            form.add_error("effect", _l("You changed this on another device. Look at it once more, then save."))
    return _form_page(patient, form, entry), 422


@bp.post("/medications/side-effects/<uuid:effect_id>/over")
@access(Permission.MEDICATIONS_MANAGE)
def say_over(effect_id: uuid.UUID) -> ResponseReturnValue:
    """Say that it is over; said twice it is said once."""
    patient = viewer()
    recording.say_over(patient, effect_id, _now(patient))
    return redirect(url_for("effects.show", effect_id=effect_id, done="effect-over"), 303)


@bp.post("/medications/side-effects/<uuid:effect_id>/private")
@access(Permission.MEDICATIONS_MANAGE)
def keep_private(effect_id: uuid.UUID) -> ResponseReturnValue:
    """Keep one to oneself, or share it again."""
    private = PrivacyForm().wish()
    if private is None:
        abort(400)
    recording.set_private(viewer(), effect_id, private=private)
    done = "effect-private" if private else "effect-shared"
    return redirect(url_for("effects.show", effect_id=effect_id, done=done), 303)


@bp.post("/medications/side-effects/<uuid:effect_id>/remove")
@access(Permission.MEDICATIONS_MANAGE)
def remove(effect_id: uuid.UUID) -> ResponseReturnValue:
    """Take a side effect away; done twice it stays away."""
    recording.remove(viewer(), effect_id)
    return redirect(url_for("effects.removed", effect_id=effect_id), 303)


@bp.get("/medications/side-effects/<uuid:effect_id>/removed")
@access(Permission.MEDICATIONS_MANAGE)
def removed(effect_id: uuid.UUID) -> ResponseReturnValue:
    """Say that it is gone, and offer to bring it back."""
    recording.was_removed(viewer(), effect_id)
    return render_page("effects/removed.html", effect_id=effect_id)


@bp.post("/medications/side-effects/<uuid:effect_id>/bring-back")
@access(Permission.MEDICATIONS_MANAGE)
def bring_back(effect_id: uuid.UUID) -> ResponseReturnValue:
    """Undo taking it away."""
    recording.bring_back(viewer(), effect_id)
    return redirect(url_for("effects.show", effect_id=effect_id, done="effect-back"), 303)


def _form_page(patient: Viewer, form: SideEffectForm, entry: service.OwnEffect | None = None) -> str:
    emergency, today = advice.signs(form.signs)
    return render_page(
        "effects/form.html",
        form=form,
        entry=entry,
        emergency=emergency,
        same_day=today,
        flags=[(picks.FLAG + one.entry.id, picks.name(picks.FLAG + one.entry.id)) for one in form.signs],
        opens=frozenset(picks.that_open(form.signs)),
        asks_about_use=profiles.profile_of(patient).asks_about_use,
    )


def _names(medicines: Sequence[OwnMedicine]) -> dict[uuid.UUID, str]:
    return {one.id: one.name for one in medicines}


def _now(patient: Viewer) -> Moment:
    return moment(clock.now(), patient.zone, patient.day_start_minutes)
