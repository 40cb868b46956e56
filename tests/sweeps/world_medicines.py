"""What the owner of the sweeps' world takes: a medicine with a change by the prescriber, what is left, a blood test."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from patient_app.blood_tests import service as blood_tests
from patient_app.blood_tests.service import Planned, What
from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.work import Store
from patient_app.medications import changing, dose_log, regimen
from patient_app.medications.changing import Author
from patient_app.medications.dose_log import Slot, Told
from patient_app.medications.models import DoseState
from patient_app.medications.said import Said
from patient_app.medications.schedule import Dose, EveryDays, Regular, Schedule
from patient_app.medications.skipping import Reason, Why
from patient_app.refills import service as refills
from patient_app.refills.models import Kind
from patient_app.refills.service import New

if TYPE_CHECKING:
    from tests.sweeps.world import World


def medicines(store: Store, world: World, canaries: Mapping[str, str]) -> None:
    """Let the owner have them, and say which of them the names in addresses mean."""
    owner, doctor = world.people["owner"].viewer, world.people["c-with"].viewer
    began = clock.moment(clock.now() - timedelta(days=30), owner.zone)
    now = clock.moment(clock.now(), owner.zone)
    said = Said(canaries["medicine"], what_for=canaries["medicine_for"])
    schedule = Schedule(began.local_date, None, "tablet", Regular(EveryDays(), (Dose(None, Decimal(1)),)))
    medicine_id, version_id, supply_id, test_id = new_id(), new_id(), new_id(), new_id()
    with store.work(writes=True):
        changing.start(Author.patient(owner), medicine_id, medicine_id, said, schedule, about_use=False, moment=began)
        changing.change(
            Author.prescriber(doctor, owner.id),
            medicine_id,
            version_id,
            said,
            Schedule(began.local_date, None, "tablet", Regular(EveryDays(), (Dose(None, Decimal(2)),))),
            base=1,
            moment=now,
            reason=canaries["medicine_reason"],
        )
        new = New(supply_id, Kind.FILLED, now.local_date, Decimal(6), canaries["supply_note"])
        refills.record(owner, regimen.own_medicine(owner, medicine_id), new, now)
        planned = Planned(What(words=canaries["blood_test"]), now.local_date + timedelta(days=3))
        blood_tests.enter(doctor, owner.id, medicine_id, test_id, planned, day=now.day)
    _kept_apart(store, world, canaries, medicine_id)
    world.ids.update(
        {
            "medicine_id": str(medicine_id),
            "version_id": str(version_id),
            "supply_id": str(supply_id),
            "test_id": str(test_id),
            "day": now.local_date.isoformat(),
            "slot": "day",
            "kind": "once",
            "how": "stop",
        }
    )


def _kept_apart(store: Store, world: World, canaries: Mapping[str, str], medicine_id: uuid.UUID) -> None:
    """Let the owner have one for drugs, one kept private, one taken away, and doses that were left out for a reason."""
    owner = world.people["owner"].viewer
    began = clock.moment(clock.now() - timedelta(days=30), owner.zone)
    now = clock.moment(clock.now(), owner.zone)
    schedule = Schedule(began.local_date, None, "tablet", Regular(EveryDays(), (Dose(None, Decimal(1)),)))
    options: dict[str, dict[str, Any]] = {
        "medicine_about_use": {"about_use": True},
        "medicine_private": {"about_use": False, "private": True},
        "medicine_removed": {"about_use": False},
    }
    author = Author.patient(owner)
    with store.work(writes=True):
        for name, kept in options.items():
            one = new_id()
            changing.start(author, one, one, Said(canaries[name]), schedule, moment=began, **kept)
            world.objects[name] = str(one)
        changing.remove(owner, uuid.UUID(world.objects["medicine_removed"]))
        for days, why in ((1, Why(Reason.OTHER, canaries["skip_reason"])), (2, Why(Reason.COST))):
            slot = Slot(medicine_id, now.local_date - timedelta(days=days), "day")
            told = Told(DoseState.SKIPPED, now, why=why)
            dose_log.log_due(owner, new_id(), {slot: told}, now)
    world.ids["unseen_id"] = world.objects["medicine_private"]
