"""The patient's own note of a week, for all medicines together."""

from __future__ import annotations

from datetime import timedelta

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from patient_app.accounts import practice
from patient_app.consent.words import DISCIPLINE_NAMES
from patient_app.core import clock, notices
from patient_app.core.access import Permission, access
from patient_app.core.clock import Moment, moment
from patient_app.core.identity import Viewer, viewer
from patient_app.core.ids import new_id
from patient_app.core.keeping import kept_on_phone
from patient_app.core.pages import render_page
from patient_app.effects import read_by, recording, weekly
from patient_app.effects.blueprint import bp
from patient_app.effects.filling_in import NOTHING_NOTED
from patient_app.effects.forms import WeekNoteForm
from patient_app.effects.words import BOTHER, HELPS
from patient_app.medications import regimen
from patient_app.profile import service as profiles

# So many weeks before this one are shown below the form.
WEEKS_SHOWN = 12

notices.register("effects.week_note", week_noted=_l("Saved. You can change it until the week is over."))


@bp.get("/medications/week-note")
@access(Permission.MEDICATIONS_MANAGE)
@kept_on_phone
def week_note() -> ResponseReturnValue:
    """Show this week's two questions, filled with what was said, and the notes of the weeks before."""
    patient = viewer()
    return _page(patient)


@bp.post("/medications/week-note")
@access(Permission.MEDICATIONS_MANAGE)
def save_week_note() -> ResponseReturnValue:
    """Store this week's note; the same one sent again gives the same answer."""
    patient = viewer()
    form = WeekNoteForm()
    if form.validate():
        try:
            when = moment(clock.now(), form.zone_or(patient.zone), patient.day_start_minutes)
            _record(patient, form, when)
            return redirect(url_for("effects.week_note", done="week-noted"), 303)
        except recording.NothingSaid:
            form.add_error("helps", NOTHING_NOTED)
        except recording.IdTaken:
            form.renew_id()
    return _page(patient, form), 422


def _record(patient: Viewer, form: WeekNoteForm, when: Moment) -> None:
    """Store it. Who goes back to a form that was sent, and saves other words there, changes this week's note."""
    try:
        weekly.record(patient, form.id.value, form.answers(), when)
    except recording.OtherWords:
        weekly.record(patient, new_id(), form.answers(), when)


def _page(patient: Viewer, form: WeekNoteForm | None = None) -> str:
    week = weekly.week_of(moment(clock.now(), patient.zone, patient.day_start_minutes).day)
    notes = weekly.own_notes(patient, week - timedelta(weeks=WEEKS_SHOWN), week)
    now = next((note for note in notes if note.week == week), None)
    return render_page(
        "effects/week_note.html",
        form=form or WeekNoteForm.of(now.answers if now else weekly.Answers()),
        noted=now is not None,
        before=[note for note in reversed(notes) if note.week != week],
        helps=HELPS,
        bothers=BOTHER,
        asks_about_use=profiles.profile_of(patient).asks_about_use,
        when_read=practice.when_read(patient),
        receipts=read_by.of_notes(patient, notes, regimen.own_medicines(patient)) if notes else {},
        newest=notes[-1].week if notes else None,
        week=week,
        disciplines=DISCIPLINE_NAMES,
        closed_until=patient.entries_closed_until,
    )
