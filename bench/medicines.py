"""What people of the bench's practice take: a regimen each, and a dose log as long as it is asked for."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, update

from patient_app.accounts.models import Patient
from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.work import Store, db, vault
from patient_app.medications import changing
from patient_app.medications.changing import Author
from patient_app.medications.models import Dose, DoseState, DoseVersion, Source
from patient_app.medications.said import Said
from patient_app.medications.schedule import AsNeeded, EveryDays, EveryWeeks, Plan, Regular, Schedule, slot_of
from patient_app.medications.schedule import Dose as At

_ROWS_AT_ONCE = 4000
_EIGHT, _TEN_AT_NIGHT = time(8), time(22)
# Two that are for the mood, one for drink, one as needed: what somebody in integrated care may well take.
REGIMEN: tuple[tuple[Said, Plan, str, bool], ...] = (
    (
        Said("Lithium", "lithium", "300 mg", "tablet", "Keeps me level"),
        Regular(EveryDays(), (At(_EIGHT, Decimal(1)), At(_TEN_AT_NIGHT, Decimal(2)))),
        "tablet",
        False,
    ),
    (
        Said("Sertraline", "sertraline", "50 mg", "tablet", "For the low days"),
        Regular(EveryDays(), (At(_EIGHT, Decimal(1)),)),
        "tablet",
        False,
    ),
    (
        Said("Naltrexone", "naltrexone", "380 mg", "long_acting_injection"),
        Regular(EveryWeeks(frozenset({2}), 4), (At(None, Decimal(1)),)),
        "injection",
        True,
    ),
    (Said("Hydroxyzine", "hydroxyzine", "25 mg", "tablet"), AsNeeded(Decimal(1), 4, 360), "tablet", False),
)
_STATES = (DoseState.TAKEN,) * 8 + (DoseState.SKIPPED, None)


def write(store: Store, practice_id: uuid.UUID, people: Iterable[tuple[uuid.UUID, int]], zone: str) -> None:
    """Give each (patient, days) the regimen since so many days ago, and a log of its daily doses up to yesterday."""
    with store.work(writes=True):
        told = list(people)
        vault().preload(patient_id for patient_id, _ in told)
        for patient_id, days in told:
            person = _Person(patient_id, practice_id, zone)
            person.start(days)
            rows = list(person.log(days))
            for first in range(0, len(rows), _ROWS_AT_ONCE):
                _insert(rows[first : first + _ROWS_AT_ONCE])
            moved = update(Patient).where(Patient.person_id == patient_id).values(entry_seq=person.seq)
            db().execute(moved)


class _Person:
    """One who takes the regimen."""

    def __init__(self, patient_id: uuid.UUID, practice_id: uuid.UUID, zone: str) -> None:
        self.patient_id, self.practice_id, self.zone = patient_id, practice_id, zone
        self.medicines: list[uuid.UUID] = []
        self.seq = 0

    def start(self, days: int) -> None:
        """Enter the medicines, so many days ago."""
        begun = clock.now() - timedelta(days=days)
        moment = clock.moment(begun, self.zone)
        author = Author(self.patient_id, self.patient_id, self.practice_id)
        for said, plan, unit, about_use in REGIMEN:
            schedule = Schedule(moment.local_date, None, unit, plan)
            found = changing.start(
                author, new_id(), new_id(), said, schedule, about_use=about_use, moment=moment, recorded_at=begun
            )
            self.medicines.append(found)
        db().flush()
        db().expire_all()
        self.seq = db().get_one(Patient, self.patient_id).entry_seq

    def log(self, days: int) -> Iterator[dict[str, Any]]:
        """Yield what each daily dose of the first two medicines became; every tenth stays open."""
        today = clock.moment(clock.now(), self.zone).local_date
        daily = ((self.medicines[0], _EIGHT), (self.medicines[0], _TEN_AT_NIGHT), (self.medicines[1], _EIGHT))
        for back in range(days - 1, 0, -1):
            for number, (medicine_id, at) in enumerate(daily):
                self.seq += 1
                if (state := _STATES[(back * len(daily) + number) % len(_STATES)]) is not None:
                    yield self._dose(medicine_id, today - timedelta(days=back), at, state)

    def _dose(self, medicine_id: uuid.UUID, day: date, at: time, state: DoseState) -> dict[str, Any]:
        occurred_at = datetime.combine(day, at, UTC) + timedelta(hours=5)
        dose_id, version_id = new_id(), new_id()
        both = {
            "patient_id": self.patient_id,
            "utc_offset": clock.moment(occurred_at, self.zone).utc_offset,
            "recorded_at": occurred_at,
            "recorded_seq": self.seq,
            "source": Source.FORM,
        }
        said = {
            "id": version_id,
            "dose_id": dose_id,
            "version": 1,
            "state": state,
            "occurred_at": occurred_at,
            "time_known": True,
            "edited_at": occurred_at,
            "fingerprint": version_id.bytes,
        }
        return {
            "id": dose_id,
            "practice_id": self.practice_id,
            "medicine_id": medicine_id,
            "plan_date": day,
            "slot": slot_of(at),
            "day": day,
            "zone": self.zone,
            "newest_version": 1,
            "shown_version": 1,
            **both,
            "said": {**said, **both},
        }


def _insert(rows: list[dict[str, Any]]) -> None:
    said = [row.pop("said") for row in rows]
    db().execute(insert(Dose), rows)
    db().execute(insert(DoseVersion), said)
