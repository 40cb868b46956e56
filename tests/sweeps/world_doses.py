"""What the owner of the sweeps' world takes as needed: a medicine, of which one was taken."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.work import Store
from patient_app.medications import changing, dose_log
from patient_app.medications.changing import Author
from patient_app.medications.dose_log import Told
from patient_app.medications.models import DoseState
from patient_app.medications.said import Said
from patient_app.medications.schedule import AsNeeded, Schedule

if TYPE_CHECKING:
    from tests.sweeps.world import World


def doses(store: Store, world: World, canaries: Mapping[str, str]) -> None:
    """Let the owner have it; it is what `needed_id` means in addresses."""
    owner = world.people["owner"].viewer
    began = clock.moment(clock.now() - timedelta(days=30), owner.zone)
    now = clock.moment(clock.now(), owner.zone)
    needed_id = new_id()
    plan = Schedule(began.local_date, None, "tablet", AsNeeded(Decimal(1), 3, 2 * 60))
    with store.work(writes=True):
        said = Said(canaries["medicine"])
        changing.start(Author.patient(owner), needed_id, needed_id, said, plan, about_use=False, moment=began)
        dose_log.log_as_needed(owner, new_id(), needed_id, Told(DoseState.TAKEN, now), now)
    world.ids["needed_id"] = str(needed_id)
