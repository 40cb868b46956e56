"""Telling the practice that one is worried, and the clinicians' page of what was told."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from patient_app.accounts import practice
from patient_app.accounts.registry import IdInUse
from patient_app.core import notices
from patient_app.core.access import Permission, access
from patient_app.core.identity import viewer
from patient_app.core.pages import render_page
from patient_app.worries import service
from patient_app.worries.forms import MuteForm, WorryForm
from patient_app.worries.words import born

bp = Blueprint("worries", __name__)

SUGGESTED_MUTE = timedelta(days=14)
_TOO_MANY = _l("You have sent five messages since yesterday. More can be sent tomorrow. Your words are still here.")

notices.register("worries.sent", worry_sent=_l("Your message was sent."))
notices.register(
    "worries.inbox",
    worry_read=_l("Marked as read."),
    worry_muted=_l("What they send is kept aside until then. They are not told."),
    worry_unmuted=_l("They are heard again. What was kept aside stands here too."),
    worry_own_unmuted=_l("Your mute is over. A colleague’s mute still keeps them aside."),
)


@bp.get("/supporting/worried/tell")
@access(Permission.WORRIES_SEND)
def tell() -> ResponseReturnValue:
    """Show the form, and before it who reads this, when, and what they cannot say."""
    people = service.supported(viewer())
    only = str(people[0].id) if len(people) == 1 else None
    return _form_page(WorryForm.for_people(people, request.args.get("about", only)))


@bp.post("/supporting/worried/tell")
@access(Permission.WORRIES_SEND)
def send() -> ResponseReturnValue:
    """Store what was written; the answer is the same whoever it is about."""
    sender = viewer()
    form = WorryForm.for_people(service.supported(sender))
    if not form.validate():
        return _form_page(form), 422
    try:
        service.send(sender, form.id.value, form.told())
    except IdInUse:
        form.renew_id()
        return _form_page(form), 422
    except service.TooManyToday:
        form.add_error("words", _TOO_MANY)
        return _form_page(form), 422
    return redirect(url_for("worries.sent", done="worry-sent"), 303)


def _form_page(form: WorryForm) -> str:
    return render_page("worries/tell.html", form=form, **_hours())


def _hours() -> dict[str, Any]:
    """Return what the two pages of a sender say of the practice."""
    reachable = practice.reachable(viewer().practice_id)
    return {
        "practice_name": reachable.name,
        "hours": practice.hours_in_words(reachable.hours),
        "other_clock": practice.other_clock(reachable.zone, viewer().zone),
    }


@bp.get("/supporting/worried/sent")
@access(Permission.WORRIES_SEND)
def sent() -> ResponseReturnValue:
    """Say what happens with any message; nothing here depends on the one that was sent."""
    return render_page("worries/sent.html", **_hours())


@bp.get("/team/worries")
@access(Permission.WORRIES_READ)
def inbox() -> ResponseReturnValue:
    """List what supporters told the practice, as far as it is for this clinician."""
    aside = request.args.get("kept") == "aside"
    found = service.inbox(viewer(), request.args.get("page", 1, type=int), aside=aside)
    return render_page("worries/inbox.html", found=found, aside=aside, born=born)


@bp.get("/team/worries/<uuid:worry_id>")
@access(Permission.WORRIES_READ)
def show(worry_id: uuid.UUID) -> ResponseReturnValue:
    """Show one message."""
    clinician = viewer()
    worry, today = service.read(clinician, worry_id), service.today_at_practice(clinician)
    return _worry_page(worry, MuteForm.starting(today, today + SUGGESTED_MUTE))


def _worry_page(worry: service.Received, form: MuteForm) -> str:
    mutes = service.mutes(viewer(), worry.id)
    return render_page("worries/show.html", worry=worry, form=form, mutes=mutes, born=born)


@bp.post("/team/worries/<uuid:worry_id>/read")
@access(Permission.WORRIES_READ)
def mark_read(worry_id: uuid.UUID) -> ResponseReturnValue:
    """Keep that a message was read."""
    service.mark_read(viewer(), worry_id)
    return redirect(url_for("worries.inbox", done="worry-read"), 303)


@bp.post("/team/worries/<uuid:worry_id>/mute")
@access(Permission.WORRIES_READ)
def mute(worry_id: uuid.UUID) -> ResponseReturnValue:
    """Keep the sender's messages aside until a day."""
    clinician = viewer()
    worry, form = service.read(clinician, worry_id), MuteForm.starting(service.today_at_practice(clinician))
    if not form.validate():
        return _worry_page(worry, form), 422
    assert form.until.day is not None  # noqa: S101 - the form asks for it.
    service.mute(clinician, worry_id, form.until.day)
    return redirect(url_for("worries.inbox", done="worry-muted"), 303)


@bp.post("/team/worries/<uuid:worry_id>/unmute")
@access(Permission.WORRIES_READ)
def unmute(worry_id: uuid.UUID) -> ResponseReturnValue:
    """Hear a sender again, as far as it is this clinician who muted them."""
    is_heard = service.unmute(viewer(), worry_id)
    return redirect(url_for("worries.inbox", done="worry-unmuted" if is_heard else "worry-own-unmuted"), 303)
