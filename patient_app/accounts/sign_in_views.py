"""Pages of signing in and out, of a forgotten password, and of the question "was it you?"."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

from flask import Response, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from patient_app.accounts import addresses, identity, resets, security, sessions
from patient_app.accounts import second_factor as factor
from patient_app.accounts import sign_in as signing
from patient_app.accounts.blueprint import bp
from patient_app.accounts.links import LinkUnusable
from patient_app.accounts.models import SecurityNotice
from patient_app.accounts.passwords import PasswordRefused, shortest
from patient_app.accounts.second_factor import CodeRefused
from patient_app.accounts.sign_in import SignInRefused
from patient_app.accounts.sign_in_forms import (
    CodeForm,
    ConfirmForm,
    ForgotForm,
    MailAnswerForm,
    NewPasswordForm,
    SecurityAnswerForm,
    SignInForm,
)
from patient_app.accounts.throttle import TooManyTries
from patient_app.core import clock, notices
from patient_app.core.access import Permission, access
from patient_app.core.forms import Form
from patient_app.core.i18n import moment_in_words
from patient_app.core.identity import Stage, viewer, viewer_or_none
from patient_app.core.pages import render_page

notices.register(
    "accounts.sign_in",
    "accounts.settings",
    signed_out=_l("You are signed out."),
    entries_open=_l("What was closed is open again."),
)
notices.register(
    "accounts.sign_in",
    link_undone=_l(
        "Your password from before works again, and the other device was signed out. Sign in and say if your e-mail "
        "address is right."
    ),
)
notices.register(
    "accounts.settings",
    code_fine=_l("Thank you. There is nothing else to do."),
    code_stopped=_l("That code no longer works. Call your practice if you did not ask for it."),
    code_undone=_l("Your password from before works again. The other device was signed out."),
)

GONE = 410
REFUSED = 422
SLOW_DOWN = 429
_LONGEST_ADDRESS = 1000
_MINUTE = 60
_A_FEW = 5


def local_path(text: str | None) -> str | None:
    """Return the address if it is a path of our own, else None: a link must not lead to another site by way of us."""
    if not text or len(text) > _LONGEST_ADDRESS or not text.startswith("/") or text.startswith("//"):
        return None
    if "\\" in text or any(ord(letter) <= ord(" ") for letter in text):
        return None
    parts = urlsplit(text)
    return None if parts.scheme or parts.netloc else text


def next_address() -> str:
    """Return where to go after this step: the page that was asked for, else the person's first page."""
    return local_path(request.args.get("next")) or url_for("home.start")


def in_words(moment: datetime, zone: str) -> str:
    """Return date and time as they are for the person."""
    return moment_in_words(moment.astimezone(clock.find_zone(zone) or UTC).replace(tzinfo=None))


def _next_argument() -> str | None:
    return local_path(request.args.get("next"))


