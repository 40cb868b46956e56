"""People of a practice, as other features know them: lists and charts, and what the modules beside it make.

`registry` makes and invites people, `supporters` ties them to patients, `closing` closes accounts; their names are
offered here too.
"""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from patient_app.accounts import teams
from patient_app.accounts.closing import close_account, reopen_account
from patient_app.accounts.models import Patient, Person, PersonState
from patient_app.accounts.registry import (
    STAFF,
    Actor,
    ChartNumberTaken,
    EmailTaken,
    IdInUse,
    Invited,
    SignInNameTaken,
    activate,
    create_practice,
    find_person,
    invite_administrator,
    invite_staff,
    register_patient,
    sign_in_index,
)
from patient_app.accounts.supporters import (
    SupportRow,
    TooManyInvitations,
    accept_supporter,
    confirm_supporter,
    end_support,
    invite_supporter,
    resend_support_invitation,
    set_instructions,
    supporters_of,
)
from patient_app.core.errors import NotFound
from patient_app.core.roles import Discipline, Role
from patient_app.core.work import db, vault

__all__ = [
    "STAFF",
    "Actor",
    "Chart",
    "ChartNumberTaken",
    "EmailTaken",
    "IdInUse",
    "Invited",
    "PatientRow",
    "SignInNameTaken",
    "StaffMember",
    "SupportRow",
    "TooManyInvitations",
    "accept_supporter",
    "activate",
    "chart",
    "clinicians_of",
    "close_account",
    "confirm_supporter",
    "create_practice",
    "end_support",
    "find_person",
    "invite_administrator",
    "invite_staff",
    "invite_supporter",
    "patients_like",
    "patients_of",
    "register_patient",
    "reopen_account",
    "resend_support_invitation",
    "set_instructions",
    "sign_in_index",
    "sign_in_name_of",
    "staff_member",
    "staff_of",
    "supporters_of",
]


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A row of the practice's staff: the name of the account, and how they want to be called and spoken of."""

    id: uuid.UUID
    name: str
    called: str
    pronouns: str
    email: str
    role: Role
    discipline: Discipline | None
    state: PersonState


@dataclass(frozen=True, slots=True)
class PatientRow:
    """A row of the practice's patients: chart number and date of birth tell two of one name apart.

    Beside the name in the chart stands how the person wants to be called and spoken of.
    """

    id: uuid.UUID
    name: str
    called: str
    pronouns: str
    chart_number: str
    date_of_birth: date
    state: PersonState


@dataclass(frozen=True, slots=True)
class Chart:
    """What the practice keeps about a patient; nothing that the patient wrote."""

    row: PatientRow
    email: str
    address: str
    emergency_contact: str


# ------------------------------------------------------------------------------------------------------- looking up
def sign_in_name_of(viewer: Actor) -> str:
    """Return the name with which the caller signs in."""
    return db().get_one(Person, viewer.id).sign_in_name or ""


def staff_of(viewer: Actor) -> list[StaffMember]:
    """Return the practice's staff by name, closed accounts last."""
    query = select(Person).where(Person.practice_id == viewer.practice_id, Person.role.in_(STAFF))
    people = db().scalars(query).all()
    gone = vault().preload(person.id for person in people)
    return sorted((_staff_member(person) for person in people if person.id not in gone), key=_staff_order)


def clinicians_of(viewer: Actor) -> list[StaffMember]:
    """Return the practice's clinicians whose accounts are not closed, by name: who can be on a team."""
    staff = staff_of(viewer)
    return [each for each in staff if each.role is Role.CLINICIAN and each.state is not PersonState.CLOSED]


def _staff_member(person: Person) -> StaffMember:
    return StaffMember(
        id=person.id,
        name=person.name or "",
        called=person.called or "",
        pronouns=person.pronouns or "",
        email=person.email or "",
        role=Role(person.role),
        discipline=Discipline(person.discipline) if person.discipline else None,
        state=PersonState(person.state),
    )


def _staff_order(member: StaffMember) -> tuple[bool, str, uuid.UUID]:
    return member.state is PersonState.CLOSED, member.name.casefold(), member.id


def staff_member(viewer: Actor, person_id: uuid.UUID) -> StaffMember:
    """Return one member of the practice's staff; raise `NotFound`."""
    return _staff_member(find_person(viewer, person_id, STAFF))


def patients_of(viewer: Actor) -> list[PatientRow]:
    """Return patients by name: all of the practice for an administrator, those of their teams for a clinician."""
    if viewer.role not in STAFF:
        raise NotFound
    query = select(Person, Patient).join(Patient, Patient.person_id == Person.id)
    query = query.where(Person.practice_id == viewer.practice_id)
    if viewer.role != Role.ADMINISTRATOR:
        query = query.where(Person.id.in_(teams.patients_with(viewer.id)))
    rows: Sequence[tuple[Person, Patient]] = [(person, chart) for person, chart in db().execute(query)]
    gone = vault().preload([viewer.practice_id, *(person.id for person, _ in rows)])
    found = [_patient_row(person, chart) for person, chart in rows if person.id not in gone]
    return sorted(found, key=lambda row: (row.name.casefold(), row.date_of_birth, row.id))


def patients_like(viewer: Actor, words: str) -> list[PatientRow]:
    """Return those of `patients_of` in whose names or chart number every one of the words stands, if only in part.

    The name that a person wants to be called counts as well as that in the chart. Case and accents make no difference.
    """
    looked_for = _folded(words).split()
    rows = ((row, _folded(f"{row.name} {row.called} {row.chart_number}")) for row in patients_of(viewer))
    return [row for row, told in rows if all(word in told for word in looked_for)]


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).casefold()


def _patient_row(person: Person, chart: Patient) -> PatientRow:
    return PatientRow(
        id=person.id,
        name=person.name or "",
        called=person.called or "",
        pronouns=person.pronouns or "",
        chart_number=chart.chart_number or "",
        date_of_birth=date.fromisoformat(chart.date_of_birth or ""),
        state=PersonState(person.state),
    )


def chart(viewer: Actor, patient_id: uuid.UUID) -> Chart:
    """Return the chart of a patient whom `patients_of` would list for the caller; raise `NotFound`."""
    person = find_person(viewer, patient_id, [Role.PATIENT])
    allowed = viewer.role == Role.ADMINISTRATOR or (
        viewer.role == Role.CLINICIAN and teams.is_on_team(viewer.id, patient_id)
    )
    if not allowed:
        raise NotFound
    kept = db().get_one(Patient, patient_id)
    return Chart(
        row=_patient_row(person, kept),
        email=person.email or "",
        address=kept.address or "",
        emergency_contact=kept.emergency_contact or "",
    )
