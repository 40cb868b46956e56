"""The tie between a patient and a supporter: invited by the patient, accepted, and confirmed by the patient.

What the patient wrote about a supporter is sealed under the patient's key. A supporter can be shown something only
while the tie is CONFIRMED: whoever owns the mailbox may not be whom the patient meant.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, or_, select, update
from sqlalchemy.orm import aliased

from patient_app.accounts import links, mail, names
from patient_app.accounts.models import LinkPurpose, OneTimeLink, Person, SupportLink, SupportState
from patient_app.accounts.registry import (
    INVITATION_HOURS,
    Actor,
    IdInUse,
    invitation_address,
    one_line,
    store_once,
)
from patient_app.accounts.seen_as import SeenAs, Way, seen_as, set_for
from patient_app.core import changed, clock
from patient_app.core.errors import NotFound
from patient_app.core.prepared import Prepared
from patient_app.core.roles import Role
from patient_app.core.vault import Place
from patient_app.core.work import connection, db, vault

# Invitations that one patient may have open at a time: enough for a family, too few to trouble strangers with.
OPEN_INVITATIONS = 10


# The patient whose tie it is, beside the supporter.
_Own = aliased(Person)
# Asked by Today each time it is opened.
_WAITING = Prepared(
    select(SupportLink.id, SupportLink.name_sealed)
    .where(SupportLink.patient_id == bindparam("patient_id"), SupportLink.state == SupportState.ACCEPTED)
    .order_by(SupportLink.invited_at, SupportLink.id)
)


class TooManyInvitations(Exception):
    """The patient has as many open invitations as one may have; one has to be ended first."""


@dataclass(frozen=True, slots=True)
class SupportRow:
    """A supporter as their patient sees them: `name` is the patient's own word, `own_name` that of their account.

    `introduced` is how they want to be called and spoken of; empty until confirmed, and where they said neither.
    """

    link_id: uuid.UUID
    supporter_id: uuid.UUID | None
    name: str
    email: str
    own_name: str
    introduced: str
    instructions: str
    state: SupportState
    invited_at: datetime
    accepted_at: datetime | None
    # How they see the patient, or will once they are confirmed.
    seen_as: SeenAs


def invite_supporter(
    viewer: Actor, link_id: uuid.UUID, name: str, email: str, instructions: str = "", *, way: Way = Way.CHART
) -> SupportLink:
    """Invite somebody to support the calling patient; the mail tells neither the patient's name nor what this is.

    `way` is how they are to see the patient, once confirmed. Sent twice, invited once. Raise `IdInUse` when the form's
    id cannot be used, `TooManyInvitations` at the limit, `NotOffered` where there is no such name.
    """
    known = _invited(viewer, link_id, name, email)
    if known is not None:
        return known
    waiting = select(func.count()).where(SupportLink.patient_id == viewer.id, SupportLink.state == SupportState.INVITED)
    if (db().scalar(waiting) or 0) >= OPEN_INVITATIONS:
        raise TooManyInvitations
    tie = SupportLink(
        id=link_id,
        practice_id=viewer.practice_id,
        patient_id=viewer.id,
        state=SupportState.INVITED,
        invited_at=clock.now(),
    )
    tie.name, tie.email, tie.instructions = one_line(name), one_line(email), instructions
    set_for(tie, way)
    if store_once(tie):
        _send(tie)
        return tie
    known = _invited(viewer, link_id, name, email)  # The same form came twice at once.
    if known is None:
        raise IdInUse
    return known


def _invited(viewer: Actor, link_id: uuid.UUID, name: str, email: str) -> SupportLink | None:
    """Return the tie that this form made before; raise `IdInUse` when the id stands for something else."""
    tie = db().get(SupportLink, link_id)
    if tie is None:
        return None
    if tie.patient_id != viewer.id or (tie.name, tie.email) != (one_line(name), one_line(email)):
        raise IdInUse
    return tie


def _send(tie: SupportLink) -> None:
    cancel_support_invitation(tie.id)
    token = links.make_link(
        LinkPurpose.JOIN_SUPPORTER,
        practice_id=tie.practice_id,
        support_link_id=tie.id,
        created_by=tie.patient_id,
        hours=INVITATION_HOURS,
    )
    # In the language of the one who invites: of the other nothing is known yet.
    language = db().get_one(Person, tie.patient_id).language
    link = invitation_address(token, language)
    mail.queue_mail(tie.patient_id, tie.email, "invitation", language=language, link=link, hours=INVITATION_HOURS)


def cancel_support_invitation(link_id: uuid.UUID) -> None:
    """Make the open invitations of a tie stop working."""
    query = update(OneTimeLink).where(
        OneTimeLink.support_link_id == link_id,
        OneTimeLink.used_at.is_(None),
        OneTimeLink.cancelled_at.is_(None),
    )
    db().execute(query.values(cancelled_at=clock.now()))


def resend_support_invitation(viewer: Actor, link_id: uuid.UUID) -> None:
    """Send a fresh invitation, the one before stops working; raise `NotFound` unless it is still open."""
    tie = _own(viewer, link_id)
    if tie.state != SupportState.INVITED:
        raise NotFound
    _send(tie)


def accept_supporter(link_id: uuid.UUID, supporter: Person) -> SupportLink:
    """Tie a supporter to the patient who invited them; nothing is shown before the patient confirms.

    The caller used the one-time link in the same unit of work. Raise `NotFound` unless the invitation is open and of
    the supporter's own practice. Where the two are tied already, that tie stays and the new one ends.
    """
    tie = db().get(SupportLink, link_id, with_for_update=True)
    if tie is None or tie.state != SupportState.INVITED or tie.practice_id != supporter.practice_id:
        raise NotFound
    if supporter.role != Role.SUPPORTER:
        raise NotFound
    before = db().scalar(
        select(SupportLink).where(
            SupportLink.patient_id == tie.patient_id,
            SupportLink.supporter_id == supporter.id,
            SupportLink.state.in_((SupportState.ACCEPTED, SupportState.CONFIRMED)),
        )
    )
    if before is not None:
        tie.state, tie.ended_at = SupportState.ENDED, clock.now()
        return before
    tie.supporter_id = supporter.id
    tie.state, tie.accepted_at = SupportState.ACCEPTED, clock.now()
    mail.tell(db().get_one(Person, tie.patient_id), "account_news")
    return tie


def confirm_supporter(viewer: Actor, link_id: uuid.UUID) -> SupportLink:
    """Confirm that the person who accepted is whom the patient meant; confirmed twice is confirmed."""
    tie = _own(viewer, link_id)
    if tie.state == SupportState.ACCEPTED:
        changed.tell(changed.What.SUPPORT, tie.patient_id)  # Before: what was theirs once is not theirs now.
        tie.state, tie.confirmed_at = SupportState.CONFIRMED, clock.now()
    elif tie.state != SupportState.CONFIRMED:
        raise NotFound
    return tie


def end_support(viewer: Actor, link_id: uuid.UUID) -> SupportLink:
    """End a tie, or take an invitation back: the patient or the supporter may. Ended twice is ended.

    From the next request on, nothing of the patient is shown to the supporter, whatever consent there was.
    """
    tie = db().get(SupportLink, link_id, with_for_update=True)
    if tie is None or viewer.id not in {tie.patient_id, tie.supporter_id}:
        raise NotFound
    if tie.state != SupportState.ENDED:
        tie.state, tie.ended_at = SupportState.ENDED, clock.now()
        cancel_support_invitation(link_id)
        _tell_of_end(tie.patient_id)
    return tie


def end_made_since(patient_id: uuid.UUID, since: datetime) -> None:
    """End the ties and invitations of a patient that were made, or confirmed, since a moment: by somebody else."""
    made = select(SupportLink).where(
        SupportLink.patient_id == patient_id,
        SupportLink.state != SupportState.ENDED,
        or_(SupportLink.invited_at >= since, SupportLink.confirmed_at >= since),
    )
    for tie in db().scalars(made.with_for_update()):
        tie.state, tie.ended_at = SupportState.ENDED, clock.now()
        cancel_support_invitation(tie.id)
    _tell_of_end(patient_id)


def _tell_of_end(patient_id: uuid.UUID) -> None:
    db().flush()
    changed.tell(changed.What.SUPPORT, patient_id)


def set_instructions(viewer: Actor, link_id: uuid.UUID, instructions: str) -> None:
    """Keep what the patient asks of a supporter; raise `NotFound` once the tie has ended."""
    tie = _own(viewer, link_id)
    if tie.state == SupportState.ENDED:
        raise NotFound
    tie.instructions = instructions


def supporters_of(viewer: Actor) -> list[SupportRow]:
    """Return the calling patient's supporters and open invitations, oldest first; ended ties are left out."""
    query = (
        select(SupportLink, Person, _Own)
        .outerjoin(Person, Person.id == SupportLink.supporter_id)
        .join(_Own, _Own.id == SupportLink.patient_id)
        .where(SupportLink.patient_id == viewer.id, SupportLink.state != SupportState.ENDED)
        .order_by(SupportLink.invited_at, SupportLink.id)
    )
    # An invitation that nobody accepted yet has no person beside it.
    rows: list[tuple[SupportLink, Person | None, Person]] = [
        (tie, person, patient) for tie, person, patient in db().execute(query)
    ]
    vault().preload([viewer.id, *(person.id for _, person, _ in rows if person is not None)])
    return [_row(tie, person, patient) for tie, person, patient in rows]


