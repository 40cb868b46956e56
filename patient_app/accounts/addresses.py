"""An e-mail address that staff set is not yet the person's own: THE place where that is decided.

Staff register people and correct their addresses, and a link to choose a new password goes to the address. So that
nobody on the staff can come in by an address they typed themselves, it stays *unproven* until the patient joined by a
link sent there, or said on a signed-in device that it is right. Until then

* the address from before is kept: it has notice of all that happens to the sign-in, and alone opens closed entries;
* a new password chosen by a link to the unproven address counts as one chosen with a code of the clinic (`codes`), but
  no second person had a part in it, so no time opens what it closes: an older device does, the address from before, or
  a code;
* every device that is signed in asks whether the address is right, and can take it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind
from patient_app.accounts import links, mail
from patient_app.accounts.models import LinkPurpose, Person, PersonState
from patient_app.accounts.registry import FOR_CHANGE, Actor, cancel_links, one_line
from patient_app.core import clock
from patient_app.core.identity import Viewer
from patient_app.core.roles import Role
from patient_app.core.work import db

# What a session is asked (`Viewer.security_notice`) while the address of its person is unproven.
NOTICE = "email_changed"


class NothingToAnswer(Exception):
    """This session is not asked about this address (any more)."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked about their address; `asked` names this very change."""

    email: str
    has_before: bool
    asked: str


def is_unproven(person: Person) -> bool:
    """Whether staff set the address and the person has not shown yet that it is theirs."""
    return person.email_changed_at is not None


def proven_address(person: Person) -> str:
    """Return the address that is known to be the person's own; empty when there is none."""
    return (person.email_before if is_unproven(person) else person.email) or ""


def warn(person: Person, template_name: str) -> None:
    """Tell a person what happened to their sign-in: at their address, and at the one from before while it counts."""
    for address in sorted({person.email or "", proven_address(person)}):
        mail.queue_mail(person.id, address, template_name, language=person.language)


# ------------------------------------------------------------------------------------------------------------- staff
def set_by_staff(viewer: Actor, person: Person, typed: str) -> bool:
    """Set a patient's address, whose row the caller holds for writing; False when it is the same as before.

    Links that went to the address before stop working. Who has joined is told at both addresses and on every device,
    and finds it in the access log.
    """
    address, before = one_line(typed), person.email or ""
    if before == address:
        return False
    own = proven_address(person)
    person.email = address
    end_links(person)
    _record(viewer, person)
    if person.state == PersonState.INVITED:  # No address was ever theirs, and there is nothing yet to come in to.
        return True
    if address and address == own:
        prove(person)
    else:
        person.email_changed_at, person.email_before = clock.now(), own
    for told in sorted({before, own, address}):
        mail.queue_mail(person.id, told, "email_changed", language=person.language)
    return True


def joined_by_code(person: Person) -> None:
    """Note that a patient joined without any mail: whether the address that staff typed is theirs is not known."""
    if person.role == Role.PATIENT and person.email:
        person.email_changed_at = clock.now()


def prove(person: Person) -> None:
    """Take the address for the person's own; the one from before is forgotten."""
    person.email_changed_at = person.email_before = None


def end_links(person: Person) -> None:
    """Make everything stop working that was sent to the person's address and opens something."""
    cancel_links(person.id)
    links.cancel_links(LinkPurpose.OPEN_ENTRIES, person_id=person.id)


def _record(viewer: Actor, person: Person) -> None:
    access_log.record(
        [
            access_log.Reading(
                practice_id=person.practice_id,
                patient_id=person.id,
                viewer_id=viewer.id,
                viewer_role=str(viewer.role),
                kind=AccessKind.EMAIL_CHANGED,
            )
        ]
    )


# ------------------------------------------------------------------------------------------------- the person's answer
def question(viewer: Viewer) -> Question:
    """Return what this session is asked about the address; raise `NothingToAnswer`."""
    person = db().get_one(Person, viewer.id)
    return Question(person.email or "", bool(person.email_before), _named(_asked(viewer, person)))


def it_is_right(viewer: Viewer, asked: str) -> None:
    """Take the address for the person's own; raise `NothingToAnswer`, also when staff changed it once more."""
    prove(_answering(viewer, asked))


def it_is_wrong(viewer: Viewer, asked: str) -> None:
    """Take the address back; raise `NothingToAnswer`, also when staff changed it once more."""
    take_back(_answering(viewer, asked))


def take_back(person: Person) -> None:
    """Give a person the address from before, or none, in place of one that staff set, and say so at both."""
    if not is_unproven(person):
        return
    warn(person, "email_taken_back")
    person.email = person.email_before
    prove(person)
    end_links(person)


def _answering(viewer: Viewer, asked: str) -> Person:
    person = db().get_one(Person, viewer.id, with_for_update=FOR_CHANGE)
    if _named(_asked(viewer, person)) != asked:
        raise NothingToAnswer
    return person


def _asked(viewer: Viewer, person: Person) -> datetime:
    if viewer.security_notice != NOTICE or person.email_changed_at is None:
        raise NothingToAnswer
    return person.email_changed_at


def _named(moment: datetime) -> str:
    return moment.isoformat()
