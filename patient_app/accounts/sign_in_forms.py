"""Forms of signing in."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField

from patient_app.accounts.models import SecurityNotice
from patient_app.core.forms import ChoiceField, Form, secret_text, short_text

_CODE = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}
_NAME = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}


def app_code() -> StringField:
    """Return the field for a code where only some people have a second factor."""
    return short_text(_l("Code"), description=_l("The 6 digits that your app shows now."), render_kw=_CODE)


class SignInForm(Form):
    """Name and password."""

    sign_in_name = short_text(
        _l("E-mail or sign-in name"), needed=_l("Type your e-mail or sign-in name."), render_kw=_NAME
    )
    password = secret_text(_l("Password"), needed=_l("Type your password."), autocomplete="current-password")


class CodeForm(Form):
    """A code of the second factor."""

    code = short_text(
        _l("Code"),
        needed=_l("Type the 6 digits from your app."),
        description=_l("The 6 digits that your app shows now."),
        render_kw=_CODE,
    )


class ConfirmForm(Form):
    """The password again; with a code, where the person has a second factor."""

    password = secret_text(_l("Password"), needed=_l("Type your password."), autocomplete="current-password")
    code = app_code()


class ForgotForm(Form):
    """The name for which a new password is wanted."""

    sign_in_name = short_text(
        _l("E-mail or sign-in name"), needed=_l("Type your e-mail or sign-in name."), render_kw=_NAME
    )


class NewPasswordForm(Form):
    """A new password."""

    new_password = secret_text(_l("New password"), needed=_l("Choose a password."), autocomplete="new-password")


class MailAnswerForm(Form):
    """Was it you? Where only opening is offered, nothing is sent."""

    answer = ChoiceField(_l("Was it you?"), [("me", _l("It was me")), ("not-me", _l("It was not me"))])


class SecurityAnswerForm(Form):
    """Was it you? The hidden field says what the page asked about: by now it may be something else."""

    about = HiddenField()
    answer = ChoiceField(_l("Was it you?"), [("me", _l("It was me")), ("not-me", _l("It was not me"))])

    @property
    def asked_about(self) -> SecurityNotice | None:
        """What the page asked about; None for a word that it cannot have asked about."""
        known = {str(notice): notice for notice in SecurityNotice}
        return known.get(self.about.data or "")
