"""Forms for joining: by a link from an e-mail, or by a code from the clinic."""

from __future__ import annotations

import unicodedata

from flask_babel import lazy_gettext as _l
from wtforms import Field
from wtforms.validators import ValidationError

from patient_app.core.forms import Form, secret_text, short_text

SHORTEST_NAME = 3


def check_sign_in_name(_form: object, field: Field) -> None:
    """Refuse what a person could not type again: too few letters, or signs that nobody sees."""
    text = field.data or ""
    if text and len(text) < SHORTEST_NAME:
        raise ValidationError(_l("Use %(least)s letters or more.", least=SHORTEST_NAME))
    if any(unicodedata.category(letter) in {"Cf", "Cc", "Co", "Cn", "Zl", "Zp"} for letter in text):
        raise ValidationError(_l("There is a sign in this name that cannot be seen. Please type it again."))


class JoinForm(Form):
    """What everybody gives who joins by a link."""

    sign_in_name = short_text(
        _l("Name to sign in with"),
        description=_l("Leave this empty to sign in with the e-mail address we have for you."),
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = secret_text(
        _l("Your new password"),
        needed=_l("Type a password."),
        autocomplete="new-password",
        description=_l("10 letters or more; 12 if you work here. A few words in a row work well."),
    )

    def validate_sign_in_name(self, field: Field) -> None:
        """Check the name."""
        check_sign_in_name(self, field)


class NamedJoinForm(JoinForm):
    """For those whose name only they can say."""

    own_name = short_text(
        _l("Your name"),
        needed=_l("Type your name."),
        description=_l("The person who invited you sees it, to know that it is you."),
        render_kw={"autocomplete": "name"},
    )


class CodeForm(JoinForm):
    """What everybody gives who holds a code from the clinic."""

    code = short_text(
        _l("Your code"),
        needed=_l("Type the code you were given."),
        description=_l("12 letters and numbers, such as ABCD-EFGH-JKMN."),
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"},
    )
    sign_in_name = short_text(
        _l("Name to sign in with"),
        description=_l("Only if you are new here. If you signed in before, your name stays as it was."),
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
