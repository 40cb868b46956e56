"""What a person has of their own medicines. Reading somebody else's is `reading`'s alone.

An entry is stored once by its id. Sent again with other words from a form it is another version, which counts from then
on; from a phone's outbox it is refused. What was taken back stays away.

Today asks `low` alone: one statement that finds nothing for who fills nothing in (`models.SupplyWatch`). Another
regimen has it count all of the person's again, until the next entry says from when on that is worth it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Boolean, ColumnElement, and_, bindparam, or_, select, update
from sqlalchemy.exc import IntegrityError

from patient_app.accounts.entry_order import lock_entries, next_entry_seq
from patient_app.core import changed, clock
from patient_app.core.clock import Moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.prepared import Prepared
from patient_app.core.vault import Place
from patient_app.core.work import connection, db, vault
from patient_app.medications.models import Medicine, Source
from patient_app.medications.regimen import OWN, OwnMedicine, asked_by
from patient_app.medications.supply import days_left
from patient_app.medications.words import amount_words
from patient_app.refills import counting
from patient_app.refills.counting import Coverage, OfStrength, Said
from patient_app.refills.models import Kind, RanOutSeen, SupplyEntry, SupplyWatch
from patient_app.refills.strengths import SupplyPlan, plan_of, same

# Our own proposal: a week is enough to reach a prescriber and a pharmacy. A clinician is to confirm it.
REMIND_DAYS = 7
# Nobody holds more than that of any unit; in a column of 32 bits it fits as thousandths.
MOST_UNITS = 100_000
# How far back a fill can be written down, and entries count.
LOOK_BACK = timedelta(days=400)
COVERAGE_DAYS = 90
THOUSAND = 1000


class IdTaken(Exception):
    """The id cannot be used: it is of somebody else's entry, or of one that was taken back; both are answered alike."""


class OtherWords(Exception):
    """The person's own entry of this id says something else; nothing was written."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a person said of their supply. `unit` is what the amount counts, `note` is nobody else's.

    `strength` is None where it is not known.
    """

    id: uuid.UUID
    medicine_id: uuid.UUID
    kind: Kind
    on: date
    amount: Decimal
    unit: str
    note: str
    seq: int
    day: date
    strength: str | None = None

    @property
    def words(self) -> str:
        """The amount in words."""
        return amount_words(self.amount, self.unit)

    @property
    def said(self) -> Said:
        """As it is counted."""
        return Said(self.kind, self.on, self.amount, self.seq)


@dataclass(frozen=True, slots=True)
class Supply:
    """What there is of one medicine on a date.

    `units` and `days` are None where they cannot be counted. `remind_on` is the date on which it is time to think of
    the pharmacy. `ran_out_on` is set while somebody said that nothing is left. `unsure`: it is not known of which
    strength something is that would count.
    """

    entries: tuple[Entry, ...]
    today: date
    plan: SupplyPlan
    units: Decimal | None = None
    days: int | None = None
    ran_out_on: date | None = None
    unsure: bool = False

    @property
    def unit(self) -> str:
        """What the plan counts in."""
        return self.plan.unit

    @property
    def strength(self) -> str:
        """Of which strength what counts is; empty where there never was another, or nobody told."""
        return self.plan.strength if self.plan.are_several else ""

    @property
    def has_of_it(self) -> bool:
        """Whether anything is written down of the strength in use."""
        return any(self.plan.uses(entry.strength) for entry in self.entries)

    @property
    def is_coverage_unclear(self) -> bool:
        """Whether something was filled, and the strengths are why nobody can say for how many days it was enough."""
        return self.plan.are_several and any(entry.kind is Kind.FILLED for entry in self.entries)

    def is_of_another(self, entry: Entry) -> bool:
        """Whether an entry is of a strength that is not in use."""
        return self.plan.uses(entry.strength) is False

    @property
    def words(self) -> str:
        """What is there in words; empty where it cannot be counted."""
        return amount_words(self.units, self.unit)

    @property
    def remind_on(self) -> date | None:
        """When few days will be left; None where that cannot be counted, or nothing is left."""
        if self.days is None or self.ran_out_on is not None:
            return None
        return self.today + timedelta(days=self.days - REMIND_DAYS)

    @property
    def is_low(self) -> bool:
        """Whether it is time to think of the pharmacy."""
        return self.ran_out_on is not None or (self.remind_on is not None and self.remind_on <= self.today)

    @property
    def lasts_until(self) -> date | None:
        """The last date that what is there is enough for."""
        return None if not self.days else self.today + timedelta(days=self.days - 1)


@dataclass(frozen=True, slots=True)
class Low:
    """A medicine that runs low, for one line on Today; `days` is None once it ran out."""

    medicine_id: uuid.UUID
    name: str
    days: int | None


