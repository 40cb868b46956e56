"""What pages say of appointments, alike for everybody who reads them."""

from __future__ import annotations

from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l

from patient_app.appointments.list_service import What
from patient_app.appointments.models import Source, Took
from patient_app.appointments.said import Entered
from patient_app.consent.words import DISCIPLINE_NAMES

# How a page asks and says whether one took place; to a patient nothing is ever "missed".
TOOK_WORDS: dict[Took, LazyString] = {
    Took.KEPT: _l("It took place"),
    Took.MISSED: _l("It did not take place"),
}
SOURCE_WORDS: dict[Source, LazyString] = {
    Source.PATIENT: _l("written by the patient"),
    Source.CLINICIAN: _l("written by the clinician"),
    Source.LIST: _l("from the practice's list"),
}
WHAT_WORDS: dict[What, LazyString] = {
    What.NEW: _l("New"),
    What.CHANGED: _l("Changed"),
    What.SAME: _l("There already"),
    What.WRONG: _l("Not taken"),
}


def with_words(one: Entered) -> str:
    """Return with whom it is, and what they do: "Dr. Raman, prescriber"."""
    if one.discipline is None:
        return one.with_whom or gettext("Somebody")
    return f"{one.with_whom}, {DISCIPLINE_NAMES[one.discipline]}"
