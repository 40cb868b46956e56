"""One-time links: invitations, resets and confirmations sent by e-mail.

Mail scanners open every link they see, so a GET only shows a page; the button on it (POST) uses the link.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import timedelta

from sqlalchemy import ColumnElement, CursorResult, and_, delete, select, update

from patient_app.accounts.models import ClinicCode, LinkPurpose, OneTimeLink
from patient_app.core import clock, work
from patient_app.core.ids import new_id
from patient_app.core.work import db

KEPT_AFTER_EXPIRY = timedelta(days=30)


class LinkUnusable(Exception):
    """The link was used, cancelled, is too old, or never was one; the reader learns no more than that."""


def make_link(
    purpose: LinkPurpose,
    *,
    practice_id: uuid.UUID,
    person_id: uuid.UUID | None = None,
    support_link_id: uuid.UUID | None = None,
    created_by: uuid.UUID | None = None,
    hours: int,
) -> str:
    """Add a link in this unit of work and return its token, 256 random bits that are kept only as a hash."""
    token = secrets.token_urlsafe(32)
    moment = clock.now()
    db().add(
        OneTimeLink(
            id=new_id(),
            practice_id=practice_id,
            purpose=purpose,
            token_hash=_hash(token),
            person_id=person_id,
            support_link_id=support_link_id,
            created_by=created_by,
            created_at=moment,
            expires_at=moment + timedelta(hours=hours),
        )
    )
    db().flush()
    return token


def find_link(token: str, *purposes: LinkPurpose) -> OneTimeLink | None:
    """Return the link if it can still be used (for one of the purposes, where given). Takes no writer lock."""
    with work.reading() as session:
        link = session.scalar(select(OneTimeLink).where(_usable(token)))
    return link if link is not None and (not purposes or link.purpose in purposes) else None


def use_link(token: str, *purposes: LinkPurpose) -> OneTimeLink:
    """Use up the link in this unit of work and return it; of many at once exactly one wins.

    Raise `LinkUnusable` for the others. If the unit of work is rolled back, the link can be used again.
    """
    conditions = [_usable(token)]
    if purposes:
        conditions.append(OneTimeLink.purpose.in_(purposes))
    result = db().execute(update(OneTimeLink).where(*conditions).values(used_at=clock.now()))
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type that `execute` declares.
    if result.rowcount != 1:
        raise LinkUnusable
    return db().scalars(select(OneTimeLink).where(OneTimeLink.token_hash == _hash(token))).one()


def cancel_links(purpose: LinkPurpose, *, person_id: uuid.UUID) -> None:
    """Cancel a person's open links of one purpose."""
    db().execute(
        update(OneTimeLink)
        .where(
            OneTimeLink.person_id == person_id,
            OneTimeLink.purpose == purpose,
            OneTimeLink.used_at.is_(None),
            OneTimeLink.cancelled_at.is_(None),
        )
        .values(cancelled_at=clock.now())
    )


def cancel_all() -> int:
    """Cancel every open link and clinic code of everybody (after a restore: it may have been used since)."""
    cancelled = 0
    for table in (OneTimeLink, ClinicCode):
        still_open = update(table).where(table.used_at.is_(None), table.cancelled_at.is_(None))
        result = db().execute(still_open.values(cancelled_at=clock.now()))
        assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type that `execute` declares.
        cancelled += int(result.rowcount)
    return cancelled


def prune() -> int:
    """Remove links and clinic codes that ended long ago; return how many."""
    before = clock.now() - KEPT_AFTER_EXPIRY
    removed = 0
    for table in (OneTimeLink, ClinicCode):
        result = db().execute(delete(table).where(table.expires_at < before))
        assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type that `execute` declares.
        removed += int(result.rowcount)
    return removed


def _usable(token: str) -> ColumnElement[bool]:
    return and_(
        OneTimeLink.token_hash == _hash(token),
        OneTimeLink.used_at.is_(None),
        OneTimeLink.cancelled_at.is_(None),
        OneTimeLink.expires_at > clock.now(),
    )


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
