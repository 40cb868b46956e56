"""The library in the sweeps' world: what the owner keeps and was given, and what a supporter keeps for themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.work import Store
from patient_app.learn import given, library, own_notes, own_shelf, service
from patient_app.learn.facts import Audience
from patient_app.learn.given import Given

if TYPE_CHECKING:
    from tests.sweeps.world import World


def lessons(store: Store, world: World, canaries: Mapping[str, str]) -> None:
    """Let the owner save one, and a supporter write a note; say which lessons the names in addresses mean."""
    owner, supporter = world.people["owner"].viewer, world.people["s-with"].viewer
    found = library.library_of(store.config.lessons_path)
    # None about use, so that whoever said that it plays no part for them may be led to it.
    lessons_ = [one for those in found.by_path("en", Audience.PATIENTS).values() for one in those]
    plain, another = [one for one in lessons_ if not one.about_use][:2]
    beside = next(one for those in found.by_path("en", Audience.SUPPORTERS).values() for one in those)
    note_id, given_id = new_id(), new_id()
    doctor = world.people["c-with"].viewer
    with store.work(writes=True):
        service.save(owner, plain, saved=True)
        now = clock.moment(clock.now(), owner.zone)
        given.give(doctor, owner.id, given_id, Given(another, canaries["lesson_note"]), now)
        own_shelf.save(supporter, beside, saved=True)
        own_notes.write(supporter, note_id, 2, canaries["own_note"], clock.moment(clock.now(), supporter.zone))
    world.ids.update({"lesson": plain.slug, "learning_path": plain.path, "supporter_lesson": beside.slug})
    world.ids["own_note_id"] = str(note_id)
    world.ids["given_lesson_id"] = str(given_id)
