"""What is the patient's alone: who may see a medicine, whether it stays, what they say to a change, and their hours."""

from __future__ import annotations

import uuid
from datetime import datetime

from patient_app.accounts.entry_order import lock_entries, next_entry_seq
from patient_app.consent import hiding
from patient_app.core import changed, clock
from patient_app.core.clock import Moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.work import db
from patient_app.medications import regimen
from patient_app.medications.models import Answer, Medicine, MedicineAnswer, MedicineHours, Source
from patient_app.medications.schedule import Hours
from patient_app.medications.writing import medicine_of


def set_private(patient: Viewer, medicine_id: uuid.UUID, *, private: bool) -> None:
    """Keep one's medicine to oneself, or let consents open it again; raise `NotFound` for anything not one's own."""
    medicine = _own(patient, medicine_id)
    _hide_or_open(medicine, private=private, removed_at=medicine.removed_at)


def remove(patient: Viewer, medicine_id: uuid.UUID) -> None:
    """Take away a medicine that was entered by mistake. Done twice it stays away. Raise `NotFound`."""
    medicine = _own(patient, medicine_id)
    _hide_or_open(medicine, private=medicine.private, removed_at=medicine.removed_at or clock.now())


def bring_back(patient: Viewer, medicine_id: uuid.UUID) -> None:
    """Undo `remove`; raise `NotFound` for anything not one's own."""
    medicine = _own(patient, medicine_id)
    _hide_or_open(medicine, private=medicine.private, removed_at=None)


def was_removed(patient: Viewer, medicine_id: uuid.UUID) -> None:
    """Make sure that this is a medicine of the patient's own which they took away; else raise `NotFound`."""
    if _found(patient, medicine_id).removed_at is None:
        raise NotFound


def answer_change(
    patient: Viewer,
    version_id: uuid.UUID,
    answer: Answer,
    *,
    moment: Moment,
    source: Source = Source.FORM,
    recorded_at: datetime | None = None,
) -> uuid.UUID:
    """Keep what the patient says to a change that a prescriber entered, and return the medicine's id.

    The answer that is there already is not kept twice. Raise `NotFound` for any other version.
    """
    medicine_id = medicine_of(version_id)
    if medicine_id is None:
        raise NotFound
    _own(patient, medicine_id)
    found = regimen.own_medicine(patient, medicine_id)
    version = next(one for one in found.versions if one.id == version_id)
    if not version.by_prescriber:
        raise NotFound
    if version.answer is not answer:
        db().add(
            MedicineAnswer(
                id=new_id(),
                medicine_id=medicine_id,
                version_id=version_id,
                patient_id=patient.id,
                answer=answer,
                day=moment.day,
                recorded_at=recorded_at or clock.now(),
                recorded_seq=next_entry_seq(patient.id),
                source=source,
            )
        )
    return medicine_id


def set_hours(patient: Viewer, hours: Hours) -> None:
    """Keep at which hours the patient wakes, eats and goes to bed. Raise `NotFound` for a session in question."""
    if patient.entries_closed_from is not None:
        raise NotFound
    lock_entries(patient.id)  # One writer at a time for this patient.
    row = db().get(MedicineHours, patient.id)
    if row is None:
        row = MedicineHours(patient_id=patient.id, practice_id=patient.practice_id)
        db().add(row)
    row.hours, row.changed_at = regimen.hours_to_data(hours), clock.now()
    changed.tell(changed.What.REGIMEN, patient.id)


def _found(patient: Viewer, medicine_id: uuid.UUID) -> Medicine:
    """Return a medicine of the patient's own, taken away or not."""
    found = db().get(Medicine, medicine_id)
    if found is None or found.patient_id != patient.id or not regimen.is_open(patient.entries_closed_from, found):
        raise NotFound
    return found


def _own(patient: Viewer, medicine_id: uuid.UUID) -> Medicine:
    """Return such a medicine; a change that arrives at the same time waits."""
    medicine = _found(patient, medicine_id)
    lock_entries(patient.id)
    db().refresh(medicine)
    return medicine


def _hide_or_open(medicine: Medicine, *, private: bool, removed_at: datetime | None) -> None:
    changed.tell(changed.What.REGIMEN, medicine.patient_id)
    hiding.hide_or_open(medicine, private=private, removed_at=removed_at)
