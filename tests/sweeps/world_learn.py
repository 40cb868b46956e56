"""The library in the sweeps' world: what the owner keeps of it, and what a supporter wrote for themselves alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.work import Store
from patient_app.learn import library, own_notes, service
from patient_app.learn.facts import Audience

if TYPE_CHECKING:
    from tests.sweeps.world import World


def lessons(store: Store, world: World, canaries: Mapping[str, str]) -> None:
    """Let the owner save one, and a supporter write a note; say which lessons the names in addresses mean."""
    owner, supporter = world.people["owner"].viewer, world.people["s-with"].viewer
    found = library.library_of(store.config.lessons_path)
    # None about use, so that whoever said that it plays no part for them may be led to it.
    plain = next(one for those in found.by_path("en", Audience.PATIENTS).values() for one in those if not one.about_use)
    beside = next(one for those in found.by_path("en", Audience.SUPPORTERS).values() for one in those)
    note_id = new_id()
    with store.work(writes=True):
        service.save(owner, plain, saved=True)
        now = clock.moment(clock.now(), supporter.zone)
        own_notes.write(supporter, note_id, 2, canaries["own_note"], now)
    world.ids.update({"lesson": plain.slug, "learning_path": plain.path, "supporter_lesson": beside.slug})
    world.ids["own_note_id"] = str(note_id)
