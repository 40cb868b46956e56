"""The clinicians' pages. Every reading goes through `reading`, which decides and records."""

from __future__ import annotations

import uuid
from datetime import date

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from patient_app.checkins.words import MOODS
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
    rows = reading.caseload(viewer())
    return render_page(
        "care_team/caseload.html",
        rows=rows,
        moods=MOODS,
        shared_categories=words.shared_categories,
        born=birth_date,
        protected=words.holds_substance_use(rows),
        # A sentence for each patient: written while the page is, when no writer waits for this reading any more.
        caseload_scope=words.caseload_scope,
    )


@bp.get("/team/<uuid:patient_id>")
@access(Permission.TEAM_READ, records=True)
def patient_page(patient_id: uuid.UUID) -> ResponseReturnValue:
    """Show what one patient shares with this clinician."""
    days = words.period_of(request.args.get("days"))
    shared = reading.read_patient(viewer(), patient_id, days)
    return render_page(
        "care_team/patient.html", days=days, periods=reading.PERIODS, born=birth_date, **words.page_words(shared)
    )


def birth_date(person: reading.Named) -> str:
    """Return a date of birth in words, or as the chart has it when it is no date."""
    try:
        return words.day_words(date.fromisoformat(person.date_of_birth))
    except ValueError:
        return person.date_of_birth
