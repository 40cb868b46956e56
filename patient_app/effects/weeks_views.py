"""The patient's own page of the weeks around a change of a medicine."""

from __future__ import annotations

import uuid

from flask import request
from flask.typing import ResponseReturnValue

from patient_app.core import clock
from patient_app.core.access import Permission, access
from patient_app.core.clock import moment
from patient_app.core.identity import viewer
from patient_app.core.pages import render_page
from patient_app.effects import picks
from patient_app.effects.blueprint import bp
from patient_app.effects.figure import change_words, figure
from patient_app.effects.own_weeks import own_weeks
from patient_app.effects.stages import stage_words
from patient_app.effects.weeks import LAST_WEEK
from patient_app.effects.words import SEVERITY
from patient_app.medications import regimen
from patient_app.profile import service as profiles


@bp.get("/medications/<uuid:medicine_id>/weeks")
@access(Permission.MEDICATIONS_MANAGE)
def weeks_after(medicine_id: uuid.UUID) -> ResponseReturnValue:
    """Show the weeks before and after a change (`?change=`, its `key`), by default the newest."""
    patient = viewer()
    medicine, profile = regimen.own_medicine(patient, medicine_id), profiles.profile_of(patient)
    today = moment(clock.now(), patient.zone, patient.day_start_minutes).day
    found = own_weeks(patient, medicine, request.args.get("change"), today)
    if found is None:
        return render_page("effects/weeks_not_yet.html", medicine=medicine)
    with_craving = profile.asks_about_use and not profile.fold_use
    names = ("mood", "sleep", "craving") if with_craving else ("mood", "sleep")
    return render_page(
        "effects/weeks.html",
        medicine=medicine,
        found=found,
        week=min(found.change.week_on(today), LAST_WEEK + 1),
        last_week=LAST_WEEK,
        change_words=change_words,
        figure=figure(found.change, found.weeks, names, noticed=True),
        folded=figure(found.change, found.weeks, ("craving",), noticed=False)
        if profile.asks_about_use and profile.fold_use
        else None,
        words=stage_words(found.change, today, medicine.catalogue),
        pick_name=picks.name,
        severity=SEVERITY,
        closed_until=patient.entries_closed_until,
    )
