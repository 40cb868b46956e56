"""Pages of the settings: devices, password, second factor, language and time."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from patient_app.accounts import identity, names, preferences, resets, sessions
from patient_app.accounts import second_factor as factor
from patient_app.accounts.blueprint import bp
from patient_app.accounts.models import DeviceSession
from patient_app.accounts.passwords import PasswordRefused, shortest
from patient_app.accounts.second_factor import CodeRefused, NotYet, SecondFactorNeeded
from patient_app.accounts.settings_forms import CalledForm, PasswordForm, PreferencesForm
from patient_app.accounts.sign_in import SignInRefused
from patient_app.accounts.sign_in_forms import CodeForm
from patient_app.accounts.sign_in_views import REFUSED, in_words, refuse_for_now
from patient_app.accounts.throttle import TooManyTries
from patient_app.core import clock, notices
from patient_app.core.access import Permission, access
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer, viewer
from patient_app.core.pages import render_page
from patient_app.core.roles import Role

notices.register(
    "accounts.settings",
    device_ended=_l("That device is signed out."),
    devices_ended=_l("Your other devices are signed out."),
    password_changed=_l("Your password is changed. Your other devices are signed out."),
    second_factor_on=_l("From now on we also ask for a code when you sign in."),
    second_factor_off=_l("We no longer ask for a code when you sign in."),
    preferences_kept=_l("Your choice is kept."),
    called_kept=_l("Saved. From now on others see it."),
)


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device as the settings show it."""

    id: uuid.UUID
    label: str
    last_used: str
    signed_in: str
    is_this: bool
    may_end: bool


def _device(row: DeviceSession, person: Viewer, earliest: datetime | None) -> DeviceView:
    return DeviceView(
        id=row.id,
        label=row.browser or _("A device"),
        last_used=in_words(row.last_seen_at, person.zone),
        signed_in=in_words(row.created_at, person.zone),
        is_this=row.id == person.session_id,
        may_end=sessions.may_end(person, row, earliest),
    )


# ----------------------------------------------------------------------------------------------------------- devices
@bp.get("/settings")
@access(Permission.ACCOUNT_MANAGE)
def settings() -> ResponseReturnValue:
    """Show the devices that are signed in, and what can be changed."""
    person = viewer()
    earliest = sessions.newer_than_code(person)
    devices = [_device(row, person, earliest) for row in sessions.sessions_of(person.id)]
    closed_until = person.entries_closed_until
    return render_page(
        "accounts/settings.html",
        devices=devices,
        has_second_factor=factor.has_second_factor(person),
        called=names.address_of(person).called or person.name if person.role is not Role.PATIENT else "",
        closed_until=None if closed_until is None else in_words(closed_until, person.zone),
        closed_without_end=closed_until == clock.NO_END,
    )


@bp.post("/settings/devices/<uuid:session_id>/end")
@access(Permission.ACCOUNT_MANAGE)
def end_device(session_id: uuid.UUID) -> ResponseReturnValue:
    """Sign out one device; this one too, if it is the one that was meant."""
    person = viewer()
    sessions.end_session(session_id, person.id, begun_since=sessions.newer_than_code(person))
    if session_id == person.session_id:
        return identity.goodbye(url_for("accounts.sign_in", done="signed-out"))
    return redirect(url_for("accounts.settings", done="device-ended"), 303)


@bp.post("/settings/devices/end-others")
@access(Permission.ACCOUNT_MANAGE)
def end_other_devices() -> ResponseReturnValue:
    """Sign out all devices but this one."""
    person = viewer()
    sessions.end_other_sessions(person.id, person.session_id, begun_since=sessions.newer_than_code(person))
    return redirect(url_for("accounts.settings", done="devices-ended"), 303)


# ---------------------------------------------------------------------------------------------------------- password
@bp.get("/settings/password")
@access(Permission.ACCOUNT_MANAGE)
def password() -> ResponseReturnValue:
    """Ask for the password of now and the new one."""
    return render_page("accounts/settings_password.html", form=PasswordForm(), **_password_context())


def _password_context() -> dict[str, object]:
    return {"shortest": shortest(viewer().role), "asks_code": factor.has_second_factor(viewer())}


@bp.post("/settings/password")
@access(Permission.ACCOUNT_MANAGE)
def do_password() -> ResponseReturnValue:
    """Change the password; other devices are signed out."""
    form, context = PasswordForm(), _password_context()
    template = "accounts/settings_password.html"
    if not form.validate():
        return render_page(template, form=form, **context), REFUSED
    try:
        signed_in = resets.change_password(
            viewer(), form.current_password.data, form.new_password.data, form.code.data or "", identity.asking()
        )
    except PasswordRefused as refused:
        form.add_error("new_password", refused.message)
        return render_page(template, form=form, **context), REFUSED
    except SignInRefused:
        form.add_error("current_password", _not_right(has_code=bool(context["asks_code"])))
        return render_page(template, form=form, **context), REFUSED
    except TooManyTries as tries:
        return refuse_for_now(form, "current_password", template, tries, **context)
    return identity.welcome(signed_in, url_for("accounts.settings", done="password-changed"))


