"""Reading one's own reminders. Nobody else reads them, and no consent opens them. Changing is `choosing`'s.

A session that began with a clinic code, and is still in question, sees none.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, or_, select, union_all

from patient_app.accounts.models import Person
from patient_app.checkins.models import CheckIn
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.prepared import Prepared
from patient_app.core.vault import Place
from patient_app.core.work import connection, vault
from patient_app.medications.models import Dose
from patient_app.reminders import sources
from patient_app.reminders.models import Kind, Occurrence, Reminder, ReminderSettings, State, Wording
from patient_app.reminders.schedule import EVERY_DAY, Quiet
from patient_app.reminders.sources import Rule, Whose

# Where the phone was longer ago says nothing of where it is.
LATELY = timedelta(days=2)
# So long a word that came because it was quiet stands on Today.
WORD_STANDS = timedelta(days=60)
MOST_TIMES = 12
LONGEST_WORDS = 120
# What has a page of its own, and stands in no list here.
ELSEWHERE = frozenset({Kind.FOLLOW_UP})
# Of these a patient has one at most.
ONE_ONLY = frozenset({Kind.DOSES, Kind.REFILL, Kind.APPOINTMENT, Kind.PLAN, Kind.DIGEST})

_OWN = (
    select(
        Reminder.id,
        Reminder.kind,
        Reminder.times,
        Reminder.weekdays,
        Reminder.only,
        Reminder.wording,
        Reminder.paused_until,
        Reminder.quiet_from,
        Reminder.quiet_to,
        Reminder.about_sealed,
        Reminder.words_sealed,
        Reminder.patient_id,
    )
    .where(
        Reminder.patient_id == bindparam("patient_id"),
        Reminder.ended_at.is_(None),
        Reminder.kind.not_in(ELSEWHERE),
    )
    .order_by(Reminder.created_at, Reminder.id)
)
_SETTINGS = select(
    ReminderSettings.quiet_from,
    ReminderSettings.quiet_to,
    ReminderSettings.paused_until,
    ReminderSettings.zone_asked,
    ReminderSettings.offer_answered_at,
    ReminderSettings.feed_sealed,
    ReminderSettings.patient_id,
).where(ReminderSettings.patient_id == bindparam("patient_id"))


_BY_CHECK_IN = (
    select(CheckIn.zone, CheckIn.occurred_at.label("at"))
    .where(
        CheckIn.patient_id == bindparam("patient_id"),
        CheckIn.removed_at.is_(None),
        CheckIn.while_closed.is_(False),
        CheckIn.time_known,
        CheckIn.occurred_at > bindparam("lately"),
    )
    .order_by(CheckIn.occurred_at.desc())
    .limit(1)
    .subquery()
)
# One that a phone sent: a dose that was logged by a plain form knows only the person's own zone.
_BY_DOSE = (
    select(Dose.zone, Dose.recorded_at.label("at"))
    .where(
        Dose.patient_id == bindparam("patient_id"),
        Dose.day >= bindparam("lately_day"),
        Dose.recorded_at > bindparam("lately"),
        Dose.while_closed.is_(False),
        Dose.device_seq.is_not(None),
    )
    .order_by(Dose.recorded_at.desc())
    .limit(1)
    .subquery()
)
_SEEN_IN = union_all(*(select(found.c.zone, found.c["at"]) for found in (_BY_CHECK_IN, _BY_DOSE))).subquery()
_NEWEST_ZONE = select(_SEEN_IN.c.zone).order_by(_SEEN_IN.c["at"].desc()).limit(1).scalar_subquery()
_HAS_ANY = select(Reminder.id).where(Reminder.patient_id == bindparam("patient_id")).limit(1).scalar_subquery()
# A word that came because it was quiet, and to which nothing was said yet.
_WORD = (
    select(Occurrence.id)
    .where(
        Occurrence.patient_id == bindparam("patient_id"),
        Occurrence.kind == Kind.FOLLOW_UP,
        Occurrence.due_at > bindparam("long_ago"),
        Occurrence.due_at <= bindparam("now"),
        or_(Occurrence.state == State.SENT, Occurrence.state == State.LISTED),
        Occurrence.handled_at.is_(None),
    )
    .order_by(Occurrence.due_at.desc())
    .limit(1)
    .scalar_subquery()
)
_TODAY = Prepared(
    select(
        ReminderSettings.zone_asked,
        ReminderSettings.offer_answered_at,
        _NEWEST_ZONE.label("phone_zone"),
        _HAS_ANY.label("any_reminder"),
        _WORD.label("word"),
    ).select_from(
        select(Person.id)
        .where(Person.id == bindparam("patient_id"))
        .subquery("who")
        .outerjoin(ReminderSettings, ReminderSettings.patient_id == bindparam("patient_id"))
    )
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a person chose for a reminder. `about` is what one of kind `OWN` is of; `words` are for the lock screen.

    `quiet` are hours of its own, beside those that hold for all.
    """

    kind: Kind
    times: tuple[int, ...] = ()
    weekdays: tuple[int, ...] = EVERY_DAY
    only: tuple[str, ...] | None = None
    wording: Wording = Wording.DISCREET
    about: str = ""
    words: str = ""
    quiet: Quiet | None = None


