"""The order in which a patient's entries were recorded, whatever they are: one row of numbers for each patient."""

from __future__ import annotations

import uuid

from sqlalchemy import bindparam, update

from patient_app.accounts.models import Patient
from patient_app.core.errors import NotFound
from patient_app.core.work import db

_NEXT_SEQ = (
    update(Patient)
    .where(Patient.person_id == bindparam("patient_id"))
    .values(entry_seq=Patient.entry_seq + 1)
    .returning(Patient.entry_seq)
)


def next_entry_seq(patient_id: uuid.UUID) -> int:
    """Take the patient's next `recorded_seq`; holds the patient's row until the end of the unit of work."""
    taken = db().connection().execute(_NEXT_SEQ, {"patient_id": patient_id}).scalar()
    if taken is None:
        raise NotFound
    return int(taken)