@dataclass(frozen=True, slots=True)
class New:
    """What is to be stored. Where nobody was asked for a strength, it is of the one in use on that date."""

    id: uuid.UUID
    kind: Kind
    on: date
    amount: Decimal = Decimal(0)
    note: str = ""
    # Of which strength: None where nobody was asked, empty where nobody knows.
    strength: str | None = None


# What counts of the patient's own: neither replaced nor taken back, by the rule of `regimen.OWN`.
_OWN_ENTRY = and_(
    SupplyEntry.patient_id == bindparam("patient_id"),
    SupplyEntry.replaced.is_(False),
    SupplyEntry.removed_at.is_(None),
    SupplyEntry.recorded_at >= bindparam("closed_from"),
    or_(bindparam("is_open", type_=Boolean), SupplyEntry.while_closed),
)
COLUMNS = (
    SupplyEntry.id,
    SupplyEntry.first_id,
    SupplyEntry.patient_id,
    SupplyEntry.medicine_id,
    SupplyEntry.kind,
    SupplyEntry.on_date,
    SupplyEntry.day,
    SupplyEntry.amount,
    SupplyEntry.recorded_seq,
    SupplyEntry.unit_sealed,
    SupplyEntry.strength_sealed,
)
_OWN_ENTRIES = (
    select(*COLUMNS, SupplyEntry.note_sealed)
    .where(_OWN_ENTRY, SupplyEntry.on_date >= bindparam("since"))
    .order_by(SupplyEntry.on_date, SupplyEntry.recorded_seq)
)
_OWN_ALL = Prepared(_OWN_ENTRIES)
_OF_ONE = Prepared(_OWN_ENTRIES.where(SupplyEntry.medicine_id == bindparam("medicine_id")))
_VERSIONS = select(SupplyEntry).where(SupplyEntry.first_id == bindparam("first_id")).order_by(SupplyEntry.version)
_SEEN = (
    select(RanOutSeen.seen_at)
    .join(SupplyEntry, SupplyEntry.id == RanOutSeen.entry_id)
    .where(RanOutSeen.entry_id == bindparam("entry_id"), SupplyEntry.patient_id == bindparam("patient_id"))
    .order_by(RanOutSeen.seen_at)
    .limit(1)
)
_COUNT_AGAIN = (
    update(SupplyWatch).where(SupplyWatch.patient_id == bindparam("patient")).values(look_from=bindparam("at"))
)
# For Today: nothing at all until something can be low.
_WORTH_COUNTING = Prepared(
    _OWN_ENTRIES.join(SupplyWatch, SupplyWatch.medicine_id == SupplyEntry.medicine_id)
    .join(Medicine, Medicine.id == SupplyEntry.medicine_id)
    .where(OWN, SupplyWatch.look_from <= bindparam("today"))
)


# --- reading one's own -----------------------------------------------------------------------------------------


def own_supply(patient: Viewer, medicine: OwnMedicine, today: date) -> Supply:
    """Return what the patient has of a medicine of their own on a civil date. One statement."""
    asked = {**asked_by(patient), "medicine_id": medicine.id, "since": today - LOOK_BACK}
    entries = [as_entry(row) for row in _OF_ONE.all(connection(), asked)]
    return supply_of(entries, plan_of(medicine.versions, today), today)


def own_supplies(patient: Viewer, medicines: Iterable[OwnMedicine], today: date) -> dict[uuid.UUID, Supply]:
    """Return, by medicine, what there is of those of which the patient said anything. One statement."""
    asked = {**asked_by(patient), "since": today - LOOK_BACK}
    found = _by_medicine(_OWN_ALL.all(connection(), asked))
    return {
        one.id: supply_of(found[one.id], plan_of(one.versions, today), today) for one in medicines if one.id in found
    }


def low(patient: Viewer, today: date, medicines: Sequence[OwnMedicine]) -> list[Low]:
    """Return which of the patient's medicines run low on a civil date, the first to run out first.

    `medicines` are all of the patient's. One statement, which finds nothing where none can be low yet; none for who
    takes nothing.
    """
    if not medicines:
        return []
    asked = {**asked_by(patient), "since": today - LOOK_BACK, "today": today}
    entries = _by_medicine(_WORTH_COUNTING.all(connection(), asked))
    found: list[Low] = []
    for one in medicines:
        if one.id in entries and one.is_going_on(today):
            supply = supply_of(entries[one.id], plan_of(one.versions, today), today)
            found += [Low(one.id, one.name, None if supply.ran_out_on else supply.days)] if supply.is_low else []
    return sorted(found, key=lambda one: -1 if one.days is None else one.days)


