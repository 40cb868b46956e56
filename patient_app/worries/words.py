"""How a message's facts are said on the clinicians' pages."""

from __future__ import annotations

from datetime import date

from patient_app.core.i18n import day_in_words


def born(date_of_birth: str) -> str:
    """Return a date of birth in words, or as the chart has it when it is no date."""
    try:
        return day_in_words(date.fromisoformat(date_of_birth))
    except ValueError:
        return date_of_birth
