"""What there is of a medicine is read by who may read the medicine, from the day that is open; notes by nobody else."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask

from patient_app.blood_tests import service as blood_tests
from patient_app.blood_tests.service import Planned, What
from patient_app.consent.categories import Category, Level
from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store
from patient_app.medications import changing
from patient_app.medications.said import Said
from patient_app.reading import supplies
from patient_app.reading.medicines import read_medicines
from patient_app.reading.service import reader_of
from patient_app.reading.supplies import SharedSupply
from patient_app.refills import service as refills
from patient_app.refills.models import Kind
from patient_app.refills.service import New
from tests import factories
from tests.factories import ZONE, Made, sign_in
from tests.features.medications.plans import doses
from tests.features.medications.regimens import at, daily, own, started
from tests.page import Client
from tests.sweeps.test_statements import counted

MEDS, USE = Category.MEDICATIONS, Category.SUBSTANCE_USE
DETAIL = Level.DETAIL
TODAY = date(2026, 3, 2)


@dataclass(frozen=True)
class World:
    """A patient with lithium and naltrexone, of each a fill with a note, one empty, a test; and a therapist."""

    patient: Made
    reader: Made
    lithium: uuid.UUID
    naltrexone: uuid.UUID


@pytest.fixture(autouse=True)
def march(set_time: Callable[[datetime | str], None]) -> None:
    set_time("2026-03-02 15:00")


@pytest.fixture
def world(store: Store) -> World:
    practice = factories.make_practice(store)
    patient = factories.make_patient(store, practice)
    reader = factories.make_clinician(store, practice, Discipline.THERAPIST)
    factories.assign_team(store, patient, reader, factories.make_administrator(store, practice))
    found = []
    for name in ("lithium", "naltrexone"):
        schedule = daily(*doses("08:00"))
        medicine_id = started(store, patient, schedule, at("02-01 07:00"), Said(name, name), about_use=False)
        fill(store, patient, medicine_id, 30, ago=10)
        with store.work(writes=True):
            planned = Planned(What("lithium_level"), date(2026, 3, 9))
            blood_tests.enter(reader.viewer, patient.id, medicine_id, new_id(), planned, day=TODAY)
        found.append(medicine_id)
    fill(store, patient, found[1], 0, kind=Kind.RAN_OUT)
    return World(patient, reader, *found)


def fill(
    store: Store, patient: Made, medicine_id: uuid.UUID, amount: int, *, ago: int = 0, kind: Kind = Kind.FILLED
) -> uuid.UUID:
    medicine, id_ = own(store, patient, medicine_id), new_id()
    with store.work(writes=True):
        new = New(id_, kind, TODAY - timedelta(days=ago), Decimal(amount), "private corner pharmacy")
        refills.record(patient.viewer, medicine, new, clock.moment(clock.now(), ZONE))
    return id_


def read(store: Store, world: World) -> dict[uuid.UUID, SharedSupply]:
    with store.work(writes=True):
        page = read_medicines(world.reader.viewer, world.patient.id)
        return supplies.of_page(reader_of(world.reader.viewer), page)


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        ({}, ""),
        ({USE: DETAIL}, ""),
        ({MEDS: Level.SUMMARY, USE: DETAIL}, ""),
        ({MEDS: DETAIL}, "lithium"),
        ({MEDS: DETAIL, USE: Level.SUMMARY}, "lithium"),
        ({MEDS: DETAIL, USE: DETAIL}, "lithium naltrexone"),
    ],
)
def test_it_is_open_as_its_medicine_is(store: Store, world: World, scope: Mapping[Category, Level], seen: str) -> None:
    if scope:
        factories.give_consent(store, world.patient, Discipline.THERAPIST, scope)
    found = read(store, world)
    names = {world.lithium: "lithium", world.naltrexone: "naltrexone"}
    assert " ".join(names[medicine_id] for medicine_id in sorted(found, key=[*names].index)) == seen
    assert "private corner pharmacy" not in repr(found)
    if world.lithium in found:
        supply = found[world.lithium].supply
        assert supply is not None
        assert (supply.days, len(found[world.lithium].tests)) == (20, 1)
    if world.naltrexone in found:
        supply = found[world.naltrexone].supply
        assert supply is not None
        assert supply.ran_out_on == TODAY


def test_what_is_private_removed_or_taken_back_is_nobodys(store: Store, world: World) -> None:
    factories.give_consent(store, world.patient, Discipline.THERAPIST, {MEDS: DETAIL, USE: DETAIL})
    mistake = fill(store, world.patient, world.lithium, 90)
    with store.work(writes=True):
        refills.take_back(world.patient.viewer, own(store, world.patient, world.lithium), mistake, TODAY)
        changing.set_private(world.patient.viewer, world.naltrexone, private=True)
    found = read(store, world)
    assert set(found) == {world.lithium}
    supply = found[world.lithium].supply
    assert supply is not None
    assert supply.units == 20
    with store.work(writes=True):
        changing.remove(world.patient.viewer, world.lithium)
    assert read(store, world) == {}


def test_a_consent_from_a_day_on_opens_what_was_said_since(
    store: Store, world: World, set_time: Callable[[datetime | str], None]
) -> None:
    """What was filled before is not counted either: what is counted is counted from what this reader may see."""
    factories.give_consent(store, world.patient, Discipline.THERAPIST, {MEDS: DETAIL}, entries_from=date(2026, 3, 3))
    assert read(store, world) == {}
    set_time("2026-03-03 15:00")
    medicine = own(store, world.patient, world.lithium)
    with store.work(writes=True):
        moment = clock.moment(clock.now(), ZONE)
        author, said = changing.Author.patient(world.patient.viewer), medicine.newest.said
        changing.change(
            author, world.lithium, new_id(), said, daily(*doses("08:00")), base=1, moment=moment, reason="as before"
        )
    fill(store, world.patient, world.lithium, 9)
    found = read(store, world)[world.lithium]
    assert found.supply is not None
    assert found.supply.units == 9
    assert (len(found.supply.entries), len(found.tests)) == (1, 0)


def test_it_is_a_few_statements_however_much_there_is(store: Store, world: World) -> None:
    factories.give_consent(store, world.patient, Discipline.THERAPIST, {MEDS: DETAIL, USE: DETAIL})
    for _ in range(5):
        fill(store, world.patient, world.lithium, 30)
    with store.work(writes=True):
        page = read_medicines(world.reader.viewer, world.patient.id)
        with counted(store.database) as statements:
            supplies.of_page(reader_of(world.reader.viewer), page)
    assert len(statements.statements) == 3  # Of what ran out: who has seen it.


def test_the_team_reads_on_the_pages_of_medicines_that_it_ran_out(app: Flask, store: Store, world: World) -> None:
    factories.give_consent(store, world.patient, Discipline.THERAPIST, {MEDS: DETAIL})
    fill(store, world.patient, world.lithium, 0, kind=Kind.RAN_OUT)
    therapist, patient = Client(app), Client(app)
    sign_in(therapist, world.reader)
    sign_in(patient, world.patient)
    assert "Ran out told on Mon 2 Mar" in therapist.get(f"/team/{world.patient.id}/medications").main_words
    one = therapist.get(f"/team/{world.patient.id}/medications/{world.lithium}").main_words
    assert "Ran out told on Mon 2 Mar" in one
    assert "Lithium level: due 9 Mar 2026" in one
    assert "pharmacy" not in one
    # The patient sees what they see, by the same words; and before they tell, that somebody can read it.
    assert "Ran out told on Mon 2 Mar" in patient.get("/sharing/preview?to=team:therapist").main_words
    assert (
        f"{world.reader.name} (therapist) sees that it ran out."
        in patient.get(f"/medications/{world.lithium}/supply").main_words
    )
