"""The page about messages to a person's devices, and what browsers and notifications send."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import Response, abort, json, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import RequestEntityTooLarge

from patient_app.accounts import sessions
from patient_app.accounts.sign_in_views import in_words
from patient_app.core import clock, keeping, letterbox, notices, outbox, work
from patient_app.core.access import Permission, access
from patient_app.core.config import Config
from patient_app.core.identity import Viewer, viewer
from patient_app.core.outbox import Item, Refused
from patient_app.core.pages import render_page
from patient_app.push import actions, allowed, service, trying
from patient_app.push.actions import Over, Unclear
from patient_app.push.blueprint import bp
from patient_app.push.devices import Device
from patient_app.push.messages import Notice
from patient_app.push.outcomes import Result
from patient_app.push.service import Known, NotNow, Offered, State

__all__ = ["bp"]

LARGEST_BODY = 16 * 1024
JSON = "application/json"
_LONGEST_KEY = 200
_OVER = _l("That reminder is over, so nothing was saved for it. You can still log it yourself.")
_TRIED = {
    Result.ACCEPTED: "test-sent",
    Result.GONE: "test-gone",
    Result.LATER: "test-later",
    Result.REFUSED: "test-refused",
}

notices.register(
    "push.notifications",
    notifications_off=_l("Nothing is sent to that device any more."),
    test_sent=_l("A test is on its way. It will be there soon."),
    test_gone=_l("That device is not reached from here any more. Open the app there and turn it on again."),
    test_later=_l("The test could not be sent just now. That is not your fault. Try again in a few minutes."),
    test_refused=_l("The test was not taken. That is our fault, not yours. Please tell the practice."),
    test_soon=_l("A test was sent there a moment ago. Wait a little before the next one."),
)
notices.register("home.today", reminder_over=_OVER)


def init_app(config: Config) -> None:
    """Refuse a setting that cannot be used before anything starts. Raise `ConfigError`."""
    allowed.read(config.push_services)


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device as the page shows it."""

    id: uuid.UUID
    label: str
    is_this: bool
    last_seen: str
    last_success: str | None
    is_silent: bool


def _shown(device: Device, person: Viewer, moment: datetime) -> DeviceView:
    reached = device.last_success_at
    return DeviceView(
        id=device.id,
        label=device.browser or _("A device"),
        is_this=device.session_id == person.session_id,
        last_seen=in_words(device.last_seen_at, person.zone),
        last_success=None if reached is None else in_words(reached, person.zone),
        is_silent=device.is_silent(moment),
    )


# --- the page ----------------------------------------------------------------------------------------------------


@bp.get("/settings/notifications")
@access(Permission.NOTIFICATIONS_MANAGE)
def notifications() -> ResponseReturnValue:
    """Tell what a notification is here, let this browser ask for them, and show the devices that get them."""
    person, moment = viewer(), clock.now()
    return render_page(
        "push/notifications.html",
        devices=[_shown(device, person, moment) for device in service.own_devices(person)],
        key=service.newest_key(),
        not_yet=person.entries_closed_from is not None,
        is_shared=keeping.device_is_shared(),
    )


@bp.post("/settings/notifications/<uuid:device_id>/off")
@access(Permission.NOTIFICATIONS_MANAGE)
def turn_off(device_id: uuid.UUID) -> ResponseReturnValue:
    """Send nothing to a device any more."""
    service.turn_off(viewer(), device_id)
    return redirect(url_for("push.notifications", done="notifications-off"), 303)


@bp.post("/settings/notifications/<uuid:device_id>/test")
@access(Permission.NOTIFICATIONS_MANAGE, reads=True)
def send_test(device_id: uuid.UUID) -> ResponseReturnValue:
    """Send a message to a device now."""
    notice = Notice(
        title=_("Reminder"),
        body=_("This is a test. Reminders look like this."),
        path=url_for("push.notifications"),
        tag="test",
        language=viewer().language,
    )
    try:
        word = _TRIED[trying.send_test(viewer(), device_id, notice)]
    except trying.TooSoon:
        word = "test-soon"
    return redirect(url_for("push.notifications", done=word), 303)


