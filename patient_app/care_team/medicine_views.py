"""The clinicians' pages about a patient's medicines. Every reading goes through `reading`: decided and recorded."""

from __future__ import annotations

import uuid

from flask import Blueprint
from flask.typing import ResponseReturnValue

from patient_app.core.access import Permission, access
from patient_app.core.identity import viewer
from patient_app.core.pages import render_page
from patient_app.medications.schedule import Paused
from patient_app.reading import medicine_words, prescribing, supplies, words
from patient_app.reading import medicines as reading
from patient_app.reading.service import reader_of

bp = Blueprint("team_medicines", __name__)


@bp.get("/team/<uuid:patient_id>/medications")
@access(Permission.TEAM_READ, records=True)
def medicines(patient_id: uuid.UUID) -> ResponseReturnValue:
    """Show what one patient shares of their medicines with this clinician: what changed lately first."""
    shared = reading.read_medicines(viewer(), patient_id)
    return render_page(
        "care_team/medicines.html",
        patient_id=patient_id,
        identity=words.identity_words(shared.person),
        may_enter=prescribing.may_enter(viewer(), shared),
        **medicine_words.page_words(shared),
        **supplies.page_words(reader_of(viewer()), shared),
    )


@bp.get("/team/<uuid:patient_id>/medications/<uuid:medicine_id>")
@access(Permission.TEAM_READ, records=True)
def medicine(patient_id: uuid.UUID, medicine_id: uuid.UUID) -> ResponseReturnValue:
    """Show all that is open of one medicine: each change with its reason, and what was logged."""
    shared = reading.read_medicines(viewer(), patient_id)
    return render_page(
        "care_team/medicine.html",
        patient_id=patient_id,
        identity=words.identity_words(shared.person),
        may_enter=prescribing.may_enter(viewer(), shared),
        is_held=isinstance(shared.one(medicine_id).newest.schedule.plan, Paused),
        supplied=supplies.of_page(reader_of(viewer()), shared).get(medicine_id),
        key=shared.one(medicine_id).newest.said.catalogue,
        may_enter_tests=supplies.may_enter(viewer()),
        **medicine_words.history_words(shared, shared.one(medicine_id)),
    )
