"""Reading one's own side effects. Writing is `recording`'s, reading somebody else's is `reading`'s alone."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Boolean, ColumnElement, and_, bindparam, exists, or_, select
from sqlalchemy.orm import aliased

from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.vault import Place
from patient_app.core.work import connection, vault
from patient_app.effects.models import Concern, ConcernMedicine, ConcernSeen, SideEffect, SideEffectVersion
from patient_app.medications.models import Medicine

_EVER = datetime(1, 1, 1, tzinfo=UTC)
# So many a page of the list shows; what still goes on comes first.
MOST_LISTED = 60

# The patient's own, as this session may see them (as `checkins.service.OWN`).
OWN = and_(
    SideEffect.patient_id == bindparam("patient_id"),
    SideEffect.removed_at.is_(None),
    SideEffect.recorded_at >= bindparam("closed_from"),
    or_(bindparam("is_open", type_=Boolean), SideEffect.while_closed),
)
NEWEST = and_(SideEffectVersion.side_effect_id == SideEffect.id, SideEffectVersion.version == SideEffect.newest_version)
# What `as_said` opens; the note apart, since not everybody who may read the rest may read it.
SAID = (
    SideEffect.id,
    SideEffect.patient_id,
    SideEffect.day,
    SideEffect.recorded_seq,
    SideEffectVersion.id.label("version_id"),
    SideEffectVersion.version,
    SideEffectVersion.medicine_id,
    SideEffectVersion.severity,
    SideEffectVersion.bother,
    SideEffectVersion.going_on,
    SideEffectVersion.began_on,
    SideEffectVersion.over_on,
    SideEffectVersion.flagged,
    SideEffectVersion.about_use,
    SideEffectVersion.effect_sealed,
    SideEffectVersion.note_about_use,
)
_OWN = (
    select(*SAID, SideEffectVersion.note_sealed, SideEffect.private, SideEffect.while_closed, SideEffect.clock_skew)
    .join(SideEffectVersion, NEWEST)
    .where(OWN)
)
_OWN_ONE = _OWN.where(SideEffect.id == bindparam("side_effect_id"))
_OWN_LIST = _OWN.order_by(
    SideEffectVersion.going_on.desc(), SideEffect.occurred_at.desc(), SideEffect.recorded_seq.desc()
).limit(MOST_LISTED)
_OWN_BETWEEN = _OWN.where(SideEffect.day >= bindparam("first"), SideEffect.day <= bindparam("last")).order_by(
    SideEffect.day, SideEffect.recorded_seq
)
_SEEN = (
    select(ConcernSeen.seen_at)
    .join(Concern, Concern.id == ConcernSeen.concern_id)
    .where(Concern.side_effect_id == bindparam("side_effect_id"), Concern.patient_id == bindparam("patient_id"))
    .order_by(ConcernSeen.seen_at)
    .limit(1)
)


def rests_on_what_is_open() -> ColumnElement[bool]:
    """Return the condition that a concern (joined with its version) rests on a medicine that is open now, or on none.

    Of a side effect that is tied to a medicine, that medicine says who reads it, and this says nothing. One that is
    tied to none stands before all who may read medicines: so one of the medicines that it rests on has to be open to
    all. Each is enough by itself, and what is closed of them is told by nothing.
    """
    rests_on, medicine = aliased(ConcernMedicine), aliased(Medicine)
    stands = (
        exists()
        .where(
            rests_on.concern_id == Concern.id,
            medicine.id == rests_on.medicine_id,
            medicine.private.is_(False),
            medicine.removed_at.is_(None),
            medicine.about_use.is_(False),
            medicine.while_closed.is_(False),
        )
        .correlate(Concern)
    )
    return or_(SideEffectVersion.medicine_id.is_not(None), Concern.medicine_id.is_(None), stands)


_RAISED = (
    select(Concern.id)
    .join(SideEffect, SideEffect.id == Concern.side_effect_id)
    .join(SideEffectVersion, NEWEST)
    .where(
        Concern.side_effect_id == bindparam("side_effect_id"),
        Concern.patient_id == bindparam("patient_id"),
        SideEffectVersion.flagged.is_(True),
        SideEffect.private.is_(False),
        SideEffect.while_closed.is_(False),
        rests_on_what_is_open(),
    )
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of a side effect. `medicine_id` is None for one who is not sure which; `note` are own words."""

    pick: str
    medicine_id: uuid.UUID | None = None
    severity: int | None = None
    bother: int | None = None
    going_on: bool = True
    began_on: date | None = None
    note: str = ""
    note_about_use: bool = False


