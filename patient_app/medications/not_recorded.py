"""What is said of doses of which nothing is written down, though their day is over, for the few medicines with a card.

Nothing written down is no missed dose: it may well have been taken. So nothing here says that it was not; the cards are
those of doses that were left out, each shown as an "if", and the way to write it down stands beside them. From when on,
and when this is quiet again, is content/rules/medicines.yaml (`not_recorded`).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import and_, bindparam, func, or_, select

from patient_app.core.identity import Viewer
from patient_app.core.prepared import Prepared
from patient_app.core.work import connection
from patient_app.medications import left_out
from patient_app.medications.cards import Shown, rules_file
from patient_app.medications.due import DueDose, due_doses
from patient_app.medications.models import Dose, DoseState, DoseVersion, Medicine
from patient_app.medications.regimen import OWN, OwnMedicine, Standing, asked_by, due_versions
from patient_app.medications.when import PAST_DAYS

DAY = timedelta(days=1)

# Of each medicine the last date of the plan of which something is settled: a dose was taken, or left out by hand.
_LAST_SETTLED = Prepared(
    select(Dose.medicine_id, DoseVersion.state, func.max(Dose.plan_date).label("last"))
    .join(Medicine, Medicine.id == Dose.medicine_id)
    .join(DoseVersion, and_(DoseVersion.dose_id == Dose.id, DoseVersion.version == Dose.shown_version))
    .where(
        OWN,
        Dose.patient_id == bindparam("patient_id"),
        Dose.medicine_id.in_(bindparam("medicine_ids", expanding=True)),
        Dose.plan_date >= bindparam("since"),
        or_(DoseVersion.state == DoseState.TAKEN, DoseVersion.state == DoseState.SKIPPED),
    )
    .group_by(Dose.medicine_id, DoseVersion.state)
)


@dataclass(frozen=True, slots=True)
class NotRecorded:
    """A medicine of which nothing is written down since a civil date of its plan, with its cards, each as an "if".

    `last` is the newest of those dates. `can_add`: it is not too long ago to be written down.
    """

    medicine_id: uuid.UUID
    name: str
    since: date
    last: date
    cards: tuple[Shown, ...]
    can_add: bool


def not_recorded(
    patient: Viewer, medicines: Iterable[OwnMedicine], today: date, language: str
) -> tuple[NotRecorded, ...]:
    """Return of which of the patient's own medicines that is to be said on a civil date.

    One statement where one of them has a card by itself, else none.
    """
    taken = (one for one in medicines if one.standing(today) is Standing.TAKEN)
    asked_of = {one.id: one for one in taken if left_out.has_special_cards(one)}
    if not asked_of:
        return ()
    asked = {**asked_by(patient), "medicine_ids": list(asked_of), "since": today - left_out.LOOK_BACK}
    settled: dict[uuid.UUID, dict[DoseState, date]] = {one: {} for one in asked_of}
    for row in _LAST_SETTLED.all(connection(), asked):
        settled[row.medicine_id][DoseState(row.state)] = row.last
    found = (_of(one, settled[one.id], today, language) for one in asked_of.values())
    return tuple(one for one in found if one is not None)


def _of(medicine: OwnMedicine, settled: dict[DoseState, date], today: date, language: str) -> NotRecorded | None:
    over = _over_since(medicine, settled.get(DoseState.TAKEN), today)
    # What was left out by hand has its cards there and then: this is about what came after.
    skipped = settled.get(DoseState.SKIPPED)
    if not over or (skipped is not None and skipped >= over[-1].local_date):
        return None
    since, last = over[0].local_date, over[-1].local_date
    dates = {dose.local_date for dose in over}
    special = left_out.if_left_out(medicine, (today - since).days, language)
    if not special or len(dates) > int(rules_file()["not_recorded"]["quiet_after"]):
        return None
    return NotRecorded(
        medicine.id, medicine.name, since, last, special, can_add=last >= today - timedelta(days=PAST_DAYS)
    )


def _over_since(medicine: OwnMedicine, taken: date | None, today: date) -> Sequence[DueDose]:
    """Return the doses that were due after the last that was taken, and whose day is over.

    Of the days up to that on which the medicine was entered nobody could write anything down.
    """
    first = max(today - left_out.LOOK_BACK, medicine.versions[0].day + DAY, (taken or date.min) + DAY)
    last = today - timedelta(days=int(rules_file()["not_recorded"]["days_over"]))
    return due_doses(due_versions([medicine]), first, last) if first <= last else ()
