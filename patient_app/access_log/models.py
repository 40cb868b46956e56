"""Tables of access records. Ids and words of our own only: nothing a person wrote."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from patient_app.core.db import Base


class AccessKind(StrEnum):
    """What an access record tells of."""

    DETAIL = "detail"  # a patient's page was read
    MEDICINES = "medicines"  # the page of a patient's medicines was read
    APPOINTMENTS = "appointments"  # the page of a patient's appointments was read
    VISITS = "visits"  # the patient stood in the viewer's list of their visits of a day, once a viewer and day
    EFFECTS = "effects"  # the page of what medicines do to a patient was read: side effects, weekly notes, weeks
    SKILLS = "skills"  # the page of a patient's exercises was read
    LESSONS = "lessons"  # the page of lessons that were given to a patient was read
    CONCERN = "concern"  # that a sign that cannot wait was noted stood in a list, once a viewer, consent and day
    CASELOAD = "caseload"  # a row in a list of patients, once a viewer, consent and day
    SILENCE = "silence"  # what the viewer was told when there was no check-in was read
    CODE_ISSUED = "code_issued"  # staff issued a sign-in code for this person
    CODE_CONFIRMED = "code_confirmed"
    CODE_USED = "code_used"
    STAFF_CODE_USED = "staff_code_used"  # the viewer, on the patient's team, got a new password by a code
    TEAM_JOINED = "team_joined"
    TEAM_LEFT = "team_left"
    EMAIL_CHANGED = "email_changed"
    ACCOUNT_CLOSED = "account_closed"
    ACCOUNT_REOPENED = "account_reopened"
    RESTORED = "restored"  # all data went back to `from_day`; what was recorded from then to `to_day` is lost


class AccessChain(Base):
    """The end of a patient's chain; locked while a record is added."""

    __tablename__ = "access_chain"

    patient_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    seq: Mapped[int]
    digest: Mapped[bytes] = mapped_column(LargeBinary)


class AccessRecord(Base):
    """One reading of a patient's data by somebody else, or one act of staff on the patient's account.

    Which entries were read follows from consent, categories, date range and `highest_seq`, the patient's highest
    `recorded_seq` at the time. `scope` keeps two kinds apart: a consent's id, or the word for no consent.
    """

    __tablename__ = "access_record"
    __table_args__ = (
        UniqueConstraint("patient_id", "seq"),
        Index("ix_access_record_viewer", "viewer_id", "on_day", "kind", "consent_id", "recorded_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("practice.id"))
    patient_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    seq: Mapped[int]
    recorded_at: Mapped[datetime]
    on_day: Mapped[date]
    kind: Mapped[AccessKind] = mapped_column(String(20))
    viewer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    viewer_role: Mapped[str] = mapped_column(String(20))
    consent_id: Mapped[uuid.UUID | None]
    categories: Mapped[list[str]] = mapped_column(JSON)
    from_day: Mapped[date | None]
    to_day: Mapped[date | None]
    highest_seq: Mapped[int]
    notice_version: Mapped[str] = mapped_column(String(20), default="")
    digest: Mapped[bytes] = mapped_column(LargeBinary)
