"""The patient's pages of what is done when it gets quiet. All of it is off until they turn it on."""

from __future__ import annotations

import uuid
from datetime import date

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from patient_app.consent import service as consents
from patient_app.consent import telling
from patient_app.consent.service import ConsentRefused, Recipient
from patient_app.core import clock, notices
from patient_app.core.access import Permission, access
from patient_app.core.identity import Viewer, viewer
from patient_app.core.pages import render_page
from patient_app.follow_up import hearing, service, source
from patient_app.follow_up.forms import AwayForm, DaysForm, TellForm
from patient_app.follow_up.service import NotOn, SomebodySooner
from patient_app.reminders import own

__all__ = ["bp", "hearing", "source"]

bp = Blueprint("follow_up", __name__)
REFUSED = 422
notices.register(
    "follow_up.show",
    quiet_on=_l("Your choice is kept. Days of quiet count from now on."),
    quiet_off=_l("It is off. No word comes, and nobody is told."),
    away=_l("Kept. While you are away, no word comes and nobody is told."),
    back=_l("Good to have you back. Days of quiet count from now on."),
    will_tell=_l("Signed. You can pause or end it at any time."),
    tell_paused=_l("Paused. They are not told anything. They get no message."),
    tell_resumed=_l("On again. Days of quiet count from now on."),
    tell_ended=_l("Ended. They are not told anything. They get no message."),
)
notices.register("home.today", here=_l("Thank you. That is all it takes."))


def _today(patient: Viewer) -> date:
    return clock.now().astimezone(own.whose(patient).zone).date()


@bp.get("/settings/quiet")
@access(Permission.REMINDERS_MANAGE)
def show() -> ResponseReturnValue:
    """Show what happens when it gets quiet, and what happened."""
    return _page(None, AwayForm())


def _page(days: DaysForm | None, away: AwayForm, status: int = 200) -> ResponseReturnValue:
    patient = viewer()
    chosen = service.chosen(patient, clock.now())
    named = {one.recipient.key for one in chosen.tellings}
    return render_page(
        "follow_up/show.html",
        chosen=chosen,
        days=days or DaysForm.of(chosen),
        away=away,
        others=[one for one in consents.recipients(patient) if one.key not in named] if chosen.days else [],
    ), status


@bp.post("/settings/quiet")
@access(Permission.REMINDERS_MANAGE)
def turn_on() -> ResponseReturnValue:
    """Have a word come after the chosen days."""
    own.asking(viewer())
    form = DaysForm()
    if form.validate():
        try:
            service.turn_on(viewer(), form.days.data, by_mail=form.by_mail.data)
        except SomebodySooner:
            form.add_error("days", _l("Somebody would be told by then. The word to you comes first: pick fewer days."))
        else:
            return redirect(url_for("follow_up.show", done="quiet-on"), 303)
    return _page(form, AwayForm(formdata=None), REFUSED)


@bp.post("/settings/quiet/off")
@access(Permission.REMINDERS_MANAGE)
def turn_off() -> ResponseReturnValue:
    """Turn all of it off; what lets somebody be told ends."""
    service.turn_off(viewer())
    return redirect(url_for("follow_up.show", done="quiet-off"), 303)


@bp.post("/settings/quiet/here")
@access(Permission.REMINDERS_MANAGE)
def here() -> ResponseReturnValue:
    """Keep that the person is there."""
    service.here(viewer())
    return redirect(url_for("home.today", done="here"), 303)


@bp.post("/settings/quiet/away")
@access(Permission.REMINDERS_MANAGE)
def go_away() -> ResponseReturnValue:
    """Keep until when the person is away."""
    own.asking(viewer())
    form = AwayForm()
    back_on = form.day(_today(viewer())) if form.validate() else None
    if back_on is None:
        return _page(None, form, REFUSED)
    service.go_away(viewer(), back_on)
    return redirect(url_for("follow_up.show", done="away"), 303)


@bp.post("/settings/quiet/back")
@access(Permission.REMINDERS_MANAGE)
def come_back() -> ResponseReturnValue:
    """Keep that the person is not away any more."""
    service.come_back(viewer())
    return redirect(url_for("follow_up.show", done="back"), 303)


# ------------------------------------------------------------------------------------------------- telling somebody
@bp.get("/settings/quiet/tell")
@access(Permission.SHARING_MANAGE, step_up=True)
def ask_to_tell() -> ResponseReturnValue:
    """Ask when one recipient is told, and what they are asked for."""
    patient = viewer()
    own.asking(patient)
    recipient = consents.find_recipient(patient, request.args.get("to", ""))
    if service.chosen(patient, clock.now()).days is None:  # The word to the person comes first.
        return redirect(url_for("follow_up.show"), 303)
    return _tell_page(patient, recipient, TellForm(patient, recipient))


@bp.post("/settings/quiet/tell")
@access(Permission.SHARING_MANAGE, step_up=True, takes_time=True)
def let_tell() -> ResponseReturnValue:
    """Keep the signed consent; the same one sent again is stored once."""
    patient = viewer()
    own.asking(patient)
    recipient = consents.find_recipient(patient, request.args.get("to", ""))
    form = TellForm(patient, recipient)
    if form.validate():
        try:
            service.let_tell(patient, form.id.value, recipient, form.telling(patient), signature=form.signature.data)
            return redirect(url_for("follow_up.show", done="will-tell"), 303)
        except NotOn:
            form.add_error("days", _l("First choose when a word comes to you. It comes before anyone is told."))
        except SomebodySooner:
            form.add_error("days", _l("The word to you comes first. Pick more days than for that."))
        except ConsentRefused as refused:
            _show_refusal(form, refused.reason, patient.name)
    return _tell_page(patient, recipient, form), REFUSED


def _show_refusal(form: TellForm, reason: str, name: str) -> None:
    if reason == "other-name":
        form.add_error("signature", _l("Type your own name to sign: %(name)s.", name=name))
        return
    form.renew_id()


def _tell_page(patient: Viewer, recipient: Recipient, form: TellForm) -> str:
    return render_page(
        "follow_up/tell.html",
        form=form,
        recipient=recipient,
        form_words=telling.preview(patient, recipient),
    )


@bp.post("/settings/quiet/tell/<uuid:consent_id>/pause")
@access(Permission.SHARING_MANAGE)
def pause(consent_id: uuid.UUID) -> ResponseReturnValue:
    """Tell nothing by one consent, until it is resumed."""
    consents.pause_consent(viewer(), consent_id)
    return redirect(url_for("follow_up.show", done="tell-paused"), 303)


@bp.post("/settings/quiet/tell/<uuid:consent_id>/resume")
@access(Permission.SHARING_MANAGE, step_up=True)
def resume(consent_id: uuid.UUID) -> ResponseReturnValue:
    """Let it be told by one consent again; a silence counts from now on."""
    own.asking(viewer())
    consents.resume_consent(viewer(), consent_id)
    return redirect(url_for("follow_up.show", done="tell-resumed"), 303)


@bp.post("/settings/quiet/tell/<uuid:consent_id>/end")
@access(Permission.SHARING_MANAGE)
def end(consent_id: uuid.UUID) -> ResponseReturnValue:
    """Revoke one consent for good."""
    consents.end_consent(viewer(), consent_id)
    return redirect(url_for("follow_up.show", done="tell-ended"), 303)
