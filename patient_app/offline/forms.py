"""The choice of a name and an icon, and whether a device is shared."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms.validators import DataRequired

from patient_app.core.faces import FACES
from patient_app.core.forms import ChoiceField, Form, list_choices


class FaceForm(Form):
    """One of the names."""

    shown_as = ChoiceField(
        _l("Name and icon"),
        [(word, "") for word in FACES],
        validators=[DataRequired(_l("Pick one of these names."))],
    )

    def __init__(self, **kept: Any) -> None:
        super().__init__(**kept)
        self.shown_as.choices = list_choices([(word, face.shown_name) for word, face in FACES.items()])


class SharedForm(Form):
    """Whether several people use this device."""

    shared = ChoiceField(
        _l("Do other people use this phone?"),
        [("no", _l("No")), ("yes", _l("Yes"))],
        validators=[DataRequired(_l("Press one of the buttons."))],
    )
