"""The form that looks for words in one's own notes."""

from __future__ import annotations

import uuid

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField

from patient_app.core.forms import Form, short_text, without_controls
from patient_app.core.ids import parse_id


class SearchForm(Form):
    """Words to look for, and where to go on. Browsers are asked not to remember the words."""

    words = short_text(
        _l("Words in your notes"),
        needed=_l("Type a word to look for."),
        description=_l("A part of a word is fine. What you look for is not kept."),
        render_kw={"autocomplete": "off", "autocapitalize": "none", "enterkeyhint": "search", "dir": "auto"},
    )
    before = HiddenField(filters=[without_controls])

    @property
    def start(self) -> uuid.UUID | None:
        """Where to go on; None, at the newest note, also for what is no id."""
        return parse_id(self.before.data)
