"""The one tap by which a patient lets a prescriber see a medicine that goes badly with what they entered."""

from __future__ import annotations

import uuid

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from patient_app.core import notices
from patient_app.core.access import Permission, access
from patient_app.core.identity import viewer
from patient_app.medications import unseen_pairs
from patient_app.medications.blueprint import bp
from patient_app.medications.pages import now_of

notices.register(
    "medications.show_medicine",
    prescriber_can_see=_l("Your prescriber can see it now. They get no message, so please call them as well."),
)


@bp.post("/medications/<uuid:medicine_id>/tell/<uuid:unseen_id>")
@access(Permission.MEDICATIONS_MANAGE)
def tell_prescriber(medicine_id: uuid.UUID, unseen_id: uuid.UUID) -> ResponseReturnValue:
    """Open the one that was kept to oneself; where that is not enough, lead to what is shared with the prescriber."""
    patient = viewer()
    if unseen_pairs.tell_prescriber(patient, medicine_id, unseen_id, now_of(patient).local_date):
        return redirect(url_for("medications.show_medicine", medicine_id=unseen_id, done="prescriber-can-see"), 303)
    return redirect(url_for("medications.show_medicine", medicine_id=medicine_id, _anchor="unseen"), 303)
