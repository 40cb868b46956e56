"""What a person did in the last weeks, on one page that can be printed for the next visit."""

from __future__ import annotations

from datetime import timedelta

from flask.typing import ResponseReturnValue

from patient_app.core import clock
from patient_app.core.access import Permission, access
from patient_app.core.clock import moment
from patient_app.core.identity import viewer
from patient_app.core.pages import render_page
from patient_app.skills import figures, library, service
from patient_app.skills.answers import lines_of
from patient_app.skills.blueprint import bp

LOOKS_BACK = timedelta(days=30)


@bp.get("/skills/on-paper")
@access(Permission.SKILLS_PRACTISE)
def on_paper() -> ResponseReturnValue:
    """Show what was finished in the last weeks, without the lines that the person keeps."""
    patient, known = viewer(), library.all_exercises()
    first = moment(clock.now(), patient.zone, patient.day_start_minutes).day - LOOKS_BACK
    found = [run for run in service.own_finished(patient, first) if run.exercise in known]
    told = [(run, known[run.exercise], lines_of(known[run.exercise], run.said.answers)) for run in found]
    return render_page(
        "skills/on_paper.html",
        first=first,
        told=told,
        waves=[figures.waves(lines) for _, _, lines in told],
        closed_until=patient.entries_closed_until,
    )
