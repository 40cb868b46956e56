"""The exercises of the owner of the sweeps' world: one that stands, with a line kept to themselves, and one removed.

It was done before, and another was rated along the way, so that pages have all that is drawn of exercises.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.work import Store
from patient_app.skills import library, recording
from patient_app.skills.answers import Said

if TYPE_CHECKING:
    from tests.sweeps.world import World


def exercises(store: Store, world: World, canaries: Mapping[str, str]) -> None:
    """Let the owner do them, and say which of them the names in addresses mean."""
    owner, exercise = world.people["owner"].viewer, library.exercise_named("worry-time")
    now = clock.moment(clock.now(), owner.zone)
    before = clock.moment(clock.now() - timedelta(days=2), owner.zone)
    wave = Said({"wave": {"0": 7, "5": 8, "15": 3}}, 7, 3)
    run_id, removed_id = new_id(), new_id()
    said = Said({"worries": [canaries["exercise"]], "step": canaries["exercise_kept"]}, 7, 4, kept=frozenset({"step"}))
    with store.work(writes=True):
        recording.record(owner, exercise, new_id(), Said({}, 8, 6), before)
        recording.record(owner, library.exercise_named("ride-the-wave"), new_id(), wave, before)
        recording.record(owner, exercise, run_id, said, now)
        recording.set_shared(owner, run_id, shared=True)
        recording.record(owner, exercise, removed_id, Said({"step": canaries["exercise_removed"]}), now)
        recording.remove(owner, removed_id)
    world.ids.update({"exercise": exercise.id, "run_id": str(run_id)})
    world.objects["removed_run"] = str(removed_id)
