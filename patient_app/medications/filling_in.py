"""What the forms of a medicine share when a service refused what they said."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from patient_app.medications.plan_forms import MedicineForm
from patient_app.medications.problem_words import REFUSED
from patient_app.medications.writing import Refused, Why

STALE = _l("This was changed on another device. Look at both, and save what is right.")


def put_beside(form: MedicineForm, refused: Refused) -> None:
    """Put what only a prescriber can say beside the field that asks for it."""
    form.add_error("start" if refused.why is Why.BUPRENORPHINE_LATER else form.first, REFUSED[refused.why])
