"""What a clinician reads of a patient's visits, as their page is drawn from it."""

from __future__ import annotations

from typing import Any

from patient_app.appointments import words
from patient_app.core import clock
from patient_app.reading.appointments import SharedAppointments
from patient_app.reading.words import scope_sentences


def page_words(shared: SharedAppointments) -> dict[str, Any]:
    """Return what the page is drawn from, but in which zone its times are told."""
    return {
        "shared": shared,
        "scope": scope_sentences(shared.grants, shared.person.zone),
        "now": clock.now(),
        "with_words": words.with_words,
        "took_words": words.TOOK_WORDS,
        "source_words": words.SOURCE_WORDS,
    }
