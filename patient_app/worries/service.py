"""A supporter tells the practice that they are worried; clinicians read it.

What a supporter hears back never depends on whom they wrote about, on whether the practice knows that person, or on
whether the practice listens to them at present. So a name that was typed is looked up nowhere; a message of a muted
sender is kept like any other and counts towards the limit like any other, and stands aside on the clinicians' page
only. What was kept aside stands among the others again when the mute ends: nothing is thrown away. Each clinician mutes
for themselves and takes back only their own: who is not on a team can neither keep something from it nor bring it back.

Who reads: of a person whom the sender supports, that patient's team. Any clinician of the practice where no person was
picked, and where the patient has nobody on the team, so that no message is left without a reader. Never the
administrator, who reads no clinical words, and never the patient by way of these pages.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Exists, Select, and_, bindparam, delete, exists, func, or_, select
from sqlalchemy.orm import aliased

from patient_app.accounts import mail, names, seen_as
from patient_app.accounts.models import (
    Patient,
    Person,
    PersonState,
    Practice,
    TeamMembership,
)
from patient_app.accounts.registry import IdInUse, one_line, store_once
from patient_app.core import clock, work
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.work import db, vault
from patient_app.worries.models import Worry, WorryMute

MOST_A_DAY = 5
LONGEST_MUTE = timedelta(days=180)
PAGE_WORRIES = 25


class TooManyToday(Exception):
    """The sender has sent `MOST_A_DAY` messages in the last 24 hours."""


@dataclass(frozen=True, slots=True)
class Supported:
    """Somebody who confirmed the sender as a supporter, named as they chose to be for this one."""

    id: uuid.UUID
    name: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a supporter wrote: about a person they support, or about whom `about` says."""

    patient_id: uuid.UUID | None
    about: str
    words: str


# --- The supporter's side ---------------------------------------------------------------------------------------------


def supported(sender: Viewer) -> list[Supported]:
    """Return the people whom a supporter supports now, in the order in which they confirmed it."""
    found = seen_as.supported_by(sender.id, sender.practice_id)
    return [Supported(one.id, one.seen_as.name) for one in found]


def send(sender: Viewer, worry_id: uuid.UUID, told: Told) -> None:
    """Store a supporter's message; sent twice, it is stored once.

    Raise `IdInUse` when the form's id stands for other words, `TooManyToday` above the limit, and `NotFound` for a
    person whom the sender does not support now.
    """
    told = Told(told.patient_id, one_line(told.about), told.words)
    # One message of a sender at a time, so that two cannot both be the last of the day.
    db().execute(select(Person.id).where(Person.id == sender.id).with_for_update(key_share=True))
    known = db().get(Worry, worry_id)
    if known is not None:
        if known.sender_id != sender.id or _told(known) != told:
            raise IdInUse
        return
    if told.patient_id is not None and told.patient_id not in {one.id for one in supported(sender)}:
        raise NotFound
    if _sent_today(sender) >= MOST_A_DAY:
        raise TooManyToday
    row = Worry(
        id=worry_id,
        practice_id=sender.practice_id,
        sender_id=sender.id,
        patient_id=told.patient_id,
        sent_at=clock.now(),
    )
    row.about, row.words = told.about, told.words
    if not store_once(row):  # Somebody else's form had this id, a moment ago.
        raise IdInUse
    if told.patient_id is not None and not db().scalar(select(_is_muted(sender.id, told.patient_id))):
        _tell_team(told.patient_id)


def _told(row: Worry) -> Told:
    return Told(row.patient_id, row.about or "", row.words or "")


def _sent_today(sender: Viewer) -> int:
    since = clock.now() - timedelta(days=1)
    return db().scalar(select(func.count()).where(Worry.sender_id == sender.id, Worry.sent_at > since)) or 0


def _is_muted(sender_id: uuid.UUID, patient_id: uuid.UUID) -> Exists:
    """Return the condition under which a sender is muted in what they tell of a patient."""
    return exists().where(WorryMute.sender_id == sender_id, WorryMute.muted_until > clock.now(), _holds_for(patient_id))


def _tell_team(patient_id: uuid.UUID) -> None:
    """Send each member of a team word that there is something to read; the mail tells no more than that."""
    on_team = select(Person).join(TeamMembership, TeamMembership.clinician_id == Person.id)
    on_team = on_team.where(TeamMembership.patient_id == patient_id, TeamMembership.ended_at.is_(None))
    on_team = on_team.where(Person.state == PersonState.ACTIVE)
    for clinician in db().scalars(on_team.distinct()):
        mail.tell(clinician, "something_to_read")


# --- The clinicians' side ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class About:
    """The patient a message is about, with what tells two people of one name apart.

    How they want to be called and spoken of is for their team: empty for a clinician who reads it since there is none.
    """

    id: uuid.UUID
    name: str
    chart_number: str
    date_of_birth: str
    called: str
    pronouns: str


@dataclass(frozen=True, slots=True)
class Received:
    """A message as a clinician reads it; moments are in the clinician's zone.

    `patient` is the person whom the sender supports and picked; `about` is what the sender wrote about who it is.
    """

    id: uuid.UUID
    sender: str
    patient: About | None
    about: str
    words: str
    sent_at: datetime
    read_at: datetime | None
    read_by: str


