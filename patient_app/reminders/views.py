"""Pages of one's own reminders: the list, one of them, pauses, quiet hours, what was sent, and what waits now."""

from __future__ import annotations

import uuid
from datetime import date

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from patient_app.core import clock, notices
from patient_app.core.access import Permission, access
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer, viewer
from patient_app.core.ids import new_id
from patient_app.core.pages import render_page
from patient_app.reminders import (
    acting,
    calendar_views,
    choosing,
    of_appointments,
    of_exercises,
    of_measures,
    of_plans,
    own,
    seen,
    showing,
)
from patient_app.reminders.blueprint import bp
from patient_app.reminders.choosing import OneOnly, TooMany
from patient_app.reminders.forms import OfferForm, PauseForm, QuietForm, ReminderForm, ZoneForm
from patient_app.reminders.models import Kind
from patient_app.reminders.own import Chosen, OwnReminder
from patient_app.reminders.wording import KIND_HINTS, KIND_NAMES

__all__ = ["acting", "bp", "calendar_views", "of_appointments", "of_exercises", "of_measures", "of_plans"]

REFUSED = 422
notices.register(
    "reminders.overview",
    reminder_kept=_l("Your reminder is kept."),
    reminder_off=_l("That reminder is off."),
    reminders_paused=_l("Your reminders are paused."),
    reminders_on=_l("Your reminders are on again."),
    quiet_kept=_l("Your quiet hours are kept."),
)
notices.register("home.today", reminders_chosen=_l("Your choice is kept."), zone_kept=_l("Your choice is kept."))


def _today(patient: Viewer) -> date:
    return clock.now().astimezone(own.whose(patient).zone).date()


# ---------------------------------------------------------------------------------------------------------- the list
@bp.get("/settings/reminders")
@access(Permission.REMINDERS_MANAGE)
def overview() -> ResponseReturnValue:
    """Show all reminders, what holds for all of them, and what can be added."""
    return _overview(PauseForm(), None)


def _overview(pause: PauseForm, quiet: QuietForm | None, status: int = 200) -> ResponseReturnValue:
    patient = viewer()
    reminders, settings = own.own_reminders(patient), own.settings_of(patient)
    return render_page(
        "reminders/overview.html",
        rows=showing.rows(patient, reminders, settings, clock.now()),
        kinds=[(kind.value, KIND_NAMES[kind], KIND_HINTS[kind]) for kind in own.kinds_to_add(reminders)],
        settings=settings,
        paused_until=showing.still(settings.paused_until, _today(patient)),
        pause=pause,
        quiet=quiet or QuietForm.of(settings.quiet),
        closed=patient.entries_closed_from is not None,
    ), status


@bp.post("/settings/reminders/pause")
@access(Permission.REMINDERS_MANAGE)
def pause_all() -> ResponseReturnValue:
    """Pause all until a date."""
    own.asking(viewer())
    form = PauseForm()
    until = form.until_day(_today(viewer())) if form.validate() else None
    if until is None:
        return _overview(form, QuietForm.of(own.settings_of(viewer()).quiet, formdata=None), REFUSED)
    choosing.pause_all(viewer(), until)
    return redirect(url_for("reminders.overview", done="reminders-paused"), 303)


@bp.post("/settings/reminders/resume")
@access(Permission.REMINDERS_MANAGE)
def resume_all() -> ResponseReturnValue:
    """End the pause of all."""
    choosing.pause_all(viewer(), None)
    return redirect(url_for("reminders.overview", done="reminders-on"), 303)


@bp.post("/settings/reminders/quiet")
@access(Permission.REMINDERS_MANAGE)
def save_quiet() -> ResponseReturnValue:
    """Keep the quiet hours."""
    own.asking(viewer())
    form = QuietForm()
    quiet = form.quiet() if form.validate() else None
    if form.errors:
        return _overview(PauseForm(formdata=None), form, REFUSED)
    choosing.set_quiet(viewer(), quiet)
    return redirect(url_for("reminders.overview", done="quiet-kept"), 303)


# ------------------------------------------------------------------------------------------------------ one of them
def _kind(named: str | None) -> Kind:
    """Return the kind that an address or a form names; raise `NotFound` for one of which none can be added."""
    for kind in own.kinds_to_add(own.own_reminders(viewer())):
        if kind.value == named:
            return kind
    raise NotFound


@bp.get("/settings/reminders/new")
@access(Permission.REMINDERS_MANAGE)
def new() -> ResponseReturnValue:
    """Show the form for one more, of the kind in the address."""
    own.asking(viewer())
    kind, form = _kind(request.args.get("kind", Kind.OWN.value)), None
    if kind is Kind.EXERCISE and (given := showing.given_named(viewer(), request.args.get("given"))) is not None:
        there = next((one for one in own.own_reminders(viewer()) if one.chosen.only == (str(given.id),)), None)
        if there is not None:
            return redirect(url_for("reminders.one", reminder_id=there.id), 303)
        form = ReminderForm.of(kind)
        form.given.data = str(given.id)
    return _form_page(form or ReminderForm.of(kind), None)


@bp.post("/settings/reminders/new")
@access(Permission.REMINDERS_MANAGE)
def save_new() -> ResponseReturnValue:
    """Add it; the same one sent again changes it to what was said."""
    patient = viewer()
    own.asking(patient)
    named = {kind.value: kind for kind in own.addable()}
    form = ReminderForm.of(named.get(request.form.get("kind", ""), Kind.OWN))
    showing.offer_medicines(form, patient)
    chosen = form.chosen() if form.validate() else None
    if chosen is None:
        return _form_page(form, None), REFUSED
    try:
        choosing.add(patient, form.id.value, chosen)
    except (TooMany, OneOnly, NotFound) as refused:
        form.add_error("id", showing.refusal(refused))
        form.id.data = str(new_id())
        return _form_page(form, None), REFUSED
    return redirect(url_for("reminders.overview", done="reminder-kept"), 303)


