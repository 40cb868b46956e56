"""The clinicians' pages. Every reading goes through `reading`, which decides and records."""

from __future__ import annotations

import uuid

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from patient_app.core.access import Permission, access
from patient_app.core.identity import viewer
from patient_app.core.pages import render_page
from patient_app.reading import service as reading
from patient_app.reading import words

bp = Blueprint("care_team", __name__)


@bp.get("/team")
@access(Permission.TEAM_READ, records=True)
def caseload() -> ResponseReturnValue:
    """List the clinician's patients, each with the newest check-in of which anything is shared."""
    found = reading.caseload(viewer(), request.args.get("page", 1, type=int))
    return render_page(
        "care_team/caseload.html",
        found=found,
        protected=words.holds_substance_use(found.rows),
        # Put into words while the page is, when no writer waits for this reading any more.
        caseload_lines=words.caseload_lines,
        caseload_scope=words.caseload_scope,
    )


@bp.get("/team/<uuid:patient_id>")
@access(Permission.TEAM_READ, records=True)
def patient_page(patient_id: uuid.UUID) -> ResponseReturnValue:
    """Show what one patient shares with this clinician."""
    shared = reading.read_patient(viewer(), patient_id, until=words.until_of(request.args.get("until")))
    return render_page("care_team/patient.html", born=words.birth_date, **words.page_words(shared))
