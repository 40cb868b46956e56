"""The clinicians' page of a patient's exercises. Every reading goes through `reading`, which records."""

from __future__ import annotations

import uuid

from flask import Blueprint
from flask.typing import ResponseReturnValue

from patient_app.core.access import Permission, access
from patient_app.core.identity import viewer
from patient_app.core.pages import render_page
from patient_app.reading import skill_words, words
from patient_app.reading import skills as reading

bp = Blueprint("team_skills", __name__)


@bp.get("/team/<uuid:patient_id>/skills")
@access(Permission.TEAM_READ, records=True)
def skills(patient_id: uuid.UUID) -> ResponseReturnValue:
    """Show the exercises that one patient chose to show to this clinician."""
    shared = reading.read_skills(viewer(), patient_id)
    return render_page(
        "care_team/skills.html",
        patient_id=patient_id,
        identity=words.identity_words(shared.person),
        **skill_words.page_words(shared),
    )
