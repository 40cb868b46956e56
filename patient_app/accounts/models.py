"""Tables of people, practices and signing in.

Names, addresses and numbers of people are encrypted under the person's own key (charts under the practice's); look-ups
use keyed hashes. Secrets (passwords, tokens, codes) are kept as hashes only.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from patient_app.core import faces
from patient_app.core.db import Base, sealed_column
from patient_app.core.identity import Stage
from patient_app.core.roles import Discipline, Role
from patient_app.core.vault import SealedText

Id = uuid.UUID


class InstallationKind(StrEnum):
    """Whether this database ever held, or may hold, a real account."""

    DEMONSTRATION = "demonstration"
    REAL = "real"


class PersonState(StrEnum):
    """Where an account stands."""

    INVITED = "invited"
    ACTIVE = "active"
    CLOSED = "closed"


class LinkPurpose(StrEnum):
    """What a one-time link does when its button is pressed."""

    JOIN = "join"
    JOIN_SUPPORTER = "join_supporter"
    RESET = "reset"
    OPEN_ENTRIES = "open_entries"
    CONFIRM_CODE = "confirm_code"


class CodePurpose(StrEnum):
    """What a code handed over in the clinic does."""

    JOIN = "join"
    RESET = "reset"


class SupportState(StrEnum):
    """Where the tie between a patient and a supporter stands; data can be read only when CONFIRMED."""

    INVITED = "invited"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    ENDED = "ended"


class SecurityNotice(StrEnum):
    """What a person is told at once on every device, until they answer."""

    CODE_ISSUED = "code_issued"
    CODE_USED = "code_used"


class MailState(StrEnum):
    """Where an e-mail stands."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class Installation(Base):
    """One row: what this database is for."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[InstallationKind] = mapped_column(String(16))
    created_at: Mapped[datetime]


class Practice(Base):
    """A practice: nobody and nothing of it is ever seen from another one."""

    __tablename__ = "practice"

    id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    zone: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class OpeningHours(Base):
    """Hours in which the practice can be reached; minutes after midnight in the practice's zone, Monday is 0."""

    __tablename__ = "opening_hours"
    __table_args__ = (
        UniqueConstraint("practice_id", "weekday"),
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("opens < closes", name="order"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    weekday: Mapped[int]
    opens: Mapped[int]
    closes: Mapped[int]


class PracticeNumber(Base):
    """A telephone number of the practice, shown on the help page."""

    __tablename__ = "practice_number"

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"), index=True)
    position: Mapped[int]
    label: Mapped[str] = mapped_column(String(80))
    phone: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(String(200), default="")


class Person(Base):
    """Anybody with an account, or invited to one."""

    __tablename__ = "person"

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"), index=True)
    role: Mapped[Role] = mapped_column(String(20))
    discipline: Mapped[Discipline | None] = mapped_column(String(30), default=None)
    state: Mapped[PersonState] = mapped_column(String(10))
    created_at: Mapped[datetime]
    # Who on the staff made this account (None: the command line, or the person), and when it was last closed.
    invited_by: Mapped[Id | None] = mapped_column(default=None)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    language: Mapped[str] = mapped_column(String(8), default="en")
    zone: Mapped[str] = mapped_column(String(64), default="UTC")
    day_start_minutes: Mapped[int] = mapped_column(default=240)
    # The name and icon under which they see the application: a word of `core.faces`.
    shown_as: Mapped[str] = mapped_column(String(10), default=faces.OWN, server_default=faces.OWN)
    # Whether the person made their pages simple: large letters, no drawings, few things. Only they turn it on or off.
    shown_simply: Mapped[bool] = mapped_column(default=False, server_default=false())
    # When they last said so, and the item of a phone by which they did, if it was by one.
    shown_simply_at: Mapped[datetime | None] = mapped_column(default=None)
    shown_simply_item: Mapped[Id | None] = mapped_column(default=None)

    name_sealed: Mapped[bytes | None] = sealed_column()
    name = SealedText("name_sealed", owner="id")
    # What the person wants to be called, and their pronouns: in their own words, or empty.
    called_sealed: Mapped[bytes | None] = sealed_column()
    called = SealedText("called_sealed", owner="id")
    pronouns_sealed: Mapped[bytes | None] = sealed_column()
    pronouns = SealedText("pronouns_sealed", owner="id")
    email_sealed: Mapped[bytes | None] = sealed_column()
    email = SealedText("email_sealed", owner="id")
    sign_in_name_sealed: Mapped[bytes | None] = sealed_column()
    sign_in_name = SealedText("sign_in_name_sealed", owner="id")
    sign_in_index: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True, default=None)

    password_hash: Mapped[str | None] = mapped_column(String(200), default=None)
    password_changed_at: Mapped[datetime | None] = mapped_column(default=None)
    totp_secret_sealed: Mapped[bytes | None] = sealed_column()
    totp_secret = SealedText("totp_secret_sealed", owner="id")
    totp_confirmed_at: Mapped[datetime | None] = mapped_column(default=None)
    totp_last_step: Mapped[int] = mapped_column(default=0)

    # After a reset by a clinic code: sessions begun since `entries_closed_from` do not see older entries until then.
    entries_closed_from: Mapped[datetime | None] = mapped_column(default=None)
    entries_closed_until: Mapped[datetime | None] = mapped_column(default=None)
    password_hash_before_code: Mapped[str | None] = mapped_column(String(200), default=None)
    security_notice: Mapped[SecurityNotice | None] = mapped_column(String(20), default=None)
    security_notice_at: Mapped[datetime | None] = mapped_column(default=None)

    # When staff set the address, until the person shows that it is theirs; and the address that was theirs before.
    email_changed_at: Mapped[datetime | None] = mapped_column(default=None)
    email_before_sealed: Mapped[bytes | None] = sealed_column()
    email_before = SealedText("email_before_sealed", owner="id")


class Patient(Base):
    """The practice's chart of a patient: what tells two people of one name apart, under the practice's key."""

    __tablename__ = "patient"
    __table_args__ = (UniqueConstraint("practice_id", "chart_number_index"),)

    person_id: Mapped[Id] = mapped_column(ForeignKey("person.id"), primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"), index=True)
    # The highest `recorded_seq` given to an entry of this patient; taking the next one locks the row.
    entry_seq: Mapped[int] = mapped_column(default=0)

    chart_number_index: Mapped[bytes] = mapped_column(LargeBinary)
    chart_number_sealed: Mapped[bytes | None] = sealed_column()
    chart_number = SealedText("chart_number_sealed", owner="practice_id", row="person_id")
    date_of_birth_sealed: Mapped[bytes | None] = sealed_column()
    date_of_birth = SealedText("date_of_birth_sealed", owner="practice_id", row="person_id")
    address_sealed: Mapped[bytes | None] = sealed_column()
    address = SealedText("address_sealed", owner="practice_id", row="person_id")
    emergency_contact_sealed: Mapped[bytes | None] = sealed_column()
    emergency_contact = SealedText("emergency_contact_sealed", owner="practice_id", row="person_id")


class TeamMembership(Base):
    """A clinician on a patient's care team. Nobody assigns themselves.

    Under a team consent the clinician reads only after the patient was shown the name, or 72 hours after notice: when
    the message about it was handed over to the mail server, or a page told the patient, whichever came first.
    """

    __tablename__ = "team_membership"
    __table_args__ = (
        CheckConstraint("assigned_by <> clinician_id", name="not_oneself"),
        Index("ix_team_membership_clinician", "clinician_id", "ended_at"),
        Index("ix_team_membership_patient", "patient_id", "ended_at"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    patient_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    clinician_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    assigned_by: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    assigned_at: Mapped[datetime]
    noticed_at: Mapped[datetime | None] = mapped_column(default=None)
    shown_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)


class SupportLink(Base):
    """The tie between a patient and a supporter; what the patient wrote about them is under the patient's key."""

    __tablename__ = "support_link"
    __table_args__ = (
        Index("ix_support_link_patient", "patient_id", "state"),
        Index("ix_support_link_supporter", "supporter_id", "state"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    patient_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    supporter_id: Mapped[Id | None] = mapped_column(ForeignKey("person.id"), default=None)
    state: Mapped[SupportState] = mapped_column(String(10))
    invited_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None] = mapped_column(default=None)
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    name_sealed: Mapped[bytes | None] = sealed_column()
    name = SealedText("name_sealed", owner="patient_id")
    email_sealed: Mapped[bytes | None] = sealed_column()
    email = SealedText("email_sealed", owner="patient_id")
    instructions_sealed: Mapped[bytes | None] = sealed_column()
    instructions = SealedText("instructions_sealed", owner="patient_id")
    # How this supporter sees the patient, where it is not by the name in the chart: the very words that were chosen for
    # them. Words that changed since were chosen for nobody: `seen_as`.
    shown_name_sealed: Mapped[bytes | None] = sealed_column()
    shown_name = SealedText("shown_name_sealed", owner="patient_id")
    shown_pronouns_sealed: Mapped[bytes | None] = sealed_column()
    shown_pronouns = SealedText("shown_pronouns_sealed", owner="patient_id")


class OneTimeLink(Base):
    """An invitation, a reset or a confirmation by link: 256 random bits, kept as a hash, used once, by POST only."""

    __tablename__ = "one_time_link"

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    purpose: Mapped[LinkPurpose] = mapped_column(String(20))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    person_id: Mapped[Id | None] = mapped_column(ForeignKey("person.id"), index=True)
    support_link_id: Mapped[Id | None] = mapped_column(ForeignKey("support_link.id"), index=True)
    created_by: Mapped[Id | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None] = mapped_column(default=None)
    cancelled_at: Mapped[datetime | None] = mapped_column(default=None)


class ClinicCode(Base):
    """A code handed over in the clinic: its first part finds the row, its second part is kept as a hash only."""

    __tablename__ = "clinic_code"

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"), index=True)
    person_id: Mapped[Id] = mapped_column(ForeignKey("person.id"), index=True)
    purpose: Mapped[CodePurpose] = mapped_column(String(10))
    locator: Mapped[str] = mapped_column(String(8), unique=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    tries_left: Mapped[int]
    issued_by: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    needs_second: Mapped[bool]
    confirmed_by: Mapped[Id | None] = mapped_column(ForeignKey("person.id"), default=None)
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)
    used_at: Mapped[datetime | None] = mapped_column(default=None)
    cancelled_at: Mapped[datetime | None] = mapped_column(default=None)


class DeviceSession(Base):
    """A signed-in device. The cookie holds 256 random bits, the row their hash; ending the row ends the session."""

    __tablename__ = "device_session"

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(ForeignKey("practice.id"))
    person_id: Mapped[Id] = mapped_column(ForeignKey("person.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    stage: Mapped[Stage] = mapped_column(String(24))
    browser: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    confirmed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(default=None)


class KnownDevice(Base):
    """A device that signed in to an account before; others' wrong tries do not slow it down."""

    __tablename__ = "known_device"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    person_id: Mapped[Id] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    created_at: Mapped[datetime]


class Throttle(Base):
    """Tries counted in a bucket: a keyed hash of an account's sign-in name, of a network, or of a known device."""

    __tablename__ = "throttle"

    bucket: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    tries: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(index=True)


class ResetRequest(Base):
    """Somebody typed a sign-in name into "I cannot sign in". The worker finds out whether there is such an account."""

    __tablename__ = "reset_request"

    id: Mapped[Id] = mapped_column(primary_key=True)
    sign_in_index: Mapped[bytes] = mapped_column(LargeBinary)
    requested_at: Mapped[datetime]


class MailMessage(Base):
    """An e-mail to be handed over by the worker; address and text are sealed, and wiped once sent."""

    __tablename__ = "mail_message"
    __table_args__ = (Index("ix_mail_message_due", "state", "next_try_at"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    owner_id: Mapped[Id]
    created_at: Mapped[datetime]
    state: Mapped[MailState] = mapped_column(String(10))
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    # The membership of a team that this message gives notice of.
    membership_id: Mapped[Id | None] = mapped_column(default=None)
    address_sealed: Mapped[bytes | None] = sealed_column()
    address = SealedText("address_sealed", owner="owner_id")
    subject_sealed: Mapped[bytes | None] = sealed_column()
    subject = SealedText("subject_sealed", owner="owner_id")
    body_sealed: Mapped[bytes | None] = sealed_column()
    body = SealedText("body_sealed", owner="owner_id")
