"""Who can see one medicine, as its own page says it: in each state the plain truth, and where nobody does, why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from flask_babel import gettext

from patient_app.consent import receipts
from patient_app.consent.categories import Category
from patient_app.consent.receipts import Part, Sees, Standing
from patient_app.core.identity import Viewer
from patient_app.medications import parts
from patient_app.medications.authors import prescribers
from patient_app.medications.regimen import OwnMedicine


class Why(StrEnum):
    """Why nobody else can see a medicine; or that somebody can."""

    SOMEBODY = "somebody"
    # The patient keeps it to themselves.
    PRIVATE = "private"
    # It was written in a session that was in question: nobody else ever sees it.
    NEVER = "never"
    # This session is in question: nobody is named.
    IN_QUESTION = "in_question"
    # Medicines are shared, and this one needs substance use as well.
    NEEDS_USE = "needs_use"
    # What is shared begins on a later day than this one was written.
    LATER = "later"
    # No medicines are shared with anybody.
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Who:
    """Who can see a medicine now (new members of a team wait), or why nobody can.

    `authors` are prescribers who wrote some of it and cannot see it here: they know what they wrote.
    """

    why: Why
    people: Sequence[Sees] = ()
    authors: tuple[str, ...] = ()


def of_medicine(patient: Viewer, medicine: OwnMedicine) -> Who:
    """Return who can see a medicine of the patient's own as it is now."""
    if patient.entries_closed_from is not None:
        return Who(Why.IN_QUESTION)
    standing = receipts.standing(patient)
    people = parts.who_sees_medicine(patient, medicine, standing=standing)
    seen = {one.name for one in people if one.parts and not one.waits}
    authors = tuple(sorted(set(prescribers([medicine]).values()) - seen))
    if people:
        return Who(Why.SOMEBODY, people, authors)
    return Who(_why_nobody(medicine, standing), authors=authors)


def _why_nobody(medicine: OwnMedicine, standing: Standing) -> Why:
    if medicine.while_closed:
        return Why.NEVER
    if medicine.private:
        return Why.PRIVATE
    needs = parts.needs_of(medicine)
    if standing.sees(date.max, [Part(gettext("this one"), needs)]):
        return Why.LATER
    if standing.sees(date.max, [Part(gettext("this one"), needs - {Category.SUBSTANCE_USE})]):
        return Why.NEEDS_USE
    return Why.NOTHING
