"""For whom a prescriber may write: only medicines that a consent opens to them now; nobody assigns themselves.

A medicine that is not open to them answers like one that is not there, whether it is kept private, for alcohol or
drugs, or another patient's; so does every patient who shares no medicines with them.
"""

from __future__ import annotations

import uuid

from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.roles import Discipline
from patient_app.medications.writing import is_stored
from patient_app.reading import people
from patient_app.reading.medicines import SharedMedicine, SharedMedicines, is_open, may_read, opens, read_medicines
from patient_app.reading.people import Named


def to_enter(viewer: Viewer, patient_id: uuid.UUID) -> Named:
    """Return the patient for whom this clinician may enter a medicine now; raise `NotFound` for anybody else.

    Nothing of the patient's is in it but who they are, so no reading is recorded.
    """
    person = people.one_of_list(viewer, patient_id)
    if person is None or viewer.discipline is not Discipline.PRESCRIBER:
        raise NotFound
    if not may_read(viewer, patient_id, about_use=False):
        raise NotFound
    return person


def may_enter_for_use(viewer: Viewer, patient_id: uuid.UUID) -> bool:
    """Whether a medicine for alcohol or drugs may be entered now: it has to be open to who writes it.

    It follows from what is shared with this clinician, which they know, and from nothing that is closed to them.
    """
    return may_read(viewer, patient_id, about_use=True)


def may_send(viewer: Viewer, patient_id: uuid.UUID, medicine_id: uuid.UUID) -> bool:
    """Whether a medicine may be entered under this id: it is free, or is of one that is open to this clinician now.

    Tells nothing of what is closed, and records nothing: who may not is answered as for any id that is taken.
    """
    return not is_stored(medicine_id) or is_open(viewer, patient_id, medicine_id)


def to_change(viewer: Viewer, patient_id: uuid.UUID, medicine_id: uuid.UUID) -> tuple[SharedMedicines, SharedMedicine]:
    """Return a medicine that this clinician may change now, and record the reading; else raise `NotFound`."""
    to_enter(viewer, patient_id)
    page = read_medicines(viewer, patient_id)
    return page, page.one(medicine_id)


def may_enter(viewer: Viewer, page: SharedMedicines) -> bool:
    """Whether the page of a patient's medicines offers this clinician to enter one."""
    return (
        page.is_open and viewer.discipline is Discipline.PRESCRIBER and opens(page.person, page.grants, about_use=False)
    )
