"""Writing the dose log: a dose that is due is one row, however often and on however many devices it is logged.

Its name is medicine, date of the plan and slot. Each tap has an id, made where it is tapped, and is a version; an undo
is one too. The same state again changes nothing: a version that is never shown keeps that it came, so that each id is
known for ever. What was written last is shown, not what came last: a phone's clock that was wrong is put right for that
comparison, and for nothing else. One taken as needed has no slot: its id is that of the tap.

What waited on a phone (`Sent`) cannot be asked about when it comes. A plan that was changed meanwhile refuses none of
it: it is kept under the name that it had.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, cast

from sqlalchemy import Insert, Table, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from patient_app.accounts.entry_order import lock_entries, next_entry_seq
from patient_app.core import clock
from patient_app.core.clock import Moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.vault import Place
from patient_app.core.work import connection, vault
from patient_app.medications import due, regimen, skipping
from patient_app.medications.models import Dose, DoseState, DoseVersion, Source
from patient_app.medications.regimen import OwnMedicine
from patient_app.medications.schedule import AsNeeded
from patient_app.medications.skipping import Why
from patient_app.medications.when import PAST_DAYS

# A second tap on "later" within this time puts nothing off any further.
_SAME_LATER = timedelta(minutes=5)


class NotDue(Exception):
    """No such dose is due: not on that date, not yet, or too long ago; nothing was written."""


class IdTaken(Exception):
    """The id cannot be used: it is of somebody else's tap, or was used for something else; both are answered alike."""


class OtherWords(Exception):
    """What was sent under this id before says something else; nothing was written."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The name of a dose that is due, for ever: medicine, civil date of the plan, and its slot (`schedule.slot_of`)."""

    medicine_id: uuid.UUID
    plan_date: date
    slot: str


