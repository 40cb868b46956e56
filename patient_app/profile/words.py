"""The words of what a patient tells of themselves."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from patient_app.profile.service import Part, Want

WANTS: dict[Want, LazyString] = {
    Want.STOP: _l("Stop drinking or using"),
    Want.CUT_DOWN: _l("Cut down"),
    Want.SAFER_USE: _l("Use more safely"),
    Want.NOT_SURE: _l("Not sure yet"),
    Want.SOMETHING_ELSE: _l("Something else"),
}
# Where substances play no part, these are not spoken of.
WANTS_ABOUT_USE = (Want.STOP, Want.CUT_DOWN, Want.SAFER_USE)
PARTS: dict[Part, LazyString] = {Part.YES: _l("Yes"), Part.NO: _l("No")}