def seen_at(patient: Viewer, entry_id: uuid.UUID) -> datetime | None:
    """Return when somebody of the team first said that they saw that it ran out; None when nobody did."""
    found: datetime | None = connection().scalar(_SEEN, {"entry_id": entry_id, "patient_id": patient.id})
    return found


def covered(supply: Supply, days: int = COVERAGE_DAYS) -> Coverage | None:
    """Return on how many of the last days what was filled was enough, today included; None as `counting.coverage`.

    Where there were several strengths, each is counted for the days on which the plan used it; None as well where it is
    not known of which one something is, or which one was used on a day.
    """
    first = supply.today - timedelta(days=days - 1)
    if supply.plan.are_several:
        return _covered_by_strength(supply, first)
    counted, _ = _counted(supply.entries, supply.plan)
    return counting.coverage([one.said for one in counted], supply.plan.versions, first, supply.today)


def _covered_by_strength(supply: Supply, first: date) -> Coverage | None:
    plan, fills = supply.plan, [one for one in supply.entries if one.kind is Kind.FILLED]
    dates = [first + timedelta(days=number) for number in range((supply.today - first).days + 1)]
    used = {day: plan.strength_on(day) for day in dates}
    began = min((one.on for one in fills), default=supply.today)
    if any(not one.strength or one.unit != plan.unit for one in fills):
        return None
    if any(day >= began and not strength for day, strength in used.items()):
        return None
    of_each = [
        OfStrength(
            [one.said for one in fills if same(one.strength, strength)],
            plan.using(strength),
            [day for day, of_day in used.items() if same(of_day, strength)],
        )
        for strength in plan.strengths
    ]
    return counting.coverage_of_several(of_each, first, supply.today)


def supply_of(entries: Sequence[Entry], plan: SupplyPlan, today: date) -> Supply:
    """Return what there is by these entries and this plan.

    Entries in another unit than the plan's, or of another strength than the one in use, do not count.
    """
    counted, unsure = _counted(entries, plan)
    said = [one.said for one in counted]
    units = None if unsure else counting.on_hand(said, plan.versions, today)
    return Supply(
        entries=tuple(entries),
        today=today,
        plan=plan,
        units=units,
        days=None if units is None else days_left(units, plan.versions, today),
        ran_out_on=counting.ran_out_on(said, today),
        unsure=unsure,
    )


def counts_of_medicine() -> ColumnElement[bool]:
    """Return the condition that an entry is of a medicine (joined as `Medicine`) and counts, for whoever else reads it.

    `since` is bound to it. Nobody else reads what a session in question after a clinic code wrote.
    """
    return and_(
        SupplyEntry.medicine_id == Medicine.id,
        SupplyEntry.replaced.is_(False),
        SupplyEntry.removed_at.is_(None),
        SupplyEntry.while_closed.is_(False),
        SupplyEntry.on_date >= bindparam("since"),
    )


def as_entry(row: Any) -> Entry:
    """Return a row of `COLUMNS`, opened; with `note_sealed` where it was asked for."""
    return Entry(
        id=row.first_id,
        medicine_id=row.medicine_id,
        kind=Kind(row.kind),
        on=row.on_date,
        amount=Decimal(row.amount) / THOUSAND,
        unit=_opened(row, "unit_sealed"),
        strength=_opened(row, "strength_sealed") or None,
        note=_opened(row, "note_sealed") if hasattr(row, "note_sealed") else "",
        seq=row.recorded_seq,
        day=row.day,
    )


def _by_medicine(rows: Iterable[Any]) -> dict[uuid.UUID, list[Entry]]:
    found: dict[uuid.UUID, list[Entry]] = {}
    for row in rows:
        found.setdefault(row.medicine_id, []).append(as_entry(row))
    return found


def _counted(entries: Iterable[Entry], plan: SupplyPlan) -> tuple[list[Entry], bool]:
    """Return what counts, and whether something since the last count would count if its strength were known."""
    in_unit = [one for one in entries if one.kind is Kind.RAN_OUT or one.unit == plan.unit]
    counted = [one for one in in_unit if plan.uses(one.strength)]
    since = max(((one.on, one.seq) for one in counted if one.kind is not Kind.FILLED), default=(date.min, 0))
    return counted, any(plan.uses(one.strength) is None and (one.on, one.seq) > since for one in in_unit)


def _opened(row: Any, column: str) -> str:
    blob = getattr(row, column)
    return (
        ""
        if blob is None
        else vault().open_or_say(Place(SupplyEntry.__tablename__, column, row.id, row.patient_id), blob)
    )


# --- writing ---------------------------------------------------------------------------------------------------


