"""The way in for each kind of person, and the patient's Today."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from patient_app.accounts import names, supporters, teams
from patient_app.accounts.teams import TeamMember
from patient_app.blood_tests import service as blood_tests
from patient_app.checkins import service as checkins
from patient_app.consent.words import DISCIPLINE_NAMES
from patient_app.core import clock, not_now, work
from patient_app.core.access import Permission, access
from patient_app.core.clock import moment
from patient_app.core.identity import Stage, Viewer, viewer, viewer_or_none
from patient_app.core.keeping import is_looked_at, kept_on_phone
from patient_app.core.not_now import NotNow
from patient_app.core.pages import render_page
from patient_app.core.roles import Role
from patient_app.effects import prompts
from patient_app.home import beside, more_views, simple_views
from patient_app.home.assignment_lines import assignment_lines
from patient_app.home.attention import MOST_LINES, Line, chosen, first_shown
from patient_app.home.blueprint import bp
from patient_app.home.lesson_lines import LessonLine
from patient_app.home.reminder_lines import reminder_lines
from patient_app.home.visit_lines import visit_lines
from patient_app.medications import doses, not_recorded, regimen, unseen_pairs, words
from patient_app.medications.regimen import OwnMedicine, OwnRegimen
from patient_app.profile import service as profiles
from patient_app.profile.service import Profile
from patient_app.refills import service as refills

__all__ = ["bp", "more_views"]

beside.join()

START = {
    Role.ADMINISTRATOR: "accounts.practice",
    Role.CLINICIAN: "care_team.caseload",
    Role.PATIENT: "home.today",
    Role.SUPPORTER: "supporting.overview",
}
# The screens of a first visit, by the step that a patient has reached.
FIRST_SCREENS = {1: "profile.welcome", 2: "profile.welcome_sharing", 3: "profile.welcome_help"}


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
    if person.role is Role.PATIENT:
        profile = profiles.profile_of(person)
        if not profile.welcomed:
            return redirect(url_for(FIRST_SCREENS[profile.step]), 303)
    return redirect(url_for(START[person.role]), 303)


@bp.get("/today")
@access(Permission.TODAY_READ, records=True)
@kept_on_phone
def today() -> ResponseReturnValue:
    """Show one next thing, and at most three lines; or once, before that, the last of the first screens.

    Whoever made their pages simple is shown that page instead.
    """
    patient = viewer()
    day = moment(clock.now(), patient.zone, patient.day_start_minutes).day
    with work.aside():  # There is something to write once a day, when a prompt is shown first.
        profile = profiles.profile_of(patient)
        if profile.sees_help_next:
            return redirect(url_for(FIRST_SCREENS[profile.step]), 303)
        if patient.shown_simply:
            return simple_views.simple_page(patient)
        newest, own = checkins.newest_own(patient), regimen.own_regimen(patient)
        medicines = own.medicines
        called = names.address_of(patient).greeting(patient.name)
        shown, lesson = profile.prompted_on(day), LessonLine(patient, day, profile)
        aside = not_now.of(patient)
        new_members = [] if patient.entries_closed_from else teams.new_members_for(patient.id)
        candidates = chain(
            _unseen_pairs(patient, medicines),
            _candidates(patient, profile, own, new_members),
            _unwritten(patient, medicines),
            visit_lines(patient, clock.now()),
            reminder_lines(patient, clock.now(), has_checked_in=newest is not None),
            _of_medicines(patient, medicines),
            assignment_lines(patient, day, aside),
            # It comes on few days, the note of the week on many; without room here it stands in Learn.
            lesson.lines(newest, medicines),
            _week_note(patient, medicines, aside),
        )
        lines = chosen(candidates, shown)
    lesson.keep(lines)
    if is_looked_at():
        named = {line.target for line in lines if line.kind == "new_member"}
        teams.count_as_notice(patient.id, [member for member in new_members if member.membership_id in named])
        lesson.note(lines)
    if prompted := first_shown(lines, shown):
        profiles.note_prompted(patient, day, prompted)
    return render_page(
        "home/today.html",
        newest=newest,
        checked_in_today=newest is not None and newest.day >= day,
        today=day,
        called=called,
        lines=lines,
        most_lines=MOST_LINES,
    )


def _unseen_pairs(patient: Viewer, medicines: list[OwnMedicine]) -> list[Line]:
    """Return a line for two medicines of which a prescriber who entered one does not see the other; it comes first."""
    today = moment(clock.now(), patient.zone, patient.day_start_minutes).local_date
    pairs = unseen_pairs.waiting(patient, medicines, today)
    return [Line("unseen_pair", one.entered.name, one.unseen.name, target=one.entered.id) for one in pairs[:1]]


def _candidates(patient: Viewer, profile: Profile, own: OwnRegimen, new_members: Sequence[TeamMember]) -> list[Line]:
    # While it is in question who looks, neither sharing nor this page names anybody.
    waiting = [] if patient.entries_closed_from else supporters.waiting(patient)
    lines = [Line("supporter", waiting[0], count=len(waiting))] if waiting else []
    lines += [
        Line("new_member", member.name, str(DISCIPLINE_NAMES[member.discipline]), target=member.membership_id)
        for member in new_members
    ]
    due = doses.waiting(patient, clock.now(), own)
    if due:
        lines.append(Line("doses", count=len(due)))  # What the person plans for today, no suggestion of ours.
    if not profile.welcomed:
        left = profiles.LAST_STEP + 1 - profile.step
        lines.append(Line("welcome", more=url_for(FIRST_SCREENS[profile.step]), count=left, is_prompt=True))
    return lines


def _of_medicines(patient: Viewer, medicines: list[OwnMedicine]) -> Iterator[Line]:
    """Yield a line for what runs low, and one for blood tests that are due; each is asked only if it can be shown."""
    if not medicines:
        return
    today = moment(clock.now(), patient.zone, patient.day_start_minutes).local_date
    low = refills.low(patient, today, medicines)
    if low:
        first = low[0]
        left = "ran-out" if first.days is None else str(first.days)
        yield Line("low", first.name, left, count=len(low), target=first.medicine_id)
    tests = blood_tests.due_soon(patient, today, medicines)
    if tests:
        yield Line("blood_test", count=len(tests), target=tests[0].medicine_id, day=tests[0].due_on)


def _unwritten(patient: Viewer, medicines: list[OwnMedicine]) -> Iterator[Line]:
    """Yield a line for a medicine with a card by itself of which nothing is written down; it may well have been taken.

    It only suggests, so that a day shows it within its two prompts; asked only if it can be shown.
    """
    today = moment(clock.now(), patient.zone, patient.day_start_minutes).local_date
    found = not_recorded.not_recorded(patient, medicines, today, words.language())
    if found:
        first = found[0]
        yield Line("unwritten", first.name, count=len(found), target=first.medicine_id, day=first.last, is_prompt=True)


def _week_note(patient: Viewer, medicines: list[OwnMedicine], aside: NotNow) -> Iterator[Line]:
    """Yield a line that suggests the note of the week; asked only if it can be shown, and medicine is not put aside."""
    day = moment(clock.now(), patient.zone, patient.day_start_minutes).day
    if prompts.wants_week_note(patient, medicines, day) and not aside.covers(prompts.TOPICS):
        yield Line("week_note", is_prompt=True)