@dataclass(frozen=True, slots=True)
class Told:
    """What is logged of a dose: `moment` is when it was taken, put off or left out.

    `amount` counts thousandths of the plan's unit. `typed` is what of the time and the amount was chosen or typed, as
    it was sent: by that the same words are known again.
    """

    state: DoseState
    moment: Moment
    amount: int | None = None
    later_until: datetime | None = None
    why: Why | None = None
    typed: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether it says the state and nothing more, so that over the same state it changes nothing."""
        return not self.typed and self.why is None


@dataclass(frozen=True, slots=True)
class Sent:
    """Of a tap that waited on a phone: when it was written, by its clock, and by what it is known again."""

    edited_at: datetime
    device_seq: int
    clock_skew: int | None
    sent_print: bytes


@dataclass(frozen=True, slots=True)
class _Writing:
    """What all rows of one tap have in common."""

    patient: Viewer
    seq: int
    when: datetime
    source: Source
    sent: Sent | None

    @property
    def edited_at(self) -> datetime:
        return self.when if self.sent is None else self.sent.edited_at

    @property
    def clock_skew(self) -> int | None:
        return None if self.sent is None else self.sent.clock_skew


class _Ids(NamedTuple):
    """The ids that a tap may be stored under; `correction` is for other words from the same form, and made of them.

    So those are known again too.
    """

    tap: uuid.UUID
    correction: uuid.UUID

    @classmethod
    def of(cls, tap: uuid.UUID, fingerprint: bytes) -> _Ids:
        """Return them for what a tap says."""
        return cls(tap, _id_beside(tap, fingerprint))


# Gets whose doses were put off and until when each, in the unit of work that wrote it down.
PutOff = Callable[[Viewer, Mapping[Slot, datetime]], None]
_put_off: list[PutOff] = []


def when_put_off(follow: PutOff) -> None:
    """Have a feature above told of doses that a person put off; a second time for the same does nothing."""
    if follow not in _put_off:
        _put_off.append(follow)


# Made once, and run past the ORM: building a statement, and making entities, costs more than running it.
_DOSES, _VERSIONS = cast("Table", Dose.__table__), cast("Table", DoseVersion.__table__)
_KNOWN = (
    select(
        Dose.id.label("dose_id"),
        Dose.patient_id,
        Dose.medicine_id,
        Dose.plan_date,
        Dose.slot,
        Dose.newest_version,
        Dose.recorded_at.label("dose_recorded_at"),
        Dose.while_closed,
        DoseVersion.id.label("version_id"),
        DoseVersion.state,
        DoseVersion.occurred_at,
        DoseVersion.time_known,
        DoseVersion.amount,
        DoseVersion.later_until,
        DoseVersion.edited_at,
        DoseVersion.clock_skew,
        DoseVersion.reason_sealed,
    )
    .join(DoseVersion, (DoseVersion.dose_id == Dose.id) & (DoseVersion.version == Dose.shown_version))
    .where(Dose.patient_id == bindparam("patient_id"))
)
_KNOWN_DUE = _KNOWN.where(
    Dose.medicine_id.in_(bindparam("medicine_ids", expanding=True)),
    Dose.plan_date.in_(bindparam("dates", expanding=True)),
    Dose.slot.is_not(None),
)
_KNOWN_ONE = _KNOWN.where(Dose.id == bindparam("dose_id"))
_IS_TAKEN = select(Dose.id).where(Dose.id == bindparam("dose_id"))
_TAPS = select(DoseVersion.id, DoseVersion.patient_id, DoseVersion.fingerprint).where(
    DoseVersion.id.in_(bindparam("tap_ids", expanding=True))
)
_WAS_SENT = select(DoseVersion.id).where(
    DoseVersion.patient_id == bindparam("patient_id"), DoseVersion.sent_print == bindparam("sent_print")
)
_NEW_DOSE: dict[str, Insert] = {
    "sqlite": sqlite.insert(_DOSES).on_conflict_do_nothing(index_elements=["id"]).returning(Dose.id),
    "postgresql": postgresql.insert(_DOSES).on_conflict_do_nothing(index_elements=["id"]).returning(Dose.id),
}
_NEW_VERSION = insert(_VERSIONS)
_NEWER = (
    update(_DOSES)
    .where(_DOSES.c.id == bindparam("of_dose"))
    .values(newest_version=bindparam("newest"), shown_version=bindparam("shown"))
)
# One taken as needed is of the day on which it was taken.
_MOVED = (
    update(_DOSES)
    .where(_DOSES.c.id == bindparam("of_dose"), _DOSES.c.slot.is_(None))
    .values(
        plan_date=bindparam("on"), day=bindparam("of_day"), utc_offset=bindparam("offset"), zone=bindparam("in_zone")
    )
)
_NEWER_UNSHOWN = update(_DOSES).where(_DOSES.c.id == bindparam("of_dose")).values(newest_version=bindparam("newest"))
_SAID_AGAIN = (
    update(_VERSIONS)
    .where(_VERSIONS.c.id == bindparam("of_version"))
    .values(edited_at=bindparam("written_at"), clock_skew=bindparam("skew"))
)


def log_due(
    patient: Viewer,
    form_id: uuid.UUID,
    taps: Mapping[Slot, Told],
    now: Moment,
    *,
    sent: Sent | None = None,
    recorded_at: datetime | None = None,
    source: Source = Source.FORM,
) -> None:
    """Log doses that are due, all or none: one, or all that are due together. Needs a writing unit.

    `now` is when that was tapped. `form_id` is made with the form and is the idempotency key: the tap of each dose has
    an id made of it. What is stored already under it is answered alike and changes nothing; undoing (`OPEN`) what was
    never logged stores nothing.

    Raise `NotDue` for a dose that the regimen does not have on that date, whose date has not come, or that is more than
    `PAST_DAYS` ago; what waited on a phone counts from when it was written, and may be due by a plan of before. Raise
    `NotFound` for a medicine that is not the patient's; `IdTaken` and `OtherWords` for an id that was used otherwise.
    """
    _check(patient, taps, now, is_late=sent is not None)
    prints = {slot: _print(tap_id(form_id, slot), told) for slot, told in taps.items()}
    if not _new_taps(patient, form_id, prints, sent):
        return
    lock_entries(patient.id)  # From here on, one writer at a time for this patient.
    new = _new_taps(patient, form_id, prints, sent)
    known = _known_due(patient, new)
    new = {slot: tap for slot, tap in new.items() if slot in known or taps[slot].state is not DoseState.OPEN}
    if not new:
        return
    seq = next_entry_seq(patient.id)
    writing = _Writing(patient, seq, recorded_at or clock.now(), source if sent is None else Source.OUTBOX, sent)
    for slot, version_id in new.items():
        told, found = taps[slot], known.get(slot)
        if found is not None:
            _log_over(writing, found, version_id, told, prints[slot])
        else:
            dose_id = new_id()
            if not _insert_dose(writing, dose_id, slot.medicine_id, told, (slot.plan_date, slot.plan_date, slot.slot)):
                raise IdTaken
            _insert_version(writing, dose_id, (version_id, 1), told, prints[slot])
    later = {slot: until for slot in new if (until := taps[slot].later_until) is not None}
    if later:
        for follow in _put_off:
            follow(patient, later)


def log_as_needed(
    patient: Viewer,
    dose_id: uuid.UUID,
    medicine_id: uuid.UUID,
    told: Told,
    now: Moment,
    *,
    sent: Sent | None = None,
    recorded_at: datetime | None = None,
    source: Source = Source.FORM,
) -> None:
    """Log one taken as needed, once for its id. Needs a writing unit. It never forbids: see `as_needed`.

    Sent again by a form with other words it is a correction, also of its day. Raise `NotDue` for a medicine that is not
    taken as needed on that date, and for a date that `log_due` would refuse; `NotFound`, `IdTaken` and `OtherWords`
    as it does.
    """
    check_date(patient, told.moment.local_date, now)
    medicine = regimen.own_medicine(patient, medicine_id)
    if not is_as_needed(medicine, told.moment.local_date, is_late=sent is not None):
        raise NotDue
    fingerprint = _print(dose_id, told)
    if _new_id_for(patient, dose_id, fingerprint, sent) is None:
        return
    lock_entries(patient.id)  # From here on, one writer at a time for this patient.
    version_id = _new_id_for(patient, dose_id, fingerprint, sent)
    if version_id is None:
        return
    known = _known_one(patient, dose_id)
    if known is None and connection().scalar(_IS_TAKEN, {"dose_id": dose_id}) is not None:
        raise IdTaken
    if known is not None and (known.medicine_id != medicine_id or known.slot is not None):
        raise IdTaken
    seq = next_entry_seq(patient.id)
    writing = _Writing(patient, seq, recorded_at or clock.now(), source if sent is None else Source.OUTBOX, sent)
    if known is not None:
        _log_over(writing, known, version_id, told, fingerprint)
        return
    if not _insert_dose(writing, dose_id, medicine_id, told, (told.moment.local_date, told.moment.day, None)):
        raise IdTaken
    _insert_version(writing, dose_id, (dose_id, 1), told, fingerprint)


def undo_as_needed(
    patient: Viewer,
    tap: uuid.UUID,
    medicine_id: uuid.UUID,
    dose_id: uuid.UUID,
    now: Moment,
    *,
    sent: Sent | None = None,
    recorded_at: datetime | None = None,
) -> None:
    """Take back one taken as needed; done twice it is done once. Needs a writing unit.

    Raise `NotFound` for anything that is not the patient's own; `IdTaken` and `OtherWords` as `log_due` does.
    """
    told = Told(DoseState.OPEN, now)
    fingerprint = _print(tap, told)
    if _known_as_needed(patient, medicine_id, dose_id) is None:
        raise NotFound
    if _new_id_for(patient, tap, fingerprint, sent) is None:
        return
    lock_entries(patient.id)
    known = _known_as_needed(patient, medicine_id, dose_id)
    if known is None:
        raise NotFound
    version_id = _new_id_for(patient, tap, fingerprint, sent)
    if version_id is not None:
        seq = next_entry_seq(patient.id)
        writing = _Writing(patient, seq, recorded_at or clock.now(), Source.OUTBOX if sent else Source.FORM, sent)
        _log_over(writing, known, version_id, told, fingerprint)


def was_sent(patient: Viewer, sent_print: bytes) -> bool:
    """Whether exactly this came from a phone before, and was stored."""
    asked = {"patient_id": patient.id, "sent_print": sent_print}
    return connection().execute(_WAS_SENT, asked).first() is not None


def is_there(patient: Viewer, dose_id: uuid.UUID) -> bool:
    """Whether one of the patient's own as needed is stored under this id."""
    known = _known_one(patient, dose_id)
    return known is not None and known.slot is None


