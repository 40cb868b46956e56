"""Writing side effects: stored once, corrected by new versions, never overwritten; what cannot wait raises a concern.

The id of a side effect is made where it is written and is its idempotency key for ever: the same id with words that are
stored already gets the same answer. Other words under it are a correction from a form, and are refused from a phone.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Insert, Table, bindparam, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from patient_app.accounts.entry_order import lock_entries, next_entry_seq
from patient_app.consent import hiding
from patient_app.core import clock
from patient_app.core.clock import Moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.vault import Place
from patient_app.core.work import connection, db, vault
from patient_app.effects import picks
from patient_app.effects.models import Concern, ConcernMedicine, SideEffect, SideEffectVersion, Source
from patient_app.effects.service import Said, is_open, own_effect
from patient_app.medications import regimen
from patient_app.medications.regimen import OwnMedicine


class NothingSaid(Exception):
    """A side effect needs a pick or words."""


class IdTaken(Exception):
    """The id cannot be used: it is somebody else's, or of one that was taken away; both are answered alike."""


class Stale(Exception):
    """It was changed elsewhere since the page was made; nothing was written."""


class OtherWords(Exception):
    """The person's own side effect of this id says something else; nothing was written."""


class NoSuchMedicine(Exception):
    """It names a medicine that is not on the person's list."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Of words that waited on a phone: the phone's counter, how far its clock was ahead, by what they are known."""

    device_seq: int
    clock_skew: int | None
    sent_print: bytes


_ENTRIES, _SAID = cast("Table", SideEffect.__table__), cast("Table", SideEffectVersion.__table__)
_CONCERNS, _RESTS = cast("Table", Concern.__table__), cast("Table", ConcernMedicine.__table__)
_NEW_ENTRY: dict[str, Insert] = {
    "sqlite": sqlite.insert(_ENTRIES).on_conflict_do_nothing(index_elements=["id"]).returning(SideEffect.id),
    "postgresql": postgresql.insert(_ENTRIES).on_conflict_do_nothing(index_elements=["id"]).returning(SideEffect.id),
}
_NEW_VERSION, _NEW_CONCERN = insert(_SAID), insert(_CONCERNS)
_RESTS_ONCE = ["concern_id", "medicine_id"]
_NEW_REST: dict[str, Insert] = {
    "sqlite": sqlite.insert(_RESTS).on_conflict_do_nothing(index_elements=_RESTS_ONCE),
    "postgresql": postgresql.insert(_RESTS).on_conflict_do_nothing(index_elements=_RESTS_ONCE),
}
_NEWEST_CONCERN = (
    select(Concern.id)
    .where(Concern.side_effect_id == bindparam("side_effect_id"))
    .order_by(Concern.version.desc())
    .limit(1)
)
_PRINTS = select(SideEffectVersion.fingerprint).where(SideEffectVersion.side_effect_id == bindparam("side_effect_id"))
_WAS_SENT = (
    select(SideEffectVersion.id)
    .join(SideEffect, SideEffect.id == SideEffectVersion.side_effect_id)
    .where(
        SideEffect.id == bindparam("side_effect_id"),
        SideEffect.patient_id == bindparam("patient_id"),
        SideEffect.removed_at.is_(None),
        SideEffectVersion.sent_print == bindparam("sent_print"),
    )
)


@dataclass(frozen=True, slots=True)
class _Writing:
    """What is about to be written."""

    patient: Viewer
    id: uuid.UUID
    said: Said
    moment: Moment
    seq: int
    when: datetime
    source: Source
    sent: Sent | None
    about_use: bool
    flagged: bool
    # The medicines each of which is enough to raise it for the team; none where the sign is enough.
    rests_on: tuple[uuid.UUID, ...]


