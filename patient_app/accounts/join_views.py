"""Pages for joining: by a link from an e-mail, or by a code handed over in the clinic (which may also be scanned)."""

from __future__ import annotations

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from patient_app.accounts import codes, identity, invitations, people, sessions, throttle
from patient_app.accounts import sign_in as signing
from patient_app.accounts.blueprint import bp
from patient_app.accounts.invitations import SignInNameNeeded
from patient_app.accounts.join_forms import CodeForm, JoinForm, NamedJoinForm
from patient_app.accounts.links import LinkUnusable
from patient_app.accounts.models import Person
from patient_app.accounts.passwords import PasswordRefused
from patient_app.accounts.sign_in_views import GONE, REFUSED, refuse_for_now
from patient_app.core import notices
from patient_app.core.access import Permission, access
from patient_app.core.identity import Stage, Viewer, viewer, viewer_or_none
from patient_app.core.pages import render_page
from patient_app.core.roles import Role

notices.register(
    "supporting.overview",
    support_accepted=_l("Thank you. The person who invited you has to say yes once more before you see anything."),
)

CONFLICT = 409
# Reasons to show the form again with a message; nothing was used up.
_REASONS = (PasswordRefused, SignInNameNeeded, people.SignInNameTaken)


# -------------------------------------------------------------------------------------------------------- by a code
@bp.get("/join")
@access(Permission.PUBLIC)
def join() -> ResponseReturnValue:
    """Ask for a code from the clinic."""
    if _signed_in() is not None:
        return render_page("accounts/join_signed_in.html"), CONFLICT
    return render_page("accounts/join_code.html", form=CodeForm())


@bp.post("/join")
@access(Permission.PUBLIC)
def join_by_code() -> ResponseReturnValue:
    """Join, or set a new password, by a code."""
    if _signed_in() is not None:
        return render_page("accounts/join_signed_in.html"), CONFLICT
    form = CodeForm()
    if not form.validate():
        return render_page("accounts/join_code.html", form=form), REFUSED
    try:
        throttle.reserve_or_refuse([throttle.network_bucket(throttle.Kind.JOIN, identity.asking().network)])
        redeemed = codes.redeem(form.code.data, sign_in_name=form.sign_in_name.data or "", password=form.password.data)
    except throttle.TooManyTries as tries:
        return refuse_for_now(form, "code", "accounts/join_code.html", tries)
    except codes.CodeUnusable:
        form.add_error("code", gettext("This code does not work. Check it, or ask for a new one."))
        return render_page("accounts/join_code.html", form=form), REFUSED
    except _REASONS as reason:
        _show_reason(form, reason)
        return render_page("accounts/join_code.html", form=form), REFUSED
    return _welcome(redeemed.person)


# -------------------------------------------------------------------------------------------------------- by a link
@bp.get("/join/<token>")
@access(Permission.PUBLIC)
def join_link(token: str) -> ResponseReturnValue:
    """Show an invitation, or the form for a scanned code. Looking uses nothing up: mail scanners open every link."""
    person = _signed_in()
    letters = codes.read_code(token)
    if letters is not None:
        return _show_code(letters) if person is None else (render_page("accounts/join_signed_in.html"), CONFLICT)
    try:
        form = _form_of(token)
    except LinkUnusable:
        return render_page("accounts/join_unusable.html"), GONE
    if person is None:
        return render_page("accounts/join.html", form=form, token=token)
    if _may_accept(person, form):
        return render_page("accounts/join_accept.html", token=token)
    return render_page("accounts/join_signed_in.html"), CONFLICT


def _may_accept(person: Viewer, form: JoinForm) -> bool:
    """Whether somebody who is signed in can take this link with the account they have."""
    return person.role is Role.SUPPORTER and isinstance(form, NamedJoinForm)


def _show_code(letters: str) -> ResponseReturnValue:
    """Show the form with the code filled in. Whether it works is not said: only a try, which is counted, tells."""
    form = CodeForm()
    form.code.data = codes.in_groups(letters)
    return render_page("accounts/join_code.html", form=form)


@bp.post("/join/<token>")
@access(Permission.PUBLIC)
def join_by_link(token: str) -> ResponseReturnValue:
    """Use an invitation: make the account, or tie a supporter who is signed in. Takes codes too."""
    if codes.read_code(token) is not None:
        return join_by_code()
    try:
        person = _signed_in()
        return _join(token) if person is None else _accept(person, token)
    except LinkUnusable:
        return render_page("accounts/join_unusable.html"), GONE


def _join(token: str) -> ResponseReturnValue:
    form = _form_of(token)
    if not form.validate():
        return render_page("accounts/join.html", form=form, token=token), REFUSED
    own_name = form.own_name.data if isinstance(form, NamedJoinForm) else ""
    tries_of = [
        # A name that is taken has to be said; who holds a link must not try out a list of names with it.
        throttle.link_bucket(token),
        throttle.network_bucket(throttle.Kind.JOIN, identity.asking().network),
    ]
    try:
        throttle.reserve_or_refuse(tries_of)
        joined = invitations.join(
            token, sign_in_name=form.sign_in_name.data or "", password=form.password.data, own_name=own_name
        )
    except throttle.TooManyTries as tries:
        return refuse_for_now(form, "password", "accounts/join.html", tries, token=token)
    except _REASONS as reason:
        _show_reason(form, reason)
        return render_page("accounts/join.html", form=form, token=token), REFUSED
    return _welcome(joined)


def _accept(person: Viewer, token: str) -> ResponseReturnValue:
    if not _may_accept(person, _form_of(token)):
        return render_page("accounts/join_signed_in.html"), CONFLICT
    invitations.accept_as(person, token)
    return redirect(url_for("supporting.overview", done="support-accepted"), 303)


# -------------------------------------------------------------------------------------------------------- afterwards
@bp.get("/joined")
@access(Permission.ACCOUNT_MANAGE)
def joined() -> ResponseReturnValue:
    """Tell who just joined, or chose a password by a code, with which name they sign in from now on."""
    person = viewer()
    others, earliest = sessions.others_of(person), sessions.newer_than_code(person)
    return render_page(
        "accounts/joined.html",
        sign_in_name=people.sign_in_name_of(person),
        entries_closed=person.entries_closed_until is not None,
        others=others,
        may_end=[other for other in others if sessions.may_end(person, other, earliest)],
    )


def _welcome(person: Person) -> ResponseReturnValue:
    """Sign in on this device. Staff go on to the set-up of their second factor, whatever page is next."""
    return identity.welcome(signing.begin(person, identity.asking()), url_for("accounts.joined"))


def _signed_in() -> Viewer | None:
    person = viewer_or_none()
    return person if person is not None and person.stage is Stage.FULL else None


def _form_of(token: str) -> JoinForm:
    return NamedJoinForm() if invitations.look_at(token).asks_name else JoinForm()


def _show_reason(form: JoinForm, reason: Exception) -> None:
    if isinstance(reason, PasswordRefused):
        form.add_error("password", reason.message)
    elif isinstance(reason, SignInNameNeeded):
        form.add_error("sign_in_name", gettext("Pick a name to sign in with. We have no e-mail address for you."))
    else:
        form.add_error("sign_in_name", gettext("Pick another sign-in name."))
