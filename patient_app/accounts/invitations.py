"""Joining by a link from an e-mail. Looking at a link changes nothing; only the button on its page uses it.

The landing page is the same for everybody and tells nothing about anybody: mail scanners and whoever else opens the
mailbox learn that there is an invitation to a product of this name.

Whether a sign-in name is free can be asked only by who holds a link that works (or a clinic code), as often as the
throttle lets them; a refused name does not use the link up. A stranger cannot ask at all.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from patient_app.accounts import addresses, links, passwords
from patient_app.accounts.links import LinkUnusable
from patient_app.accounts.models import LinkPurpose, OneTimeLink, Person, PersonState, SupportLink
from patient_app.accounts.registry import (
    FOR_CHANGE,
    STAFF,
    Actor,
    activate,
    cancel_links,
    find_person,
    new_supporter,
    send_invitation,
)
from patient_app.accounts.supporters import accept_supporter
from patient_app.core import clock, work
from patient_app.core.errors import NotFound
from patient_app.core.roles import Role
from patient_app.core.work import db

JOINING = (LinkPurpose.JOIN, LinkPurpose.JOIN_SUPPORTER)


class SignInNameNeeded(Exception):
    """There is no e-mail address to sign in with, so a name has to be chosen."""


@dataclass(frozen=True, slots=True)
class Landing:
    """What the page of a link has to know: which fields to show, never whom it is for."""

    asks_name: bool


def look_at(token: str) -> Landing:
    """Return what the page of a link shows; raise `LinkUnusable`. Nothing is used up and nothing written."""
    link = links.find_link(token, *JOINING)
    if link is None:
        raise LinkUnusable
    return Landing(asks_name=link.purpose == LinkPurpose.JOIN_SUPPORTER)


def join(token: str, *, sign_in_name: str, password: str, own_name: str = "") -> Person:
    """Make the invited account an active one and use the link up; of many requests at once exactly one succeeds.

    Call it before the unit of work was used: the password is hashed first. Raise `LinkUnusable`, `PasswordRefused`,
    `SignInNameNeeded` or `SignInNameTaken`; then nothing is changed and the link can be used again.
    """
    link = links.find_link(token, *JOINING)
    if link is None:
        raise LinkUnusable
    passwords.check_new_password(password, _role_of(link))
    password_hash = passwords.hash_password(password)
    with db().begin_nested():
        person = _person_of(links.use_link(token, *JOINING), own_name)
        name = sign_in_name.strip() or person.email
        if not name:
            raise SignInNameNeeded
        activate(person, name, password_hash)
        addresses.prove(person)
    return person


def _role_of(link: OneTimeLink) -> Role:
    if link.purpose == LinkPurpose.JOIN_SUPPORTER:
        return Role.SUPPORTER
    with work.reading() as session:
        role = session.scalar(select(Person.role).where(Person.id == link.person_id))
    if role is None:
        raise LinkUnusable
    return Role(role)


def _person_of(link: OneTimeLink, own_name: str) -> Person:
    if link.purpose == LinkPurpose.JOIN_SUPPORTER:
        tie = db().get_one(SupportLink, link.support_link_id)
        supporter = new_supporter(link.practice_id, own_name or tie.name or "", tie.email or "")
        _accept(link, supporter)
        return supporter
    person = db().get(Person, link.person_id, with_for_update=FOR_CHANGE) if link.person_id else None
    if person is None or person.state != PersonState.INVITED:
        raise LinkUnusable
    return person


def accept_as(viewer: Actor, token: str) -> None:
    """Tie a supporter who has an account already to the patient who sent this link; raise `LinkUnusable`.

    Only inside the practice: an account of another one cannot take the link, and does not use it up.
    """
    with db().begin_nested():
        link = links.use_link(token, LinkPurpose.JOIN_SUPPORTER)
        _accept(link, db().get_one(Person, viewer.id))


def _accept(link: OneTimeLink, supporter: Person) -> None:
    try:
        accept_supporter(link.support_link_id or supporter.id, supporter)
    except NotFound:  # The patient took the invitation back, or it is another practice's.
        raise LinkUnusable from None


# ------------------------------------------------------------------------------------------- for those who invited
def open_until(person_id: uuid.UUID) -> datetime | None:
    """Return when a person's open invitation ends; None when none is open."""
    query = select(OneTimeLink.expires_at).where(
        OneTimeLink.person_id == person_id,
        OneTimeLink.purpose == LinkPurpose.JOIN,
        OneTimeLink.used_at.is_(None),
        OneTimeLink.cancelled_at.is_(None),
        OneTimeLink.expires_at > clock.now(),
    )
    return db().scalar(query.order_by(OneTimeLink.expires_at.desc()).limit(1))


def resend(viewer: Actor, person_id: uuid.UUID) -> None:
    """Send a fresh invitation, the one before stops working; raise `NotFound` once the person has joined."""
    send_invitation(_invited(viewer, person_id), created_by=viewer.id)


def cancel(viewer: Actor, person_id: uuid.UUID) -> None:
    """Make a person's open invitation stop working; raise `NotFound` once the person has joined."""
    cancel_links(_invited(viewer, person_id).id)


def _invited(viewer: Actor, person_id: uuid.UUID) -> Person:
    person = find_person(viewer, person_id, (*STAFF, Role.PATIENT))
    if person.state != PersonState.INVITED or not person.email:
        raise NotFound
    return person
