"""What a person answers when a code from the clinic was issued for their account, or was used.

Whoever came in by the code is asked nothing: only a device that was signed in before, or the owner's mailbox, can say
"it was me" and open the older entries, or "it was not me" and take it all back. Consents stand above accounts, so they
bring the step that takes back what was shared; without it nothing is taken back at all.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import select, update

from patient_app.accounts import addresses, links, names, second_factor, sessions, supporters
from patient_app.accounts.models import ClinicCode, DeviceSession, LinkPurpose, Person, SecurityNotice
from patient_app.core import clock
from patient_app.core.identity import Viewer
from patient_app.core.roles import Role
from patient_app.core.work import db, reading

# Called with the patient's id and the moment since which somebody else was in.
TakeBackSharing = Callable[[uuid.UUID, datetime], object]
_steps: dict[str, TakeBackSharing] = {}
_Step = TypeVar("_Step", bound=TakeBackSharing)


class NothingToAnswer(Exception):
    """This session is not asked that (any more)."""


@dataclass(frozen=True, slots=True)
class Happened:
    """What a person is asked about: when it was, and for a code who made it (else empty)."""

    at: datetime | None
    by: str


def takes_back_sharing(step: _Step) -> _Step:
    """Mark the function that closes what was shared, or opened again, since a moment; there is one."""
    _steps["take back"] = step
    return step


def what_happened(viewer: Viewer) -> Happened:
    """Return when it was that the caller is asked about, and which member of the staff made the code."""
    person = db().get_one(Person, viewer.id)
    by = ""
    if person.security_notice == SecurityNotice.CODE_ISSUED:
        newest = select(ClinicCode.issued_by).where(ClinicCode.person_id == person.id)
        issuer = db().scalar(newest.order_by(ClinicCode.issued_at.desc(), ClinicCode.id.desc()).limit(1))
        by = names.shown(db().get_one(Person, issuer)) if issuer else ""
    return Happened(person.security_notice_at, by)


def it_was_me(viewer: Viewer, notice: SecurityNotice) -> None:
    """Accept what happened: older entries open again on the new device. Raise `NothingToAnswer`.

    A session that is over since then ends: who has the new password signs in with it.
    """
    person = _asked(viewer, notice)
    if viewer.superseded:
        sessions.end_session(viewer.session_id, person.id)
    if notice is SecurityNotice.CODE_USED:
        forget_code_reset(person)
    person.security_notice = person.security_notice_at = None


def it_was_not_me(viewer: Viewer, notice: SecurityNotice) -> None:
    """Take it back: open codes stop working; after a reset the password and the second factor from before count again.

    The devices that came in since are signed out and forgotten. Whom they invited or confirmed as supporters is not
    tied to the person any more, what was signed since is ended, what was resumed since is paused, and whatever opens
    without signing in is closed. Raise `NothingToAnswer`.
    """
    person = _asked(viewer, notice)
    since = person.entries_closed_from
    if since is not None and (notice is SecurityNotice.CODE_USED or _is_older(viewer, since)):
        _take_back(person, since, keep=viewer.session_id)
        addresses.take_back(person)  # They may have come in by the address that staff set.
    _cancel_codes(person)
    person.security_notice = person.security_notice_at = None


def may_be_taken_back(token: str) -> bool:
    """Whether the link from a person's mail can also say that it was not them; raise `links.LinkUnusable`.

    It can after a reset by a link to an address that staff set, in which no second person had a part.
    """
    link = links.find_link(token, LinkPurpose.OPEN_ENTRIES)
    if link is None:
        raise links.LinkUnusable
    with reading() as session:
        return session.get_one(Person, link.person_id).entries_closed_until == clock.NO_END


def is_of_patient(token: str) -> bool:
    """Whether the link from a person's mail opens a patient's own entries; raise `links.LinkUnusable`."""
    link = links.find_link(token, LinkPurpose.OPEN_ENTRIES)
    if link is None:
        raise links.LinkUnusable
    with reading() as session:
        return session.get_one(Person, link.person_id).role == Role.PATIENT


def take_back_by_mail(token: str) -> None:
    """Take back a reset by a link to an address that staff set, as an older device can; raise `links.LinkUnusable`.

    That address stays in question, and is not changed to the one from before: whoever reads that mail gets nothing by
    this but the state from before. The person says on a device which address is right.
    """
    with db().begin_nested():
        link = links.use_link(token, LinkPurpose.OPEN_ENTRIES)
        person = db().get_one(Person, link.person_id, with_for_update=True, populate_existing=True)
        since = person.entries_closed_from
        if since is None or person.entries_closed_until != clock.NO_END:
            raise links.LinkUnusable
        _take_back(person, since, keep=None)
    _cancel_codes(person)
    person.security_notice = person.security_notice_at = None


def _take_back(person: Person, since: datetime, *, keep: uuid.UUID | None) -> None:
    """Go back to how it was before a moment, and sign out who came in since but for one session."""
    person.password_hash = person.password_hash_before_code
    person.password_changed_at = clock.now()
    second_factor.take_back(person, since)
    supporters.end_made_since(person.id, since)
    _steps["take back"](person.id, since)
    sessions.end_other_sessions(person.id, keep, begun_since=since)
    sessions.forget_devices(person.id, since=since)
    links.cancel_links(LinkPurpose.RESET, person_id=person.id)
    forget_code_reset(person)
    addresses.warn(person, "code_undone")


def _is_older(viewer: Viewer, since: datetime) -> bool:
    """Whether this session began before a reset by a code; who came in by it cannot take it back."""
    begun = db().scalar(select(DeviceSession.created_at).where(DeviceSession.id == viewer.session_id))
    return begun is not None and not sessions.begun_after_code(begun, since)


def _asked(viewer: Viewer, notice: SecurityNotice) -> Person:
    """Return the person, for writing, if this very question is open to this session."""
    person = db().get_one(Person, viewer.id, with_for_update=True)
    if viewer.security_notice != notice or person.security_notice != notice:
        raise NothingToAnswer
    return person


def open_entries(token: str) -> None:
    """Open a person's older entries by the link from their mail; raise `links.LinkUnusable`."""
    link = links.use_link(token, LinkPurpose.OPEN_ENTRIES)
    person = db().get_one(Person, link.person_id, with_for_update=True)
    forget_code_reset(person)


def forget_code_reset(person: Person) -> None:
    """Treat a reset by a clinic code as the owner's own: nothing stays closed, nothing is left to answer."""
    person.entries_closed_from = person.entries_closed_until = None
    person.password_hash_before_code = None
    second_factor.forget_set_aside(person)
    if person.security_notice == SecurityNotice.CODE_USED:
        person.security_notice = person.security_notice_at = None
    links.cancel_links(LinkPurpose.OPEN_ENTRIES, person_id=person.id)


def _cancel_codes(person: Person) -> None:
    db().execute(
        update(ClinicCode)
        .where(ClinicCode.person_id == person.id, ClinicCode.used_at.is_(None), ClinicCode.cancelled_at.is_(None))
        .values(cancelled_at=clock.now())
    )
