"""Takes occurrences to be delivered, in a short unit of work, and asks once more of each whether it is to be.

Statements over columns, each occurrence in a plain object, and what changed written at once for all: at eight in the
morning this is done for everybody.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.exc import OperationalError

from patient_app.accounts import mail
from patient_app.accounts.models import Person, PersonState
from patient_app.core.ids import new_id
from patient_app.core.keys import KeyGone
from patient_app.core.vault import Place, SealBroken
from patient_app.core.work import connection, db, vault
from patient_app.reminders import messages, sources
from patient_app.reminders.handling import AFTER_PUTTING_OFF
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
from patient_app.reminders.recording import by_mail
from patient_app.reminders.schedule import Quiet
from patient_app.reminders.sources import Rule, Timed, Whose
from patient_app.reminders.ways import LATER, Device, Payload, Sender, Unsound
from patient_app.reminders.wording import About

ANY_DUE = select(Occurrence.id).where(Occurrence.act_at <= bindparam("now")).limit(1)
CLAIM = (
    select(
        Occurrence.id,
        Occurrence.reminder_id,
        Occurrence.local_day,
        Occurrence.slot,
        Occurrence.due_at,
        Occurrence.until,
        Occurrence.state,
        Occurrence.act_at,
        Occurrence.attempts,
        Occurrence.round,
        Occurrence.sent_at,
        Occurrence.handled_at,
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
    .limit(bindparam("most"))
    .with_for_update(of=Occurrence, skip_locked=True)
)
_CHANGED = (
    "state",
    "reason",
    "act_at",
    "until",
    "claim",
    "attempts",
    "round",
    "sent_at",
)
_TABLE = cast("Table", Occurrence.__table__)
_CHANGE = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("of_id"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGED})
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
    """An occurrence that is this worker's until the lease ends, and what it sends to which device.

    `attempts` counts how often it was claimed in this round, this time included.
    """

    id: uuid.UUID
    patient_id: uuid.UUID
    claim: uuid.UUID
    kind: Kind
    round: int
    until: datetime
    parcels: Sequence[Parcel]
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Found:
    """What was looked at: what is to be sent, and of how many it was decided that nothing is sent now."""

    claimed: Sequence[Claimed] = ()
    decided: int = 0

    @property
    def looked_at(self) -> int:
        """How many occurrences were due."""
        return len(self.claimed) + self.decided


@dataclass(slots=True)
class _Held:
    """An occurrence as it was found, and as it is to be kept."""

    id: uuid.UUID
    patient_id: uuid.UUID
    practice_id: uuid.UUID
    reminder_id: uuid.UUID
    local_day: date
    slot: str
    due_at: datetime
    until: datetime
    state: State
    act_at: datetime | None
    attempts: int
    round: int
    sent_at: datetime | None
    handled_at: datetime | None
    reason: Reason | None = None
    claim: uuid.UUID | None = None

    @property
    def changed(self) -> dict[str, Any]:
        """What is kept of it."""
        return {"of_id": self.id} | {f"new_{name}": getattr(self, name) for name in _CHANGED}


@dataclass(slots=True)
class _Look:
    """What one look at what is due has in common."""

    now: datetime
    lease_ends: datetime
    sender: Sender
    people: dict[uuid.UUID, Whose] = field(default_factory=dict)
    devices: dict[uuid.UUID, Sequence[Device]] = field(default_factory=dict)

    def devices_of(self, person_id: uuid.UUID) -> Sequence[Device]:
        if person_id not in self.devices:
            self.devices[person_id] = self.sender.devices_of(person_id)
        return self.devices[person_id]


def claim(now: datetime, lease: timedelta, sender: Sender, most: int = 1) -> Found:
    """Take the occurrences that have waited longest, `most` at most, and return what is to be sent.

    Needs a writing unit. Whether each is to be sent at all is asked here once more: what is not says why. Raise
    `Unsound` for one that cannot be dealt with; `set_aside` takes it in a fresh unit, and the others are still there.
    """
    look = _Look(now, now + lease, sender)
    claimed: list[Claimed] = []
    held: list[_Held] = []
    for row in connection().execute(CLAIM, {"now": now, "most": most}).all():
        occurrence = _held(row)
        try:
            found = _decide(row, occurrence, look)
        except OperationalError:  # The database's own, not the row's: the next tick tries again.
            raise
        except Exception as fault:
            raise Unsound(row.id) from fault
        held.append(occurrence)
        if found is not None:
            claimed.append(found)
    if held:
        connection().execute(_CHANGE, [occurrence.changed for occurrence in held])
    return Found(claimed, len(held) - len(claimed))


def _held(row: Any) -> _Held:
    return _Held(
        id=row.id,
        patient_id=row.patient_id,
        practice_id=row.practice_id,
        reminder_id=row.reminder_id,
        local_day=row.local_day,
        slot=row.slot,
        due_at=row.due_at,
        until=row.until,
        state=State(row.state),
        act_at=row.act_at,
        attempts=row.attempts,
        round=row.round,
        sent_at=row.sent_at,
        handled_at=row.handled_at,
    )


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


def _decide(row: Any, occurrence: _Held, look: _Look) -> Claimed | None:
    """Return what is to be sent of an occurrence; None where nothing is, or not now: then it says so itself."""
    rule = Rule(occurrence.reminder_id, Kind(row.rule_kind), row.times, row.weekdays, row.only)
    whose = look.people.setdefault(row.patient_id, whose_of(row))
    verdict = _verdict(row, occurrence, rule, whose, look.now)
    if isinstance(verdict, Reason):
        # What went out once stays so, whatever is decided of a later round.
        is_sent = occurrence.sent_at is not None
        return _finish(occurrence, State.SENT if is_sent else State.DROPPED, None if is_sent else verdict)
    if verdict is not None:
        occurrence.act_at, occurrence.state, occurrence.reason = verdict, State.WAITING, None
        return None
    if rule.kind is Kind.DIGEST:
        return _by_mail(occurrence, look.now)
    return _by_push(row, occurrence, (rule, whose), look)


def _verdict(row: Any, occurrence: _Held, rule: Rule, whose: Whose, now: datetime) -> Reason | datetime | None:
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
    if isinstance(standing, datetime):
        # Put off by the person, before it was reminded of: its window moves along.
        occurrence.until = max(occurrence.until, standing + AFTER_PUTTING_OFF)
    return standing


def _over(row: Any, occurrence: _Held, whose: Whose, now: datetime) -> Reason | None:
    if now >= occurrence.until:
        return Reason.TOO_LATE
    if row.person_state != PersonState.ACTIVE or row.ended_at is not None:
        return Reason.OFF
    begins = paused_until(row.paused_until, row.all_paused_until)
    if begins is not None and now.astimezone(whose.zone).date() < begins:
        return Reason.PAUSED
    return None if occurrence.handled_at is None else Reason.SETTLED


def _by_mail(occurrence: _Held, now: datetime) -> Claimed | None:
    """Queue the e-mail in this unit of work: it is there once if this is committed, and not at all if it is not."""
    person = db().get_one(Person, occurrence.patient_id)
    if mail.tell(person, "reminder") is None:
        return _finish(occurrence, State.DROPPED, Reason.NO_DEVICE)
    by_mail(occurrence.id, occurrence.patient_id, occurrence.round, now)
    occurrence.sent_at = now
    return _finish(occurrence, State.SENT, None)


def _by_push(row: Any, occurrence: _Held, of: tuple[Rule, Whose], look: _Look) -> Claimed | None:
    rule, whose = of
    tried = _tried(occurrence)
    devices, waits = _due_devices(look.devices_of(occurrence.patient_id), tried, look.now)
    if not devices:
        again = min(waits, default=None)
        if again is not None and again < occurrence.until:
            occurrence.act_at, occurrence.state = again, State.WAITING
            return None
        if occurrence.sent_at is not None:
            return _finish(occurrence, State.SENT, None)
        return _finish(occurrence, State.LISTED, Reason.NOT_REACHED if tried else Reason.NO_DEVICE)
    told = _told(row, occurrence, rule, whose, look.now)
    parcels = [
        Parcel(
            device,
            look.sender.pack(device, messages.payload(device, told), occurrence.until),
            tried[device.id].attempts if device.id in tried else 0,
        )
        for device in devices
    ]
    occurrence.state, occurrence.claim, occurrence.act_at = State.SENDING, new_id(), look.lease_ends
    occurrence.attempts += 1
    return Claimed(
        id=occurrence.id,
        patient_id=whose.patient_id,
        claim=occurrence.claim,
        kind=rule.kind,
        round=occurrence.round,
        until=occurrence.until,
        parcels=parcels,
        attempts=occurrence.attempts,
    )


def _tried(occurrence: _Held) -> Mapping[uuid.UUID, Any]:
    """Return what became of it on each device in this round; in a round that nobody claimed yet, nothing did."""
    if not occurrence.attempts:
        return {}
    asked = {"occurrence": occurrence.id, "round": occurrence.round}
    return {one.device_id: one for one in connection().execute(_TRIED, asked)}


def _told(row: Any, occurrence: _Held, rule: Rule, whose: Whose, now: datetime) -> messages.Told:
    chosen = Wording(row.wording)
    if row.entries_closed_until is not None and now < row.entries_closed_until:
        # Somebody came in with a code, and whose phone this is is in question.
        chosen = Wording.DISCREET
    of = about_of(row, rule, whose, occurrence)
    return messages.Told(occurrence.id, chosen, of, minute_of(occurrence), whose.language)


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


def _finish(occurrence: _Held, state: State, reason: Reason | None) -> Claimed | None:
    """Let an occurrence be done with; nothing of it is to be sent."""
    occurrence.state, occurrence.reason, occurrence.act_at, occurrence.claim = state, reason, None, None
    return None


def minute_of(occurrence: Timed) -> int | None:
    """Return the minute of the day that an occurrence is for; None for one at no time."""
    return int(occurrence.slot) if occurrence.slot.isdecimal() else None


def about_of(row: Any, rule: Rule, whose: Whose, occurrence: Timed) -> About:
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
