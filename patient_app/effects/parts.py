"""The parts of a side effect, with the categories that each needs: what receipts speak of."""

from __future__ import annotations

from flask_babel import gettext

from patient_app.consent.categories import Category
from patient_app.consent.receipts import Part
from patient_app.effects.service import OwnEffect
from patient_app.medications.regimen import OwnMedicine

_MEDICINES, _USE, _NOTES = Category.MEDICATIONS, Category.SUBSTANCE_USE, Category.NOTES


def parts_of(entry: OwnEffect, medicine: OwnMedicine | None) -> list[Part]:
    """Return the parts of a side effect that others can be shown."""
    about_use = entry.about_use or (medicine is not None and medicine.about_use)
    needs = frozenset({_MEDICINES, _USE} if about_use else {_MEDICINES})
    found = [Part(gettext("this side effect"), needs)]
    if entry.said.note:
        of_note = needs | {_NOTES} | ({_USE} if entry.said.note_about_use else set())
        found.append(Part(gettext("your own words"), frozenset(of_note)))
    return found
