"""Which medicines of a patient a reader may read, decided in the query: of what is closed, no row comes back.

| what                                     | category                                                              |
| ---------------------------------------- | --------------------------------------------------------------------- |
| a medicine: its versions, reasons, doses | medications; and substance use too, when it is for alcohol or drugs   |
| why a dose was left out                  | as its medicine; and substance use too, when the reason names use     |

Each version, answer and dose is open by its own day. A medicine of which the newest version is closed is left out as a
whole: what it said before would be taken for what is true now. So is one that the patient keeps to themselves, one that
was entered by mistake and taken away, and one that a session in question after a clinic code wrote.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, bindparam, case, null, or_, select
from sqlalchemy.orm import aliased

from patient_app.accounts import names
from patient_app.accounts.models import Person
from patient_app.consent.categories import Category
from patient_app.consent.decisions import Asker, open_days
from patient_app.core.kept import as_kept
from patient_app.medications import regimen
from patient_app.medications.models import Dose, DoseState, DoseVersion, Medicine, MedicineAnswer, MedicineVersion

MEDICATIONS, USE = Category.MEDICATIONS, Category.SUBSTANCE_USE
NEEDED = (MEDICATIONS, USE)


class Gate:
    """What a query lets through. `opened` is a table of `decisions.open_days`."""

    def __init__(self, opened: CTE) -> None:
        self.opened = opened
        self.newest = aliased(MedicineVersion)
        self.is_newest = and_(self.newest.medicine_id == Medicine.id, self.newest.version == Medicine.newest_version)
        self.medicine = and_(
            Medicine.patient_id == bindparam("patient_id"),
            Medicine.removed_at.is_(None),
            Medicine.private.is_(False),
            Medicine.while_closed.is_(False),
            self.on(self.newest.day),
        )

    def use_on(self, day: Any) -> ColumnElement[bool]:
        """Whether what tells of use is open for a day."""
        is_open: ColumnElement[bool] = self.opened.c[USE] <= day
        return is_open

    def on(self, day: Any) -> ColumnElement[bool]:
        """Whether what belongs to the medicine is open for a day."""
        return and_(self.opened.c[MEDICATIONS] <= day, or_(Medicine.about_use.is_(False), self.use_on(day)))

    def of_medicines(self, *columns: Any) -> Select[Any]:
        """Return a statement about the medicines that are open, to be joined further."""
        return (
            select(*columns)
            .select_from(Medicine)
            .join(self.opened, self.opened.c.patient_id == Medicine.patient_id)
            .join(self.newest, self.is_newest)
            .where(self.medicine)
        )


# All are asked with `decisions.asked_by(reader)`, `consent_ids`, `level` and `patient_id`.


@lru_cache(maxsize=32)
def versions(kind: Asker) -> Select[Any]:
    """Return what is open of each medicine's history, the oldest version first, each with who wrote it."""
    gate = Gate(open_days(kind, NEEDED))
    return (
        gate.of_medicines(
            Medicine.about_use,
            *regimen.VERSION_COLUMNS,
            # For a medicine of which its name alone says that it is for alcohol or drugs.
            gate.use_on(MedicineVersion.day).label("use_is_open"),
            *names.COLUMNS,
        )
        .join(MedicineVersion, MedicineVersion.medicine_id == Medicine.id)
        .join(Person, Person.id == MedicineVersion.author_id)
        .where(gate.on(MedicineVersion.day))
        .order_by(Medicine.recorded_seq, Medicine.id, MedicineVersion.version)
    )


@lru_cache(maxsize=32)
def answers(kind: Asker) -> Select[Any]:
    """Return what the patient said to versions that are open, the newest answer last."""
    gate = Gate(open_days(kind, NEEDED))
    return (
        gate.of_medicines(MedicineAnswer.version_id, MedicineAnswer.answer, MedicineAnswer.recorded_at)
        .join(MedicineVersion, MedicineVersion.medicine_id == Medicine.id)
        .join(MedicineAnswer, MedicineAnswer.version_id == MedicineVersion.id)
        .where(gate.on(MedicineVersion.day), gate.on(MedicineAnswer.day))
        .order_by(MedicineAnswer.recorded_seq)
    )


@lru_cache(maxsize=32)
def doses(kind: Asker) -> Select[Any]:
    """Return what was logged from one date of the plan to another (`first`, `last`), the newest first.

    A reason that is closed is NULL, as one that was never given. What was taken back is no row. There are hundreds, of
    which few are opened: their ids are as the database keeps them.
    """
    gate = Gate(open_days(kind, NEEDED))
    reason = or_(DoseVersion.reason_about_use.is_(False), gate.use_on(Dose.day))
    return (
        gate.of_medicines(
            as_kept(Dose.medicine_id),
            as_kept(Dose.patient_id),
            Dose.plan_date,
            Dose.slot,
            Dose.day,
            as_kept(DoseVersion.id).label("version_id"),
            DoseVersion.state,
            DoseVersion.occurred_at,
            DoseVersion.utc_offset,
            DoseVersion.time_known,
            DoseVersion.amount,
            DoseVersion.recorded_at,
            DoseVersion.clock_skew,
            case((reason, DoseVersion.reason_sealed), else_=null()).label("reason_sealed"),
        )
        .join(Dose, Dose.medicine_id == Medicine.id)
        .join(DoseVersion, and_(DoseVersion.dose_id == Dose.id, DoseVersion.version == Dose.shown_version))
        .where(
            Dose.while_closed.is_(False),
            Dose.plan_date >= bindparam("first"),
            Dose.plan_date <= bindparam("last"),
            DoseVersion.state != DoseState.OPEN,
            gate.on(Dose.day),
        )
        .order_by(Dose.plan_date.desc(), DoseVersion.occurred_at.desc(), Dose.id)
    )
