"""The names of those who wrote versions of a patient's medicines."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sqlalchemy import bindparam, select

from patient_app.accounts import names
from patient_app.accounts.models import Person
from patient_app.core.work import db
from patient_app.medications.regimen import OwnMedicine

_PEOPLE = select(Person).where(Person.id.in_(bindparam("ids", expanding=True)))


def prescribers(medicines: Iterable[OwnMedicine]) -> dict[uuid.UUID, str]:
    """Return the names of the prescribers who wrote any version of these medicines; the statement is asked if any."""
    ids = {one.author_id for medicine in medicines for one in medicine.versions if one.by_prescriber}
    if not ids:
        return {}
    return {person.id: names.shown(person) for person in db().scalars(_PEOPLE, {"ids": sorted(ids)})}
