"""What there is of a patient's medicines, and their blood tests, for a clinician: by the gate of each medicine.

They stand on the page of the medicines, whose reading is recorded; so they are asked with it (`of_page`), and only for
medicines that are open on it. Each entry is open by its own day. A note that a patient wrote beside one is nobody
else's. What is counted is counted from what this reader may see.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import Select

from patient_app.accounts.models import Person
from patient_app.blood_tests import service as blood_tests
from patient_app.blood_tests.models import BloodTest, BloodTestVersion
from patient_app.blood_tests.service import Entered
from patient_app.consent.categories import Level
from patient_app.consent.decisions import Asker, Reader, asked_by, asker, open_days
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.roles import Discipline
from patient_app.reading import medicine_words, ran_out
from patient_app.reading.medicine_gate import NEEDED, Gate
from patient_app.reading.medicines import SharedMedicine, SharedMedicines, read_medicines
from patient_app.reading.people import plain_rows
from patient_app.reading.ran_out import SharedRanOut
from patient_app.reading.service import reader_of
from patient_app.refills import service as refills
from patient_app.refills.counting import Coverage
from patient_app.refills.models import Kind, SupplyEntry
from patient_app.refills.service import Entry, Supply
from patient_app.refills.strengths import plan_of


@dataclass(frozen=True, slots=True)
class SharedSupply:
    """What a reader sees of one medicine's supply and blood tests; `supply` is None where nothing of it is open.

    `coverage` comes from fills alone and says nothing of what was taken. `ran_out` is there while nothing is left.
    """

    supply: Supply | None = None
    coverage: Coverage | None = None
    all_tests: tuple[Entered, ...] = ()
    ran_out: SharedRanOut | None = None

    @property
    def is_unseen_empty(self) -> bool:
        """Whether nothing is left, and nobody of the team has said that they saw that."""
        return self.ran_out is not None and self.ran_out.seen_at is None

    @property
    def tests(self) -> tuple[Entered, ...]:
        """The blood tests that are still to come or were done: not those that are not needed any more."""
        return tuple(test for test in self.all_tests if not test.planned.dropped)


@dataclass(frozen=True, slots=True)
class ToEnter:
    """A medicine for which a prescriber may enter blood tests, and those that were entered."""

    page: SharedMedicines
    medicine: SharedMedicine
    tests: tuple[Entered, ...]

    def one(self, test_id: uuid.UUID) -> Entered:
        """Return one of the tests; raise `NotFound` for any other."""
        found = next((test for test in self.tests if test.id == test_id), None)
        if found is None:
            raise NotFound
        return found


def of_page(reader: Reader, page: SharedMedicines) -> dict[uuid.UUID, SharedSupply]:
    """Return, by medicine, what is open of the supplies and blood tests of the medicines on a page.

    Two statements; and one for who has seen it, where something ran out.
    """
    if not page.medicines:
        return {}
    asked = {
        **asked_by(reader),
        "patient_id": page.person.id,
        "consent_ids": page.grants.consent_ids,
        "level": Level.DETAIL,
    }
    entries: dict[uuid.UUID, list[Entry]] = {}
    for row in plain_rows(_entries(asker(reader)), {**asked, "since": page.today - refills.LOOK_BACK}):
        entries.setdefault(row.medicine_id, []).append(refills.as_entry(row))
    tests: dict[uuid.UUID, list[Entered]] = {}
    for row in plain_rows(_tests(asker(reader)), asked):
        tests.setdefault(row.medicine_id, []).append(blood_tests.as_test(row))
    found = {
        one.id: _shared(one, page, entries.get(one.id, []), tests.get(one.id, []))
        for one in page.medicines
        if one.id in entries or one.id in tests
    }
    empty = {one_id: entry.id for one_id, each in found.items() if (entry := _empty(each.supply)) is not None}
    seen = ran_out.seen_of(page.person.id, empty.values())
    return {
        one_id: replace(each, ran_out=seen[empty[one_id]]) if one_id in empty else each
        for one_id, each in found.items()
    }


def page_words(reader: Reader, page: SharedMedicines) -> dict[str, Any]:
    """Return what the list of a patient's medicines shows of their supplies, beside what it shows of the medicines.

    `unseen_empty` are the medicines that ran out, as long as nobody has seen that, of those that are still taken.
    """
    keys = {one.id: one.newest.said.catalogue for one in page.medicines}
    found = of_page(reader, page)
    empty = [
        (medicine_words.line_of(one), found[one.id])
        for one in page.medicines
        if one.in_use and one.id in found and found[one.id].is_unseen_empty
    ]
    return {"supplied": found, "keys": keys, "unseen_empty": empty}


def may_enter(viewer: Viewer) -> bool:
    """Whether this clinician enters blood tests at all; for which medicine, `to_enter` decides."""
    return viewer.discipline is Discipline.PRESCRIBER


def to_enter(viewer: Viewer, patient_id: uuid.UUID, medicine_id: uuid.UUID) -> ToEnter:
    """Return a medicine for which this prescriber may enter blood tests, and record the reading.

    Raise `NotFound` for any other discipline, and for a medicine that is not open to them now.
    """
    if not may_enter(viewer):
        raise NotFound
    page = read_medicines(viewer, patient_id)
    medicine = page.one(medicine_id)
    found = of_page(reader_of(viewer), page).get(medicine_id, SharedSupply())
    return ToEnter(page, medicine, found.all_tests)


def _empty(supply: Supply | None) -> Entry | None:
    """Return the entry by which nothing is left now, if there is one."""
    if supply is None or supply.ran_out_on is None:
        return None
    return max((one for one in supply.entries if one.kind is Kind.RAN_OUT), key=lambda one: (one.on, one.seq))


def _shared(one: SharedMedicine, page: SharedMedicines, entries: list[Entry], tests: list[Entered]) -> SharedSupply:
    if not entries:
        return SharedSupply(all_tests=tuple(tests))
    supply = refills.supply_of(entries, plan_of(one.versions, page.today), page.today)
    return SharedSupply(supply, refills.covered(supply), tuple(tests))


@lru_cache(maxsize=32)
def _entries(kind: Asker) -> Select[Any]:
    gate = Gate(open_days(kind, NEEDED))
    return (
        gate.of_medicines(*refills.COLUMNS)
        .join(SupplyEntry, refills.counts_of_medicine())
        .where(gate.on(SupplyEntry.day))
        .order_by(SupplyEntry.on_date, SupplyEntry.recorded_seq)
    )


@lru_cache(maxsize=32)
def _tests(kind: Asker) -> Select[Any]:
    gate = Gate(open_days(kind, NEEDED))
    return (
        gate.of_medicines(*blood_tests.COLUMNS)
        .join(BloodTest, blood_tests.of_medicine())
        .join(BloodTestVersion, blood_tests.NEWEST)
        .join(Person, Person.id == BloodTestVersion.author_id)
        .where(gate.on(BloodTestVersion.day))
        .order_by(BloodTestVersion.due_on.desc(), BloodTest.id.desc())
    )