@bp.get("/settings/reminders/<uuid:reminder_id>")
@access(Permission.REMINDERS_MANAGE)
def one(reminder_id: uuid.UUID) -> ResponseReturnValue:
    """Show the form of one."""
    known = own.own_reminder(viewer(), reminder_id)
    return _form_page(ReminderForm.of(known.kind, known), known)


@bp.post("/settings/reminders/<uuid:reminder_id>")
@access(Permission.REMINDERS_MANAGE)
def save_one(reminder_id: uuid.UUID) -> ResponseReturnValue:
    """Change one."""
    known = own.own_reminder(viewer(), reminder_id)
    form = ReminderForm.of(known.kind, known)
    showing.offer_medicines(form, viewer())
    chosen = form.chosen() if form.validate() else None
    if chosen is None:
        return _form_page(form, known), REFUSED
    choosing.change(viewer(), reminder_id, chosen)
    return redirect(url_for("reminders.overview", done="reminder-kept"), 303)


@bp.post("/settings/reminders/<uuid:reminder_id>/end")
@access(Permission.REMINDERS_MANAGE)
def end(reminder_id: uuid.UUID) -> ResponseReturnValue:
    """Turn one off."""
    choosing.end(viewer(), reminder_id)
    return redirect(url_for("reminders.overview", done="reminder-off"), 303)


@bp.post("/settings/reminders/<uuid:reminder_id>/pause")
@access(Permission.REMINDERS_MANAGE)
def pause(reminder_id: uuid.UUID) -> ResponseReturnValue:
    """Pause one until a date."""
    known, form = own.own_reminder(viewer(), reminder_id), PauseForm()
    until = form.until_day(_today(viewer())) if form.validate() else None
    if until is None:
        return _form_page(ReminderForm.of(known.kind, known, formdata=None), known, form), REFUSED
    choosing.pause(viewer(), reminder_id, until)
    return redirect(url_for("reminders.overview", done="reminders-paused"), 303)


@bp.post("/settings/reminders/<uuid:reminder_id>/resume")
@access(Permission.REMINDERS_MANAGE)
def resume(reminder_id: uuid.UUID) -> ResponseReturnValue:
    """End the pause of one."""
    choosing.pause(viewer(), reminder_id, None)
    return redirect(url_for("reminders.overview", done="reminders-on"), 303)


def _form_page(form: ReminderForm, known: OwnReminder | None, pause: PauseForm | None = None) -> str:
    patient = viewer()
    if not form.only.pairs:
        showing.offer_medicines(form, patient)
    return render_page(
        "reminders/form.html",
        form=form,
        known=known,
        title=KIND_NAMES[form.of_kind],
        given=showing.given_title(patient, form.given.data),
        previews=showing.previews(form, patient),
        pause=pause or PauseForm(formdata=None),
        paused_until=showing.still(known.paused_until, _today(patient)) if known else None,
    )


# ---------------------------------------------------------------------------------------------------------- the offer
@bp.get("/settings/reminders/start")
@access(Permission.REMINDERS_MANAGE)
def offer() -> ResponseReturnValue:
    """Offer what is usual, with nothing ticked."""
    own.asking(viewer())
    form = OfferForm(check_in_at="19:00")
    return render_page("reminders/offer.html", form=form, has_medicines=showing.has_medicines(viewer()))


@bp.post("/settings/reminders/start")
@access(Permission.REMINDERS_MANAGE)
def take_offer() -> ResponseReturnValue:
    """Turn on what was ticked; the offer does not come again, whatever was said."""
    patient, form = viewer(), OfferForm()
    own.asking(patient)
    minute = form.check_in_at.minute if form.validate() else None
    if form.check_in.data and minute is None and not form.errors:
        form.add_error("check_in_at", _l("Choose a time."))
    if form.errors:
        return render_page("reminders/offer.html", form=form, has_medicines=showing.has_medicines(patient)), REFUSED
    there = {reminder.kind for reminder in own.own_reminders(patient)}
    wished = []
    if form.check_in.data and minute is not None and Kind.CHECK_IN not in there:
        wished.append(("check_in", Chosen(Kind.CHECK_IN, (minute,))))
    if form.doses.data and Kind.DOSES not in there:
        wished.append(("doses", Chosen(Kind.DOSES)))
    try:
        choosing.add_all(patient, [chosen for _field, chosen in wished])
    except (TooMany, OneOnly) as refused:
        form.add_error(wished[0][0], showing.refusal(refused))
        return render_page("reminders/offer.html", form=form, has_medicines=showing.has_medicines(patient)), REFUSED
    choosing.answer_offer(patient)
    return redirect(url_for("home.today", done="reminders-chosen"), 303)


@bp.post("/settings/reminders/zone")
@access(Permission.REMINDERS_MANAGE)
def answer_zone() -> ResponseReturnValue:
    """Move to the zone in which the phone is, or stay."""
    form = ZoneForm()
    choosing.answer_zone(viewer(), form.zone.data or "", move=form.answer.data == "move")
    return redirect(url_for("home.today", done="zone-kept"), 303)


@bp.get("/settings/reminders/history")
@access(Permission.REMINDERS_MANAGE)
def history() -> ResponseReturnValue:
    """Show what was sent and done in the last days."""
    return render_page("reminders/history.html", days=showing.by_day(seen.history(viewer(), clock.now())))
