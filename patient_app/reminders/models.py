"""Tables of reminders. An occurrence is the truth of one reminder at one time of one day, whatever moves the engine.

What was typed is sealed; times, states and ids stay plain, and say nothing of what anything is about.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from patient_app.core.db import Base, sealed_column
from patient_app.core.vault import SealedText

Id = uuid.UUID


class Kind(StrEnum):
    """What a reminder is of; each has a source (`sources.py`) that knows its times. `DIGEST` is the one by e-mail.

    `MEASURE` is what measures how it goes: the two questions of the week on all medicines (`effects/weekly.py`).
    `FOLLOW_UP` is the word that comes when it has been quiet: it is chosen on a page of its own (`follow_up`).
    """

    CHECK_IN = "check_in"
    DOSES = "doses"
    REFILL = "refill"
    APPOINTMENT = "appointment"
    EXERCISE = "exercise"
    MEASURE = "measure"
    PLAN = "plan"
    OWN = "own"
    DIGEST = "digest"
    FOLLOW_UP = "follow_up"


class Wording(StrEnum):
    """What stands on the lock screen: nothing that tells, what it is of, or the person's own words."""

    DISCREET = "discreet"
    DETAILED = "detailed"
    OWN = "own"


class State(StrEnum):
    """Where an occurrence stands: to be sent, being sent, sent, only in the list on Today, or not sent for a reason."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    LISTED = "listed"
    DROPPED = "dropped"


class Reason(StrEnum):
    """Why an occurrence was not sent, or stands only in the list."""

    TOO_LATE = "too_late"
    QUIET = "quiet"
    PAUSED = "paused"
    OFF = "off"
    SETTLED = "settled"
    NOT_NEEDED = "not_needed"
    NO_DEVICE = "no_device"
    NOT_REACHED = "not_reached"
    RESTORED = "restored"
    FAULT = "fault"


class Handled(StrEnum):
    """How a person said that it is done."""

    IN_APP = "in_app"
    NOTIFICATION = "notification"


class Channel(StrEnum):
    """By which way something went out."""

    PUSH = "push"
    MAIL = "mail"


_ONE_ONLY = text("kind IN ('doses', 'refill', 'digest', 'appointment', 'follow_up', 'plan') AND ended_at IS NULL")


class Reminder(Base):
    """What a patient wants to be reminded of. `next_at` is when the engine looks at it next; None: never.

    `times` are minutes of the civil day, `weekdays` ISO weekdays; of kinds whose times come from elsewhere (doses) the
    times are empty, and of appointments they are minutes before. `only` names medicines where not all are meant.
    """

    __tablename__ = "reminder"
    __table_args__ = (
        Index("ix_reminder_next_at", "next_at"),
        Index("ix_reminder_patient", "patient_id"),
        # Of these a patient has one at most, so that doses due together are one notification.
        Index(
            "uq_reminder_one_only",
            "patient_id",
            "kind",
            unique=True,
            sqlite_where=_ONE_ONLY,
            postgresql_where=_ONE_ONLY,
        ),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    patient_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[Kind] = mapped_column(String(16))
    times: Mapped[list[int]] = mapped_column(JSON)
    weekdays: Mapped[list[int]] = mapped_column(JSON)
    only: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True), default=None)
    wording: Mapped[Wording] = mapped_column(String(10))
    # The first civil date on which it reminds again.
    paused_until: Mapped[date | None] = mapped_column(default=None)
    # Minutes of the day between which this one is not sent, beside the hours that hold for all.
    quiet_from: Mapped[int | None] = mapped_column(default=None)
    quiet_to: Mapped[int | None] = mapped_column(default=None)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    next_at: Mapped[datetime | None]
    # From when on nothing was made of it, since it could not be looked at; None for one that could.
    fault_since: Mapped[datetime | None] = mapped_column(default=None)
    # What one of kind `OWN` is about, and the words that the person wants on the lock screen.
    about_sealed: Mapped[bytes | None] = sealed_column()
    about = SealedText("about_sealed", owner="patient_id")
    words_sealed: Mapped[bytes | None] = sealed_column()
    words = SealedText("words_sealed", owner="patient_id")


class ReminderSettings(Base):
    """What holds for all reminders of a patient; one without a row chose nothing yet."""

    __tablename__ = "reminder_settings"

    patient_id: Mapped[Id] = mapped_column(ForeignKey("person.id"), primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    # Minutes of the day between which nothing is sent; over midnight where the first is the later.
    quiet_from: Mapped[int | None] = mapped_column(default=None)
    quiet_to: Mapped[int | None] = mapped_column(default=None)
    paused_until: Mapped[date | None] = mapped_column(default=None)
    # The zone that the person was asked about last; they are asked once for each change.
    zone_asked: Mapped[str | None] = mapped_column(String(64), default=None)
    # When the person answered the offer of reminders, whatever they said.
    offer_answered_at: Mapped[datetime | None] = mapped_column(default=None)
    # The secret of the calendar's address: as a hash to be found by, and sealed to be shown again. None: no calendar.
    feed_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True, default=None)
    feed_sealed: Mapped[bytes | None] = sealed_column()
    feed = SealedText("feed_sealed", owner="patient_id", row="patient_id")
    changed_at: Mapped[datetime]


class Occurrence(Base):
    """One reminder at one time of one civil day: made once, whatever happens to clocks, zones and workers.

    `due_at` is its time and `until` the end of its window; after that nothing is sent. `act_at` is when a worker has
    something to do with it: to send it, to try again, or to take over from one that died; None when all is done.
    `round` counts how often it was put off: each round is sent once to each device.
    """

    __tablename__ = "occurrence"
    __table_args__ = (
        UniqueConstraint("reminder_id", "local_day", "slot"),
        CheckConstraint("due_at <= until", name="window"),
        Index("ix_occurrence_act_at", "act_at"),
        Index("ix_occurrence_due_at", "due_at"),
        Index("ix_occurrence_patient", "patient_id", "due_at"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    patient_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    reminder_id: Mapped[Id] = mapped_column(ForeignKey("reminder.id"))
    kind: Mapped[Kind] = mapped_column(String(16))
    local_day: Mapped[date]
    # Its key among those of the day: the minute of the day, or a word of its source.
    slot: Mapped[str] = mapped_column(String(16))
    due_at: Mapped[datetime]
    until: Mapped[datetime]
    state: Mapped[State] = mapped_column(String(10))
    reason: Mapped[Reason | None] = mapped_column(String(16), default=None)
    act_at: Mapped[datetime | None]
    # Who has it now; a worker that lost it to another one writes nothing over that one's result.
    claim: Mapped[Id | None] = mapped_column(default=None)
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    round: Mapped[int] = mapped_column(default=0, server_default="0")
    sent_at: Mapped[datetime | None] = mapped_column(default=None)
    handled_at: Mapped[datetime | None] = mapped_column(default=None)
    handled_how: Mapped[Handled | None] = mapped_column(String(16), default=None)


class Delivery(Base):
    """What became of an occurrence on one way, to one device, in one round. `outcome` is a word of `push.sending`."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("occurrence_id", "round", "channel", "device_id"),
        Index("ix_delivery_patient", "patient_id", "at"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    occurrence_id: Mapped[Id] = mapped_column(ForeignKey("occurrence.id", ondelete="CASCADE"))
    patient_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    round: Mapped[int]
    channel: Mapped[Channel] = mapped_column(String(8))
    # A push subscription, or whatever else was sent to; the row may be gone by now.
    device_id: Mapped[Id]
    outcome: Mapped[str] = mapped_column(String(12))
    attempts: Mapped[int]
    at: Mapped[datetime]
    # For `later`: when this device is tried again.
    retry_at: Mapped[datetime | None] = mapped_column(default=None)


class ReminderTick(Base):
    """One row: when the engine last looked, so that it notices a clock that was set back, and its own outages."""

    __tablename__ = "reminder_tick"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticked_at: Mapped[datetime]


class ReminderOutage(Base):
    """A time in which the engine did not look: nothing that a person did not do in it says anything about them."""

    __tablename__ = "reminder_outage"
    __table_args__ = (Index("ix_reminder_outage_ended_at", "ended_at"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime]
