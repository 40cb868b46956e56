"""Pages of the practice: staff, patients, care teams, opening hours, telephone numbers, codes from the clinic."""

from __future__ import annotations

import uuid

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from patient_app.accounts import codes as code_service
from patient_app.accounts import invitations, names, people, teams
from patient_app.accounts import practice as practice_service
from patient_app.accounts.blueprint import bp
from patient_app.accounts.practice_forms import (
    DISCIPLINES,
    WORK,
    AssignForm,
    CodeIssueForm,
    FindForm,
    HoursForm,
    NumberForm,
    PatientForm,
    StaffForm,
)
from patient_app.core import clock, notices
from patient_app.core.access import Permission, access
from patient_app.core.identity import viewer
from patient_app.core.pages import render_page
from patient_app.core.roles import Role

SHOWN = 10  # of each list on the practice's page; the whole list has pages of its own

notices.register("accounts.person", "accounts.new_patient", patient_added=_l("The patient is registered."))
notices.register("accounts.practice", hours_saved=_l("The opening hours are saved."))
notices.register(
    "accounts.numbers",
    numbers_saved=_l("The phone numbers are saved."),
    number_removed=_l("The number was removed. The help page does not show it any more."),
)
notices.register(
    "accounts.waiting_codes",
    code_confirmed=_l("The code works now."),
    code_cancelled=_l("The code stopped working."),
)
notices.register(
    "accounts.person",
    staff_invited=_l("The invitation is on its way."),
    invitation_sent=_l("A new invitation is on its way. The one before stopped working."),
    invitation_cancelled=_l("The invitation stopped working."),
    team_changed=_l("The care team was changed. The patient has notice."),
    account_closed=_l("The account is closed. This person was signed out everywhere."),
    account_reopened=_l("The account is open again. Care teams have to be picked anew."),
    patient_closed=_l("The account is closed. This person was signed out, and nobody reads what they shared."),
    patient_reopened=_l("The account is open again. Sharing stays paused until this person turns it on."),
)


# -------------------------------------------------------------------------------------------------------- overview
@bp.get("/practice")
@access(Permission.PRACTICE_MANAGE)
def practice() -> ResponseReturnValue:
    """Show the administrator the practice: staff, patients, hours, numbers."""
    person = viewer()
    own = practice_service.own_practice(person)
    staff, patients = people.staff_of(person), people.patients_of(person)
    return render_page(
        "accounts/practice.html",
        own=own,
        hours=practice_service.hours_in_words(own.hours),
        staff=staff[:SHOWN],
        staff_count=len(staff),
        patients=patients[:SHOWN],
        patient_count=len(patients),
        find=FindForm(),
        waiting=len(code_service.waiting(person)),
        work=WORK,
    )


# ---------------------------------------------------------------------------------------------- inviting, registering
@bp.get("/practice/staff/new")
@access(Permission.PRACTICE_MANAGE)
def new_staff() -> ResponseReturnValue:
    """Show the form that invites a member of the staff."""
    return render_page("accounts/practice_staff_new.html", form=StaffForm())


@bp.post("/practice/staff/new")
@access(Permission.PRACTICE_MANAGE)
def invite_staff() -> ResponseReturnValue:
    """Invite a member of the staff."""
    form = StaffForm()
    if form.validate():
        try:
            person = people.invite_staff(
                viewer(),
                form.id.value,
                form.name.data,
                form.email.data,
                role=form.role,
                discipline=form.discipline,
            )
            return redirect(url_for("accounts.person", person_id=person.id, done="staff-invited"), 303)
        except people.EmailTaken:
            form.add_error("email", gettext("Somebody on your staff has this address. Look at the list of staff."))
        except people.IdInUse:
            form.renew_id()
    return render_page("accounts/practice_staff_new.html", form=form), 422


@bp.get("/practice/patients/new")
@access(Permission.PATIENTS_INVITE)
def new_patient() -> ResponseReturnValue:
    """Show the form that registers a patient."""
    return render_page("accounts/patient_new.html", form=PatientForm())


@bp.post("/practice/patients/new")
@access(Permission.PATIENTS_INVITE)
def register_patient() -> ResponseReturnValue:
    """Register a patient. A clinician who does so is not on the team by that: nobody assigns themselves."""
    form = PatientForm()
    if form.validate():
        try:
            patient = people.register_patient(
                viewer(),
                form.id.value,
                name=form.name.data,
                chart_number=form.chart_number.data,
                date_of_birth=form.born,
                address=form.address.data or "",
                emergency_contact=form.emergency_contact.data or "",
                email=form.email.data or "",
                language=form.language.data,
            )
            return redirect(_after_registering(patient.id), 303)
        except people.ChartNumberTaken:
            form.add_error("chart_number", gettext("Another patient has this chart number. Check it, or use another."))
        except people.IdInUse:
            form.renew_id()
    return render_page("accounts/patient_new.html", form=form), 422