def _not_right(*, has_code: bool) -> str:
    if has_code:
        return _("The password or the code did not match. Check both and try again.")
    return _("This is not the password you have now. Try again.")


# ----------------------------------------------------------------------------------------------------- second factor
@bp.get("/settings/second-factor")
@access(Permission.ACCOUNT_MANAGE, step_up=True)
def second_factor_settings() -> ResponseReturnValue:
    """Show whether a code is asked for, and how to change that."""
    return render_page("accounts/settings_second_factor.html", form=CodeForm(), **_second_factor_context())


@bp.post("/settings/second-factor")
@access(Permission.ACCOUNT_MANAGE, step_up=True)
def do_second_factor_on() -> ResponseReturnValue:
    """Turn the second factor on, once a code proves that the app is set up."""
    form, context = CodeForm(), _second_factor_context()
    if not form.validate():
        return render_page("accounts/settings_second_factor.html", form=form, **context), REFUSED
    try:
        factor.turn_on(viewer(), form.code.data)
    except CodeRefused:
        form.add_error("code", _("This code does not work. Wait for the next one and type it."))
    except NotYet:
        form.add_error("code", _("This can be changed when your entries are open again."))
    else:
        return redirect(url_for("accounts.settings", done="second-factor-on"), 303)
    return render_page("accounts/settings_second_factor.html", form=form, **context), REFUSED


@bp.post("/settings/second-factor/off")
@access(Permission.ACCOUNT_MANAGE, step_up=True)
def do_second_factor_off() -> ResponseReturnValue:
    """Turn the second factor off, by a code of it; staff cannot."""
    form, context = CodeForm(), _second_factor_context()
    template = "accounts/settings_second_factor.html"
    if context["may_turn_off"] and not form.validate():
        return render_page(template, form=form, **context), REFUSED
    try:
        factor.turn_off(viewer(), form.code.data or "", identity.asking().device_token)
    except CodeRefused:
        form.add_error("code", _("This code does not work. Wait for the next one and type it."))
        return render_page(template, form=form, **context), REFUSED
    except TooManyTries as tries:
        return refuse_for_now(form, "code", template, tries, **context)
    except (NotYet, SecondFactorNeeded):
        return render_page(template, form=CodeForm(formdata=None), **context), REFUSED
    return redirect(url_for("accounts.settings", done="second-factor-off"), 303)


def _second_factor_context() -> dict[str, object]:
    person = viewer()
    is_on = factor.has_second_factor(person)
    return {
        "is_on": is_on,
        "may_turn_off": not person.role.is_staff,
        "not_yet": person.entries_closed_from is not None,
        "offer": None if is_on else factor.offer(person),
    }


# -------------------------------------------------------------------------------------------------- how one is called
@bp.get("/settings/called")
@access(Permission.NAME_CHOOSE)
def called() -> ResponseReturnValue:
    """Ask somebody on the staff, or a supporter, how they want to be called; not while it is in question who asks."""
    person = viewer()
    is_open = person.entries_closed_from is None
    return _called_page(CalledForm.of(person, names.address_of(person)) if is_open else None)


@bp.post("/settings/called")
@access(Permission.NAME_CHOOSE)
def do_called() -> ResponseReturnValue:
    """Keep how somebody wants to be called; both fields may be empty."""
    person = viewer()
    form = CalledForm.of(person, names.Address())
    if not form.validate():
        return _called_page(form), REFUSED
    try:
        names.choose(person, form.address())
    except NotFound:
        return _called_page(None), REFUSED
    return redirect(url_for("accounts.settings", done="called-kept"), 303)


def _called_page(form: CalledForm | None) -> str:
    return render_page("accounts/settings_called.html", form=form)


# ------------------------------------------------------------------------------------------------- language and time
@bp.get("/settings/language")
@access(Permission.ACCOUNT_MANAGE)
def language() -> ResponseReturnValue:
    """Show language, time zone and the start of the day."""
    form = PreferencesForm.of(viewer())
    form.show(viewer())
    return render_page("accounts/settings_language.html", form=form)


@bp.post("/settings/language")
@access(Permission.ACCOUNT_MANAGE)
def do_language() -> ResponseReturnValue:
    """Keep language, time zone and the start of the day."""
    form = PreferencesForm.of(viewer())
    if not form.validate():
        return render_page("accounts/settings_language.html", form=form), REFUSED
    preferences.set_preferences(viewer(), form.to_preferences(viewer()))
    return redirect(url_for("accounts.settings", done="preferences-kept"), 303)
