"""Who can see a medicine and what is logged of it, from the patient's side: what receipts speak of.

The rules are those of `reading.medicine_gate`: a test holds the two against each other.
"""

from __future__ import annotations

import uuid
from datetime import date

from flask_babel import gettext

from patient_app.consent import receipts
from patient_app.consent.categories import Category
from patient_app.consent.receipts import Part, Sees, Standing
from patient_app.core.identity import Viewer
from patient_app.medications.regimen import OwnMedicine
from patient_app.medications.skipping import Why

_MEDICINE = frozenset({Category.MEDICATIONS})
_ABOUT_USE = _MEDICINE | {Category.SUBSTANCE_USE}


def needs_of(medicine: OwnMedicine) -> frozenset[Category]:
    """Return the categories that somebody needs to see a medicine."""
    about_use = medicine.about_use or any(version.said.always_about_use for version in medicine.versions)
    return _ABOUT_USE if about_use else _MEDICINE


def who_sees_medicine(patient: Viewer, medicine: OwnMedicine, *, standing: Standing | None = None) -> list[Sees]:
    """Return everybody who can see this medicine as it is now; nobody for one that no consent opens.

    Some of them may see less of what was before: a consent can begin with a day. `standing` where it was asked before.
    """
    if medicine.is_only_theirs:
        return []
    return who_would_see(standing or receipts.standing(patient), medicine)


def who_would_see(standing: Standing, medicine: OwnMedicine) -> list[Sees]:
    """Return everybody who can see this medicine as it is now, or could if it were not kept private."""
    return standing.sees(medicine.newest.day, [Part(gettext("this one"), needs_of(medicine))])


def who_sees_dose(
    patient: Viewer, medicine: OwnMedicine, day: date, why: Why | None = None, *, standing: Standing | None = None
) -> list[Sees]:
    """Return everybody who can see what was logged of a dose on a day: that, and by itself why it was left out."""
    if medicine.is_only_theirs:
        return []
    needs = needs_of(medicine)
    parts = [Part(gettext("this dose"), needs)]
    if why is not None:
        parts.append(Part(gettext("your reason"), needs | _ABOUT_USE if why.about_use else needs))
    # Without its newest version a medicine is not shown, and nothing of it.
    return (standing or receipts.standing(patient)).sees(min(day, medicine.newest.day), parts)


def can_see(standing: Standing, person_id: uuid.UUID, medicine: OwnMedicine) -> bool:
    """Whether one person can see this medicine as it is now."""
    return not medicine.is_only_theirs and would_see(standing, person_id, medicine)


def would_see(standing: Standing, person_id: uuid.UUID, medicine: OwnMedicine) -> bool:
    """Whether one person could see this medicine if the patient did not keep it to themselves."""
    return standing.can_see(person_id, medicine.newest.day, needs_of(medicine))
