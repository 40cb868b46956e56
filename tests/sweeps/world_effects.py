"""What medicines do to the owner of the sweeps' world: a side effect that cannot wait, and the note of this week."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlalchemy import select

from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.work import Store, db
from patient_app.effects import recording, weekly
from patient_app.effects.models import Concern
from patient_app.effects.service import Said
from patient_app.effects.weekly import Answers

if TYPE_CHECKING:
    from tests.sweeps.world import World


def effects(store: Store, world: World, canaries: Mapping[str, str]) -> None:
    """Let the owner tell of them, and say which of them the names in addresses mean; after their medicines."""
    owner = world.people["owner"].viewer
    now = clock.moment(clock.now(), owner.zone)
    medicine_id = uuid.UUID(world.ids["medicine_id"])
    effect_id, private_id, removed_id = new_id(), new_id(), new_id()
    with store.work(writes=True):
        recording.record(owner, effect_id, Said("rash", medicine_id, 3, 2, note=canaries["effect_note"]), now)
        kept = Said("nausea", medicine_id, 1, 1, note=canaries["effect_private"])
        recording.record(owner, private_id, kept, now, private=True)
        recording.record(owner, removed_id, Said("dizzy", note=canaries["effect_removed"]), now)
        recording.remove(owner, removed_id)
        weekly.record(owner, new_id(), Answers(2, 1, canaries["week_words"]), now)
    with store.work(writes=False):
        concern_id = db().scalars(select(Concern.id).where(Concern.side_effect_id == effect_id)).one()
    world.ids.update({"effect_id": str(effect_id), "concern_id": str(concern_id)})
    world.objects.update({"private_effect": str(private_id), "removed_effect": str(removed_id)})
