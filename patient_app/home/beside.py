"""Joins what features have to say together, where neither may know the other."""

from __future__ import annotations

from patient_app.checkins import after
from patient_app.medications import cards


def join() -> None:
    """Let the cards on substances and medicines stand in the offer after a check-in. Called when the routes are made."""
    after.stands_beside(cards.beside_use)