@dataclass(frozen=True, slots=True)
class Mute:
    """A clinician's mute that holds for a message; `through` is its last day, `is_own` that it is the reader's."""

    by: str
    is_own: bool
    through: date


@dataclass(frozen=True, slots=True)
class Inbox:
    """One page of messages, what is not read yet first; `aside` is how many of muted senders are kept aside."""

    rows: tuple[Received, ...]
    page: int
    has_more: bool
    aside: int


_Sender, _Subject, _Reader, _Member, _Muter = (aliased(Person) for _ in range(5))


def unread(clinician: Viewer) -> int:
    """Return how many messages wait for a clinician that nobody read yet; what is kept aside waits for nobody.

    Takes no writer lock, since a list of patients asks it each time.
    """
    asked = {"practice_id": clinician.practice_id, "clinician_id": clinician.id, "now": clock.now()}
    with work.aside() as look:
        return look.connection.execute(unread_count(), asked).scalar_one()


@lru_cache(maxsize=1)
def unread_count() -> Select[int]:
    """Return the query of `unread`; to be bound to it: `practice_id`, `clinician_id` and `now`."""
    counted = select(func.count()).select_from(Worry).where(Worry.read_at.is_(None), ~_kept_aside(bindparam("now")))
    return counted.where(_readable(bindparam("practice_id"), bindparam("clinician_id")))


def inbox(clinician: Viewer, page: int = 1, *, aside: bool = False) -> Inbox:
    """Return a page of the messages that a clinician may read; with `aside`, those of senders who are muted now."""
    muted = _kept_aside(clock.now())
    found = _received(clinician).where(muted if aside else ~muted)
    page = max(1, min(page, 10_000))
    query = found.order_by(Worry.read_at.is_not(None), Worry.sent_at.desc(), Worry.id)
    rows = db().execute(query.offset((page - 1) * PAGE_WORRIES).limit(PAGE_WORRIES + 1)).all()
    kept = select(func.count()).select_from(Worry).where(_readable_by(clinician), muted)
    return Inbox(
        rows=_opened(clinician, rows[:PAGE_WORRIES]),
        page=page,
        has_more=len(rows) > PAGE_WORRIES,
        aside=db().scalar(kept) or 0,
    )


def read(clinician: Viewer, worry_id: uuid.UUID) -> Received:
    """Return one message; raise `NotFound` for one that is not for this clinician, or is not there."""
    row = db().execute(_received(clinician).where(Worry.id == worry_id)).one_or_none()
    if row is None:
        raise NotFound
    return _opened(clinician, [row])[0]


def mark_read(clinician: Viewer, worry_id: uuid.UUID) -> None:
    """Keep who read a message first, and when; marked twice is marked once. Raise `NotFound` as `read` does."""
    row = _own(clinician, worry_id)
    if row.read_at is None:
        row.read_at, row.read_by = clock.now(), clinician.id


def last_muted_day(today: date) -> date:
    """Return the last day until which a sender can be muted."""
    return today + LONGEST_MUTE


def today_at_practice(clinician: Viewer) -> date:
    """Return the civil date where the practice is."""
    return clock.now().astimezone(_zone(clinician)).date()


def mute(clinician: Viewer, worry_id: uuid.UUID, until: date) -> None:
    """Keep aside what the sender of a message sends from now to the end of a day; raise `NotFound` as `read` does.

    Muted before by the same clinician, they are muted until the new day, and what stands aside stays there.
    """
    sender_id, moment = _own(clinician, worry_id).sender_id, clock.now()
    ends = datetime.combine(until + timedelta(days=1), time(), _zone(clinician)).astimezone(UTC)
    fresh = WorryMute(
        sender_id=sender_id,
        practice_id=clinician.practice_id,
        muted_at=moment,
        muted_by=clinician.id,
        muted_until=ends,
    )
    key = (sender_id, clinician.id)
    kept = db().get(WorryMute, key, with_for_update=True)
    if kept is None and store_once(fresh):
        return
    kept = kept or db().get_one(WorryMute, key, with_for_update=True)  # Pressed twice at once.
    if kept.muted_until <= moment:
        kept.muted_at = moment
    kept.muted_until = ends


def unmute(clinician: Viewer, worry_id: uuid.UUID) -> bool:
    """Take back a clinician's own mute of the sender of a message; raise `NotFound` as `read` does.

    Return whether they are heard again, also with what was kept aside: not while a colleague's mute holds.
    """
    sender_id = _own(clinician, worry_id).sender_id
    db().execute(delete(WorryMute).where(WorryMute.sender_id == sender_id, WorryMute.muted_by == clinician.id))
    return not mutes(clinician, worry_id)