def record(
    patient: Viewer,
    side_effect_id: uuid.UUID,
    said: Said,
    moment: Moment,
    *,
    private: bool = False,
    sent: Sent | None = None,
    source: Source = Source.FORM,
    recorded_at: datetime | None = None,
) -> uuid.UUID:
    """Store a side effect once and return its id. Needs a writing unit.

    The same words again change nothing. Other words under the same id are a correction; of a phone's, `OtherWords`.
    Raise `NothingSaid`, `IdTaken`, and `NoSuchMedicine` for a medicine that is not the person's.
    """
    said = _whole(said)
    about_use, flagged, rests_on = _marks(patient, said)
    lock_entries(patient.id)  # From here on, one writer at a time for this patient.
    entry = _own(patient, side_effect_id)
    if entry is not None:
        if _fingerprint(side_effect_id, said) in _prints(side_effect_id):
            return side_effect_id
        if sent is not None:
            raise OtherWords
    writing = _Writing(
        patient, side_effect_id, said, moment, next_entry_seq(patient.id), recorded_at or clock.now(),
        Source.OUTBOX if sent else source, sent, about_use, flagged, rests_on,
    )  # fmt: skip
    if entry is not None:
        _correct(entry, writing)
        return side_effect_id
    if not _insert_entry(writing, private=private):
        raise IdTaken
    _insert_version(writing, 1, over_on=None if said.going_on else moment.day)
    if flagged:
        _raise_concern(writing, 1)
    return side_effect_id


def change(
    patient: Viewer,
    side_effect_id: uuid.UUID,
    said: Said,
    moment: Moment,
    *,
    base: int,
    recorded_at: datetime | None = None,
) -> None:
    """Store a change as a new version. Needs a writing unit. Saying what it says already changes nothing.

    Raise `NotFound` for anything not one's own, `Stale` where `base` is not the newest version any more, and
    `NothingSaid` and `NoSuchMedicine` as `record`.
    """
    said = _whole(said)
    _own_or_not_found(patient, side_effect_id)
    about_use, flagged, rests_on = _marks(patient, said)
    lock_entries(patient.id)
    entry = _own_or_not_found(patient, side_effect_id)
    newest = _version(entry)
    if newest.fingerprint == _fingerprint(side_effect_id, said):
        return
    if base != entry.newest_version:
        raise Stale
    when, seq = recorded_at or clock.now(), next_entry_seq(patient.id)
    _correct(
        entry,
        _Writing(patient, side_effect_id, said, moment, seq, when, Source.FORM, None, about_use, flagged, rests_on),
    )


def say_over(patient: Viewer, side_effect_id: uuid.UUID, moment: Moment) -> None:
    """Say that a side effect is over: a new version with nothing else changed; said twice it is said once.

    Raise `NotFound` for anything not one's own.
    """
    entry = own_effect(patient, side_effect_id)
    change(patient, side_effect_id, replace(entry.said, going_on=False), moment, base=entry.version)


def set_private(patient: Viewer, side_effect_id: uuid.UUID, *, private: bool) -> None:
    """Keep a side effect to oneself, or let consents open it again; raise `NotFound` for anything not one's own."""
    entry = _own_or_not_found(patient, side_effect_id)
    hiding.hide_or_open(entry, private=private, removed_at=entry.removed_at)


def remove(patient: Viewer, side_effect_id: uuid.UUID) -> None:
    """Take a side effect away: from the next request on nobody reads it. Done twice is done once.

    Raise `NotFound` for anything not one's own.
    """
    entry = _own_or_removed(patient, side_effect_id)
    hiding.hide_or_open(entry, private=entry.private, removed_at=entry.removed_at or clock.now())


def bring_back(patient: Viewer, side_effect_id: uuid.UUID) -> None:
    """Undo `remove`; raise `NotFound` for anything not one's own."""
    entry = _own_or_removed(patient, side_effect_id)
    hiding.hide_or_open(entry, private=entry.private, removed_at=None)


def was_removed(patient: Viewer, side_effect_id: uuid.UUID) -> None:
    """Make sure that this is a side effect of the patient's own which they took away; else raise `NotFound`."""
    if _own_or_removed(patient, side_effect_id).removed_at is None:
        raise NotFound


