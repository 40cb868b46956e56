"""The order in which a patient's entries were recorded, whatever they are: one row of numbers for each patient."""

from __future__ import annotations

import uuid
from typing import cast

from sqlalchemy import Table, bindparam, select, update

from patient_app.accounts.models import Patient
from patient_app.core.errors import NotFound
from patient_app.core.prepared import Prepared
from patient_app.core.work import connection

_PATIENTS = cast("Table", Patient.__table__)
_LOCK = select(_PATIENTS.c.person_id).where(_PATIENTS.c.person_id == bindparam("patient_id")).with_for_update()
_NEXT_SEQ = Prepared(
    update(_PATIENTS)
    .where(_PATIENTS.c.person_id == bindparam("patient_id"))
    .values(entry_seq=_PATIENTS.c.entry_seq + 1)
    .returning(_PATIENTS.c.entry_seq)
)


def lock_entries(patient_id: uuid.UUID) -> None:
    """Let one writer at a time write for this patient, until the end of the unit of work; takes no number yet.

    For whoever may still refuse, or find that it is written already: a number is taken when something is written.
    """
    if connection().execute(_LOCK, {"patient_id": patient_id}).first() is None:
        raise NotFound


def next_entry_seq(patient_id: uuid.UUID) -> int:
    """Take the patient's next `recorded_seq`; holds the patient's row until the end of the unit of work."""
    taken = _NEXT_SEQ.scalar(connection(), {"patient_id": patient_id})
    if taken is None:
        raise NotFound
    return int(taken)
