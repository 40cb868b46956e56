"""Forms of the clinicians' pages."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from patient_app.consent.categories import Category
from patient_app.consent.words import CATEGORY_NAMES
from patient_app.core.forms import ChipsField, Form, IdField, Needed, long_text
from patient_app.teamwork.service import ABOUT, MOST_LETTERS


class ReviewForm(Form):
    """A button: what was shown is reviewed."""

    id = IdField()


class NoteForm(Form):
    """A short note to a patient's team, and what it is about."""

    id = IdField()
    words = long_text(
        _l("Your note"),
        needed=_l("Write a few words."),
        longest=MOST_LETTERS,
    )
    about = ChipsField(
        _l("What does it touch on?"),
        [(str(category), CATEGORY_NAMES[category]) for category in ABOUT],
        description=_l("Only those who may see all of these read it. Tick alcohol and drugs if it hints at them."),
        validators=[Needed(_l("Pick at least one, so that we know who may read this."))],
    )

    @property
    def categories(self) -> list[Category]:
        """What it is about; only after the form was found valid."""
        return [Category(value) for value in self.about.data]