def tap_id(form_id: uuid.UUID, slot: Slot) -> uuid.UUID:
    """Return the id of the tap of one dose in a form: always the same one, and sorted as the form's own (UUIDv8)."""
    return _id_beside(form_id, f"{slot.medicine_id} {slot.plan_date} {slot.slot}".encode())


def _id_beside(form_id: uuid.UUID, named: bytes) -> uuid.UUID:
    digest = hashlib.sha256(form_id.bytes + named).digest()
    value = int.from_bytes(form_id.bytes[:6] + digest[:10], "big")
    value = value & ~(0xF << 76) | 0x8 << 76
    return uuid.UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def is_as_needed(medicine: OwnMedicine, day: date, *, is_late: bool = False) -> bool:
    """Whether a medicine is taken as needed on a civil date; `is_late`, whether any of its versions says so."""
    held = due.held_between(regimen.due_versions([medicine]), day, day)
    schedules = [one.schedule for one in medicine.versions] if is_late else [one.schedule for one, *_ in held]
    return any(isinstance(one.plan, AsNeeded) and one.start <= day <= (one.end or day) for one in schedules)


# --- what may be logged ----------------------------------------------------------------------------------------


def check_date(patient: Viewer, day: date, now: Moment) -> None:
    """Raise `NotDue` for a date on which nothing can be logged: one to come, or more than `PAST_DAYS` ago.

    Where the phone is in another zone than the one that the patient lives in, the date has come when it has in either.
    """
    home = clock.moment(now.occurred_at, patient.zone, patient.day_start_minutes)
    if not now.day - timedelta(days=PAST_DAYS) <= day <= max(now.local_date, home.local_date):
        raise NotDue


