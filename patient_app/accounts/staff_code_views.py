"""Pages for staff whose account a code from the clinic was made for: confirm it by mail, and why nothing opens yet."""

from __future__ import annotations

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from patient_app.accounts import codes, links
from patient_app.accounts.blueprint import bp
from patient_app.accounts.links import LinkUnusable
from patient_app.accounts.models import LinkPurpose
from patient_app.accounts.sign_in_views import in_words, show_gone
from patient_app.core.access import Permission, access
from patient_app.core.identity import viewer
from patient_app.core.pages import render_page

CLOSED = 403


@bp.get("/confirm-code/<token>")
@access(Permission.PUBLIC)
def confirm_own_code(token: str) -> ResponseReturnValue:
    """Show the button that confirms a code by the owner's mail; looking changes nothing."""
    if links.find_link(token, LinkPurpose.CONFIRM_CODE) is None:
        return show_gone()
    return render_page("accounts/confirm_code.html", token=token, done=False)


@bp.post("/confirm-code/<token>")
@access(Permission.PUBLIC)
def do_confirm_own_code(token: str) -> ResponseReturnValue:
    """Confirm a code: who reads the owner's mail says that it is right."""
    try:
        codes.confirm_by_mail(token)
    except LinkUnusable:
        return show_gone()
    return render_page("accounts/confirm_code.html", token=token, done=True)


@bp.get("/closed-for-now")
@access(Permission.ACCOUNT_MANAGE)
def closed_for_now() -> ResponseReturnValue:
    """Say why staff who came in by a code see nothing of their patients yet, and how it opens."""
    person = viewer()
    if person.entries_closed_until is None:
        return redirect(url_for("home.start"), 303)
    when = in_words(person.entries_closed_until, person.zone)
    return render_page("accounts/closed_for_now.html", when=when), CLOSED
