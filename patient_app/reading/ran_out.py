"""That a medicine ran out: among what clinicians see first, until somebody has seen it or there is some of it again.

It needs what its medicine needs, as the medicine is marked now. One that was taken back, kept to oneself, or written in
a session in question, is nobody else's; so is one of a medicine that was stopped, which is not to be fetched any more.
In a list it tells only that there is one, and of whom: which medicine it is stands on the page of the medicines.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Insert,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased

from patient_app.accounts import names
from patient_app.accounts.models import Person
from patient_app.consent.decisions import Asker, open_on
from patient_app.core import clock
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.work import connection
from patient_app.medications.models import Change, Medicine, MedicineVersion
from patient_app.reading.medicine_gate import MEDICATIONS, USE
from patient_app.reading.people import plain_rows
from patient_app.refills import service as refills
from patient_app.refills.models import RanOutSeen, SupplyEntry

_SEEN = cast("Table", RanOutSeen.__table__)
_ONCE = ["entry_id", "clinician_id"]
_SAW: dict[str, Insert] = {
    "sqlite": sqlite.insert(_SEEN).on_conflict_do_nothing(index_elements=_ONCE),
    "postgresql": postgresql.insert(_SEEN).on_conflict_do_nothing(index_elements=_ONCE),
}
# In the very words of the index, so that both databases know it again.
_IS_RAN_OUT = SupplyEntry.kind == literal_column("'ran_out'")


@dataclass(frozen=True, slots=True)
class SharedRanOut:
    """That a medicine ran out: by which entry, and who has seen that first, and when; empty while nobody did."""

    id: uuid.UUID
    seen_by: str = ""
    seen_at: datetime | None = None


def asked_on(today: date) -> dict[str, Any]:
    """Return what `open_ones` wants to know besides the reader: as far back as the page of the medicines tells."""
    return {"since": today - refills.LOOK_BACK}


@lru_cache(maxsize=32)
def waiting(kind: Asker) -> Select[Any]:
    """Return the statement for those of all patients that nobody has seen yet, the newest first."""
    unseen = ~exists().where(RanOutSeen.entry_id == SupplyEntry.first_id)
    return open_ones(kind).where(unseen).order_by(SupplyEntry.recorded_at.desc(), SupplyEntry.id)


@lru_cache(maxsize=32)
def one(kind: Asker) -> Select[Any]:
    """Return the statement for one of a patient, by `concern_id`."""
    return open_ones(kind).where(
        SupplyEntry.first_id == bindparam("concern_id"), SupplyEntry.patient_id == bindparam("patient_id")
    )


def open_ones(kind: Asker) -> Select[Any]:
    """Return the statement for those that are open and still so, with the columns that those of concerns have."""
    newest, later = aliased(MedicineVersion), aliased(SupplyEntry)

    def is_open(day: Any) -> ColumnElement[bool]:
        return and_(
            open_on(kind, MEDICATIONS, SupplyEntry.patient_id, day),
            or_(Medicine.about_use.is_(False), open_on(kind, USE, SupplyEntry.patient_id, day)),
        )

    some_since = exists().where(
        # By both, as the index is.
        later.patient_id == SupplyEntry.patient_id,
        later.medicine_id == SupplyEntry.medicine_id,
        later.replaced.is_(False),
        later.removed_at.is_(None),
        later.while_closed.is_(False),
        or_(
            later.on_date > SupplyEntry.on_date,
            and_(later.on_date == SupplyEntry.on_date, later.recorded_seq > SupplyEntry.recorded_seq),
        ),
    )
    columns: tuple[Any, ...] = (
        SupplyEntry.first_id.label("id"),
        SupplyEntry.patient_id,
        SupplyEntry.day,
        Medicine.about_use.label("tells_of_use"),
        SupplyEntry.recorded_at.label("raised_at"),
    )
    return (
        select(*columns)
        .select_from(SupplyEntry)
        .join(Medicine, refills.counts_of_medicine())
        .join(newest, and_(newest.medicine_id == Medicine.id, newest.version == Medicine.newest_version))
        .where(
            _IS_RAN_OUT,
            SupplyEntry.practice_id == bindparam("reader_practice"),
            Medicine.removed_at.is_(None),
            Medicine.private.is_(False),
            Medicine.while_closed.is_(False),
            newest.change != Change.STOPPED,
            ~some_since,
            is_open(SupplyEntry.day),
            is_open(newest.day),
        )
    )


def mark_seen(viewer: Viewer, entry_id: uuid.UUID) -> None:
    """Keep that a clinician has seen one which `one` found open to them; once."""
    row = {
        "id": new_id(),
        "practice_id": viewer.practice_id,
        "entry_id": entry_id,
        "clinician_id": viewer.id,
        "seen_at": clock.now(),
    }
    connection().execute(_SAW[connection().dialect.name], row)


def seen_of(patient_id: uuid.UUID, entries: Collection[uuid.UUID]) -> dict[uuid.UUID, SharedRanOut]:
    """Return, by entry, who has seen first those that the reader may see already. One statement; none without any."""
    if not entries:
        return {}
    found = {entry: SharedRanOut(entry) for entry in entries}
    for row in reversed(plain_rows(_WHO_SAW, {"patient_id": patient_id, "entries": list(entries)})):
        name = names.shown_in(row.clinician_id, row)
        found[row.entry_id] = SharedRanOut(row.entry_id, name, row.seen_at)
    return found


_WHO_SAW = (
    select(RanOutSeen.entry_id, RanOutSeen.clinician_id, RanOutSeen.seen_at, *names.COLUMNS)
    .join(Person, Person.id == RanOutSeen.clinician_id)
    .join(SupplyEntry, SupplyEntry.id == RanOutSeen.entry_id)
    .where(
        SupplyEntry.patient_id == bindparam("patient_id"),
        RanOutSeen.entry_id.in_(bindparam("entries", expanding=True)),
    )
    .order_by(RanOutSeen.seen_at)
)