def _check(patient: Viewer, taps: Mapping[Slot, Told], now: Moment, *, is_late: bool) -> None:
    medicines = {one.id: one for one in regimen.own_medicines(patient)}
    known: Mapping[Slot, Any] | None = None
    for slot in taps:
        if slot.medicine_id not in medicines:
            raise NotFound
        check_date(patient, slot.plan_date, now)
        if _is_due(medicines[slot.medicine_id], slot, is_late=is_late):
            continue
        # What was logged can be undone and corrected, also when the plan does not have it any more.
        known = _known_due(patient, taps) if known is None else known
        if slot not in known:
            raise NotDue


def _is_due(medicine: OwnMedicine, slot: Slot, *, is_late: bool) -> bool:
    versions = regimen.due_versions([medicine])
    alone = [[replace(one, since=date.min, minute=0)] for one in _every_version(medicine)] if is_late else []
    for some in (versions, *alone):
        due_then = due.due_doses(some, slot.plan_date, slot.plan_date)
        if any(dose.slot == slot.slot for dose in due_then):
            return True
    return False


def _every_version(medicine: OwnMedicine) -> list[due.Version]:
    """Return also those that were overtaken before they held: a phone may have known of no other."""
    return [due.Version(str(one.id), str(medicine.id), one.schedule, one.since) for one in medicine.versions]


# --- what is stored already ------------------------------------------------------------------------------------


