"""Concerns: what clinicians see first of those whose consent covers it, until somebody has seen it.

They are signs that cannot wait, which side effects raise, and medicines that ran out (`ran_out`).

A sign needs what its side effect needs: medications; and substance use too where the medicine is marked so now, or
where the pick names use. One whose side effect was taken away, is kept to oneself, or says no such sign any more, is
shown to nobody; nor is one of a side effect tied to no medicine that was raised only for a medicine which is closed now
(`rests_on_what_is_open`). In a list it tells only that there is one, and of whom: what it is stands on the patient's
page.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, Protocol, cast

from sqlalchemy import (
    ColumnElement,
    Insert,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind, AccessRecord
from patient_app.accounts import names
from patient_app.accounts.models import Person
from patient_app.consent.categories import Category, Level
from patient_app.consent.decisions import Asker, Grants, Reader, asked_by, asker, grants_of, open_on
from patient_app.core import clock, work
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.prepared import Statement
from patient_app.core.work import connection
from patient_app.effects import service
from patient_app.effects.models import Concern, ConcernSeen, SideEffect, SideEffectVersion
from patient_app.medications.models import Medicine, MedicineVersion
from patient_app.reading import people, ran_out, records
from patient_app.reading.fields import USE
from patient_app.reading.people import Named, plain_rows
from patient_app.reading.service import reader_of

MEDICATIONS = Category.MEDICATIONS
# So many are named in a list at once; those that were seen make room for the others.
MOST_WAITING = 20
_SEEN = cast("Table", ConcernSeen.__table__)
_ONCE = ["concern_id", "clinician_id"]
_SAW: dict[str, Insert] = {
    "sqlite": sqlite.insert(_SEEN).on_conflict_do_nothing(index_elements=_ONCE),
    "postgresql": postgresql.insert(_SEEN).on_conflict_do_nothing(index_elements=_ONCE),
}


class _Listed(Protocol):
    """Somebody of whom a list tells already, with what they share."""

    @property
    def person(self) -> Named: ...
    @property
    def grants(self) -> Grants: ...


class Raised(StrEnum):
    """What waits to be seen."""

    SIGN = "sign"
    RAN_OUT = "ran_out"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody on a clinician's list of whom something is not seen yet, what that is, and since which day."""

    person: Named
    since: date
    about_use: bool
    what: frozenset[Raised] = frozenset({Raised.SIGN})


@dataclass(frozen=True, slots=True)
class SharedConcern:
    """What a side effect raised, and who has seen it first, and when; `seen_by` is empty while nobody did."""

    id: uuid.UUID
    effect_id: uuid.UUID
    raised_at: datetime
    seen_by: str = ""
    seen_at: datetime | None = None


def waiting(viewer: Viewer, known: Iterable[_Listed] = ()) -> list[Waiting]:
    """Return of whom something waits to be seen, signs first, then the newest, and record that the clinician saw it.

    `known` are the rows of a list that this very request read, who need not be asked for again. That a sign was noted
    is recorded of somebody once a viewer, consent and day, as other rows of a list.
    """
    reader, listed = reader_of(viewer), {row.person.id: row for row in known}
    with work.aside():
        rows = _open_rows(reader)
        if not rows:
            return []
        others = {row.patient_id for row in rows} - listed.keys()
        grants = {one: row.grants for one, row in listed.items()} | grants_of(reader, others)
        rows = _whole(rows, grants)
        relied_on = _relied_on(rows, grants)
        unrecorded = relied_on.keys() - _recorded(viewer, relied_on)
        named = {one: row.person for one, row in listed.items()}
        named |= people.some_of_list(viewer, others) if others else {}
    if unrecorded:
        held = records.hold({row.patient_id for row in rows})
        grants = grants_of(reader, held.chains)
        rows = _whole(_open_rows(reader), grants)
        told = {row.patient_id: records.only(grants[row.patient_id], (MEDICATIONS, USE)) for row in rows}
        today = clock.now().date()
        days = (min((row.day for row in rows), default=today), today)
        readings = records.readings(viewer, told, AccessKind.CONCERN, days, held)
        access_log.record([one for one in readings if one.consent_id in unrecorded], held.chains)
    found: dict[uuid.UUID, list[Any]] = {}
    for row in rows:
        found.setdefault(row.patient_id, []).append(row)
    return [_waiting_of(named[one], own) for one, own in found.items() if one in named]