def was_sent(patient: Viewer, side_effect_id: uuid.UUID, sent_print: bytes) -> bool:
    """Whether exactly this came from a phone before, and was stored."""
    asked = {"side_effect_id": side_effect_id, "patient_id": patient.id, "sent_print": sent_print}
    return connection().scalar(_WAS_SENT, asked) is not None


# --- what it means ---------------------------------------------------------------------------------------------


def _whole(said: Said) -> Said:
    """Return it with a pick: own words alone are "something else"."""
    if not said.pick and not said.note:
        raise NothingSaid
    return said if said.pick else replace(said, pick=picks.OTHER)


def _marks(patient: Viewer, said: Said) -> tuple[bool, bool, tuple[uuid.UUID, ...]]:
    """Return whether it tells of use by itself, whether it is raised for the team, and on which medicines that rests.

    What is tied to no medicine stands before all who may read medicines: one that they may not all see raises nothing
    then, or the concern would tell of it. For the same reason the medicines that it rests on, each of which would do,
    are kept with the concern: once all of them are kept private or taken away, nobody is shown it.
    """
    medicines = regimen.own_medicines(patient)
    linked = next((one for one in medicines if one.id == said.medicine_id), None)
    if said.medicine_id is not None and linked is None:
        raise NoSuchMedicine
    plain = [one.catalogue for one in medicines if one.catalogue and not one.about_use]
    use = [one.catalogue for one in medicines if one.catalogue and one.about_use]
    about_use = picks.names_use(said.pick, plain, use, linked=linked is not None)

    def is_raised(*meant: OwnMedicine) -> bool:
        return picks.is_raised(said.pick, [one.catalogue for one in meant if one.catalogue], said.severity)

    if linked is not None or is_raised():
        return about_use, is_raised(*([linked] if linked else [])), (linked.id,) if linked else ()
    seen = (one for one in medicines if not (one.private or one.about_use or one.while_closed))
    known_for_it = tuple(one.id for one in seen if is_raised(one))
    return about_use, bool(known_for_it), known_for_it


# --- how it is written -----------------------------------------------------------------------------------------


def _own(patient: Viewer, side_effect_id: uuid.UUID) -> SideEffect | None:
    """Return what this id was used for, if anything; raise `IdTaken` for what is not the person's to correct."""
    entry = db().get(SideEffect, side_effect_id, populate_existing=True)
    if entry is None:
        return None
    if entry.patient_id != patient.id or entry.removed_at or not is_open(patient, entry):
        raise IdTaken
    return entry


def _own_or_not_found(patient: Viewer, side_effect_id: uuid.UUID) -> SideEffect:
    entry = db().get(SideEffect, side_effect_id, populate_existing=True)
    if entry is None or entry.patient_id != patient.id or entry.removed_at or not is_open(patient, entry):
        raise NotFound
    return entry


def _own_or_removed(patient: Viewer, side_effect_id: uuid.UUID) -> SideEffect:
    entry = db().get(SideEffect, side_effect_id)
    if entry is None or entry.patient_id != patient.id or not is_open(patient, entry):
        raise NotFound
    return entry


def _version(entry: SideEffect) -> SideEffectVersion:
    found = db().scalar(
        select(SideEffectVersion).where(
            SideEffectVersion.side_effect_id == entry.id, SideEffectVersion.version == entry.newest_version
        )
    )
    assert found is not None  # noqa: S101 - every side effect has its newest version.
    return found


def _prints(side_effect_id: uuid.UUID) -> set[bytes]:
    return set(connection().scalars(_PRINTS, {"side_effect_id": side_effect_id}))


