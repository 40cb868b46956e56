"""Making people: registered, invited, joined. Every look-up stays inside the caller's practice.

An id comes with the form that makes a person: sent twice, it is stored once and gives the same answer. An id that
stands for somebody else, or for other words, is refused like one that was never valid.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeVar

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from patient_app.access_log import service as access_log
from patient_app.accounts import links, mail
from patient_app.accounts.models import LinkPurpose, Patient, Person, PersonState, Practice
from patient_app.core import clock, i18n
from patient_app.core.db import Base
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.keys import KeyKind
from patient_app.core.roles import Discipline, Role
from patient_app.core.work import db, vault

One = TypeVar("One", bound=Base)

INVITATION_HOURS = 72
STAFF = (Role.ADMINISTRATOR, Role.CLINICIAN)
# Locks a person's row against changes, but not against rows that name the person: an access record that is written at
# the same time would wait for us while we wait for its chain.
FOR_CHANGE = {"key_share": True}


class Actor(Protocol):
    """Who does something: the signed-in person, or a row of one."""

    @property
    def id(self) -> uuid.UUID:
        """The person's id."""

    @property
    def practice_id(self) -> uuid.UUID:
        """The practice, which nothing crosses."""

    @property
    def role(self) -> Role:
        """What the person is to the practice."""


class IdInUse(Exception):
    """The form's id stands for somebody else already, or for other words; a fresh one is needed."""


class ChartNumberTaken(Exception):
    """Another patient of the practice has this chart number."""


class EmailTaken(Exception):
    """Somebody on the staff of the practice has this e-mail address, under an open or a closed account."""


class SignInNameTaken(Exception):
    """Somebody signs in with this name already."""


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody who was just invited, and the token of their link (for the command line; pages never show it)."""

    person: Person
    token: str


def find_person(viewer: Actor, person_id: uuid.UUID, roles: Iterable[Role]) -> Person:
    """Return a person of the caller's practice; raise `NotFound` for another practice, another role, or nobody."""
    person = db().get(Person, person_id)
    if person is None or person.practice_id != viewer.practice_id or person.role not in tuple(roles):
        raise NotFound
    return person


# ------------------------------------------------------------------------------------------------ making and inviting
def create_practice(name: str, zone: str) -> Practice:
    """Make a practice with its data key."""
    practice = Practice(id=new_id(), name=one_line(name), zone=zone, created_at=clock.now())
    vault().keys.ensure(KeyKind.PRACTICE, practice.id)
    db().add(practice)
    db().flush()
    return practice


def invite_administrator(practice: Practice, name: str, email: str) -> Invited:
    """Invite a practice's first administrator, from the command line; the link goes out by mail too."""
    person = _new_person(new_id(), practice, Role.ADMINISTRATOR, name, email)
    if not store_once(person):
        raise IdInUse
    return Invited(person, send_invitation(person, created_by=None))


def invite_staff(
    viewer: Actor,
    invitation_id: uuid.UUID,
    name: str,
    email: str,
    *,
    role: Role,
    discipline: Discipline | None = None,
) -> Person:
    """Invite a clinician (with a discipline) or an administrator; sent twice, invited once.

    Raise `IdInUse`, or `EmailTaken` for the address of another member of the staff. Only the staff's addresses are
    looked at, which the caller sees anyway: whether a patient or supporter has it, nobody learns.
    """
    if role not in STAFF or (role is Role.CLINICIAN) != (discipline is not None):
        raise ValueError("Staff are administrators, or clinicians with a discipline.")
    known = _stored(viewer, invitation_id, role, name, email)
    if known is None:
        _refuse_staff_email(viewer, email)
        person = _new_person(invitation_id, _practice_of(viewer), role, name, email)
        person.discipline, person.invited_by = discipline, viewer.id
        if store_once(person):
            send_invitation(person, created_by=viewer.id)
            return person
        known = _stored(viewer, invitation_id, role, name, email)  # The same form came twice at once.
    if known is None:
        raise IdInUse
    return known


def _refuse_staff_email(viewer: Actor, email: str) -> None:
    query = select(Person).where(Person.practice_id == viewer.practice_id, Person.role.in_(STAFF))
    staff = db().scalars(query).all()
    gone = vault().preload(person.id for person in staff)
    if one_line(email).casefold() in {(person.email or "").casefold() for person in staff if person.id not in gone}:
        raise EmailTaken


def register_patient(
    viewer: Actor,
    person_id: uuid.UUID,
    *,
    name: str,
    chart_number: str,
    date_of_birth: date,
    address: str = "",
    emergency_contact: str = "",
    email: str = "",
    language: str = "en",
) -> Person:
    """Register a patient, invited by mail when there is an address; sent twice, stored once.

    Raise `ChartNumberTaken` when another patient of the practice has the number, `IdInUse` when the form's id cannot be
    used. Whoever registers a patient is not put on the team by that.
    """
    index = chart_number_index(viewer.practice_id, chart_number)
    known = _registered(viewer, person_id, name, email, index)
    if known is None and not _is_taken(viewer, index):
        person = _new_person(person_id, _practice_of(viewer), Role.PATIENT, name, email)
        chart = Patient(person_id=person_id, practice_id=viewer.practice_id, entry_seq=0, chart_number_index=index)
        person.language = language
        chart.chart_number = one_line(chart_number)
        chart.date_of_birth = date_of_birth.isoformat()
        chart.address = address
        chart.emergency_contact = emergency_contact
        if store_once(person, chart):
            access_log.start_chain(person_id)
            if email:
                send_invitation(person, created_by=viewer.id)
            return person
    # Another request may have come in between: of the same form, or for another patient with the number.
    known = known or _registered(viewer, person_id, name, email, index)
    if known is None:
        raise ChartNumberTaken
    return known


