"""Takes one occurrence to be delivered, in a short unit of work, and asks once more whether it is to be."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import OperationalError

from patient_app.accounts import mail
from patient_app.accounts.models import Person, PersonState
from patient_app.core.ids import new_id
from patient_app.core.keys import KeyGone
from patient_app.core.vault import Place, SealBroken
from patient_app.core.work import connection, db, vault
from patient_app.reminders import messages, sources
from patient_app.reminders.making import paused_until, whose_of
from patient_app.reminders.models import (
    Channel,
    Delivery,
    Kind,
    Occurrence,
    Reason,
    Reminder,
    ReminderSettings,
    State,
    Wording,
)
from patient_app.reminders.recording import delivered
from patient_app.reminders.schedule import Quiet
from patient_app.reminders.sources import Rule, Whose
from patient_app.reminders.ways import ACCEPTED, LATER, Device, Payload, Sender, Unsound
from patient_app.reminders.wording import About

ANY_DUE = select(Occurrence.id).where(Occurrence.act_at <= bindparam("now")).limit(1)
CLAIM = (
    select(
        Occurrence,
        Reminder.kind.label("rule_kind"),
        Reminder.times,
        Reminder.weekdays,
        Reminder.only,
        Reminder.wording,
        Reminder.paused_until,
        Reminder.quiet_from.label("own_quiet_from"),
        Reminder.quiet_to.label("own_quiet_to"),
        Reminder.ended_at,
        Reminder.about_sealed,
        Reminder.words_sealed,
        Reminder.patient_id,
        Reminder.practice_id,
        Person.state.label("person_state"),
        Person.zone,
        Person.language,
        Person.day_start_minutes,
        Person.entries_closed_until,
        ReminderSettings.quiet_from,
        ReminderSettings.quiet_to,
        ReminderSettings.paused_until.label("all_paused_until"),
    )
    .join(Reminder, Reminder.id == Occurrence.reminder_id)
    .join(Person, Person.id == Occurrence.patient_id)
    .outerjoin(ReminderSettings, ReminderSettings.patient_id == Occurrence.patient_id)
    .where(Occurrence.act_at <= bindparam("now"))
    .order_by(Occurrence.act_at, Occurrence.id)
    .limit(1)
    .with_for_update(of=Occurrence, skip_locked=True)
)
# What became of it on each device in this round.
_TRIED = select(Delivery.device_id, Delivery.outcome, Delivery.attempts, Delivery.retry_at).where(
    Delivery.occurrence_id == bindparam("occurrence"),
    Delivery.round == bindparam("round"),
    Delivery.channel == Channel.PUSH,
)
# No push service is waited for any longer; what is kept further ahead is of a clock that was wrong.
LONGEST_WAIT = timedelta(hours=1)


# What could not be dealt with is looked at again after that, while its window lasts.
AFTER_FAULT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is sent to one device; `attempt` counts from 0 how often that was tried in this round."""

    device: Device
    payload: Payload
    attempt: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """An occurrence that is this worker's until the lease ends, and what it sends to which device."""

    id: uuid.UUID
    patient_id: uuid.UUID
    claim: uuid.UUID
    kind: Kind
    round: int
    until: datetime
    parcels: Sequence[Parcel]


class Decided(Enum):
    """An occurrence was found, and there is nothing to send of it now."""

    WITHOUT_SENDING = True


def claim(now: datetime, lease: timedelta, sender: Sender) -> Claimed | Decided | None:
    """Take the occurrence that has waited longest and return what is to be sent; None if nothing is due.

    Needs a writing unit. Whether it is to be sent at all is asked here once more: what is not says why. Raise `Unsound`
    for one that cannot be dealt with; `set_aside` takes it in a fresh unit.
    """
    row = db().execute(CLAIM, {"now": now}).first()
    if row is None:
        return None
    occurrence_id = row[0].id
    try:
        decided = _decide(row, now, lease, sender)
        db().flush()
    except OperationalError:  # The database's own, not the row's: the next tick tries again.
        raise
    except Exception as fault:
        raise Unsound(occurrence_id) from fault
    return decided


def set_aside(occurrence_id: uuid.UUID, now: datetime) -> None:
    """Look at an occurrence that could not be dealt with again later, or never when its time is over by then.

    Needs a fresh writing unit.
    """
    again = now + AFTER_FAULT
    one = update(Occurrence).where(Occurrence.id == occurrence_id, Occurrence.act_at <= now)
    later = {"state": State.WAITING, "reason": Reason.FAULT, "act_at": again, "claim": None}
    given_up = {"state": State.DROPPED, "reason": Reason.FAULT, "act_at": None, "claim": None}
    connection().execute(one.where(Occurrence.until <= again).values(given_up))
    connection().execute(one.values(later))


def _decide(row: Any, now: datetime, lease: timedelta, sender: Sender) -> Claimed | Decided:
    occurrence: Occurrence = row[0]
    rule = Rule(occurrence.reminder_id, Kind(row.rule_kind), row.times, row.weekdays, row.only)
    whose = whose_of(row)
    verdict = _verdict(row, occurrence, rule, whose, now)
    if isinstance(verdict, Reason):
        return _finish(occurrence, State.DROPPED, verdict)
    if verdict is not None:
        occurrence.act_at, occurrence.state, occurrence.reason = verdict, State.WAITING, None
        return Decided.WITHOUT_SENDING
    if rule.kind is Kind.DIGEST:
        return _by_mail(occurrence, now)
    return _by_push(row, rule, whose, (now, now + lease), sender)