def record(
    patient: Viewer,
    medicine: OwnMedicine,
    new: New,
    moment: Moment,
    *,
    source: Source = Source.FORM,
    device_seq: int | None = None,
    recorded_at: datetime | None = None,
) -> None:
    """Store one entry for a medicine of the patient's own, once. Needs a writing unit.

    Raise `IdTaken` for an id that cannot be used, and `OtherWords` for what came from an outbox under the id of an
    entry that says something else; from a form that is a correction.
    """
    lock_entries(patient.id)  # From here on, one writer at a time for this patient.
    known = db().scalars(_VERSIONS, {"first_id": new.id}).all()
    plan = plan_of(medicine.versions, new.on)
    fingerprint = _fingerprint(medicine.id, new)
    if known:
        if any(one.patient_id != patient.id or one.medicine_id != medicine.id or one.removed_at for one in known):
            raise IdTaken
        if known[-1].fingerprint == fingerprint:
            return
        if source is Source.OUTBOX:
            if any(one.fingerprint == fingerprint for one in known):
                return
            raise OtherWords
        known[-1].replaced = True
    row = SupplyEntry(
        id=new_id() if known else new.id,
        first_id=new.id,
        version=len(known) + 1,
        practice_id=patient.practice_id,
        patient_id=patient.id,
        medicine_id=medicine.id,
        kind=new.kind,
        on_date=new.on,
        day=moment.day,
        amount=int(new.amount * THOUSAND),
        recorded_at=recorded_at or clock.now(),
        recorded_seq=next_entry_seq(patient.id),
        device_seq=device_seq,
        source=source,
        fingerprint=fingerprint,
        while_closed=patient.entries_closed_from is not None,
    )
    row.unit, row.note = plan_of(medicine.versions, moment.local_date).unit, new.note
    row.strength = plan.strength if new.strength is None else new.strength
    try:
        with db().begin_nested():
            db().add(row)
    except IntegrityError:  # Somebody else's request took the id this very moment.
        raise IdTaken from None
    _watch(patient, medicine, moment.local_date)


def take_back(patient: Viewer, medicine: OwnMedicine, entry_id: uuid.UUID, today: date) -> None:
    """Take an entry away that was a mistake: nobody reads it any more, nothing counts it. Done twice is done once.

    Raise `NotFound` for anything not one's own.
    """
    lock_entries(patient.id)
    rows = db().scalars(_VERSIONS, {"first_id": entry_id}).all()
    since = patient.entries_closed_from
    if not rows or any(one.patient_id != patient.id or one.medicine_id != medicine.id for one in rows):
        raise NotFound
    if since is not None and any(not one.while_closed or one.recorded_at < since for one in rows):
        raise NotFound
    for one in rows:
        one.removed_at = one.removed_at or clock.now()
    db().flush()
    _watch(patient, medicine, today)


def was_sent(patient: Viewer, medicine_id: uuid.UUID, new: New) -> bool:
    """Whether exactly this was stored under this id before."""
    known = db().scalars(_VERSIONS, {"first_id": new.id}).all()
    fingerprint = _fingerprint(medicine_id, new)
    return any(one.patient_id == patient.id and one.fingerprint == fingerprint for one in known)


def _watch(patient: Viewer, medicine: OwnMedicine, today: date) -> None:
    """Keep from when on the supply is worth counting: half-way to when it is low, or once a version begins to hold."""
    supply = own_supply(patient, medicine, today)
    look_from = None
    if supply.ran_out_on is not None:
        look_from = supply.ran_out_on
    elif supply.days is not None:
        look_from = today + timedelta(days=max(0, supply.days - REMIND_DAYS) // 2)
    # What is planned already may be counted otherwise, or only then.
    begins = min((one.since for one in medicine.in_effect if one.since > today), default=None)
    if begins is not None and (look_from is None or begins < look_from):
        look_from = begins
    row = db().get(SupplyWatch, medicine.id)
    if row is None:
        row = SupplyWatch(medicine_id=medicine.id, practice_id=patient.practice_id, patient_id=patient.id)
        db().add(row)
    row.look_from = look_from
    db().flush()


def count_again(person_id: uuid.UUID) -> None:
    """After another regimen: count what there is of a person's medicines at the next look, whatever was expected."""
    # Wherever in the world that is, it is that day already.
    yesterday = clock.now().date() - timedelta(days=1)
    connection().execute(_COUNT_AGAIN, {"patient": person_id, "at": yesterday})


changed.listen(changed.What.REGIMEN, count_again)


def _fingerprint(medicine_id: uuid.UUID, new: New) -> bytes:
    said = [str(new.kind), new.on.isoformat(), f"{new.amount.normalize():f}", new.note]
    said += [] if new.strength is None else [new.strength]
    return vault().keyed_hash("supply", new.id.bytes + medicine_id.bytes + json.dumps(said).encode())
