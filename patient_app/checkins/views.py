"""The patient's own pages of check-ins."""

from __future__ import annotations

import uuid
from datetime import date

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from patient_app.checkins import service
from patient_app.checkins.forms import NO, YES, CheckInForm, PrivacyForm
from patient_app.checkins.words import MOODS
from patient_app.consent import service as consents
from patient_app.consent.categories import Category
from patient_app.core import clock, notices
from patient_app.core.access import Permission, access
from patient_app.core.clock import moment
from patient_app.core.identity import viewer
from patient_app.core.pages import render_page

# No entry is older; days before it cannot be counted back from.
EARLIEST = date(1900, 1, 1)

bp = Blueprint("checkins", __name__)

notices.register(
    private=_l("Only you can see this check-in now."),
    not_private=_l("People you share with can see this check-in again."),
)


@bp.get("/check-in")
@access(Permission.CHECK_INS_WRITE)
def check_in() -> ResponseReturnValue:
    """Show the form."""
    return render_page("checkins/check_in.html", form=CheckInForm())


@bp.post("/check-in")
@access(Permission.CHECK_INS_WRITE)
def save_check_in() -> ResponseReturnValue:
    """Store the check-in; the same one sent again gives the same answer."""
    form, patient = CheckInForm(), viewer()
    if form.validate():
        when = moment(clock.now(), form.zone_or(patient.zone), patient.day_start_minutes)
        try:
            entry_id = service.record_check_in(patient, form.id.value, form.answers(), when)
            return redirect(url_for("checkins.show_check_in", entry_id=entry_id, done="saved"), 303)
        except service.NothingSaid:
            form.add_error("mood", _l("Answer at least one question. Any one is fine."))
        except service.IdTaken:
            form.renew_id()
    return render_page("checkins/check_in.html", form=form), 422


@bp.get("/check-in/<uuid:entry_id>")
@access(Permission.CHECK_INS_READ)
def show_check_in(entry_id: uuid.UUID) -> ResponseReturnValue:
    """Show one check-in, and who can see it."""
    patient = viewer()
    entry = service.own_check_in(patient, entry_id)
    seen_by = [] if entry.private else consents.who_can_see(patient, categories_in(entry.answers))
    form = PrivacyForm(data={"private": YES if entry.private else NO})
    return render_page(
        "checkins/entry.html",
        entry=entry,
        moods=MOODS,
        seen_by=seen_by,
        form=form,
        just_saved=request.args.get("done") == "saved",
    )


@bp.post("/check-in/<uuid:entry_id>/private")
@access(Permission.CHECK_INS_WRITE)
def keep_private(entry_id: uuid.UUID) -> ResponseReturnValue:
    """Keep one check-in to oneself, or share it again."""
    form = PrivacyForm()
    if not form.validate() or form.private.data is None:
        abort(400)
    private = form.private.data == YES
    service.set_private(viewer(), entry_id, private=private)
    done = "private" if private else "not-private"
    return redirect(url_for("checkins.show_check_in", entry_id=entry_id, done=done), 303)


@bp.get("/history")
@access(Permission.CHECK_INS_READ)
def history() -> ResponseReturnValue:
    """List one's own check-ins, newest day first."""
    patient = viewer()
    today = moment(clock.now(), patient.zone, patient.day_start_minutes).day
    page = service.own_history(patient, _day(request.args.get("until"), today))
    return render_page(
        "checkins/history.html", page=page, days=service.days_with_entries(page.entries), moods=MOODS, today=today
    )


def _day(text: str | None, today: date) -> date:
    try:
        return max(min(date.fromisoformat(text or ""), today), EARLIEST)
    except ValueError:
        return today


def categories_in(answers: service.Answers) -> list[Category]:
    """Return the categories that a check-in's answers belong to."""
    found = []
    if answers.mood is not None:
        found.append(Category.MOOD)
    if answers.craving is not None or answers.use is not None:
        found.append(Category.SUBSTANCE_USE)
    if answers.note:
        found.append(Category.NOTES)
    return found
