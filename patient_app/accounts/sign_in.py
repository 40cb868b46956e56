"""Signing in: name and password, then the second factor where there is one.

A wrong password and a name that nobody has get the same answer after the same time. The try is counted first (see
`throttle`), the password is looked at without holding anybody up, and only then is something written.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from patient_app.accounts import passwords, second_factor, sessions, throttle
from patient_app.accounts.models import Person, PersonState
from patient_app.accounts.registry import sign_in_index
from patient_app.core.identity import Stage, Viewer
from patient_app.core.roles import Role
from patient_app.core.work import db, reading

NOBODY = uuid.UUID(int=0)


class SignInRefused(Exception):
    """Name and password do not belong together, or the code is wrong; the reader learns no more than that."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What a request tells of the browser that sent it."""

    browser: str
    network: str
    session_token: str | None
    device_token: str | None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that began: the tokens to give to the browser, and how far the sign-in has come."""

    token: str
    device_token: str | None
    role: Role
    stage: Stage


@dataclass(frozen=True, slots=True)
class Proof:
    """A password that was right just now, and where the try was counted."""

    person_id: uuid.UUID
    password_hash: str | None
    buckets: list[throttle.Bucket]
    code_buckets: list[throttle.Bucket] = field(default_factory=list)


def sign_in(name: str, password: str, asking: Asking) -> SignedIn:
    """Begin a session; raise `SignInRefused` or `throttle.TooManyTries`. Call it before the unit of work was used."""
    index = sign_in_index(name)
    with reading() as session:
        person_id, password_hash = _find(session, index)
        known = sessions.knows_device(session, person_id, asking.device_token)
    proof = _prove(person_id, password_hash, password, _buckets(index, asking, known=known))
    new_hash = passwords.hash_password(password) if passwords.needs_new_hash(password_hash) else None
    person = take(proof)
    if new_hash is not None:
        person.password_hash = new_hash
    return begin(person, asking)


def _find(session: Session, index: bytes) -> tuple[uuid.UUID, str | None]:
    query = select(Person.id, Person.password_hash).where(
        Person.sign_in_index == index, Person.state == PersonState.ACTIVE
    )
    row = session.execute(query).one_or_none()
    # For a name that nobody has, all further steps are taken with an id that nobody has.
    return (NOBODY, None) if row is None else (row.id, row.password_hash)


def _buckets(index: bytes, asking: Asking, *, known: bool) -> list[throttle.Bucket]:
    return throttle.sign_in_buckets(index, asking.network, asking.device_token if known else None)


def _prove(person_id: uuid.UUID, kept: str | None, password: str, buckets: list[throttle.Bucket]) -> Proof:
    throttle.reserve_or_refuse(buckets)
    if not passwords.verify_password(kept, password):
        raise SignInRefused
    return Proof(person_id, kept, buckets)


def take(proof: Proof) -> Person:
    """Return the person of a proof for writing, and forgive the tries before it.

    Raise `SignInRefused` if the account was closed or got another password in this very moment.
    """
    person = db().get(Person, proof.person_id, with_for_update=True, populate_existing=True)
    if person is None or person.state != PersonState.ACTIVE or person.password_hash != proof.password_hash:
        raise SignInRefused
    throttle.forget(proof.buckets)
    return person


def stage_after_password(person: Person) -> Stage:
    """Return what a person still has to do once the password, or a link to set one, was right."""
    if second_factor.is_on(person):
        return Stage.SECOND_FACTOR
    return Stage.ENROL_SECOND_FACTOR if Role(person.role).is_staff else Stage.FULL


def begin(person: Person, asking: Asking) -> SignedIn:
    """Begin a session for a person who proved the first factor; the browser's session before it ends.

    The device counts as known only once the sign-in is finished.
    """
    sessions.end_session_of_token(asking.session_token)
    stage = stage_after_password(person)
    token = sessions.begin_session(person, asking.browser, stage)
    device = sessions.remember_device(person.id, asking.device_token) if stage is Stage.FULL else None
    return SignedIn(token, device, Role(person.role), stage)


def finish(viewer: Viewer, code: str, asking: Asking) -> SignedIn:
    """Finish a sign-in by a code of the second factor; raise `second_factor.CodeRefused` or `TooManyTries`."""
    token, device = second_factor.finish_sign_in(viewer, code, asking.device_token)
    return SignedIn(token, device, viewer.role, Stage.FULL)


def finish_enrolment(viewer: Viewer, code: str, asking: Asking) -> SignedIn:
    """Turn the second factor on and finish the sign-in; raise `second_factor.CodeRefused`."""
    token, device = second_factor.finish_enrolment(viewer, code, asking.device_token)
    return SignedIn(token, device, viewer.role, Stage.FULL)


def prove_password(viewer: Viewer, password: str, asking: Asking) -> Proof:
    """Look at the signed-in person's password; wrong ones are slowed as at sign-in.

    Raise `SignInRefused` or `TooManyTries`. Call it before the unit of work was used, `take` afterwards.
    """
    with reading() as session:
        person = session.get_one(Person, viewer.id)
        known = sessions.knows_device(session, viewer.id, asking.device_token)
    buckets = _buckets(person.sign_in_index or viewer.id.bytes, asking, known=known)
    return _prove(viewer.id, person.password_hash, password, buckets)


def prove_both(viewer: Viewer, password: str, asking: Asking) -> Proof:
    """Look at the password, and count the try with a code where the person has a second factor; `take_with_code` next.

    Raise `SignInRefused` or `TooManyTries`. Call it before the unit of work was used.
    """
    code_buckets = second_factor.code_buckets(viewer, asking.device_token)
    if second_factor.has_second_factor(viewer):
        throttle.reserve_or_refuse(code_buckets)
    return replace(prove_password(viewer, password, asking), code_buckets=code_buckets)


def take_with_code(proof: Proof, code: str) -> Person:
    """Return the person of a proof for writing, if the code is right or none is asked for; raise `SignInRefused`."""
    person = take(proof)
    if second_factor.is_on(person):
        try:
            second_factor.accept_code(person, code)
        except second_factor.CodeRefused:
            raise SignInRefused from None
        throttle.forget(proof.code_buckets)
    return person


def confirm(viewer: Viewer, password: str, code: str, asking: Asking) -> SignedIn:
    """Take the password (and a code, where the person has a second factor) again before something that matters.

    The session goes on under a new token. Raise `SignInRefused` for either, or `TooManyTries`.
    """
    person = take_with_code(prove_both(viewer, password, asking), code)
    return SignedIn(sessions.renew_session(person, viewer.session_id), None, viewer.role, Stage.FULL)
