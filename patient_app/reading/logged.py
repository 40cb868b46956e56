"""What a patient logged of their doses, as one reader may read and count it.

It is self-logged: nobody saw a dose being taken. Counted are three numbers that stay apart, over 7, 30 and 90 days, of
the medicines and days that are open to this reader alone. What waits on a phone is not counted: nobody but the phone
knows of it. So whoever reads the numbers is told when the last entry that they may see reached us, and how many doses
were due since.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from patient_app.checkins.service import local_time
from patient_app.core import kept
from patient_app.core.vault import Place
from patient_app.core.work import vault
from patient_app.medications import counts, due, skipping
from patient_app.medications.counts import PERIODS, Counts
from patient_app.medications.models import DoseState, DoseVersion
from patient_app.medications.skipping import Why

# Counted over so many days, today included; what was logged of single doses is told of the last `RECENT_DAYS`.
DAYS = max(PERIODS)
RECENT_DAYS = 30
_STATES = {str(state): state for state in DoseState}


@dataclass(frozen=True, slots=True)
class SharedDose:
    """What was logged of one dose.

    `local_time` is the wall clock where it was logged; without `time_known` it says nothing. `why` is there for one
    that was left out lately with a reason that is open to the reader. `recorded_at` is when it reached us.
    """

    medicine_id: uuid.UUID
    plan_date: date
    slot: str | None
    day: date
    state: DoseState
    local_time: datetime
    time_known: bool
    amount: Decimal | None
    why: Why | None
    clock_skew: int | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Logged:
    """The numbers over each of `counts.PERIODS`.

    `since` is the first day that is counted, where that is later than the first of the longest; else None.
    `due_since_heard`: doses not recorded on days after the last entry reached us.
    """

    periods: tuple[Counts, ...] = tuple(Counts(days) for days in PERIODS)
    since: date | None = None
    due_since_heard: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to count."""
        return self.periods[-1].is_empty


NOTHING = Logged()


def first_day(today: date) -> date:
    """Return the first day that is counted."""
    return counts.first_day(DAYS, today)


def recent_from(today: date) -> date:
    """Return the first day of which single doses are told."""
    return counts.first_day(RECENT_DAYS, today)


def doses_of(rows: Sequence[Any], today: date) -> dict[uuid.UUID, list[SharedDose]]:
    """Return rows of `medicine_gate.doses` by medicine; why one was left out is opened of the last days alone."""
    lately = recent_from(today)
    found: dict[Any, tuple[uuid.UUID, list[SharedDose]]] = {}
    for row in rows:
        own = found.get(row.medicine_id)
        if own is None:
            own = found[row.medicine_id] = (kept.id_of(row.medicine_id), [])
        own[1].append(_dose(row, own[0], opens=row.plan_date >= lately))
    return dict(found.values())


def counted(
    versions: Sequence[due.Version],
    doses: Sequence[SharedDose],
    today: date,
    known_since: date,
    heard_on: date | None,
) -> Logged:
    """Return the numbers of one medicine. `known_since` is the last day of which nothing could be logged or read.

    `heard_on` is the patient's day on which the last entry that is open to the reader reached us, of any medicine.
    """
    planned = due.due_doses(versions, first_day(today), today)
    since = {version.medicine: known_since for version in versions}
    begins = known_since + timedelta(days=1)
    silent = DAYS if heard_on is None else (today - heard_on).days
    *periods, silence = counts.over(planned, doses, today, (*PERIODS, max(silent, 0)), since)
    return Logged(
        periods=tuple(periods),
        since=begins if first_day(today) < begins <= today else None,
        due_since_heard=silence.not_recorded,
    )


def together(each: Iterable[Logged]) -> Logged:
    """Return the numbers of several medicines in one; from when on each is counted, each says itself."""
    all_of_them = list(each)
    return Logged(
        periods=tuple(_sum([one.periods[number] for one in all_of_them], days) for number, days in enumerate(PERIODS)),
        due_since_heard=sum(one.due_since_heard for one in all_of_them),
    )


def _sum(found: Sequence[Counts], days: int) -> Counts:
    return Counts(
        days,
        taken=sum(one.taken for one in found),
        skipped=sum(one.skipped for one in found),
        not_recorded=sum(one.not_recorded for one in found),
        as_needed=sum(one.as_needed for one in found),
    )


def _dose(row: Any, medicine_id: uuid.UUID, *, opens: bool) -> SharedDose:
    why = None
    if opens and row.reason_sealed is not None:
        version_id, patient_id = kept.id_of(row.version_id), kept.id_of(row.patient_id)
        place = Place(DoseVersion.__tablename__, "reason_sealed", version_id, patient_id)
        why = skipping.from_text(vault().open(place, row.reason_sealed))
    return SharedDose(
        medicine_id=medicine_id,
        plan_date=row.plan_date,
        slot=row.slot,
        day=row.day,
        state=_STATES[row.state],
        local_time=local_time(row.occurred_at, row.utc_offset),
        time_known=row.time_known,
        amount=None if row.amount is None else Decimal(row.amount) / 1000,
        why=why,
        clock_skew=row.clock_skew,
        recorded_at=row.recorded_at,
    )
