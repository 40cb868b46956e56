"""What the owner of the sweeps' world was given by the clinician with a consent: one stands, one they declined."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.work import Store
from patient_app.skills import assignments, library
from patient_app.skills.assignments import Given
from patient_app.skills.models import Often

if TYPE_CHECKING:
    from tests.sweeps.world import World


def given(store: Store, world: World, canaries: Mapping[str, str]) -> None:
    """Let the clinician give both, and the owner decline one with a word."""
    owner, doctor = world.people["owner"].viewer, world.people["c-with"].viewer
    now = clock.moment(clock.now(), owner.zone)
    stands, declined = new_id(), new_id()
    known, until = library.all_exercises(), now.day + timedelta(days=28)
    with store.work(writes=True):
        note = canaries["assignment_note"]
        assignments.give(doctor, owner.id, stands, Given(known["small-thing"], Often.DAILY, until, note), now)
        assignments.give(doctor, owner.id, declined, Given(known["brave-steps"], Often.ONCE, until), now)
        assignments.decline(owner, declined, canaries["assignment_word"], now)
    world.ids["assignment_id"] = str(stands)