def mutes(clinician: Viewer, worry_id: uuid.UUID) -> tuple[Mute, ...]:
    """Return every mute of its sender that holds for a message now, the reader's own first, then the longest.

    There are none for a message that is not for this clinician.
    """
    holds = select(WorryMute.muted_until, Person).join(Person, Person.id == WorryMute.muted_by)
    holds = holds.join(Worry, Worry.sender_id == WorryMute.sender_id).where(
        Worry.id == worry_id,
        WorryMute.muted_until > clock.now(),
        _holds_for(Worry.patient_id),
        _readable_by(clinician),
    )
    zone = _zone(clinician)
    rows = db().execute(holds.order_by(Person.id != clinician.id, WorryMute.muted_until.desc(), Person.id)).all()
    gone = vault().preload([person.id for _, person in rows])
    return tuple(
        Mute("" if by.id in gone else by.name or "", by.id == clinician.id, _last_day(until, zone))
        for until, by in rows
    )


def _own(clinician: Viewer, worry_id: uuid.UUID) -> Worry:
    query = select(Worry).where(Worry.id == worry_id, _readable_by(clinician))
    row = db().scalar(query.with_for_update())
    if row is None:
        raise NotFound
    return row


def _readable_by(clinician: Viewer) -> ColumnElement[bool]:
    return _readable(clinician.practice_id, clinician.id)


def _readable(practice_id: Any, clinician_id: Any) -> ColumnElement[bool]:
    """Return the condition under which a message is for this clinician."""
    return and_(Worry.practice_id == practice_id, or_(Worry.patient_id.is_(None), _on_team(clinician_id), ~_team()))


def _team() -> Exists:
    """Return the condition under which the patient of a message has a team."""
    return _team_of(Worry.patient_id).correlate(Worry)


def _team_of(patient_id: Any) -> Exists:
    """Return whether a patient has a team: somebody who can sign in and read. An invitation reads nothing."""
    return exists().where(
        TeamMembership.patient_id == patient_id,
        TeamMembership.ended_at.is_(None),
        TeamMembership.clinician_id == _Member.id,
        _Member.state == PersonState.ACTIVE,
    )


def _on_team(clinician_id: Any) -> Exists:
    return _team().where(_Member.id == clinician_id)


def _kept_aside(now: Any) -> ColumnElement[bool]:
    """Return the condition under which a message came while its sender was muted, and the sender still is."""
    mute = exists().where(
        WorryMute.sender_id == Worry.sender_id,
        WorryMute.muted_at < Worry.sent_at,
        WorryMute.muted_until > now,
        _holds_for(Worry.patient_id),
    )
    return mute.correlate(Worry)


def _holds_for(patient_id: Any) -> ColumnElement[bool]:
    """Return the condition under which a mute holds for what is told of a patient, or of nobody who was picked.

    Where the patient has a team, one of it muted: nobody else decides what it does not see. Of somebody who cannot sign
    in any more no mute holds, since nobody could take it back.
    """
    team = _team_of(patient_id).correlate(Worry, WorryMute)
    still_here = exists().where(_Muter.id == WorryMute.muted_by, _Muter.state == PersonState.ACTIVE)
    return or_(and_(~team, still_here.correlate(WorryMute)), team.where(_Member.id == WorryMute.muted_by))


def _received(clinician: Viewer) -> Select[Worry, Person, Person, Patient, Person, bool]:
    return (
        select(Worry, _Sender, _Subject, Patient, _Reader, _on_team(clinician.id))
        .join(_Sender, _Sender.id == Worry.sender_id)
        .outerjoin(_Subject, _Subject.id == Worry.patient_id)
        .outerjoin(Patient, Patient.person_id == Worry.patient_id)
        .outerjoin(_Reader, _Reader.id == Worry.read_by)
        .where(_readable_by(clinician))
    )


def _opened(clinician: Viewer, rows: Sequence[Any]) -> tuple[Received, ...]:
    people = {person.id for row in rows for person in (row[1], row[2], row[4]) if person is not None}
    gone = vault().preload([clinician.practice_id, *people])
    zone = clock.find_zone(clinician.zone) or UTC
    return tuple(
        Received(
            id=worry.id,
            sender=names.shown(sender),
            patient=None if subject is None else _about(subject, chart, is_theirs=is_theirs),
            about=worry.about or "",
            words=worry.words or "",
            sent_at=worry.sent_at.astimezone(zone),
            read_at=None if worry.read_at is None else worry.read_at.astimezone(zone),
            read_by="" if reader is None or reader.id in gone else names.shown(reader),
        )
        for worry, sender, subject, chart, reader, is_theirs in rows
        if sender.id not in gone and (subject is None or subject.id not in gone)
    )


def _about(person: Person, chart: Patient, *, is_theirs: bool) -> About:
    called, pronouns = (person.called or "", person.pronouns or "") if is_theirs else ("", "")
    return About(person.id, person.name or "", chart.chart_number or "", chart.date_of_birth or "", called, pronouns)


def _last_day(muted_until: datetime, zone: tzinfo) -> date:
    """Return the day at whose end a mute ends."""
    return (muted_until.astimezone(zone) - timedelta(days=1)).date()


def _zone(clinician: Viewer) -> tzinfo:
    return clock.find_zone(db().get_one(Practice, clinician.practice_id).zone) or UTC
