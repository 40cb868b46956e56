"""The patient's own pages of one check-in: writing, reading back, changing, taking away."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, timedelta

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from patient_app.accounts import practice
from patient_app.checkins import history_views, recording, service
from patient_app.checkins.after import card_after
from patient_app.checkins.asks import Asks
from patient_app.checkins.blank import blank_questions, other_days
from patient_app.checkins.blueprint import bp
from patient_app.checkins.filling_in import NOTHING_LEFT, NOTHING_SAID, PAST_DAYS, asks_about_use, keep_chips
from patient_app.checkins.forms import CheckInForm, WhenForm, day_asked
from patient_app.checkins.from_phones import take_change, take_check_in
from patient_app.checkins.parts import parts_of
from patient_app.checkins.rules import hard
from patient_app.checkins.words import answer_words
from patient_app.consent import receipts
from patient_app.consent.privacy_form import PrivacyForm
from patient_app.consent.words import DISCIPLINE_NAMES
from patient_app.core import clock, notices, outbox
from patient_app.core.access import Permission, access
from patient_app.core.clock import Moment, moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer, viewer
from patient_app.core.keeping import kept_on_phone
from patient_app.core.pages import render_page
from patient_app.profile import service as profiles
from patient_app.profile.service import Profile

__all__ = ["bp", "history_views"]

outbox.register("checkins.save_check_in", take_check_in)
outbox.register("checkins.save_change", take_change)

_FOR_TODAY = _l("That day is too long ago. This would now be saved for today.")

notices.register(
    private=_l("Only you can see this check-in now."),
    not_private=_l("People you share with can see this check-in again."),
    changed=_l("Changed. The earlier words are kept."),
    brought_back=_l("It is back, as it was."),
)


@bp.get("/check-in")
@access(Permission.CHECK_INS_WRITE)
@kept_on_phone
def check_in() -> ResponseReturnValue:
    """Show the form, for now or for a past day (`?day=`)."""
    patient = viewer()
    profile = profiles.profile_of(patient)
    asked = request.args.get("day", "")
    day = _past_day(patient, asked)
    form = WhenForm(day=day.isoformat() if day else "")
    is_gone = bool(asked) and day is None and asked < _today(patient).isoformat()
    return _form_page(patient, profile, form, day, blank_questions(profile), for_today=is_gone)


@bp.post("/check-in")
@access(Permission.CHECK_INS_WRITE)
def save_check_in() -> ResponseReturnValue:
    """Store the check-in; the same one sent again gives the same answer."""
    patient = viewer()
    profile = profiles.profile_of(patient)
    form = CheckInForm.blank(profile)
    day = _past_day(patient, form.day.data)
    if form.day.data and day is None and form.day.data != _today(patient).isoformat():
        form.day.data = ""
        form.add_error("mood", _FOR_TODAY)
    elif form.validate():
        try:
            answers = form.answers(about_use=profile.asks_about_use)
            # Only a script tells the zone. Where there is one, it knows a form that was sent again.
            twin = service.said_just_now(patient, answers, clock.now()) if not (form.zone.data or day) else None
            when = _moment(patient, form, day)
            entry_id = twin.id if twin else recording.record_check_in(patient, form.id.value, answers, when)
            keep_chips(patient, form)
            return redirect(url_for("checkins.show_check_in", entry_id=entry_id, done="saved"), 303)
        except recording.NothingSaid:
            form.add_error("mood", NOTHING_SAID)
        except recording.IdTaken:
            form.renew_id()
    return _form_page(patient, profile, form, day), 422


@bp.get("/check-in/<uuid:entry_id>")
@access(Permission.CHECK_INS_READ)
def show_check_in(entry_id: uuid.UUID) -> ResponseReturnValue:
    """Show one check-in, who can see it and who has read it; after saving or changing it, with at most one offer."""
    patient = viewer()
    try:
        entry = service.own_check_in(patient, entry_id)
    except NotFound:
        return _deleted_page(patient, entry_id), 404
    others = service.other_words(patient, entry)
    done = request.args.get("done")
    parts = parts_of(entry.answers)
    names_nobody = entry.private or patient.entries_closed_from is not None  # As sharing does while it is in question.
    seen_by = [] if names_nobody else receipts.who_sees(patient, entry.day, parts)
    shares_with_somebody = bool(seen_by) or entry.private
    profile = profiles.profile_of(patient)
    told = _told(patient, entry, others)
    return render_page(
        "checkins/entry.html",
        ("who", "notice") if shares_with_somebody else (),
        entry=entry,
        words=answer_words(Asks.of(profile.things)),
        disciplines=DISCIPLINE_NAMES,
        seen_by=seen_by,
        others=[one for one in others if one.answers != entry.answers],
        has_read=[] if told is None else receipts.who_has_read(*told),
        shares_with_somebody=shares_with_somebody,
        when_read=practice.when_read(patient) if any(one.discipline for one in seen_by) else None,
        just_saved=done == "saved",
        just_saved_words=done in {"saved", "changed"},
        closed_until=patient.entries_closed_until,
        offer=card_after(patient, profile, entry, str(get_locale())) if done in {"saved", "changed"} else None,
    )


@bp.get("/check-in/<uuid:entry_id>/change")
@access(Permission.CHECK_INS_WRITE)
@kept_on_phone
def change_check_in(entry_id: uuid.UUID) -> ResponseReturnValue:
    """Show the form filled with a check-in."""
    patient = viewer()
    try:
        entry = service.own_check_in(patient, entry_id)
    except NotFound:
        return _deleted_page(patient, entry_id), 404
    profile = profiles.profile_of(patient)
    form = CheckInForm.of(profile, entry.answers, id=str(entry_id), base=str(entry.version))
    return _change_page(profile, entry, form)


@bp.post("/check-in/<uuid:entry_id>/change")
@access(Permission.CHECK_INS_WRITE)
def save_change(entry_id: uuid.UUID) -> ResponseReturnValue:
    """Store a change as a new version; one that was changed elsewhere meanwhile is shown beside it."""
    patient = viewer()
    entry, profile = service.own_check_in(patient, entry_id), profiles.profile_of(patient)
    form = CheckInForm.of(profile, entry.answers, id=str(entry_id))
    newer = None
    if form.validate():
        try:
            answers = form.answers(about_use=asks_about_use(profile, entry.answers), before=entry.answers)
            as_it_was = moment(clock.now(), patient.zone, patient.day_start_minutes)
            base = form.base_version() or entry.version
            recording.record_check_in(patient, entry_id, answers, as_it_was, base=base)
            keep_chips(patient, form)
            return redirect(url_for("checkins.show_check_in", entry_id=entry_id, done="changed"), 303)
        except recording.NothingSaid:
            form.add_error("mood", NOTHING_LEFT)
        except recording.Stale:
            newer, form.base.data = entry, str(entry.version)
            form.add_error("mood", _l("You changed this on another device. Look at both, and save what is right."))
    return _change_page(profile, entry, form, newer), 422


@bp.get("/check-in/<uuid:entry_id>/delete")
@access(Permission.CHECK_INS_WRITE)
def ask_to_delete(entry_id: uuid.UUID) -> ResponseReturnValue:
    """Ask once, and say who may have seen it."""
    patient = viewer()
    try:
        entry = service.own_check_in(patient, entry_id)
    except NotFound:
        return _deleted_page(patient, entry_id), 404
    told = _told(patient, entry, service.other_words(patient, entry))
    closed_until = patient.entries_closed_until
    return render_page(
        "checkins/delete.html",
        entry=entry,
        words=answer_words(Asks.of(profiles.profile_of(patient).things)),
        disciplines=DISCIPLINE_NAMES,
        has_read=[] if told is None else receipts.who_has_read(*told, lists=True),
        read_its_week=[] if told is None else receipts.who_read_its_week(*told),
        closed_until=closed_until,
    )


@bp.post("/check-in/<uuid:entry_id>/delete")
@access(Permission.CHECK_INS_WRITE)
def delete(entry_id: uuid.UUID) -> ResponseReturnValue:
    """Take a check-in away; done twice it stays away."""
    recording.remove(viewer(), entry_id)
    return redirect(url_for("checkins.deleted", entry_id=entry_id), 303)


@bp.get("/check-in/<uuid:entry_id>/deleted")
@access(Permission.CHECK_INS_WRITE)
def deleted(entry_id: uuid.UUID) -> ResponseReturnValue:
    """Say that it is gone, and offer to bring it back."""
    return _deleted_page(viewer(), entry_id)


@bp.post("/check-in/<uuid:entry_id>/bring-back")
@access(Permission.CHECK_INS_WRITE)
def bring_back(entry_id: uuid.UUID) -> ResponseReturnValue:
    """Undo taking it away."""
    recording.bring_back(viewer(), entry_id)
    return redirect(url_for("checkins.show_check_in", entry_id=entry_id, done="brought-back"), 303)


@bp.post("/check-in/<uuid:entry_id>/private")
@access(Permission.CHECK_INS_WRITE)
def keep_private(entry_id: uuid.UUID) -> ResponseReturnValue:
    """Keep one check-in to oneself, or share it again."""
    private = PrivacyForm().wish()
    if private is None:
        abort(400)
    recording.set_private(viewer(), entry_id, private=private)
    done = "private" if private else "not-private"
    return redirect(url_for("checkins.show_check_in", entry_id=entry_id, done=done), 303)


def _deleted_page(patient: Viewer, entry_id: uuid.UUID) -> str:
    """Draw that the patient deleted a check-in of their own, also for the address it had; else raise `NotFound`."""
    recording.was_removed(patient, entry_id)
    return render_page("checkins/deleted.html", entry_id=entry_id)


def _told(
    patient: Viewer, entry: service.OwnCheckIn, others: list[service.OtherWords]
) -> tuple[Viewer, date, receipts.Words, receipts.Words, Sequence[receipts.Hidden]] | None:
    """Return what receipts ask about an entry; None while nobody is to be named."""
    if patient.entries_closed_from is not None:
        return None
    now = parts_of(entry.answers)
    before = [part for one in others if one.ever_shown for part in parts_of(one.answers)]
    written_on = entry.recorded_at.date()
    as_now, ever = (
        receipts.Words(since, written_on, parts)
        for since, parts in ((entry.said_seq, now), (entry.recorded_seq, [*now, *before]))
    )
    return patient, entry.day, as_now, ever, service.when_hidden(patient, entry)


def _form_page(
    patient: Viewer,
    profile: Profile,
    form: WhenForm,
    day: date | None,
    blank: Markup | None = None,
    *,
    for_today: bool = False,
) -> str:
    today = _today(patient)
    return render_page(
        "checkins/check_in.html",
        form=form,
        hard=hard(),
        blank=blank,
        asks_about_use=profile.asks_about_use,
        day=day,
        for_today=_FOR_TODAY if for_today else None,
        other_days=other_days(url_for("checkins.check_in"), today, PAST_DAYS),
    )


def _change_page(
    profile: Profile, entry: service.OwnCheckIn, form: CheckInForm, newer: service.OwnCheckIn | None = None
) -> str:
    return render_page(
        "checkins/change.html",
        form=form,
        hard=hard(),
        entry=entry,
        newer=newer,
        words=answer_words(Asks.of(profile.things)),
        asks_about_use=asks_about_use(profile, entry.answers),
    )


def _today(patient: Viewer) -> date:
    return moment(clock.now(), patient.zone, patient.day_start_minutes).day


def _past_day(patient: Viewer, text: str | None) -> date | None:
    if not text:
        return None
    today = _today(patient)
    return day_asked(text, today, today - timedelta(days=PAST_DAYS))


def _moment(patient: Viewer, form: CheckInForm, day: date | None) -> Moment:
    zone = form.zone_or(patient.zone)
    if day is not None:
        return clock.noon_of(day, zone)
    return moment(clock.now(), zone, patient.day_start_minutes)