def _new_taps(
    patient: Viewer, form_id: uuid.UUID, prints: Mapping[Slot, bytes], sent: Sent | None
) -> dict[Slot, uuid.UUID]:
    """Return the taps that are not stored yet, each with the id of its version; raise for an id used otherwise."""
    ids = {slot: _Ids.of(tap_id(form_id, slot), fingerprint) for slot, fingerprint in prints.items()}
    found = _taps(ids.values())
    return {
        slot: version_id
        for slot, fingerprint in prints.items()
        if (version_id := _new_id_of(patient, found, ids[slot], fingerprint, sent)) is not None
    }


def _new_id_for(patient: Viewer, tap: uuid.UUID, fingerprint: bytes, sent: Sent | None) -> uuid.UUID | None:
    """Return the id of the version that a tap is stored as, unless it is stored already."""
    ids = _Ids.of(tap, fingerprint)
    return _new_id_of(patient, _taps([ids]), ids, fingerprint, sent)


def _new_id_of(
    patient: Viewer, found: Mapping[uuid.UUID, Any], ids: _Ids, fingerprint: bytes, sent: Sent | None
) -> uuid.UUID | None:
    if (row := found.get(ids.tap)) is None:
        return ids.tap
    if _is_same_tap(patient, row, fingerprint, sent) or ids.correction in found:
        return None
    return ids.correction


def _taps(ids: Iterable[_Ids]) -> dict[uuid.UUID, Any]:
    asked = {"tap_ids": [one for each in ids for one in each]}
    return {row.id: row for row in connection().execute(_TAPS, asked)}


def _is_same_tap(patient: Viewer, row: Any, fingerprint: bytes, sent: Sent | None) -> bool:
    if row.patient_id != patient.id:
        raise IdTaken
    if row.fingerprint != fingerprint and sent is not None:
        raise OtherWords
    return bool(row.fingerprint == fingerprint)


def _known_due(patient: Viewer, slots: Iterable[Slot]) -> dict[Slot, Any]:
    """Return the rows of doses that are logged, as far as this session may see them; raise `NotFound` for another."""
    slots = set(slots)
    asked = {
        "patient_id": patient.id,
        "medicine_ids": list({slot.medicine_id for slot in slots}),
        "dates": list({slot.plan_date for slot in slots}),
    }
    rows = connection().execute(_KNOWN_DUE, asked)
    found = {slot: row for row in rows if (slot := Slot(row.medicine_id, row.plan_date, row.slot)) in slots}
    for row in found.values():
        _check_open(patient, row)
    return found


def _known_as_needed(patient: Viewer, medicine_id: uuid.UUID, dose_id: uuid.UUID) -> Any | None:
    known = _known_one(patient, dose_id)
    return known if known is not None and known.medicine_id == medicine_id and known.slot is None else None


def _known_one(patient: Viewer, dose_id: uuid.UUID) -> Any | None:
    row = connection().execute(_KNOWN_ONE, {"patient_id": patient.id, "dose_id": dose_id}).one_or_none()
    if row is not None:
        _check_open(patient, row)
    return row


def _check_open(patient: Viewer, row: Any) -> None:
    """Raise `NotFound` for a dose that a session in question did not write, by the rule of `doses.OWN`."""
    since = patient.entries_closed_from
    if since is not None and not (row.while_closed and row.dose_recorded_at >= since):
        raise NotFound


# --- writing ---------------------------------------------------------------------------------------------------


def _log_over(writing: _Writing, known: Any, version_id: uuid.UUID, told: Told, fingerprint: bytes) -> None:
    """Write a version over what is logged. It is shown if it was written last, and says something else."""
    is_later = writing.sent is None or _written(writing.edited_at, writing.clock_skew) >= _written(
        known.edited_at, known.clock_skew
    )
    number = known.newest_version + 1
    _insert_version(writing, known.dose_id, (version_id, number), told, fingerprint)
    changed = {"of_dose": known.dose_id, "newest": number}
    if _says_the_same(known, told):
        connection().execute(_NEWER_UNSHOWN, changed)
        if is_later:
            again = {"of_version": known.version_id, "written_at": writing.edited_at, "skew": writing.clock_skew}
            connection().execute(_SAID_AGAIN, again)
        return
    connection().execute(*((_NEWER, changed | {"shown": number}) if is_later else (_NEWER_UNSHOWN, changed)))
    if is_later and known.slot is None and told.state is not DoseState.OPEN:
        at = told.moment
        moved = {"on": at.local_date, "of_day": at.day, "offset": at.utc_offset, "in_zone": at.zone}
        connection().execute(_MOVED, {"of_dose": known.dose_id, **moved})