def _correct(entry: SideEffect, writing: _Writing) -> None:
    before = _version(entry)
    over_on = None if writing.said.going_on else (before.over_on or writing.moment.day)
    version = entry.newest_version + 1
    raises = writing.flagged and not (before.flagged and before.effect == writing.said.pick)
    entry.newest_version = version
    db().flush()
    _insert_version(writing, version, over_on=over_on)
    if raises:
        _raise_concern(writing, version)
    elif writing.flagged:  # Raised before, and it may rest on others by now.
        _rest(writing, connection().scalar(_NEWEST_CONCERN, {"side_effect_id": writing.id}))


def _insert_entry(writing: _Writing, *, private: bool) -> bool:
    """Insert the entry; False when that id was taken this very moment."""
    moment, sent = writing.moment, writing.sent
    row = {
        "id": writing.id,
        "practice_id": writing.patient.practice_id,
        "patient_id": writing.patient.id,
        "occurred_at": moment.occurred_at,
        "local_date": moment.local_date,
        "day": moment.day,
        "utc_offset": moment.utc_offset,
        "zone": moment.zone,
        "recorded_at": writing.when,
        "recorded_seq": writing.seq,
        "device_seq": sent and sent.device_seq,
        "source": writing.source,
        "newest_version": 1,
        "clock_skew": sent and sent.clock_skew,
        "private": private,
        "hidden": hiding.at_first(writing.seq, private=private),
        "removed_at": None,
        "while_closed": writing.patient.entries_closed_from is not None,
    }
    made = connection().execute(_NEW_ENTRY[connection().dialect.name], row)
    return made.scalar_one_or_none() is not None


def _insert_version(writing: _Writing, version: int, *, over_on: Any) -> None:
    row_id, owner, said = new_id(), writing.patient.id, writing.said

    def sealed(column: str, text: str) -> bytes | None:
        return vault().seal(Place(SideEffectVersion.__tablename__, column, row_id, owner), text) if text else None

    connection().execute(
        _NEW_VERSION,
        {
            "id": row_id,
            "side_effect_id": writing.id,
            "patient_id": owner,
            "version": version,
            "recorded_at": writing.when,
            "recorded_seq": writing.seq,
            "source": writing.source,
            "fingerprint": _fingerprint(writing.id, said),
            "sent_print": writing.sent and writing.sent.sent_print,
            "medicine_id": said.medicine_id,
            "severity": said.severity,
            "bother": said.bother,
            "going_on": said.going_on,
            "began_on": said.began_on,
            "over_on": over_on,
            "flagged": writing.flagged,
            "about_use": writing.about_use,
            "effect_sealed": sealed("effect_sealed", said.pick),
            "note_sealed": sealed("note_sealed", said.note),
            "note_about_use": said.note_about_use,
        },
    )


def _raise_concern(writing: _Writing, version: int) -> None:
    concern_id = new_id()
    connection().execute(
        _NEW_CONCERN,
        {
            "id": concern_id,
            "practice_id": writing.patient.practice_id,
            "patient_id": writing.patient.id,
            "side_effect_id": writing.id,
            "version": version,
            "medicine_id": next(iter(writing.rests_on), None),
            "day": writing.moment.day,
            "raised_at": writing.when,
            "recorded_seq": writing.seq,
        },
    )
    _rest(writing, concern_id)


def _rest(writing: _Writing, concern_id: uuid.UUID | None) -> None:
    """Keep on which medicines a concern rests, each once."""
    if concern_id is None:
        return
    practice_id = writing.patient.practice_id
    rows = [
        {"id": new_id(), "practice_id": practice_id, "concern_id": concern_id, "medicine_id": one}
        for one in writing.rests_on
    ]
    if rows:
        connection().execute(_NEW_REST[connection().dialect.name], rows)


def _fingerprint(side_effect_id: uuid.UUID, said: Said) -> bytes:
    words = [
        said.pick,
        str(said.medicine_id or ""),
        said.severity,
        said.bother,
        said.going_on,
        said.began_on.isoformat() if said.began_on else "",
        said.note,
        said.note_about_use,
    ]
    return vault().keyed_hash("side effect", side_effect_id.bytes + json.dumps(words).encode())
