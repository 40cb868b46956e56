"""New passwords: asked for by e-mail when the old one is forgotten, or changed by who is signed in.

Asking writes one row, whoever asks for whomever; the worker finds out later whether there is such an account. So the
answer tells nobody, not even by its time, who has one.
"""

from __future__ import annotations

from datetime import timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import CursorResult, Select, delete, func, select

from patient_app.accounts import addresses, links, mail, passwords, sessions, throttle
from patient_app.accounts.codes import close_entries
from patient_app.accounts.links import LinkUnusable
from patient_app.accounts.models import LinkPurpose, OneTimeLink, Person, PersonState, ResetRequest
from patient_app.accounts.registry import FOR_CHANGE, sign_in_index
from patient_app.accounts.security import forget_code_reset
from patient_app.accounts.sign_in import Asking, SignedIn, begin, prove_both, take_with_code
from patient_app.core import clock
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import Store, db, reading

VALID_HOURS = 1
# Enough for who looks into the wrong mailbox first, too few to fill somebody's.
MOST_AN_HOUR = 3
BATCH = 50


# ------------------------------------------------------------------------------------------------------- forgotten
def ask(name: str, network: str) -> None:
    """Note that somebody wants a new password for a sign-in name; raise `throttle.TooManyTries` for a busy network.

    Call it before the unit of work was used.
    """
    throttle.reserve_or_refuse([throttle.network_bucket(throttle.Kind.FORGOT, network)])
    db().add(ResetRequest(id=new_id(), sign_in_index=sign_in_index(name), requested_at=clock.now()))


def handle_requests(store: Store) -> int:
    """Queue a message with a link for each account that was asked for; return how many. The worker calls this."""
    queued = 0
    while True:
        with store.work(writes=False):  # Looking takes no writer lock: most of the time there is nothing to do.
            if db().scalar(_requests().limit(1)) is None:
                return queued
        with store.work(writes=True):
            batch = db().scalars(_requests().limit(BATCH).with_for_update(skip_locked=True)).all()
            for request in batch:
                queued += _answer(request)
                db().delete(request)
        if not batch:  # Another worker has them.
            return queued


def drop_requests() -> int:
    """Forget every request that waits (after a restore: it was answered before); return how many."""
    result = db().execute(delete(ResetRequest))
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type that `execute` declares.
    return int(result.rowcount)


def _requests() -> Select[ResetRequest]:
    return select(ResetRequest).order_by(ResetRequest.requested_at, ResetRequest.id)


def _answer(request: ResetRequest) -> bool:
    query = select(Person).where(Person.sign_in_index == request.sign_in_index, Person.state == PersonState.ACTIVE)
    # Held, so that no link goes to an address that is changed at this moment.
    person = db().scalar(query.with_for_update(key_share=True))
    if person is None or not person.email or _sent_lately(person) >= MOST_AN_HOUR:
        return False
    token = links.make_link(LinkPurpose.RESET, practice_id=person.practice_id, person_id=person.id, hours=VALID_HOURS)
    mail.tell(person, "reset", link=mail.link_to(f"/reset/{token}"))
    return True


def _sent_lately(person: Person) -> int:
    query = select(func.count()).where(
        OneTimeLink.person_id == person.id,
        OneTimeLink.purpose == LinkPurpose.RESET,
        OneTimeLink.created_at > clock.now() - timedelta(hours=1),
    )
    return db().scalar(query) or 0


def role_of_link(token: str) -> Role:
    """Return the role of the person that a reset link is for; raise `LinkUnusable`. Uses nothing up."""
    return Role(_owner(token).role)


def _owner(token: str) -> Person:
    link = links.find_link(token, LinkPurpose.RESET)
    with reading() as session:
        person = session.get(Person, link.person_id) if link is not None else None
    if person is None or person.state != PersonState.ACTIVE:
        raise LinkUnusable
    return person


def reset(token: str, new_password: str, asking: Asking) -> SignedIn:
    """Set a new password by a link and begin a session; who has a second factor still needs it.

    All other devices are signed out, and the owner is told. By a link to an address that staff set and that nobody has
    confirmed, older entries stay closed and older devices signed in, as after a code of the clinic; but no time opens
    them. Raise `LinkUnusable` or `PasswordRefused`, then nothing is changed and the link can be used again. Call it
    before the unit of work was used.
    """
    owner = _owner(token)
    passwords.check_new_password(new_password, Role(owner.role))
    password_hash = passwords.hash_password(new_password)
    # The person first, then the link: whoever changes the address takes them in this order too.
    person = db().get_one(Person, owner.id, with_for_update=FOR_CHANGE)
    links.use_link(token, LinkPurpose.RESET)
    links.cancel_links(LinkPurpose.RESET, person_id=person.id)
    if addresses.is_unproven(person):
        close_entries(person, clock.now(), by_link=True)
        _keep(person, password_hash)
    else:
        sessions.end_other_sessions(person.id, None)
        # Whoever reads the person's mail proved as much as the mail that opens entries after a code.
        forget_code_reset(person)
        sessions.forget_devices(person.id)
        _set(person, password_hash)
    return begin(person, asking)


# --------------------------------------------------------------------------------------------------------- changed
def change_password(viewer: Viewer, current: str, new_password: str, code: str, asking: Asking) -> SignedIn:
    """Change the password, sign out all other devices and forget them; this one goes on under a new token.

    It counts as having shown who one is, so where there is a second factor its code is needed too.

    Who came in by a clinic code cannot sign out the older devices until one of them answered: from there it can still
    be said that it was somebody else. Raise `PasswordRefused`, `SignInRefused` (the current one or the code is wrong)
    or `TooManyTries`. Call it before the unit of work was used.
    """
    passwords.check_new_password(new_password, viewer.role)
    proof = prove_both(viewer, current, asking)
    if passwords.is_same(current, new_password):
        raise passwords.PasswordRefused(_l("This is the password you have now. Choose another one."))
    password_hash = passwords.hash_password(new_password)
    person = take_with_code(proof, code)
    since = sessions.newer_than_code(viewer)
    token = sessions.renew_session(person, viewer.session_id)
    sessions.end_all_but(person.id, token, begun_since=since)
    sessions.forget_devices(person.id, since=since, keep=asking.device_token)
    links.cancel_links(LinkPurpose.RESET, person_id=person.id)
    _set(person, password_hash)
    return SignedIn(token, None, viewer.role, viewer.stage)


def _set(person: Person, password_hash: str) -> None:
    _keep(person, password_hash)
    addresses.warn(person, "password_changed")


def _keep(person: Person, password_hash: str) -> None:
    person.password_hash = password_hash
    person.password_changed_at = clock.now()