def _verdict(row: Any, occurrence: Occurrence, rule: Rule, whose: Whose, now: datetime) -> Reason | datetime | None:
    """Return why it is not sent, or when it is to be looked at again; None when it is to be sent now."""
    over = _over(row, occurrence, whose, now)
    if over is not None:
        return over
    # Those that hold for all, and its own; what ends in the others is asked again then.
    for first, last in ((row.quiet_from, row.quiet_to), (row.own_quiet_from, row.own_quiet_to)):
        ends = None if first is None or last is None else Quiet(first, last).ends(now, whose.zone)
        if ends is not None:
            return ends if ends < occurrence.until else Reason.QUIET
    standing = sources.standing_of(rule, whose, occurrence, now)
    return Reason.SETTLED if isinstance(standing, datetime) and standing >= occurrence.until else standing


def _over(row: Any, occurrence: Occurrence, whose: Whose, now: datetime) -> Reason | None:
    if now >= occurrence.until:
        return Reason.TOO_LATE
    if row.person_state != PersonState.ACTIVE or row.ended_at is not None:
        return Reason.OFF
    begins = paused_until(row.paused_until, row.all_paused_until)
    if begins is not None and now.astimezone(whose.zone).date() < begins:
        return Reason.PAUSED
    return None if occurrence.handled_at is None else Reason.SETTLED


def _by_mail(occurrence: Occurrence, now: datetime) -> Decided:
    """Queue the e-mail in this unit of work: it is there once if this is committed, and not at all if it is not."""
    person = db().get_one(Person, occurrence.patient_id)
    if mail.tell(person, "reminder") is None:
        return _finish(occurrence, State.DROPPED, Reason.NO_DEVICE)
    delivered(occurrence, Channel.MAIL, occurrence.patient_id, ACCEPTED, now)
    occurrence.sent_at = now
    return _finish(occurrence, State.SENT, None)


def _by_push(row: Any, rule: Rule, whose: Whose, lease: tuple[datetime, datetime], sender: Sender) -> Claimed | Decided:
    occurrence: Occurrence = row[0]
    now, lease_ends = lease
    asked = {"occurrence": occurrence.id, "round": occurrence.round}
    tried = {one.device_id: one for one in connection().execute(_TRIED, asked)}
    devices, waits = _due_devices(sender.devices_of(occurrence.patient_id), tried, now)
    if not devices:
        again = min(waits, default=None)
        if again is not None and again < occurrence.until:
            occurrence.act_at, occurrence.state = again, State.WAITING
            return Decided.WITHOUT_SENDING
        if occurrence.sent_at is not None:
            return _finish(occurrence, State.SENT, None)
        return _finish(occurrence, State.LISTED, Reason.NOT_REACHED if tried else Reason.NO_DEVICE)
    chosen = Wording(row.wording)
    if (
        row.entries_closed_until is not None and now < row.entries_closed_until
    ):  # Somebody came in with a code, and whose phone this is is in question.
        chosen = Wording.DISCREET
    of = about_of(row, rule, whose, occurrence)
    told = messages.Told(occurrence.id, chosen, of, minute_of(occurrence), whose.language)
    parcels = [
        Parcel(
            device,
            sender.pack(device, messages.payload(device, told), occurrence.until),
            tried[device.id].attempts if device.id in tried else 0,
        )
        for device in devices
    ]
    taken = new_id()
    occurrence.state, occurrence.claim, occurrence.act_at = State.SENDING, taken, lease_ends
    occurrence.reason = None
    occurrence.attempts += 1
    return Claimed(occurrence.id, whose.patient_id, taken, rule.kind, occurrence.round, occurrence.until, parcels)


def _due_devices(
    devices: Sequence[Device], tried: Mapping[uuid.UUID, Any], now: datetime
) -> tuple[list[Device], list[datetime]]:
    """Return the devices to send to now, and when those are due that wait; left out is what is done in this round."""
    due, waits = [], []
    for device in devices:
        before = tried.get(device.id)
        if before is None:
            due.append(device)
        elif before.outcome == LATER:
            if before.retry_at is not None and now < before.retry_at <= now + LONGEST_WAIT:
                waits.append(before.retry_at)
            else:
                due.append(device)
    return due, waits


def _finish(occurrence: Occurrence, state: State, reason: Reason | None) -> Decided:
    occurrence.state, occurrence.reason, occurrence.act_at, occurrence.claim = state, reason, None, None
    return Decided.WITHOUT_SENDING


def minute_of(occurrence: Occurrence) -> int | None:
    """Return the minute of the day that an occurrence is for; None for one at no time."""
    return int(occurrence.slot) if occurrence.slot.isdecimal() else None


def about_of(row: Any, rule: Rule, whose: Whose, occurrence: Occurrence) -> About:
    """Return what an occurrence is about, opened; what cannot be opened any more says nothing."""
    names: list[str] = []
    if rule.kind in {Kind.DOSES, Kind.REFILL}:
        names = sources.names_at(rule, whose, occurrence.local_day, occurrence.slot)

    def opened(column: str) -> str:
        blob = getattr(row, column)
        if blob is None:
            return ""
        try:
            return vault().open(Place(Reminder.__tablename__, column, rule.id, whose.patient_id), blob)
        except (KeyGone, SealBroken):
            return ""

    return About(rule.kind, names, opened("about_sealed"), opened("words_sealed"))