def _after_registering(patient_id: uuid.UUID) -> str:
    if viewer().role is Role.ADMINISTRATOR:
        return url_for("accounts.person", person_id=patient_id, done="patient-added")
    return url_for("accounts.new_patient", done="patient-added")


# ------------------------------------------------------------------------------------------------------- one person
@bp.get("/practice/people/<uuid:person_id>")
@access(Permission.PRACTICE_MANAGE)
def person(person_id: uuid.UUID) -> ResponseReturnValue:
    """Show a member of the staff, or a patient's chart and care team; of what a patient wrote, how to call them."""
    return _person_page(person_id, None), 200


def _person_page(person_id: uuid.UUID, form: AssignForm | None) -> str:
    asking = viewer()
    found = people.find_person(asking, person_id, (*people.STAFF, Role.PATIENT))
    ends = invitations.open_until(person_id)
    until = clock.moment(ends, asking.zone).local_date if ends else None
    if found.role != Role.PATIENT:
        member = people.staff_member(asking, person_id)
        is_self = member.id == asking.id
        return render_page("accounts/practice_staff.html", member=member, work=WORK, until=until, is_self=is_self)
    team = teams.team_of(person_id)
    return render_page(
        "accounts/practice_patient.html",
        chart=people.chart(asking, person_id),
        team=team,
        disciplines=DISCIPLINES,
        until=until,
        form=form or _assign_form({member.clinician_id for member in team}),
    )


def _assign_form(on_team: set[uuid.UUID]) -> AssignForm:
    """Return the form that offers every clinician who can be added."""
    form = AssignForm()
    others = (each for each in people.clinicians_of(viewer()) if each.id not in on_team)
    form.clinician_id.choices = [
        ("", gettext("Pick one")),
        *(
            (str(each.id), f"{names.with_called(each.name, each.called)}, {WORK[str(each.discipline)]}")
            for each in others
        ),
    ]
    return form


@bp.post("/practice/people/<uuid:person_id>/team")
@access(Permission.PRACTICE_MANAGE)
def assign_clinician(person_id: uuid.UUID) -> ResponseReturnValue:
    """Put a clinician on a patient's team."""
    people.find_person(viewer(), person_id, [Role.PATIENT])
    form = _assign_form(set())
    if not form.validate():
        return _person_page(person_id, form), 422
    teams.assign(viewer(), person_id, uuid.UUID(form.clinician_id.data))
    return _to_person(person_id, "team-changed")


@bp.post("/practice/people/<uuid:person_id>/team/<uuid:membership_id>/end")
@access(Permission.PRACTICE_MANAGE)
def unassign_clinician(person_id: uuid.UUID, membership_id: uuid.UUID) -> ResponseReturnValue:
    """Take a clinician off a patient's team."""
    teams.unassign(viewer(), person_id, membership_id)
    return _to_person(person_id, "team-changed")


@bp.post("/practice/people/<uuid:person_id>/close")
@access(Permission.PRACTICE_MANAGE)
def close_account(person_id: uuid.UUID) -> ResponseReturnValue:
    """Close an account of the staff or of a patient and sign it out everywhere."""
    role = people.close_account(viewer(), person_id)
    return _to_person(person_id, "patient-closed" if role is Role.PATIENT else "account-closed")


@bp.post("/practice/people/<uuid:person_id>/reopen")
@access(Permission.PRACTICE_MANAGE)
def reopen_account(person_id: uuid.UUID) -> ResponseReturnValue:
    """Open a closed account of the staff or of a patient again."""
    role = people.reopen_account(viewer(), person_id)
    return _to_person(person_id, "patient-reopened" if role is Role.PATIENT else "account-reopened")


@bp.post("/practice/people/<uuid:person_id>/invitation")
@access(Permission.PRACTICE_MANAGE)
def resend_invitation(person_id: uuid.UUID) -> ResponseReturnValue:
    """Send a fresh invitation."""
    invitations.resend(viewer(), person_id)
    return _to_person(person_id, "invitation-sent")


@bp.post("/practice/people/<uuid:person_id>/invitation/cancel")
@access(Permission.PRACTICE_MANAGE)
def cancel_invitation(person_id: uuid.UUID) -> ResponseReturnValue:
    """Make the open invitation stop working."""
    invitations.cancel(viewer(), person_id)
    return _to_person(person_id, "invitation-cancelled")


def _to_person(person_id: uuid.UUID, done: str) -> ResponseReturnValue:
    return redirect(url_for("accounts.person", person_id=person_id, done=done), 303)


