"""Two medicines that do not go together, of which the prescriber who entered one does not see the other.

Told to the patient alone: it is worked out when the patient reads, never when the prescriber writes, so that neither
what the prescriber is answered nor when tells of a medicine that is closed to them. What was stopped lately counts as
well (`cards.taken_lately`: a number of our own, that a clinician is to confirm). It is no check for interactions: only
the few pairs of the catalogue.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from patient_app.consent import receipts
from patient_app.consent.categories import Category
from patient_app.consent.receipts import Sees, Standing
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.roles import Discipline
from patient_app.medications import cards, catalogue, changing, parts, regimen
from patient_app.medications.models import Change
from patient_app.medications.regimen import OwnMedicine, OwnVersion


@dataclass(frozen=True, slots=True)
class UnseenPair:
    """A medicine that a prescriber entered, and another one that goes badly with it and that they do not see.

    `prescriber` is their name, empty for one who is not on the team any more. `kept` says that the patient keeps the
    other one to themselves, and that what they share would show it to the prescriber otherwise: then `others` are all
    who would see it too. Else `missing` is the category that is not shared with the prescriber for that day; None where
    nothing that is shared would show it, because a session in question wrote it. A stopped one counts for `still_days`.
    """

    entered: OwnMedicine
    unseen: OwnMedicine
    prescriber: str
    kept: bool
    others: tuple[Sees, ...]
    missing: Category | None
    is_stopped: bool
    still_days: int

    @property
    def recipient(self) -> str:
        """By what the pages about sharing know the prescriber; empty for one who is not on the team any more."""
        return f"team:{Discipline.PRESCRIBER}" if self.prescriber else ""


def unseen_pairs(
    patient: Viewer, medicines: Sequence[OwnMedicine], day: date, *, waiting_only: bool = False
) -> list[UnseenPair]:
    """Return what to tell the patient of these medicines of theirs, on a civil date.

    With `waiting_only` only of changes that the patient has not answered yet: after that it waits on the medicine's own
    page. Asks the database nothing unless a prescriber's medicine has such a pair; four statements then.
    """
    lately = [one for one in medicines if one.catalogue and cards.taken_lately(one, day)]
    pairs = [
        (entered, version, other)
        for entered in lately
        if (version := _entered(entered)) is not None and (not waiting_only or version.waits_for_answer)
        for other in lately
        if other is not entered and _goes_badly(entered, other)
    ]
    if not pairs:
        return []
    standing = receipts.standing(patient, names=True)
    return [
        _pair(standing, entered, version, other)
        for entered, version, other in pairs
        if not parts.can_see(standing, version.author_id, other)
    ]


def waiting(patient: Viewer, medicines: Sequence[OwnMedicine], day: date) -> list[UnseenPair]:
    """Return what to tell the patient on their first page: of changes that they have not answered yet.

    `medicines` are all of the patient's. Asks the database nothing where nothing waits for an answer.
    """
    if patient.entries_closed_from is not None:
        return []
    return unseen_pairs(patient, medicines, day, waiting_only=True)


def of_medicine(pairs: Iterable[UnseenPair], medicine_id: uuid.UUID) -> list[UnseenPair]:
    """Return those that stand on the page of one medicine: on that of either."""
    return [pair for pair in pairs if medicine_id in {pair.entered.id, pair.unseen.id}]


def tell_prescriber(patient: Viewer, entered_id: uuid.UUID, unseen_id: uuid.UUID, day: date) -> bool:
    """Let the prescriber see a medicine that the patient kept to themselves; whether that opened it.

    It is opened to all whom the patient's consents let see it, and to nobody else: no consent changes. False where that
    is not enough, and nothing is changed then. Raise `NotFound` where there is no such pair now.
    """
    found = unseen_pairs(patient, regimen.own_medicines(patient), day)
    pair = next((one for one in found if (one.entered.id, one.unseen.id) == (entered_id, unseen_id)), None)
    if pair is None:
        raise NotFound
    if pair.kept:
        changing.set_private(patient, unseen_id, private=False)
    return pair.kept


def _entered(medicine: OwnMedicine) -> OwnVersion | None:
    """Return the newest version by a prescriber, where it left the medicine in the plan."""
    found = next((version for version in reversed(medicine.versions) if version.by_prescriber), None)
    return None if found is None or found.change in {Change.STOPPED, Change.PAUSED} else found


def _goes_badly(one: OwnMedicine, other: OwnMedicine) -> bool:
    keys = [key for key in (one.catalogue, other.catalogue) if key]
    return bool(catalogue.cards_together(keys))


def _pair(standing: Standing, entered: OwnMedicine, version: OwnVersion, other: OwnMedicine) -> UnseenPair:
    by = version.author_id
    kept = other.private and not other.while_closed and parts.would_see(standing, by, other)
    return UnseenPair(
        entered=entered,
        unseen=other,
        prescriber=standing.name_of(by),
        kept=kept,
        others=tuple(parts.who_would_see(standing, other)) if kept else (),
        missing=None if kept or other.while_closed else _missing(standing, by, other),
        is_stopped=other.newest.change is Change.STOPPED,
        still_days=cards.stopped_lately_days(other.catalogue),
    )


def _missing(standing: Standing, person_id: uuid.UUID, medicine: OwnMedicine) -> Category:
    needs = parts.needs_of(medicine)
    for category in (Category.MEDICATIONS, Category.SUBSTANCE_USE):
        if category in needs and not standing.can_see(person_id, medicine.newest.day, frozenset({category})):
            return category
    return Category.MEDICATIONS
