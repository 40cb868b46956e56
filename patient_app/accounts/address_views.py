"""The page on which a person says whether the e-mail address that staff set is right."""

from __future__ import annotations

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField

from patient_app.accounts import addresses
from patient_app.accounts.blueprint import bp
from patient_app.core import notices
from patient_app.core.access import Permission, access
from patient_app.core.forms import ChoiceField, Form
from patient_app.core.identity import viewer
from patient_app.core.pages import render_page

notices.register(
    "accounts.settings",
    email_right=_l("Thank you. There is nothing else to do."),
    email_taken_back=_l("That address was taken out of your account. Links sent there no longer work."),
)


class EmailAnswerForm(Form):
    """Is it right? The hidden field names the change that the page asked about: by now there may be another one."""

    about = HiddenField()
    answer = ChoiceField(_l("Is it right?"), [("right", _l("It is right")), ("wrong", _l("It is not right"))])


@bp.get("/email-notice")
@access(Permission.ACCOUNT_MANAGE)
def email_notice() -> ResponseReturnValue:
    """Ask whether the e-mail address that staff set is right."""
    try:
        question = addresses.question(viewer())
    except addresses.NothingToAnswer:
        return redirect(url_for("accounts.settings"), 303)
    return render_page("accounts/email_notice.html", form=EmailAnswerForm(about=question.asked), question=question)


@bp.post("/email-notice")
@access(Permission.ACCOUNT_MANAGE)
def do_email_notice() -> ResponseReturnValue:
    """Keep the address, or take it back."""
    form = EmailAnswerForm()
    if not form.validate() or form.answer.data is None:
        return redirect(url_for("accounts.email_notice"), 303)
    asked = form.about.data or ""
    try:
        if form.answer.data == "right":
            addresses.it_is_right(viewer(), asked)
            return redirect(url_for("accounts.settings", done="email-right"), 303)
        addresses.it_is_wrong(viewer(), asked)
    except addresses.NothingToAnswer:  # By now the page would ask something else.
        return redirect(url_for("accounts.email_notice"), 303)
    return redirect(url_for("accounts.settings", done="email-taken-back"), 303)
