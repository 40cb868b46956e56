"""The button that keeps an entry to oneself, or lets consents open it again; the same for every kind of entry."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from patient_app.core.forms import ChoiceField, Form

_SHARED, _PRIVATE = "no", "yes"


class PrivacyForm(Form):
    """Whether an entry is kept to oneself."""

    private = ChoiceField(_l("Who may see this?"), [(_SHARED, _l("Shared")), (_PRIVATE, _l("Only me"))])

    def wish(self) -> bool | None:
        """Return whether it is to be kept to oneself; None for what no button of ours sends."""
        return self.private.data == _PRIVATE if self.validate() and self.private.data is not None else None
