"""The list of what waits now, with what can be done; and the calendar with its secret address."""

from __future__ import annotations

import uuid

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from patient_app.accounts import mail
from patient_app.core import clock, notices
from patient_app.core.access import Permission, access
from patient_app.core.identity import viewer
from patient_app.core.pages import render_page
from patient_app.reminders import acting, calendar, handling, own, seen
from patient_app.reminders.blueprint import bp
from patient_app.reminders.forms import LaterForm
from patient_app.reminders.handling import PutOffTooOften

notices.register(
    "reminders.waiting",
    reminder_done=_l("Done."),
    reminder_later=_l("It comes again later."),
    no_more_later=_l("It came three times. It stays on this list until you say that it is done."),
)
notices.register(
    "reminders.show_calendar",
    calendar_on=_l("Here is your link. If you had one before, it works no more."),
    calendar_off=_l("The link works no more."),
)


@bp.get("/reminders")
@access(Permission.REMINDERS_MANAGE)
def waiting() -> ResponseReturnValue:
    """Show what came up today and is not done."""
    return render_page(
        "reminders/waiting.html", waiting=seen.all_waiting(viewer(), clock.now()), minutes=handling.LATER_MINUTES
    )


@bp.post("/reminders/<uuid:occurrence_id>/done")
@access(Permission.REMINDERS_MANAGE)
def mark_done(occurrence_id: uuid.UUID) -> ResponseReturnValue:
    """Keep that it is done, and log the doses that it was about."""
    acting.done_here(viewer(), occurrence_id)
    return redirect(url_for("reminders.waiting", done="reminder-done"), 303)


@bp.post("/reminders/<uuid:occurrence_id>/later")
@access(Permission.REMINDERS_MANAGE)
def put_off(occurrence_id: uuid.UUID) -> ResponseReturnValue:
    """Have it come again in some minutes."""
    try:
        handling.put_off(own.asking(viewer()), occurrence_id, LaterForm().value)
    except PutOffTooOften:
        return redirect(url_for("reminders.waiting", done="no-more-later"), 303)
    return redirect(url_for("reminders.waiting", done="reminder-later"), 303)


@bp.get("/settings/reminders/calendar")
@access(Permission.REMINDERS_MANAGE)
def show_calendar() -> ResponseReturnValue:
    """Show the address of the calendar, and what whoever has it can read."""
    own.asking(viewer())
    token = own.settings_of(viewer()).feed
    address = mail.link_to(url_for("reminders.calendar_feed", token=token)) if token else ""
    return render_page("reminders/calendar.html", address=address)


@bp.post("/settings/reminders/calendar")
@access(Permission.REMINDERS_MANAGE)
def open_calendar() -> ResponseReturnValue:
    """Make a new address; an earlier one is closed."""
    calendar.open_feed(viewer())
    return redirect(url_for("reminders.show_calendar", done="calendar-on"), 303)


@bp.post("/settings/reminders/calendar/off")
@access(Permission.REMINDERS_MANAGE)
def close_calendar() -> ResponseReturnValue:
    """Close the address."""
    calendar.close_feed(viewer())
    return redirect(url_for("reminders.show_calendar", done="calendar-off"), 303)


@bp.get("/calendar/<token>/reminders.ics")
@access(Permission.PUBLIC)
def calendar_feed(token: str) -> ResponseReturnValue:
    """Answer a calendar app that has the secret: times, and one sentence."""
    answer = Response(calendar.feed(token, clock.now()), content_type="text/calendar; charset=utf-8")
    answer.add_etag()
    return answer.make_conditional(request)
