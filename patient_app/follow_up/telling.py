"""Tells somebody that a patient has not checked in, where the patient agreed to it; moved by the worker's tick.

Everything is asked again in the unit of work that tells: the consent, the silence and what may explain it, that the
word to the person came a day before and was not answered, and that somebody is there to be told. That somebody was told
is one row for each consent and silence, made together with the e-mail; so it is told once, whatever dies.

What is told is not in the e-mail: that says that there is something to read. `reading` shows it, and asks once more.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Insert, bindparam, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from patient_app.accounts import mail
from patient_app.accounts.models import Person, PersonState, SupportLink, SupportState, TeamMembership
from patient_app.accounts.teams import READS_AFTER_NOTICE
from patient_app.consent import telling as agreed
from patient_app.consent.models import Consent, ConsentState
from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.logs import logger
from patient_app.core.work import Store, connection, db
from patient_app.follow_up import counting
from patient_app.follow_up.counting import Counted
from patient_app.follow_up.models import FollowUp, FollowUpTold
from patient_app.follow_up.source import AT
from patient_app.medications.due import instant
from patient_app.reminders import recording
from patient_app.reminders.making import OUTAGE
from patient_app.reminders.models import Kind, Occurrence, ReminderTick, State

BATCH = 200
# Nobody is told at night, by the clock where the person is.
FIRST_HOUR, LAST_HOUR = 9, 20
LOOK_AGAIN = timedelta(hours=1)
# By then the engine knows whether a phone was reached.
AFTER_SENDING = timedelta(minutes=30)
# The person has so long to answer the word that came to them.
AFTER_WORD = timedelta(hours=20)
_DUE = (
    select(FollowUp.patient_id)
    .where(FollowUp.look_at <= bindparam("now"), FollowUp.days.is_not(None))
    .order_by(FollowUp.look_at, FollowUp.patient_id)
    .limit(BATCH)
)
_LOOKED = update(FollowUp).where(FollowUp.patient_id == bindparam("patient")).values(look_at=bindparam("again"))
_CONSENTS = (
    select(Consent)
    .where(
        Consent.patient_id == bindparam("patient"),
        Consent.state == ConsentState.ACTIVE,
        Consent.tells_after.is_not(None),
    )
    .order_by(Consent.signed_at, Consent.id)
    .with_for_update()
)
_WORD = select(func.max(Occurrence.due_at)).where(
    Occurrence.patient_id == bindparam("patient"),
    Occurrence.kind == Kind.FOLLOW_UP,
    Occurrence.local_day >= bindparam("since"),
    Occurrence.state.in_([State.SENT, State.LISTED]),
    Occurrence.handled_at.is_(None),
)
_LISTED = (
    select(Occurrence)
    .where(
        Occurrence.patient_id == bindparam("patient"),
        Occurrence.kind == Kind.FOLLOW_UP,
        Occurrence.local_day == bindparam("day"),
        Occurrence.state == State.LISTED,
        Occurrence.handled_at.is_(None),
    )
    .with_for_update()
)
_SUPPORTER = (
    select(Person)
    .join(SupportLink, SupportLink.supporter_id == Person.id)
    .where(
        SupportLink.patient_id == bindparam("patient"),
        SupportLink.supporter_id == bindparam("recipient"),
        SupportLink.state == SupportState.CONFIRMED,
        Person.state == PersonState.ACTIVE,
    )
    .distinct()
)
_TEAM = (
    select(Person)
    .join(TeamMembership, TeamMembership.clinician_id == Person.id)
    .where(
        TeamMembership.patient_id == bindparam("patient"),
        TeamMembership.ended_at.is_(None),
        Person.discipline == bindparam("discipline"),
        Person.state == PersonState.ACTIVE,
        or_(TeamMembership.shown_at.is_not(None), TeamMembership.noticed_at <= bindparam("noticed_by")),
    )
    .distinct()
)
_TOLD: dict[str, Insert] = {
    name: dialect.insert(FollowUpTold.__table__)
    .on_conflict_do_nothing(index_elements=["consent_id", "silent_since"])
    .returning(FollowUpTold.id)
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}


def tell_due(store: Store) -> int:
    """Tell all that is to be told now, and return how much it was; looking takes no writer lock."""
    now = clock.now()
    with store.work(writes=False):
        # After an outage of ours nothing is told before the engine has looked, and kept that there was one.
        ticked_at = connection().scalar(select(ReminderTick.ticked_at))
        if ticked_at is None or not now - OUTAGE <= ticked_at <= now + OUTAGE:
            return 0
        patients = connection().scalars(_DUE, {"now": now}).all()
    told = 0
    for patient_id in patients:
        try:
            with store.work(writes=True):
                told += _look_at(patient_id, now)
        except Exception as fault:  # noqa: BLE001 - what is wrong with one keeps no other from being told.
            logger().error("follow-up set aside", patient_id=str(patient_id), exc_info=fault)
            with store.work(writes=True):
                _look_again(patient_id, now + LOOK_AGAIN)
    return told


def _look_at(patient_id: uuid.UUID, now: datetime) -> int:
    """Tell what is to be told of one patient, and keep when to look again. Needs a writing unit."""
    person = db().get(Person, patient_id)
    row = db().get(FollowUp, patient_id, with_for_update=True)
    if person is None or row is None or row.look_at is None or row.look_at > now:
        return 0
    zone = clock.find_zone(person.zone) or ZoneInfo("UTC")
    counted = counting.count(patient_id, zone, now)
    consents = [] if counted is None else db().scalars(_CONSENTS, {"patient": patient_id}).all()
    if counted is not None and row.by_mail:
        _mail_word(person, counted, now)
    told = 0
    if counted is not None and not counted.away and FIRST_HOUR <= now.astimezone(zone).hour < LAST_HOUR:
        told = sum(_tell(consent, counted, zone, now) for consent in consents)
    _look_again(patient_id, _next_look(row, counted, consents, zone, now))
    return told


def _mail_word(person: Person, counted: Counted, now: datetime) -> None:
    """Send the word by e-mail, once, where it stands on Today alone: no phone of the person could be reached."""
    word = db().scalar(_LISTED, {"patient": person.id, "day": counted.word_on})
    if word is not None and mail.tell(person, "reminder") is not None:
        recording.by_mail(word.id, person.id, word.round, now)
        word.state, word.reason, word.sent_at = State.SENT, None, now


def _look_again(patient_id: uuid.UUID, at: datetime) -> None:
    connection().execute(_LOOKED, {"patient": patient_id, "again": at})


def _next_look(
    row: FollowUp, counted: Counted | None, consents: Sequence[Consent], zone: ZoneInfo, now: datetime
) -> datetime:
    """Return the first moment at which something could have to be done: a silence only ever begins later."""
    days = [consent.tells_after or 0 for consent in consents]
    if counted is None or not (days or row.by_mail):
        return now + timedelta(days=1)
    first = instant(counted.since + timedelta(days=min(days)), AT, zone) if days else now + timedelta(days=1)
    word = instant(counted.word_on, AT, zone) + AFTER_SENDING
    if row.by_mail and word > now:
        return min(word, max(first, now + LOOK_AGAIN))
    return max(now + LOOK_AGAIN, first)


def _tell(consent: Consent, counted: Counted, zone: ZoneInfo, now: datetime) -> bool:
    """Tell by one consent, if that is to be, and return whether it was."""
    if not agreed.holds(consent, now) or consent.tells_after is None:
        return False
    opened = agreed.opened_at(consent.id)
    since = counted.since if opened is None else max(counted.since, opened.astimezone(zone).date())
    if (now.astimezone(zone).date() - since).days < consent.tells_after or not _word_came(consent, counted, now):
        return False
    people = _people(consent, now)
    if not people or not _note_told(consent, counted.last_sign, now):
        return False
    for one in people:
        mail.tell(one, "something_to_read")
    return True


def _word_came(consent: Consent, counted: Counted, now: datetime) -> bool:
    asked = {"patient": consent.patient_id, "since": counted.word_on}
    came = connection().scalar(_WORD, asked)
    return came is not None and came <= now - AFTER_WORD


def _people(consent: Consent, now: datetime) -> Sequence[Person]:
    """Return who is there to be told: the supporter whom the patient confirmed, or those of the team who may read."""
    if consent.recipient_id is not None:
        return db().scalars(_SUPPORTER, {"patient": consent.patient_id, "recipient": consent.recipient_id}).all()
    asked = {"patient": consent.patient_id, "discipline": consent.discipline, "noticed_by": now - READS_AFTER_NOTICE}
    return db().scalars(_TEAM, asked).all()


def _note_told(consent: Consent, silent_since: date, now: datetime) -> bool:
    row = {
        "id": new_id(),
        "practice_id": consent.practice_id,
        "patient_id": consent.patient_id,
        "consent_id": consent.id,
        "days": consent.tells_after,
        "silent_since": silent_since,
        "told_at": now,
    }
    return connection().execute(_TOLD[connection().dialect.name], row).first() is not None
