"""The form with which an administrator brings in the clinic's list."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from patient_app.appointments.clinic_list import MOST_BYTES
from patient_app.core.forms import Form, long_text


class ListForm(Form):
    """The list as text: from a file that was read, or pasted."""

    text = long_text(
        _l("Or paste the list here"),
        longest=MOST_BYTES,
        description=_l("With its first line, the names of the columns."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
