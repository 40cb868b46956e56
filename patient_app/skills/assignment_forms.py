"""The patient's form to what a clinician gave them."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from patient_app.core.forms import Form, long_text

LONGEST_WORD = 500


class DeclineForm(Form):
    """A word on why not, if the person likes."""

    word = long_text(_l("A word on it, if you like"), longest=LONGEST_WORD)
