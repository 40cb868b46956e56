"""What a patient chooses for when it gets quiet, and what they say: on, off, away, "I am here".

A session that began with a clinic code, and is still in question, sees and changes nothing.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext
from sqlalchemy import Select, bindparam, or_, select, update

from patient_app.consent import service as consents
from patient_app.consent import telling as agreed
from patient_app.consent.models import Consent
from patient_app.consent.service import Recipient
from patient_app.consent.telling import OwnTelling
from patient_app.consent.words import DISCIPLINE_NAMES
from patient_app.core import clock, letterbox
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import connection, db
from patient_app.follow_up import counting
from patient_app.follow_up.models import FollowUp, FollowUpTold
from patient_app.follow_up.source import AT
from patient_app.reminders import choosing, own
from patient_app.reminders.models import Handled, Kind, Occurrence, Reminder, Wording
from patient_app.reminders.schedule import EVERY_DAY

DAYS = (2, 3, 4, 5, 7, 10, 14)
TELL_DAYS = (3, 4, 5, 7, 10, 14, 21, 28)
LONGEST_ASKS = 500
LONGEST_AWAY = timedelta(days=183)
MOST_SHOWN = 20


class SomebodySooner(Exception):
    """Somebody would be told as early as the word to the person, or earlier."""


class NotOn(Exception):
    """Nobody can be told where the person gets no word first."""


@dataclass(frozen=True, slots=True)
class WasTold:
    """That somebody was told, by the patient's wall clock: a supporter by name, or a discipline of the team."""

    who: str
    discipline: Discipline | None
    days: int
    at: datetime

    @property
    def words(self) -> str:
        """Who was told, in a short sentence."""
        who = self.who if self.discipline is None else gettext("your %(who)s", who=DISCIPLINE_NAMES[self.discipline])
        return gettext("We told %(who)s", who=who)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a patient chose; `days` None: nothing is done. `since` is from when on a silence counts now."""

    days: int | None = None
    by_mail: bool = False
    away_until: date | None = None
    since: date | None = None
    tellings: tuple[OwnTelling, ...] = ()
    told: tuple[WasTold, ...] = ()


_ROW = select(FollowUp.days, FollowUp.by_mail, FollowUp.away_until).where(
    FollowUp.patient_id == bindparam("patient_id")
)


def chosen(patient: Viewer, now: datetime) -> Chosen:
    """Return what the patient chose, whom they let be told, and who was; few SQL statements."""
    own.asking(patient)
    row = connection().execute(_ROW, {"patient_id": patient.id}).one_or_none()
    zone = own.whose(patient).zone
    counted = counting.count(patient.id, zone, now)
    today = now.astimezone(zone).date()
    away = row.away_until if row is not None and row.away_until is not None and row.away_until > today else None
    return Chosen(
        days=None if row is None else row.days,
        by_mail=row is not None and row.by_mail,
        away_until=away,
        since=None if counted is None else counted.since,
        tellings=tuple(agreed.own_tellings(patient)),
        told=_told(patient, zone),
    )


def _told(patient: Viewer, zone: ZoneInfo) -> tuple[WasTold, ...]:
    query = (
        select(FollowUpTold, Consent)
        .join(Consent, Consent.id == FollowUpTold.consent_id)
        .where(FollowUpTold.patient_id == patient.id)
        .order_by(FollowUpTold.told_at.desc())
        .limit(MOST_SHOWN)
    )
    return tuple(
        WasTold(signed.title, signed.discipline, told.days, told.told_at.astimezone(zone).replace(tzinfo=None))
        for told, consent in db().execute(query)
        for signed in (consents.signed_for(consent),)
    )


def turn_on(patient: Viewer, days: int, *, by_mail: bool = False) -> None:
    """Have a word come after so many days; a silence counts from now on. Needs a writing unit.

    `by_mail`: by e-mail too, where no phone of theirs could be reached.
    Raise `SomebodySooner` where somebody is to be told by then, `NotFound` for a session in question.
    """
    row = _row(patient)
    if any(one.days <= days for one in agreed.own_tellings(patient)):
        raise SomebodySooner
    if row.days is None:
        row.since_at = clock.now()
    row.days, row.by_mail, row.look_at = days, by_mail, clock.now()
    reminder = db().scalar(_reminders(patient.id))
    if reminder is None:
        reminder = Reminder(
            id=new_id(),
            practice_id=patient.practice_id,
            patient_id=patient.id,
            kind=Kind.FOLLOW_UP,
            times=[AT],
            weekdays=list(EVERY_DAY),
            wording=Wording.DISCREET,
            created_at=clock.now(),
        )
        db().add(reminder)
    reminder.changed_at = reminder.next_at = clock.now()


def turn_off(patient: Viewer) -> None:
    """Do nothing when it gets quiet any more: no word comes, and nobody is told. Needs a writing unit."""
    row = _row(patient)
    row.days, row.look_at = None, None
    for reminder in db().scalars(_reminders(patient.id)):
        reminder.ended_at, reminder.next_at = clock.now(), None
    for one in agreed.own_tellings(patient):
        consents.end_consent(patient, one.id)


def here(patient: Viewer) -> None:
    """Keep that the person said that they are there; a word that waits is answered by it. Needs a writing unit."""
    row, now = _row(patient), clock.now()
    row.here_at = now
    waiting = update(Occurrence).where(
        Occurrence.patient_id == patient.id, Occurrence.kind == Kind.FOLLOW_UP, Occurrence.handled_at.is_(None)
    )
    connection().execute(waiting.values(handled_at=now, handled_how=Handled.IN_APP))


def go_away(patient: Viewer, back_on: date) -> None:
    """Keep that the person is away, until the day on which they are back. Needs a writing unit."""
    row = _row(patient)
    row.away_from = clock.now().astimezone(own.whose(patient).zone).date()
    row.away_until = back_on


def come_back(patient: Viewer) -> None:
    """Keep that the person is not away any more; a silence counts from now on. Needs a writing unit."""
    row = _row(patient)
    row.away_from = row.away_until = None
    row.here_at = clock.now()


def let_tell(
    patient: Viewer, consent_id: uuid.UUID, recipient: Recipient, told: agreed.Telling, *, signature: str
) -> None:
    """Keep the patient's signed consent that somebody is told. Needs a writing unit.

    Raise `NotOn` where no word comes to the person first, `SomebodySooner` where it does not come before, and as
    `consent.telling.agree` does.
    """
    days = db().scalar(select(FollowUp.days).where(FollowUp.patient_id == patient.id))
    if days is None:
        raise NotOn
    if told.days <= days:
        raise SomebodySooner
    agreed.agree(patient, consent_id, recipient, told, signature=signature)
    _row(patient).look_at = clock.now()  # Only now: what was refused has changed nothing.


def names_told(patient: Viewer) -> tuple[str, ...]:
    """Return whom the patient lets be told when it gets quiet, none of those that are paused."""
    return tuple(one.recipient.title for one in agreed.own_tellings(patient) if not one.paused)


def _reminders(patient_id: uuid.UUID) -> Select[Reminder]:
    return select(Reminder).where(
        Reminder.patient_id == patient_id, Reminder.kind == Kind.FOLLOW_UP, Reminder.ended_at.is_(None)
    )


def _row(patient: Viewer) -> FollowUp:
    """Return the patient's row, made where there is none; one writer at a time. Needs a writing unit."""
    choosing.settings_row(patient)  # Locks, and refuses a session in question.
    row = db().get(FollowUp, patient.id, with_for_update=True)
    if row is None:
        row = FollowUp(
            patient_id=patient.id,
            practice_id=patient.practice_id,
            since_at=clock.now(),
            tag=letterbox.person_tag(patient.id),
        )
        db().add(row)
        db().flush()
    return row


def count_anew() -> int:
    """Count every silence from now on: what came in between a backup and its restore is not known. Return how many."""
    now = clock.now()
    before = or_(FollowUp.here_at.is_(None), FollowUp.here_at < now - timedelta(minutes=1))
    return connection().execute(update(FollowUp).where(before).values(here_at=now)).rowcount