def _written(edited_at: datetime, clock_skew: int | None) -> datetime:
    """Return when something was really written, as far as is known."""
    return edited_at - timedelta(seconds=clock_skew or 0)


def _says_the_same(known: Any, told: Told) -> bool:
    if known.state != told.state:
        return False
    if told.is_plain:
        return True
    if told.state is DoseState.LATER:
        before, after = known.later_until or known.occurred_at, told.later_until or told.moment.occurred_at
        return bool(abs(after - before) < _SAME_LATER)
    if told.state is DoseState.SKIPPED:
        place = Place(DoseVersion.__tablename__, "reason_sealed", known.version_id, known.patient_id)
        text = known.reason_sealed and vault().open(place, known.reason_sealed)
        return bool(text == (told.why and skipping.to_text(told.why)))
    at, is_known = told.moment.occurred_at, told.moment.time_known
    return bool((known.occurred_at, known.time_known, known.amount) == (at, is_known, told.amount))


def _insert_dose(
    writing: _Writing,
    dose_id: uuid.UUID,
    medicine_id: uuid.UUID,
    told: Told,
    where: tuple[date, date, str | None],
) -> bool:
    """Insert the dose, at a date of the plan, a day and a slot; False when that id was taken this very moment."""
    plan_date, day, slot = where
    row = {
        "id": dose_id,
        "practice_id": writing.patient.practice_id,
        "patient_id": writing.patient.id,
        "medicine_id": medicine_id,
        "plan_date": plan_date,
        "slot": slot,
        "day": day,
        "utc_offset": told.moment.utc_offset,
        "zone": told.moment.zone,
        "recorded_at": writing.when,
        "recorded_seq": writing.seq,
        "device_seq": writing.sent and writing.sent.device_seq,
        "source": writing.source,
        "newest_version": 1,
        "shown_version": 1,
        "while_closed": writing.patient.entries_closed_from is not None,
    }
    made = connection().execute(_NEW_DOSE[connection().dialect.name], row)
    return made.scalar_one_or_none() is not None


def _insert_version(
    writing: _Writing, dose_id: uuid.UUID, version: tuple[uuid.UUID, int], told: Told, fingerprint: bytes
) -> None:
    version_id, number = version
    place = Place(DoseVersion.__tablename__, "reason_sealed", version_id, writing.patient.id)
    connection().execute(
        _NEW_VERSION,
        {
            "id": version_id,
            "dose_id": dose_id,
            "patient_id": writing.patient.id,
            "version": number,
            "state": told.state,
            "occurred_at": told.moment.occurred_at,
            "utc_offset": told.moment.utc_offset,
            "time_known": told.moment.time_known,
            "later_until": told.later_until,
            "amount": told.amount,
            "recorded_at": writing.when,
            "recorded_seq": writing.seq,
            "source": writing.source,
            "edited_at": writing.edited_at,
            "clock_skew": writing.clock_skew,
            "fingerprint": fingerprint,
            "sent_print": writing.sent and writing.sent.sent_print,
            "reason_sealed": vault().seal(place, skipping.to_text(told.why)) if told.why else None,
            "reason_about_use": told.why is not None and told.why.about_use,
        },
    )


def _print(tap: uuid.UUID, told: Told) -> bytes:
    """Return by what the same words are known again: what was chosen and typed, not what came of it at that moment."""
    said = [told.state, told.typed, told.why and skipping.to_text(told.why)]
    return vault().keyed_hash("dose", tap.bytes + json.dumps(said).encode())