def refuse_for_now(form: Form, field: str, template: str, tries: TooManyTries, **context: object) -> Response:
    """Show a form again with the time to wait beside a field."""
    if tries.seconds <= _A_FEW:
        wait = _("Wait a few seconds and try again.")
    elif tries.seconds <= _MINUTE:
        wait = ngettext("Wait %(num)s second and try again.", "Wait %(num)s seconds and try again.", tries.seconds)
    else:
        minutes = -(-tries.seconds // _MINUTE)
        wait = ngettext("Wait %(num)s minute and try again.", "Wait %(num)s minutes and try again.", minutes)
    form.add_error(field, _("There were many tries in a short time. %(wait)s", wait=wait))
    response = make_response(render_page(template, form=form, **context), SLOW_DOWN)
    response.headers["Retry-After"] = str(tries.seconds)
    return response


# ------------------------------------------------------------------------------------------------ signing in and out
@bp.get("/sign-in")
@access(Permission.PUBLIC)
def sign_in() -> ResponseReturnValue:
    """Ask for name and password; who is signed in goes on to where they wanted to go."""
    person = viewer_or_none()
    if person is not None and person.stage is Stage.FULL:
        return redirect(next_address(), 303)
    return render_page("accounts/sign_in.html", form=SignInForm(), next=_next_argument())


@bp.post("/sign-in")
@access(Permission.PUBLIC)
def do_sign_in() -> ResponseReturnValue:
    """Begin a session."""
    form, context = SignInForm(), {"next": _next_argument()}
    if not form.validate():
        return render_page("accounts/sign_in.html", form=form, **context), REFUSED
    try:
        signed_in = signing.sign_in(form.sign_in_name.data, form.password.data, identity.asking())
    except SignInRefused:
        form.add_error("password", _("Name and password do not match. Check both and try again."))
        return render_page("accounts/sign_in.html", form=form, **context), REFUSED
    except TooManyTries as tries:
        return refuse_for_now(form, "password", "accounts/sign_in.html", tries, **context, slowed=True)
    return identity.welcome(signed_in, next_address())


@bp.post("/sign-out")
@access(Permission.PUBLIC)
def sign_out() -> ResponseReturnValue:
    """End the session on the server and take the cookie back, whatever its state."""
    sessions.end_session_of_token(identity.asking().session_token)
    return identity.goodbye(url_for("accounts.sign_in", done="signed-out"))


# -------------------------------------------------------------------------------------------------- second factor
@bp.get("/sign-in/code")
@access(Permission.SECOND_FACTOR_FINISH)
def second_factor() -> ResponseReturnValue:
    """Ask for the code of the second factor."""
    if viewer().stage is Stage.ENROL_SECOND_FACTOR:
        return redirect(url_for("accounts.enrol_second_factor", next=_next_argument()), 303)
    return render_page("accounts/second_factor.html", form=CodeForm(), next=_next_argument())


@bp.post("/sign-in/code")
@access(Permission.SECOND_FACTOR_FINISH)
def do_second_factor() -> ResponseReturnValue:
    """Finish a sign-in by a code."""
    form, context = CodeForm(), {"next": _next_argument()}
    if not form.validate():
        return render_page("accounts/second_factor.html", form=form, **context), REFUSED
    try:
        signed_in = signing.finish(viewer(), form.code.data, identity.asking())
    except CodeRefused:
        form.add_error("code", _("This code does not work. Wait for the next one and type it."))
        return render_page("accounts/second_factor.html", form=form, **context), REFUSED
    except TooManyTries as tries:
        return refuse_for_now(form, "code", "accounts/second_factor.html", tries, **context)
    return identity.welcome(signed_in, next_address())


@bp.get("/sign-in/set-up")
@access(Permission.SECOND_FACTOR_FINISH)
def enrol_second_factor() -> ResponseReturnValue:
    """Show what to put into an app at a first sign-in."""
    if viewer().stage is Stage.SECOND_FACTOR:
        return redirect(url_for("accounts.second_factor", next=_next_argument()), 303)
    offer = factor.offer(viewer())
    return render_page("accounts/enrol.html", form=CodeForm(), offer=offer, next=_next_argument())


@bp.post("/sign-in/set-up")
@access(Permission.SECOND_FACTOR_FINISH)
def do_enrol_second_factor() -> ResponseReturnValue:
    """Turn the second factor on and finish the sign-in."""
    if viewer().stage is Stage.SECOND_FACTOR:
        return redirect(url_for("accounts.second_factor", next=_next_argument()), 303)
    form = CodeForm()
    context = {"offer": factor.offer(viewer()), "next": _next_argument()}
    if not form.validate():
        return render_page("accounts/enrol.html", form=form, **context), REFUSED
    try:
        signed_in = signing.finish_enrolment(viewer(), form.code.data, identity.asking())
    except CodeRefused:
        form.add_error("code", _("This code does not work. Wait for the next one and type it."))
        return render_page("accounts/enrol.html", form=form, **context), REFUSED
    return identity.welcome(signed_in, next_address())


# ------------------------------------------------------------------------------------------------ showing who it is
@bp.get("/confirm")
@access(Permission.ACCOUNT_MANAGE)
def confirm() -> ResponseReturnValue:
    """Ask for the password again before something that matters."""
    asks_code = factor.has_second_factor(viewer())
    return render_page("accounts/confirm.html", form=ConfirmForm(), asks_code=asks_code, next=_next_argument())


@bp.post("/confirm")
@access(Permission.ACCOUNT_MANAGE)
def do_confirm() -> ResponseReturnValue:
    """Take the password again; the session goes on under a new token."""
    form = ConfirmForm()
    context = {"asks_code": factor.has_second_factor(viewer()), "next": _next_argument()}
    if not form.validate():
        return render_page("accounts/confirm.html", form=form, **context), REFUSED
    try:
        signed_in = signing.confirm(viewer(), form.password.data, form.code.data or "", identity.asking())
    except SignInRefused:
        form.add_error("password", _("That did not match. Check it and try again."))
        return render_page("accounts/confirm.html", form=form, **context), REFUSED
    except TooManyTries as tries:
        return refuse_for_now(form, "password", "accounts/confirm.html", tries, **context)
    return identity.welcome(signed_in, next_address())


# ------------------------------------------------------------------------------------------------ a forgotten password
@bp.get("/forgot")
@access(Permission.PUBLIC)
def forgot() -> ResponseReturnValue:
    """Ask for which name a new password is wanted; or say what happens next."""
    return render_page("accounts/forgot.html", form=ForgotForm(), asked="asked" in request.args)


@bp.post("/forgot")
@access(Permission.PUBLIC)
def do_forgot() -> ResponseReturnValue:
    """Note the wish. The answer is the same whoever asks for whomever."""
    form = ForgotForm()
    if not form.validate():
        return render_page("accounts/forgot.html", form=form, asked=False), REFUSED
    try:
        resets.ask(form.sign_in_name.data, identity.asking().network)
    except TooManyTries as tries:
        return refuse_for_now(form, "sign_in_name", "accounts/forgot.html", tries, asked=False)
    return redirect(url_for("accounts.forgot", asked=1), 303)


@bp.get("/reset/<token>")
@access(Permission.PUBLIC)
def reset(token: str) -> ResponseReturnValue:
    """Ask for a new password. Looking at the page uses nothing up: mail scanners look at every link."""
    try:
        role = resets.role_of_link(token)
    except LinkUnusable:
        return show_gone()
    return render_page("accounts/reset.html", form=NewPasswordForm(), token=token, shortest=shortest(role))


@bp.post("/reset/<token>")
@access(Permission.PUBLIC)
def do_reset(token: str) -> ResponseReturnValue:
    """Set a new password by a link from an e-mail."""
    form = NewPasswordForm()
    try:
        context = {"token": token, "shortest": shortest(resets.role_of_link(token))}
    except LinkUnusable:
        return show_gone()
    if not form.validate():
        return render_page("accounts/reset.html", form=form, **context), REFUSED
    try:
        signed_in = resets.reset(token, form.new_password.data, identity.asking())
    except LinkUnusable:
        return show_gone()
    except PasswordRefused as refused:
        form.add_error("new_password", refused.message)
        return render_page("accounts/reset.html", form=form, **context), REFUSED
    return identity.welcome(signed_in, url_for("home.start"))


def show_gone() -> ResponseReturnValue:
    """Say that a link no longer works."""
    return render_page("accounts/link_gone.html"), GONE


# ------------------------------------------------------------------------------------------------ after a clinic code
@bp.get("/open-entries/<token>")
@access(Permission.PUBLIC)
def open_entries(token: str) -> ResponseReturnValue:
    """Show the button that opens older entries, and the one that takes a reset back; looking changes nothing."""
    try:
        asks, is_patient = security.may_be_taken_back(token), security.is_of_patient(token)
    except LinkUnusable:
        return show_gone()
    return render_page(
        "accounts/open_entries.html", form=MailAnswerForm(), token=token, asks=asks, is_patient=is_patient
    )


@bp.post("/open-entries/<token>")
@access(Permission.PUBLIC)
def do_open_entries(token: str) -> ResponseReturnValue:
    """Open older entries, or take a reset back: who reads the person's mail says whether it was them.

    Who is signed in comes to their devices, where those from before can be signed out from now on.
    """
    form = MailAnswerForm()
    try:
        asks = security.may_be_taken_back(token)
        if not form.validate() or (asks and form.answer.data is None):
            return redirect(url_for("accounts.open_entries", token=token), 303)
        if form.answer.data == "not-me":
            security.take_back_by_mail(token)
            return redirect(url_for("accounts.sign_in", done="link-undone"), 303)
        security.open_entries(token)
    except LinkUnusable:
        return show_gone()
    if viewer_or_none() is not None:
        return redirect(url_for("accounts.settings", done="entries-open"), 303)
    return redirect(url_for("accounts.sign_in", done="entries-open"), 303)


@bp.get("/security-notice")
@access(Permission.SECURITY_ANSWER)
def security_notice() -> ResponseReturnValue:
    """Ask whether it was the person for whom a code was issued, or who used it."""
    notice = viewer().security_notice
    if notice is None:
        return redirect(url_for("accounts.settings"), 303)
    if notice == addresses.NOTICE:
        return redirect(url_for("accounts.email_notice"), 303)
    happened = security.what_happened(viewer())
    return render_page(
        "accounts/security_notice.html",
        form=SecurityAnswerForm(about=notice),
        notice_kind=notice,
        when=None if happened.at is None else in_words(happened.at, viewer().zone),
        by=happened.by,
    )


@bp.post("/security-notice")
@access(Permission.SECURITY_ANSWER)
def do_security_notice() -> ResponseReturnValue:
    """Accept what happened, or take it back."""
    form = SecurityAnswerForm()
    notice = form.asked_about
    if notice is None or not form.validate() or form.answer.data is None:
        return redirect(url_for("accounts.security_notice"), 303)
    try:
        if form.answer.data == "me":
            security.it_was_me(viewer(), notice)
            return redirect(url_for("accounts.settings", done="code-fine"), 303)
        security.it_was_not_me(viewer(), notice)
    except security.NothingToAnswer:  # By now the page would ask something else.
        return redirect(url_for("accounts.security_notice"), 303)
    done = "code-undone" if notice is SecurityNotice.CODE_USED else "code-stopped"
    return redirect(url_for("accounts.settings", done=done), 303)
