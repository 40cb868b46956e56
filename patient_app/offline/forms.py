"""The choice of a name and an icon."""

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