def waiting(viewer: Actor) -> list[str]:
    """Return the calling patient's names of those who accepted and whom the patient did not confirm, oldest first."""
    rows = _WAITING.all(connection(), {"patient_id": viewer.id})
    table, column = SupportLink.__tablename__, "name_sealed"
    return ["" if blob is None else vault().open(Place(table, column, id_, viewer.id), blob) for id_, blob in rows]


def _row(tie: SupportLink, supporter: Person | None, patient: Person) -> SupportRow:
    return SupportRow(
        link_id=tie.id,
        supporter_id=tie.supporter_id,
        name=tie.name or "",
        email=tie.email or "",
        own_name=(supporter.name or "") if supporter is not None else "",
        introduced=_introduced(tie, supporter),
        instructions=tie.instructions or "",
        state=SupportState(tie.state),
        invited_at=tie.invited_at,
        accepted_at=tie.accepted_at,
        seen_as=seen_as(tie, patient),
    )


def _introduced(tie: SupportLink, supporter: Person | None) -> str:
    if supporter is None or tie.state != SupportState.CONFIRMED or not (supporter.called or supporter.pronouns):
        return ""
    return names.introduced(names.shown(supporter), supporter.pronouns)


def _own(viewer: Actor, link_id: uuid.UUID) -> SupportLink:
    """Return the calling patient's tie, for writing; raise `NotFound`."""
    tie = db().get(SupportLink, link_id, with_for_update=True)
    if tie is None or tie.patient_id != viewer.id:
        raise NotFound
    return tie
