"""What a clinician reads of a patient's exercises, as their page is drawn from it."""

from __future__ import annotations

from typing import Any

from patient_app.reading.skills import SharedSkills
from patient_app.reading.words import scope_sentences
from patient_app.skills import figures


def page_words(shared: SharedSkills) -> dict[str, Any]:
    """Return what the page is drawn from; `waves` are the lines that are drawn through what was rated along the way."""
    waves = [figures.waves(run.lines) for run in shared.runs]
    return {"shared": shared, "scope": scope_sentences(shared.grants, shared.person.zone), "waves": waves}
