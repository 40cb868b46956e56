"""The second person, without whom a code from the clinic does not work: THE place where it is decided who that can be.

One dishonest administrator must not be able to play both parts. So a second person is somebody on the staff

* other than who issued the code and whom it is for, whose account is 72 hours old or older;
* who did not come in by a clinic code themselves that is still in question;
* whose account does not go back to the same administrator as the issuer's (who invited whom is kept). Where a practice
  has nobody else, its related staff count for codes of patients, whose older entries stay closed for a day anyway, and
  so do those who came lately: better than nobody. For codes of staff they never count: without a second person, the
  owner of the account confirms by a link in their mail.

Who was closed within the last 72 hours still counts as being there, so closing the others does not make a code work.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import select

from patient_app.accounts.models import Person, PersonState
from patient_app.accounts.registry import STAFF
from patient_app.core import clock
from patient_app.core.work import db

SETTLED = timedelta(hours=72)

Staff = Mapping[uuid.UUID, Person]


def staff_of(practice_id: uuid.UUID) -> Staff:
    """Return everybody who is or was on a practice's staff, by id."""
    query = select(Person).where(Person.practice_id == practice_id, Person.role.in_(STAFF))
    return {person.id: person for person in db().scalars(query)}


def own_mail_counts(person: Person) -> bool:
    """Whether the person a code is for may confirm it by their own mail: staff who joined before."""
    return person.role in STAFF and person.state == PersonState.ACTIVE


def there(staff: Staff, issuer_id: uuid.UUID, person: Person) -> list[Person]:
    """Return who counts as a second person, of whom some may not be able to confirm just now."""
    others = [each for each in staff.values() if each.id not in {issuer_id, person.id}]
    settled = [each for each in others if _is_settled(each)]
    independent = [each for each in settled if _root(staff, each.id) != _root(staff, issuer_id)]
    if own_mail_counts(person):
        return independent
    return independent or settled or [each for each in others if each.state == PersonState.ACTIVE]


def able(staff: Staff, issuer_id: uuid.UUID, person: Person) -> list[Person]:
    """Return who can confirm a code of this issuer for this person now."""
    return [each for each in there(staff, issuer_id, person) if _is_able(each)]


def _is_settled(person: Person) -> bool:
    since = clock.now() - SETTLED
    open_lately = person.closed_at is not None and person.closed_at > since
    return person.created_at <= since and (
        person.state == PersonState.ACTIVE or (person.state == PersonState.CLOSED and open_lately)
    )


def _is_able(person: Person) -> bool:
    in_question = person.entries_closed_until is not None and person.entries_closed_until > clock.now()
    return person.state == PersonState.ACTIVE and not in_question


def _root(staff: Staff, person_id: uuid.UUID) -> uuid.UUID:
    """Return the account to which a line of invitations goes back."""
    seen = {person_id}
    while person_id in staff and (before := staff[person_id].invited_by) is not None and before not in seen:
        person_id = before
        seen.add(before)
    return person_id
