"""The way in for each kind of person, and the patient's Today."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from patient_app.accounts import teams
from patient_app.checkins import service as checkins
from patient_app.checkins.words import MOODS
from patient_app.consent.words import DISCIPLINE_NAMES
from patient_app.core import clock
from patient_app.core.access import Permission, access
from patient_app.core.clock import moment
from patient_app.core.identity import Stage, viewer, viewer_or_none
from patient_app.core.pages import render_page
from patient_app.core.roles import Role

bp = Blueprint("home", __name__)

START = {
    Role.ADMINISTRATOR: "accounts.practice",
    Role.CLINICIAN: "care_team.caseload",
    Role.PATIENT: "home.today",
    Role.SUPPORTER: "supporting.overview",
}


@bp.get("/")
@access(Permission.PUBLIC)
def start() -> ResponseReturnValue:
    """Lead everybody to their own first page."""
    person = viewer_or_none()
    if person is None:
        return redirect(url_for("accounts.sign_in"), 303)
    if person.stage is Stage.SECOND_FACTOR:
        return redirect(url_for("accounts.second_factor"), 303)
    if person.stage is Stage.ENROL_SECOND_FACTOR:
        return redirect(url_for("accounts.enrol_second_factor"), 303)
    return redirect(url_for(START[person.role]), 303)


@bp.get("/today")
@access(Permission.TODAY_READ)
def today() -> ResponseReturnValue:
    """Show one next thing, the newest check-in, and who is new on the team."""
    patient = viewer()
    newest = checkins.newest_own(patient)
    day = moment(clock.now(), patient.zone, patient.day_start_minutes).day
    return render_page(
        "home/today.html",
        newest=newest,
        checked_in_today=newest is not None and newest.day == day,
        today=day,
        moods=MOODS,
        new_members=teams.new_members_for(patient.id),
        disciplines=DISCIPLINE_NAMES,
    )