# --- what a browser says of its subscription ------------------------------------------------------------------------


def _signed_out() -> ResponseReturnValue:
    """Answer a script of who is not signed in, or not fully."""
    return _answer({"result": "signed-out"}), HTTPStatus.UNAUTHORIZED


@bp.post("/settings/notifications/device")
@access(Permission.NOTIFICATIONS_MANAGE, turned_away=_signed_out)
def tell_of_device() -> ResponseReturnValue:
    """Take a browser's subscription: asked for just now (`on`), still there (`seen`), or made anew (`renewed`)."""
    what, before, offered = _told()
    browser = sessions.browser_label(request.headers.get("User-Agent", ""))
    try:
        if what == "on":
            known = service.turn_on(viewer(), offered, browser)
        elif what == "seen":
            known = service.seen(viewer(), offered, browser)
        else:
            known = service.renewed(viewer(), before, offered, browser)
    except service.Refused:
        return _answer({"result": "refused"}), HTTPStatus.UNPROCESSABLE_ENTITY
    except NotNow:
        known = Known(State.OFF)
    return _answer(
        {
            "result": known.state.value,
            "device": str(known.device_id) if known.device_id else None,
            "key": service.newest_key(),
            "letterbox": letterbox.public_key(),
        }
    )


def _told() -> tuple[str, str | None, Offered]:
    """Return what was sent; 415 or 422 for anything that our scripts do not send."""
    if request.mimetype != JSON:
        abort(415)
    request.max_content_length = LARGEST_BODY
    try:
        sent = json.loads(request.get_data())
        what, before = sent["do"], sent.get("before")
        offered = Offered(*(_text(sent[name], longest) for name, longest in _FIELDS))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, RequestEntityTooLarge):
        abort(422)
    if not isinstance(what, str) or what not in _WORDS or not (before is None or isinstance(before, str)):
        abort(422)
    return what, before, offered


_WORDS = frozenset({"on", "seen", "renewed"})
_FIELDS = (
    ("endpoint", allowed.LONGEST_ENDPOINT),
    ("p256dh", _LONGEST_KEY),
    ("auth", _LONGEST_KEY),
    ("key", _LONGEST_KEY),
)


def _text(value: object, longest: int) -> str:
    if not isinstance(value, str) or len(value) > longest:
        raise ValueError
    return value


# --- what is done on a notification ---------------------------------------------------------------------------------


@bp.post("/reminders/act")
@access(Permission.NOTIFICATIONS_MANAGE, turned_away=_signed_out)
def act() -> ResponseReturnValue:
    """Do what was tapped on a notification: its token says what for, and the session that it is still this person's."""
    person = viewer()
    try:
        tap = actions.read(request.form)
        moment = clock.moment(clock.now(), person.zone, person.day_start_minutes)
        done = actions.take(person, tap, moment)
    except Unclear:
        return _answer({"result": "malformed"}), HTTPStatus.UNPROCESSABLE_ENTITY
    except Over:
        work.end()  # Nothing is stored of what is not done.
        return _answer({"result": "over"}), HTTPStatus.GONE
    return _answer({"result": "stored", "next": done})


@bp.get("/reminders/act")
@access(Permission.NOTIFICATIONS_MANAGE)
def look_at_act() -> ResponseReturnValue:
    """Lead on from a tap that waits and cannot be changed: what it was about can be logged by hand."""
    return redirect(url_for("home.today", done="reminder-over"), 303)


def take_act(patient: Viewer, item: Item) -> str:
    """Do what was tapped without a network, as of when it was tapped."""
    try:
        tap = actions.read(item.fields)
        if actions.was_done(patient, tap):
            return actions.SAME_AGAIN
        return actions.take(patient, tap, item.moment(patient), item)
    except (Over, Unclear):
        raise Refused([("", _OVER)]) from None


outbox.register("push.act", take_act)


def _answer(told: dict[str, Any]) -> Response:
    return Response(json.dumps(told), content_type=JSON)
