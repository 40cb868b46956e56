"""Tables of devices that get messages, and of what may be done on a notification."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column

from patient_app.accounts.models import Person
from patient_app.core.db import Base, sealed_column
from patient_app.core.vault import SealedText

Id = uuid.UUID
_PERSON = f"{Person.__tablename__}.id"


class Retired(StrEnum):
    """Why nothing goes to a subscription any more."""

    OFF = "off"  # The person turned it off.
    SIGNED_OUT = "signed_out"
    GONE = "gone"  # Its push service said so.
    TAKEN = "taken"  # Another person uses that browser now.
    RESTORED = "restored"  # A backup was put back, in which it may have been there by mistake.


class PushSubscription(Base):
    """A browser that gets messages for one person, as long as the session that asked for it is live.

    `session_id` names a row of `device_session`, which is removed some time after its end. What a retired one was
    reached by is wiped; the keyed hash of its address stays, so that it is known when that browser comes again.
    """

    __tablename__ = "push_subscription"
    __table_args__ = (Index("ix_push_subscription_person", "person_id", "retired_at"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    person_id: Mapped[Id] = mapped_column(ForeignKey(_PERSON))
    session_id: Mapped[Id] = mapped_column(index=True)
    endpoint_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    # The public half of our key that the browser subscribed with.
    vapid_key: Mapped[str] = mapped_column(String(100))
    browser: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    last_success_at: Mapped[datetime | None] = mapped_column(default=None)
    tested_at: Mapped[datetime | None] = mapped_column(default=None)
    retired_at: Mapped[datetime | None] = mapped_column(default=None)
    retired_why: Mapped[Retired | None] = mapped_column(String(12), default=None)
    endpoint_sealed: Mapped[bytes | None] = sealed_column()
    endpoint = SealedText("endpoint_sealed", owner="person_id")
    # `p256dh` and `auth` of the browser, as JSON.
    keys_sealed: Mapped[bytes | None] = sealed_column()
    keys = SealedText("keys_sealed", owner="person_id")


class NotificationAction(Base):
    """What may be done once on one notification on one device: 256 random bits in the message, here their hash.

    `subject_id` is what the reminder's feature knows it by (an occurrence). Used once; the first use counts.
    """

    __tablename__ = "notification_action"
    __table_args__ = (Index("ix_notification_action_subject", "subject_id"),)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    person_id: Mapped[Id] = mapped_column(ForeignKey(_PERSON), index=True)
    subscription_id: Mapped[Id] = mapped_column(ForeignKey("push_subscription.id"), index=True)
    subject_id: Mapped[Id]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None] = mapped_column(default=None)
    # Whether the notification asks how somebody is: only that one takes an answer to it.
    asks_mood: Mapped[bool] = mapped_column(default=False, server_default=false())
    # "done", "later 10", or "mood 4".
    used_as: Mapped[str | None] = mapped_column(String(16), default=None)
