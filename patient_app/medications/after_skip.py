"""What is shown after a dose was left out. Never computed advice: only lines and cards that somebody reviewed.

`after_skip` is the one place for it; the pages of the dose log call it and show what it returns.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask_babel import get_locale

from patient_app.core.identity import Viewer
from patient_app.medications import cards, left_out
from patient_app.medications.cards import Notices, Shown
from patient_app.medications.doses import Line
from patient_app.medications.models import DoseState


@dataclass(frozen=True, slots=True)
class AfterSkip:
    """The cards for the doses of a list that were left out, by medicine, and what stands beside cards."""

    by_medicine: Mapping[uuid.UUID, tuple[Shown, ...]]
    notices: Notices

    @property
    def cards(self) -> tuple[Shown, ...]:
        """All of them; what holds for every medicine once, and last."""
        found = [card for of_one in self.by_medicine.values() for card in of_one]
        ask = [card for card in found if card.id == "ask"]
        return (*(card for card in found if card.id != "ask"), *ask[:1])

    def of(self, medicine_id: uuid.UUID) -> tuple[Shown, ...]:
        """Return those of one medicine."""
        return self.by_medicine.get(medicine_id, ())


def after_skip(patient: Viewer, lines: Iterable[Line]) -> AfterSkip:
    """Return the cards for the doses of a list that were left out. One statement where there are any, else none."""
    skipped = [(line.medicine, line.slot.plan_date) for line in lines if line.state is DoseState.SKIPPED]
    language = str(get_locale())
    return AfterSkip(left_out.cards_after_skips(patient, skipped, language), cards.notices(language))