def _waiting_of(person: Named, rows: Sequence[Any]) -> Waiting:
    what = frozenset(Raised(row.what) for row in rows)
    return Waiting(person, rows[0].day, any(row.tells_of_use for row in rows), what)


def of_patient(patient_id: uuid.UUID, effects: Collection[uuid.UUID]) -> tuple[SharedConcern, ...]:
    """Return what was raised by side effects that the reader may see already, the newest of each, newest first."""
    if not effects:
        return ()
    found: dict[uuid.UUID, SharedConcern] = {}
    for row in plain_rows(_OF_PATIENT, {"patient_id": patient_id, "effects": list(effects)}):
        seen_by = names.shown_in(row.clinician_id, row)
        found.setdefault(
            row.side_effect_id, SharedConcern(row.id, row.side_effect_id, row.raised_at, seen_by, row.seen_at)
        )
    return tuple(found.values())


def waits() -> ColumnElement[bool]:
    """Return the condition that a side effect raised something which nobody has seen yet."""
    unseen = ~exists().where(ConcernSeen.concern_id == Concern.id)
    raised = (
        exists()
        .where(Concern.side_effect_id == SideEffect.id, unseen, service.rests_on_what_is_open())
        .correlate(SideEffect, SideEffectVersion)
    )
    return and_(SideEffectVersion.flagged.is_(True), raised)


def mark_seen(viewer: Viewer, patient_id: uuid.UUID, concern_id: uuid.UUID) -> Raised:
    """Keep that a clinician has seen a concern, and with it all that the same side effect raised before; once.

    Return what it was. Raise `NotFound` for one that they may not see now, for another patient's, and for none at all.
    """
    reader = reader_of(viewer)
    asked = {**asked_by(reader), **_asked(), "patient_id": patient_id, "concern_id": concern_id}
    grants = grants_of(reader, [patient_id])
    if people.one_of_list(viewer, patient_id) is None:
        raise NotFound
    rows = _whole(plain_rows(_one(asker(reader)), asked), grants)
    if not rows:
        if not _whole(plain_rows(ran_out.one(asker(reader)), asked), grants):
            raise NotFound
        ran_out.mark_seen(viewer, concern_id)
        return Raised.RAN_OUT
    earlier = connection().scalars(_EARLIER, {"effect_id": rows[0].side_effect_id, "seq": rows[0].recorded_seq})
    seen = [
        {
            "id": new_id(),
            "practice_id": viewer.practice_id,
            "concern_id": one,
            "clinician_id": viewer.id,
            "seen_at": clock.now(),
        }
        for one in earlier
    ]
    connection().execute(_SAW[connection().dialect.name], seen)
    return Raised.SIGN


# --- Which are open --------------------------------------------------------------------------------------------------


def _open_rows(reader: Reader) -> Sequence[Any]:
    return plain_rows(_waiting(asker(reader)), {**asked_by(reader), **_asked()})


def _asked() -> dict[str, Any]:
    return {"level": Level.DETAIL, **ran_out.asked_on(clock.now().date())}


def _whole(rows: Iterable[Any], grants: dict[uuid.UUID, Grants]) -> list[Any]:
    """Return those that whole consents open: the query itself does not know whether one is as it was signed."""
    return [row for row in rows if _opens(row, grants.get(row.patient_id, Grants()))]


def _opens(row: Any, grants: Grants) -> bool:
    needed = (MEDICATIONS, USE) if row.tells_of_use else (MEDICATIONS,)
    opened = {
        grant.category
        for grant in grants.items
        if grant.level is Level.DETAIL and (grant.entries_from is None or grant.entries_from <= row.day)
    }
    return opened.issuperset(needed)


def _relied_on(rows: Iterable[Any], grants: dict[uuid.UUID, Grants]) -> dict[uuid.UUID, uuid.UUID]:
    patients = {row.patient_id for row in rows}
    return {
        grant.consent_id: grant.patient_id
        for one in patients
        for grant in grants[one].items
        if grant.category in (MEDICATIONS, USE)
    }


def _recorded(viewer: Viewer, consents: Collection[uuid.UUID]) -> set[uuid.UUID]:
    asked = {"viewer_id": viewer.id, "today": clock.now().date(), "consent_ids": list(consents)}
    return set(connection().scalars(_recorded_today(), asked))


