"""How a message's facts are said on the clinicians' pages."""

from __future__ import annotations

from datetime import date

from flask_babel import format_date


def born(date_of_birth: str) -> str:
    """Return a date of birth in words, or as the chart has it when it is no date."""
    try:
        return str(format_date(date.fromisoformat(date_of_birth), "d MMMM y"))
    except ValueError:
        return date_of_birth
