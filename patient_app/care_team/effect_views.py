"""The clinicians' page of what medicines do to a patient. Every reading goes through `reading`, which records."""

from __future__ import annotations

import uuid

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from patient_app.core import notices
from patient_app.core.access import Permission, access
from patient_app.core.identity import viewer
from patient_app.core.pages import render_page
from patient_app.reading import concerns, effect_words, words
from patient_app.reading import effects as reading

bp = Blueprint("team_effects", __name__)

_SEEN = _l("Noted: you have seen it. The team and the person can see that.")
notices.register("team_effects.effects", concern_seen=_SEEN)
notices.register("team_medicines.medicines", ran_out_seen=_SEEN)


@bp.get("/team/<uuid:patient_id>/effects")
@access(Permission.TEAM_READ, records=True)
def effects(patient_id: uuid.UUID) -> ResponseReturnValue:
    """Show what one patient shares of side effects, weekly notes and the weeks after a change."""
    shared = reading.read_effects(viewer(), patient_id)
    return render_page(
        "care_team/effects.html",
        patient_id=patient_id,
        identity=words.identity_words(shared.person),
        **effect_words.page_words(shared),
    )


@bp.post("/team/<uuid:patient_id>/concerns/<uuid:concern_id>/seen")
@access(Permission.TEAM_WRITE)
def concern_seen(patient_id: uuid.UUID, concern_id: uuid.UUID) -> ResponseReturnValue:
    """Keep who has seen a sign or that a medicine ran out, and when; said twice it is said once."""
    if concerns.mark_seen(viewer(), patient_id, concern_id) is concerns.Raised.RAN_OUT:
        return redirect(url_for("team_medicines.medicines", patient_id=patient_id, done="ran-out-seen"), 303)
    return redirect(url_for(".effects", patient_id=patient_id, done="concern-seen"), 303)