def _registered(viewer: Actor, person_id: uuid.UUID, name: str, email: str, index: bytes) -> Person | None:
    """Return the patient whom this form registered before; raise `IdInUse` when it stands for something else."""
    known = _stored(viewer, person_id, Role.PATIENT, name, email)
    if known is not None and db().get_one(Patient, known.id).chart_number_index != index:
        raise IdInUse
    return known


def _is_taken(viewer: Actor, index: bytes) -> bool:
    query = select(Patient.person_id).where(
        Patient.practice_id == viewer.practice_id, Patient.chart_number_index == index
    )
    return db().scalar(query) is not None


def _new_person(person_id: uuid.UUID, practice: Practice, role: Role, name: str, email: str) -> Person:
    kind = KeyKind.PATIENT if role is Role.PATIENT else KeyKind.SUPPORTER if role is Role.SUPPORTER else KeyKind.STAFF
    vault().keys.ensure(kind, person_id)
    person = Person(
        id=person_id,
        practice_id=practice.id,
        role=role,
        state=PersonState.INVITED,
        created_at=clock.now(),
        zone=practice.zone,
    )
    person.name = one_line(name)
    person.email = one_line(email)
    return person


def new_supporter(practice_id: uuid.UUID, name: str, email: str) -> Person:
    """Make the account of a supporter who is accepting a first invitation; not signed in, nothing to see yet."""
    person = _new_person(new_id(), db().get_one(Practice, practice_id), Role.SUPPORTER, name, email)
    if not store_once(person):
        raise IdInUse
    return person


def _stored(viewer: Actor, person_id: uuid.UUID, role: Role, name: str, email: str) -> Person | None:
    """Return the person whom this form made before; raise `IdInUse` when the id can never be this form's."""
    person = db().get(Person, person_id)
    if person is None:
        if person_id.int == 0 or db().get(Practice, person_id) is not None:
            # Ids name data keys too: nobody may take the practice's, or the installation's.
            raise IdInUse
        return None
    same = (person.practice_id, person.role) == (viewer.practice_id, role)
    if not same or person.name != one_line(name) or (person.email or "") != one_line(email):
        raise IdInUse
    return person


def store_once(*rows: Base) -> bool:
    """Store rows, in their order, or none of them; False when a unique value among them is taken."""
    try:
        with db().begin_nested():
            for row in rows:
                db().add(row)
                db().flush()
    except IntegrityError:
        return False
    return True


def row_for_change(model: type[One], patient: Viewer) -> One:
    """Return the one row that a table has of a patient, locked; made now when there is none.

    So it is also when another device makes it this moment. Needs a writing unit.
    """
    query = select(model).filter_by(patient_id=patient.id).with_for_update()
    row = db().scalar(query)
    if row is None:
        store_once(model(patient_id=patient.id, practice_id=patient.practice_id, changed_at=clock.now()))
        row = db().scalars(query).one()
    return row


def send_invitation(person: Person, *, created_by: uuid.UUID | None) -> str:
    """Send a person a fresh link to join; older ones stop working. Return the link's token."""
    cancel_links(person.id)
    token = links.make_link(
        LinkPurpose.JOIN,
        practice_id=person.practice_id,
        person_id=person.id,
        created_by=created_by,
        hours=INVITATION_HOURS,
    )
    mail.tell(person, "invitation", link=invitation_address(token, person.language), hours=INVITATION_HOURS)
    return token


def invitation_address(token: str, language: str = "en") -> str:
    """Return the address that the mail of an invitation gives; the mail is the same for everybody of a language."""
    return mail.link_to(f"/join/{token}" if language == "en" else f"/join/{token}?language={language}")


def cancel_links(person_id: uuid.UUID) -> None:
    """Make all open links stop working with which this person could join or set a password."""
    for purpose in (LinkPurpose.JOIN, LinkPurpose.RESET):
        links.cancel_links(purpose, person_id=person_id)


# ----------------------------------------------------------------------------------------------------------- joining
def sign_in_index(name: str) -> bytes:
    """Return the keyed hash by which a sign-in name is found."""
    return vault().blind_index("sign-in name", name)


def activate(person: Person, sign_in_name: str, password_hash: str) -> None:
    """Turn an invited person into an active one; raise `SignInNameTaken` and change nothing when the name is taken."""
    index = sign_in_index(sign_in_name)
    taken = select(Person.id).where(Person.sign_in_index == index, Person.id != person.id)
    if db().scalar(taken) is not None:
        raise SignInNameTaken
    try:
        with db().begin_nested():
            person.sign_in_name, person.sign_in_index = sign_in_name.strip(), index
            person.password_hash, person.password_changed_at = password_hash, clock.now()
            person.state = PersonState.ACTIVE
            person.language = i18n.language_of_page() or person.language
            person.security_notice = person.security_notice_at = None
            db().flush()
    except IntegrityError:
        raise SignInNameTaken from None
    cancel_links(person.id)


def chart_number_index(practice_id: uuid.UUID, number: str) -> bytes:
    """Return the keyed hash by which a chart number is found inside its practice."""
    return vault().blind_index("chart number", f"{practice_id}{one_line(number)}")


def _practice_of(viewer: Actor) -> Practice:
    return db().get_one(Practice, viewer.practice_id)


def one_line(text: str) -> str:
    """Return a name, number or address without line breaks and doubled spaces."""
    return " ".join(text.split())
