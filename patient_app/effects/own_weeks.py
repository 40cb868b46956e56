"""Gathers a patient's own days for the weeks around a change of a medicine of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Float, bindparam, func, select

from patient_app.checkins.models import CheckIn, CheckInVersion
from patient_app.checkins.service import OWN, SHOWN_VERSION, asked_by
from patient_app.core.identity import Viewer
from patient_app.core.work import connection
from patient_app.effects import picks, service
from patient_app.effects.service import OwnEffect
from patient_app.effects.weeks import ChangePoint, DaySaid, Noticed, Week, changes_of, weeks_around
from patient_app.medications.regimen import OwnMedicine

_DAYS = (
    select(
        CheckIn.day,
        func.avg(CheckInVersion.mood, type_=Float),
        func.max(CheckInVersion.craving),
        func.avg(CheckInVersion.sleep_hours, type_=Float),
    )
    .join(CheckInVersion, SHOWN_VERSION)
    .where(OWN, CheckIn.day >= bindparam("first_day"), CheckIn.day <= bindparam("last_day"))
    .group_by(CheckIn.day)
)


@dataclass(frozen=True, slots=True)
class OwnWeeks:
    """The weeks around one change of a medicine, its other changes, and the side effects told of in them."""

    change: ChangePoint
    others: tuple[ChangePoint, ...]
    weeks: tuple[Week, ...]
    effects: tuple[OwnEffect, ...]


def own_weeks(patient: Viewer, medicine: OwnMedicine, key: str | None, today: date) -> OwnWeeks | None:
    """Return the weeks around a change (by its `key`), or around the newest that has begun.

    None for a medicine that has not begun. Side effects are those that the person ties to this medicine, or to none.
    """
    begun = [change for change in changes_of(medicine.versions) if change.since <= today]
    if not begun:
        return None
    change = next((one for one in begun if one.key == key), begun[-1])
    effects = [
        one
        for one in service.own_effects_between(patient, change.first_day, change.last_day)
        if one.said.medicine_id in (None, medicine.id)
    ]
    noticed = [Noticed(one.first_day, picks.name(one.said.pick)) for one in effects]
    weeks = weeks_around(change, _days(patient, change), noticed, today)
    others = tuple(one for one in reversed(begun) if one is not change)
    return OwnWeeks(change, others, tuple(weeks), tuple(effects))


def _days(patient: Viewer, change: ChangePoint) -> Sequence[DaySaid]:
    asked = {**asked_by(patient), "first_day": change.first_day, "last_day": change.last_day}
    return [DaySaid(*row) for row in connection().execute(_DAYS, asked)]