# ------------------------------------------------------------------------------------------------- hours and numbers
@bp.get("/practice/hours")
@access(Permission.PRACTICE_MANAGE)
def hours() -> ResponseReturnValue:
    """Show the form with the opening hours."""
    form = HoursForm()
    form.show(practice_service.hours_of(viewer()))
    return render_page("accounts/practice_hours.html", form=form)


@bp.post("/practice/hours")
@access(Permission.PRACTICE_MANAGE)
def save_hours() -> ResponseReturnValue:
    """Replace the opening hours."""
    form = HoursForm()
    if not form.validate():
        return render_page("accounts/practice_hours.html", form=form), 422
    practice_service.set_hours(viewer(), form.hours())
    return redirect(url_for("accounts.practice", done="hours-saved"), 303)


@bp.get("/practice/numbers")
@access(Permission.PRACTICE_MANAGE)
def numbers() -> ResponseReturnValue:
    """Show the telephone numbers and the form that adds one."""
    return _numbers_page(NumberForm())


@bp.post("/practice/numbers")
@access(Permission.PRACTICE_MANAGE)
def add_number() -> ResponseReturnValue:
    """Add a telephone number."""
    form = NumberForm()
    if form.validate():
        words = (form.said, form.phone.data, form.note.data or "")
        try:
            practice_service.add_number(viewer(), form.id.value, *words)
            return _to_numbers()
        except people.IdInUse:
            form.renew_id()
    return _numbers_page(form), 422


@bp.post("/practice/numbers/<uuid:number_id>/remove")
@access(Permission.PRACTICE_MANAGE)
def remove_number(number_id: uuid.UUID) -> ResponseReturnValue:
    """Remove a telephone number."""
    practice_service.remove_number(viewer(), number_id)
    return _to_numbers("number-removed")


@bp.post("/practice/numbers/<uuid:number_id>/up")
@access(Permission.PRACTICE_MANAGE)
def move_number(number_id: uuid.UUID) -> ResponseReturnValue:
    """Move a telephone number one place up."""
    practice_service.move_number_up(viewer(), number_id)
    return _to_numbers()


def _numbers_page(form: NumberForm) -> str:
    return render_page("accounts/practice_numbers.html", form=form, numbers=practice_service.numbers_of(viewer()))


def _to_numbers(done: str = "numbers-saved") -> ResponseReturnValue:
    return redirect(url_for("accounts.numbers", done=done), 303)


# ----------------------------------------------------------------------------------------------------------- codes
@bp.get("/practice/people/<uuid:person_id>/code")
@access(Permission.CODES_ISSUE, step_up=True)
def new_code(person_id: uuid.UUID) -> ResponseReturnValue:
    """Ask whether a code is to be issued for this person, and say what it does."""
    return _code_page(person_id, CodeIssueForm()), 200


@bp.post("/practice/people/<uuid:person_id>/code")
@access(Permission.CODES_ISSUE, step_up=True)
def issue_code(person_id: uuid.UUID) -> ResponseReturnValue:
    """Issue a code; this answer shows it, once. The same form sent again says that it was issued already."""
    form = CodeIssueForm()
    if not form.validate():
        return _code_page(person_id, form), 422
    try:
        issued = code_service.issue(viewer(), person_id, form.id.value)
    except code_service.AccountClosed:
        form.id.errors = [gettext("This account is closed. Open it first.")]
        return _code_page(person_id, form), 422
    except people.IdInUse:
        form.renew_id()
        return _code_page(person_id, form), 422
    picture = Markup(code_service.picture(issued.text)) if issued.text else None  # noqa: S704 - drawn by us.
    return render_page("accounts/code_issued.html", issued=issued, picture=picture, address=code_service.address()), 200


def _code_page(person_id: uuid.UUID, form: CodeIssueForm) -> str:
    return render_page("accounts/code_new.html", form=form, asked=code_service.before_issuing(viewer(), person_id))


@bp.get("/practice/codes")
@access(Permission.CODES_CONFIRM, step_up=True)
def waiting_codes() -> ResponseReturnValue:
    """Show the codes that wait for a second member of the staff."""
    return render_page("accounts/code_waiting.html", codes=code_service.waiting(viewer()), work=WORK)


@bp.post("/practice/codes/<uuid:code_id>/confirm")
@access(Permission.CODES_CONFIRM, step_up=True)
def confirm_code(code_id: uuid.UUID) -> ResponseReturnValue:
    """Confirm a code that somebody else issued."""
    code_service.confirm(viewer(), code_id)
    return redirect(url_for("accounts.waiting_codes", done="code-confirmed"), 303)


@bp.post("/practice/codes/<uuid:code_id>/cancel")
@access(Permission.CODES_CONFIRM, step_up=True)
def cancel_code(code_id: uuid.UUID) -> ResponseReturnValue:
    """Make a code stop working."""
    code_service.cancel(viewer(), code_id)
    return redirect(url_for("accounts.waiting_codes", done="code-cancelled"), 303)