@lru_cache(maxsize=1)
def _recorded_today() -> Select[Any]:
    return select(AccessRecord.consent_id).where(
        AccessRecord.viewer_id == bindparam("viewer_id"),
        AccessRecord.on_day == bindparam("today"),
        AccessRecord.kind == AccessKind.CONCERN,
        AccessRecord.consent_id.in_(bindparam("consent_ids", expanding=True)),
    )


@lru_cache(maxsize=32)
def _waiting(kind: Asker) -> Statement:
    """Return the statement for all that waits, of whomever; a list has time for one."""
    unseen = ~exists().where(ConcernSeen.concern_id == Concern.id)
    signs = _open(kind).where(unseen).order_by(Concern.raised_at.desc(), Concern.id).limit(MOST_WAITING).subquery()
    empty = ran_out.waiting(kind).limit(MOST_WAITING).subquery()
    kept = ("id", "patient_id", "day", "tells_of_use", "raised_at")
    kinds = ((signs, Raised.SIGN), (empty, Raised.RAN_OUT))
    both = union_all(
        *(
            select(*(found.c[name] for name in kept), literal(after).label("after"), literal(what.value).label("what"))
            for after, (found, what) in enumerate(kinds)
        )
    ).subquery()
    return select(both).order_by(both.c.after, both.c.raised_at.desc(), both.c.id).limit(MOST_WAITING)


@lru_cache(maxsize=32)
def _one(kind: Asker) -> Select[Any]:
    return _open(kind).where(Concern.id == bindparam("concern_id"), Concern.patient_id == bindparam("patient_id"))


def _open(kind: Asker) -> Select[Any]:
    """Return the statement for concerns that are open, each with what `_opens` asks once more."""
    newest = aliased(MedicineVersion)
    about_use = or_(SideEffectVersion.about_use.is_(True), func.coalesce(Medicine.about_use, false()).is_(True))

    def is_open(day: Any) -> ColumnElement[bool]:
        return and_(
            open_on(kind, MEDICATIONS, Concern.patient_id, day),
            or_(~about_use, open_on(kind, USE, Concern.patient_id, day)),
        )

    columns: tuple[Any, ...] = (
        Concern.id,
        Concern.patient_id,
        Concern.side_effect_id,
        Concern.recorded_seq,
        Concern.raised_at,
        SideEffect.day,
        about_use.label("tells_of_use"),
    )
    return (
        select(*columns)
        .select_from(Concern)
        .join(SideEffect, SideEffect.id == Concern.side_effect_id)
        .join(SideEffectVersion, service.NEWEST)
        .outerjoin(Medicine, Medicine.id == SideEffectVersion.medicine_id)
        .outerjoin(newest, and_(newest.medicine_id == Medicine.id, newest.version == Medicine.newest_version))
        .where(
            Concern.practice_id == bindparam("reader_practice"),
            SideEffectVersion.flagged.is_(True),
            service.rests_on_what_is_open(),
            SideEffect.removed_at.is_(None),
            SideEffect.private.is_(False),
            SideEffect.while_closed.is_(False),
            is_open(SideEffect.day),
            or_(
                SideEffectVersion.medicine_id.is_(None),
                and_(
                    Medicine.removed_at.is_(None),
                    Medicine.private.is_(False),
                    Medicine.while_closed.is_(False),
                    is_open(newest.day),
                ),
            ),
        )
    )


_OF_PATIENT = (
    select(
        Concern.id,
        Concern.side_effect_id,
        Concern.raised_at,
        ConcernSeen.clinician_id,
        ConcernSeen.seen_at,
        *names.COLUMNS,
    )
    .outerjoin(ConcernSeen, ConcernSeen.concern_id == Concern.id)
    .outerjoin(Person, Person.id == ConcernSeen.clinician_id)
    .join(SideEffect, SideEffect.id == Concern.side_effect_id)
    .join(SideEffectVersion, service.NEWEST)
    .where(
        Concern.patient_id == bindparam("patient_id"),
        Concern.side_effect_id.in_(bindparam("effects", expanding=True)),
        SideEffectVersion.flagged.is_(True),
        service.rests_on_what_is_open(),
    )
    .order_by(Concern.recorded_seq.desc(), ConcernSeen.seen_at)
)
_EARLIER = select(Concern.id).where(
    Concern.side_effect_id == bindparam("effect_id"), Concern.recorded_seq <= bindparam("seq")
)