@dataclass(frozen=True, slots=True)
class OwnEffect:
    """A side effect as its author reads it back. `over_on` is the day on which they said that it is over.

    `while_closed`: a session in question after a clinic code wrote it, so nobody else is ever shown it.
    """

    id: uuid.UUID
    day: date
    version: int
    said: Said
    over_on: date | None
    flagged: bool
    about_use: bool
    private: bool
    recorded_seq: int
    clock_skew: int | None
    while_closed: bool = False

    @property
    def is_only_theirs(self) -> bool:
        """Whether no consent opens it, as it is now: the patient keeps it to themselves, or it was `while_closed`."""
        return self.private or self.while_closed

    @property
    def first_day(self) -> date:
        """The day it began, as far as the person said so."""
        return self.said.began_on or self.day


def own_effects(patient: Viewer) -> list[OwnEffect]:
    """Return the patient's own side effects, those that go on first, then the latest first; one statement."""
    return _as_own(connection().execute(_OWN_LIST, asked_by(patient)).all())


def own_effects_between(patient: Viewer, first: date, last: date) -> list[OwnEffect]:
    """Return the patient's own side effects that were told of from one day to another, the earliest first."""
    return _as_own(connection().execute(_OWN_BETWEEN, {**asked_by(patient), "first": first, "last": last}).all())


def own_effect(patient: Viewer, side_effect_id: uuid.UUID) -> OwnEffect:
    """Return one of the patient's own; raise `NotFound` for "not yours" and for "not there" alike."""
    rows = connection().execute(_OWN_ONE, {**asked_by(patient), "side_effect_id": side_effect_id}).all()
    if not rows:
        raise NotFound
    return _as_own(rows, note=_whole_note)[0]


def is_raised(patient: Viewer, side_effect_id: uuid.UUID) -> bool:
    """Whether a side effect stands first before the team now, as far as they may read it."""
    asked = {"side_effect_id": side_effect_id, "patient_id": patient.id}
    return connection().scalar(_RAISED, asked) is not None


def seen_at(patient: Viewer, side_effect_id: uuid.UUID) -> datetime | None:
    """Return when somebody of the team first said that they saw what this raised; None when nobody did."""
    asked = {"side_effect_id": side_effect_id, "patient_id": patient.id}
    found: datetime | None = connection().scalar(_SEEN, asked)
    return found


def asked_by(patient: Viewer) -> dict[str, Any]:
    """Return what statements with `OWN` want to know of the person who asks."""
    since = patient.entries_closed_from
    return {"patient_id": patient.id, "closed_from": since or _EVER, "is_open": since is None}


def is_open(patient: Viewer, entry: SideEffect) -> bool:
    """Whether the patient's session may see a side effect of their own, by the rule of `OWN`."""
    since = patient.entries_closed_from
    return since is None or (entry.while_closed and entry.recorded_at >= since)


def as_said(row: Any, note: str = "") -> Said:
    """Return what a row of `SAID` says, opened; the note is opened by whoever may read it."""
    return Said(
        pick=open_text(row, "effect_sealed"),
        medicine_id=row.medicine_id,
        severity=row.severity,
        bother=row.bother,
        going_on=row.going_on,
        began_on=row.began_on,
        note=note,
        note_about_use=row.note_about_use,
    )


def open_text(row: Any, column: str) -> str:
    """Return a sealed column of a row's version; where it is broken, a sentence that says so."""
    blob = getattr(row, column)
    if blob is None:
        return ""
    return vault().open_or_say(Place(SideEffectVersion.__tablename__, column, row.version_id, row.patient_id), blob)


def _whole_note(row: Any) -> str:
    """Return the note for a page that may write it again: one that is broken is never taken for words."""
    if row.note_sealed is None:
        return ""
    place = Place(SideEffectVersion.__tablename__, "note_sealed", row.version_id, row.patient_id)
    return vault().open(place, row.note_sealed)


def _listed_note(row: Any) -> str:
    return open_text(row, "note_sealed")


def _as_own(rows: Sequence[Any], note: Callable[[Any], str] = _listed_note) -> list[OwnEffect]:
    return [
        OwnEffect(
            id=row.id,
            day=row.day,
            version=row.version,
            said=as_said(row, note(row)),
            over_on=row.over_on,
            flagged=row.flagged,
            about_use=row.about_use,
            private=row.private,
            recorded_seq=row.recorded_seq,
            clock_skew=row.clock_skew,
            while_closed=row.while_closed,
        )
        for row in rows
    ]
