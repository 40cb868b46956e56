"""What is shown after a dose was left out. Never computed advice: only lines and cards that somebody reviewed.

`after_skip` is the one place for it; the pages of the dose log call it and show what it returns.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from patient_app.core.identity import Viewer
from patient_app.medications.doses import Line
from patient_app.medications.models import DoseState


@dataclass(frozen=True, slots=True)
class Card:
    """A few reviewed words about one medicine; `title` names it."""

    title: str
    lines: tuple[str, ...]


def after_skip(_patient: Viewer, lines: Iterable[Line]) -> list[Card]:
    """Return the cards for the doses of a list that were left out; the line to ask a pharmacist stands there anyway."""
    skipped = [line for line in lines if line.state is DoseState.SKIPPED]
    return [card for line in skipped for card in _cards_for(line)]


def _cards_for(_line: Line) -> list[Card]:
    """Return the reviewed cards of one medicine that was left out."""
    return []