@dataclass(frozen=True, slots=True)
class OwnReminder:
    """A reminder as its owner reads it."""

    id: uuid.UUID
    chosen: Chosen
    paused_until: date | None

    @property
    def kind(self) -> Kind:
        """What it is of."""
        return self.chosen.kind

    @property
    def rule(self) -> Rule:
        """What it says of its times."""
        return Rule(self.id, self.kind, self.chosen.times, self.chosen.weekdays, self.chosen.only)


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for all reminders of a person; one who chose nothing has quiet hours of no length."""

    quiet: Quiet | None = None
    paused_until: date | None = None
    zone_asked: str | None = None
    offer_answered: bool = False
    feed: str = ""


def own_reminders(patient: Viewer) -> list[OwnReminder]:
    """Return the patient's own reminders, the oldest first. One SQL statement."""
    if patient.entries_closed_from is not None:
        return []
    return [_as_own(row) for row in connection().execute(_OWN, {"patient_id": patient.id})]


def own_reminder(patient: Viewer, reminder_id: uuid.UUID) -> OwnReminder:
    """Return one of the patient's own; raise `NotFound` for "not yours", "ended" and "not there" alike."""
    for found in own_reminders(patient):
        if found.id == reminder_id:
            return found
    raise NotFound


def settings_of(patient: Viewer) -> Settings:
    """Return what holds for all of the patient's reminders."""
    row = connection().execute(_SETTINGS, {"patient_id": patient.id}).one_or_none()
    if row is None or patient.entries_closed_from is not None:
        return Settings()
    feed = ""
    if row.feed_sealed is not None:
        feed = vault().open(
            Place(ReminderSettings.__tablename__, "feed_sealed", patient.id, patient.id), row.feed_sealed
        )
    return Settings(quiet_of(row), row.paused_until, row.zone_asked, row.offer_answered_at is not None, feed)


def quiet_of(row: Any) -> Quiet | None:
    """Return the quiet hours that a row holds."""
    return None if row.quiet_from is None or row.quiet_to is None else Quiet(row.quiet_from, row.quiet_to)


def whose(patient: Viewer) -> Whose:
    """Return what the sources want to know of a patient."""
    zone = clock.find_zone(patient.zone) or ZoneInfo("UTC")
    return Whose(patient.id, patient.practice_id, zone, patient.day_start_minutes, patient.language)


@dataclass(frozen=True, slots=True)
class ForToday:
    """What Today asks of reminders: whether to offer them, and which zone the person may have moved to.

    `word` is the occurrence of a word that came because it was quiet, and waits for an answer.
    """

    may_offer: bool = False
    other_zone: str = ""
    word: uuid.UUID | None = None


def for_today(patient: Viewer, now: datetime) -> ForToday:
    """Return what Today asks, from what the person said and where they last checked in, or logged a dose by phone.

    One SQL statement.
    """
    if patient.entries_closed_from is not None:
        return ForToday()
    lately = now - LATELY
    asked = {
        "patient_id": patient.id,
        "now": now,
        "lately": lately,
        "lately_day": lately.date() - timedelta(days=1),
        "long_ago": now - WORD_STANDS,
    }
    row = _TODAY.first(connection(), asked)
    settings = Settings(zone_asked=row.zone_asked)
    other = row.phone_zone or ""
    has_reminders = row.any_reminder is not None
    asks = has_reminders and asks_about_zone(patient, settings, other)
    return ForToday(row.offer_answered_at is None and not has_reminders, other if asks else "", row.word)


def asks_about_zone(patient: Viewer, settings: Settings, phone_zone: str) -> bool:
    """Whether a person is to be asked if their reminders move to the zone that their phone is in: once a change."""
    if patient.entries_closed_from is not None or clock.find_zone(phone_zone) is None:
        return False
    return phone_zone not in {patient.zone, settings.zone_asked}


def _as_own(row: Any) -> OwnReminder:
    def opened(column: str) -> str:
        blob = getattr(row, column)
        return "" if blob is None else vault().open(Place(Reminder.__tablename__, column, row.id, row.patient_id), blob)

    chosen = Chosen(
        kind=Kind(row.kind),
        times=tuple(row.times),
        weekdays=tuple(row.weekdays),
        only=None if row.only is None else tuple(row.only),
        wording=Wording(row.wording),
        about=opened("about_sealed"),
        words=opened("words_sealed"),
        quiet=quiet_of(row),
    )
    return OwnReminder(row.id, chosen, row.paused_until)


def kinds_to_add(reminders: Sequence[OwnReminder]) -> list[Kind]:
    """Return the kinds of which one more can be added, in the order in which they are offered."""
    there = {reminder.kind for reminder in reminders}
    return [kind for kind in addable() if not (kind in ONE_ONLY and kind in there)]


def addable() -> list[Kind]:
    """Return the kinds of which a person can have one in the list, in their order."""
    return [kind for kind in Kind if kind in sources.known() and kind not in ELSEWHERE]


def asking(patient: Viewer) -> uuid.UUID:
    """Return whose reminders are meant; raise `NotFound` for a session in question."""
    if patient.entries_closed_from is not None:
        raise NotFound
    return patient.id
