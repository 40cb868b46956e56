"""Closing an account and opening it again. Nothing is deleted.

A closed patient shares nothing: whoever decides about reading asks for the patient's state at each reading. Beyond that
the consents are paused, so that nothing opens by itself when the account does. Consents stand above accounts, so they
bring the step that pauses them; without it no patient's account is closed or opened.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import select, update

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind
from patient_app.accounts import addresses, links, sessions, teams
from patient_app.accounts.models import ClinicCode, LinkPurpose, OneTimeLink, Person, PersonState, SupportLink
from patient_app.accounts.registry import FOR_CHANGE, STAFF, Actor, cancel_links, find_person
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.roles import Role
from patient_app.core.work import db

# Called with the patient's id and the administrator's.
PauseSharing = Callable[[uuid.UUID, uuid.UUID], object]
_steps: dict[str, PauseSharing] = {}
_Step = TypeVar("_Step", bound=PauseSharing)


def pauses_sharing(step: _Step) -> _Step:
    """Mark the function that pauses all that a patient shares; there is one."""
    _steps["pause"] = step
    return step


def close_account(viewer: Actor, person_id: uuid.UUID) -> Role:
    """Close an account of the staff or of a patient and return which: signed out everywhere, links and codes dead.

    Staff leave every team. A patient's teams and ties stay, and open nothing; what they share is paused. Nobody closes
    their own account (`NotFound`), so a practice always keeps an administrator. Closed twice is closed.
    """
    person = _taken(viewer, person_id)
    if person.id == viewer.id:
        raise NotFound
    role = Role(person.role)
    if person.state == PersonState.CLOSED:
        return role
    person.state, person.closed_at = PersonState.CLOSED, clock.now()
    sessions.end_other_sessions(person_id, None)
    _end_codes(person_id)
    cancel_links(person_id)
    if role is Role.PATIENT:
        _steps["pause"](person_id, viewer.id)
        _end_links_of_patient(person_id)
        _record(viewer, person, AccessKind.ACCOUNT_CLOSED)
    else:
        teams.leave_all(viewer, person_id)
    return role


def reopen_account(viewer: Actor, person_id: uuid.UUID) -> Role:
    """Open a closed account again and return whose it is; they sign in anew. Raise `NotFound`.

    For staff, teams are assigned anew. A patient's sharing stays paused until the patient resumes it.
    """
    person = _taken(viewer, person_id)
    if person.state == PersonState.CLOSED:
        # A request that was under way while the account closed may have left something behind.
        sessions.end_other_sessions(person_id, None)
        if person.role == Role.PATIENT:
            _steps["pause"](person_id, viewer.id)
            _record(viewer, person, AccessKind.ACCOUNT_REOPENED)
        person.state = PersonState.ACTIVE if person.password_hash else PersonState.INVITED
        if person.role == Role.PATIENT and person.state == PersonState.ACTIVE:
            addresses.warn(person, "account_news")
    return Role(person.role)


def _taken(viewer: Actor, person_id: uuid.UUID) -> Person:
    """Return a member of the staff or a patient for an administrator of their practice; one writer at a time."""
    person = find_person(viewer, person_id, (*STAFF, Role.PATIENT))
    if viewer.role != Role.ADMINISTRATOR:
        raise NotFound
    db().refresh(person, with_for_update=FOR_CHANGE)
    return person


def _end_codes(person_id: uuid.UUID) -> None:
    dead = update(ClinicCode).where(
        (ClinicCode.person_id == person_id) | (ClinicCode.issued_by == person_id),
        ClinicCode.used_at.is_(None),
        ClinicCode.cancelled_at.is_(None),
    )
    db().execute(dead.values(cancelled_at=clock.now()))


def _end_links_of_patient(patient_id: uuid.UUID) -> None:
    """Make the link that opens entries stop working, and the invitations that the patient sent to supporters."""
    links.cancel_links(LinkPurpose.OPEN_ENTRIES, person_id=patient_id)
    ties = select(SupportLink.id).where(SupportLink.patient_id == patient_id)
    sent = update(OneTimeLink).where(
        OneTimeLink.support_link_id.in_(ties), OneTimeLink.used_at.is_(None), OneTimeLink.cancelled_at.is_(None)
    )
    db().execute(sent.values(cancelled_at=clock.now()))


def _record(viewer: Actor, patient: Person, kind: AccessKind) -> None:
    """Add what the administrator did to the patient's access records."""
    access_log.record(
        [
            access_log.Reading(
                practice_id=patient.practice_id,
                patient_id=patient.id,
                viewer_id=viewer.id,
                viewer_role=str(viewer.role),
                kind=kind,
            )
        ]
    )
