"""Tables of exercises that a person did. What was written is sealed; which exercise it was is sealed too.

The ratings before and after stay plain, in tables that carry only ids. Nothing is overwritten: a change is a new
version.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, Uuid, false, true
from sqlalchemy.orm import Mapped, mapped_column

from patient_app.core.db import Base, sealed_column
from patient_app.core.vault import SealedText

Id = uuid.UUID


class Source(StrEnum):
    """How an entry reached us."""

    FORM = "form"
    OUTBOX = "outbox"
    DEMONSTRATION = "demonstration"


class Often(StrEnum):
    """How often a clinician wants an exercise to be done."""

    ONCE = "once"
    DAILY = "daily"
    FIVE_A_WEEK = "five"
    THREE_A_WEEK = "three"
    TWO_A_WEEK = "two"
    WEEKLY = "one"
    WHEN_NEEDED = "needed"


class ExerciseRun(Base):
    """One time that a person did an exercise: its time is fixed at writing, what it says is in its newest version.

    `id` is made where it is written (phone or server) and is the idempotency key for ever.
    """

    __tablename__ = "exercise_run"
    __table_args__ = (
        Index("ix_exercise_run_patient_day", "patient_id", "day"),
        Index("ix_exercise_run_patient_tag", "patient_id", "tag"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("practice.id"))
    patient_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("person.id"))
    occurred_at: Mapped[datetime]
    local_date: Mapped[date]
    day: Mapped[date]
    utc_offset: Mapped[int]
    zone: Mapped[str] = mapped_column(String(64))
    recorded_at: Mapped[datetime]
    recorded_seq: Mapped[int]
    device_seq: Mapped[int | None]
    source: Mapped[Source] = mapped_column(String(16))
    newest_version: Mapped[int]
    # How many seconds the clock of the phone was ahead when it was sent; None for one that was right enough.
    clock_skew: Mapped[int | None] = mapped_column(default=None)
    # By which the runs of one exercise are found: a keyed hash for this patient alone.
    tag: Mapped[bytes] = mapped_column(LargeBinary)
    exercise_sealed: Mapped[bytes | None] = sealed_column()
    exercise = SealedText("exercise_sealed", owner="patient_id")
    # Whether others may read it at all: True or False where the person said so of this one, None where it goes by what
    # they said of the exercise (`ExerciseChoice`). Nothing is shared beforehand.
    shared: Mapped[bool | None] = mapped_column(default=None)
    removed_at: Mapped[datetime | None] = mapped_column(default=None)
    # Written in a session that began with a clinic code and was still in question: nobody else reads it.
    while_closed: Mapped[bool] = mapped_column(default=False, server_default=false())


class ExerciseVersion(Base):
    """What a run says; the newest is read, by its author and by others."""

    __tablename__ = "exercise_version"
    __table_args__ = (
        UniqueConstraint("run_id", "version"),
        CheckConstraint("before IS NULL OR before BETWEEN 0 AND 100", name="before"),
        CheckConstraint("after IS NULL OR after BETWEEN 0 AND 100", name="after"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    run_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("exercise_run.id"))
    patient_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("person.id"))
    version: Mapped[int]
    recorded_at: Mapped[datetime]
    recorded_seq: Mapped[int]
    source: Mapped[Source] = mapped_column(String(16))
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    # By what a phone that sends the same once more is known, whatever the form asks by then.
    sent_print: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    # Which version of the exercise's file asked for it.
    content_version: Mapped[int]
    before: Mapped[int | None] = mapped_column(default=None)
    after: Mapped[int | None] = mapped_column(default=None)
    finished: Mapped[bool] = mapped_column(default=True, server_default=true())
    # What it is about needs `substance_use`: the whole exercise, or what was written in it this time.
    about_use: Mapped[bool] = mapped_column(default=False, server_default=false())
    # The answers, as JSON by field; and apart from them those that the person keeps to themselves in any case, which no
    # query for a reader asks for.
    answers_sealed: Mapped[bytes | None] = sealed_column()
    answers = SealedText("answers_sealed", owner="patient_id")
    kept_sealed: Mapped[bytes | None] = sealed_column()
    kept = SealedText("kept_sealed", owner="patient_id")


class ExerciseAssignment(Base):
    """An exercise that a clinician gave to a patient. What was given is never changed: it is taken back, or it ends.

    `id` is made with the form and is the idempotency key for ever. Which exercise it is and all words are sealed under
    the patient's key; `tag` is that of the patient's own runs of it.
    """

    __tablename__ = "exercise_assignment"
    __table_args__ = (
        Index("ix_exercise_assignment_patient", "patient_id", "tag"),
        Index("ix_exercise_assignment_author", "author_id"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("practice.id"))
    patient_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("person.id"))
    author_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("person.id"))
    # The patient's day on which it was given, from which a consent may open it to others of the team.
    day: Mapped[date]
    given_at: Mapped[datetime]
    recorded_seq: Mapped[int]
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    tag: Mapped[bytes] = mapped_column(LargeBinary)
    about_use: Mapped[bool] = mapped_column(default=False, server_default=false())
    often: Mapped[Often] = mapped_column(String(16))
    # The last of the patient's days on which it stands.
    until: Mapped[date]
    exercise_sealed: Mapped[bytes | None] = sealed_column()
    exercise = SealedText("exercise_sealed", owner="patient_id")
    note_sealed: Mapped[bytes | None] = sealed_column()
    note = SealedText("note_sealed", owner="patient_id")
    withdrawn_at: Mapped[datetime | None] = mapped_column(default=None)
    # That the patient said no, on which of their days, and their word on it.
    declined_at: Mapped[datetime | None] = mapped_column(default=None)
    declined_day: Mapped[date | None] = mapped_column(default=None)
    word_sealed: Mapped[bytes | None] = sealed_column()
    word = SealedText("word_sealed", owner="patient_id")
    # When the patient last said yes or no, and the item of a phone by which they did, if it was by one.
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
    answered_item: Mapped[Id | None] = mapped_column(default=None)


class ExerciseChoice(Base):
    """What a person said of one exercise as a whole: from which day on others may read what they do in it."""

    __tablename__ = "exercise_choice"
    __table_args__ = (UniqueConstraint("patient_id", "tag"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("practice.id"))
    patient_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("person.id"))
    tag: Mapped[bytes] = mapped_column(LargeBinary)
    shared_from: Mapped[date | None] = mapped_column(default=None)
    changed_at: Mapped[datetime]


class ExerciseReader(Base):
    """One person who may read a run, or from a day on what is done in an exercise, where not all the team may.

    It opens nothing by itself: a consent to `skills` has to reach that person too (`reading/skills.py`).
    """

    __tablename__ = "exercise_reader"
    __table_args__ = (
        UniqueConstraint("run_id", "reader_id"),
        UniqueConstraint("patient_id", "tag", "reader_id"),
        CheckConstraint("(run_id IS NULL) <> (tag IS NULL)", name="one_of"),
        CheckConstraint("(tag IS NULL) = (from_day IS NULL)", name="from_day"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("practice.id"))
    patient_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("person.id"))
    reader_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("person.id"))
    run_id: Mapped[Id | None] = mapped_column(Uuid, ForeignKey("exercise_run.id"), default=None)
    tag: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    from_day: Mapped[date | None] = mapped_column(default=None)


class ExercisePlan(Base):
    """When somebody wants to be reminded of what they planned in a run: the times alone, as its newest version says.

    What it is stands in the run, sealed. `place` counts the plans of one run; a plan at no time has no `minute`.
    """

    __tablename__ = "exercise_plan"
    __table_args__ = (
        UniqueConstraint("run_id", "place"),
        Index("ix_exercise_plan_patient_date", "patient_id", "local_date"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    practice_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("practice.id"))
    patient_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("person.id"))
    run_id: Mapped[Id] = mapped_column(Uuid, ForeignKey("exercise_run.id"))
    place: Mapped[int]
    local_date: Mapped[date]
    minute: Mapped[int | None] = mapped_column(default=None)
