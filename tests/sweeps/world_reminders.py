"""What the owner of the sweeps' world is reminded of: something in own words, which came and waits, and the doses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.work import Store, db
from patient_app.reminders import choosing
from patient_app.reminders.models import Kind, Occurrence, Reason, State, Wording
from patient_app.reminders.own import Chosen

if TYPE_CHECKING:
    from tests.sweeps.world import World


def reminders(store: Store, world: World, canaries: Mapping[str, str]) -> None:
    """Let the owner have them; one is paused, and one came a minute ago."""
    owner = world.people["owner"].viewer
    now, occurrence_id = clock.now(), new_id()
    today = now.astimezone(clock.find_zone(owner.zone)).date()
    told = Chosen(Kind.OWN, (480,), wording=Wording.OWN, about=canaries["reminder"], words=canaries["reminder_words"])
    with store.work(writes=True):
        reminder_id = choosing.add(owner, new_id(), told)
        of_doses = choosing.add(owner, new_id(), Chosen(Kind.DOSES))
        choosing.pause(owner, of_doses, today + timedelta(days=3))
        db().add(
            Occurrence(
                id=occurrence_id,
                practice_id=owner.practice_id,
                patient_id=owner.id,
                reminder_id=reminder_id,
                kind=Kind.OWN,
                local_day=today,
                slot="480",
                due_at=now - timedelta(minutes=1),
                until=now + timedelta(days=2),
                state=State.LISTED,
                reason=Reason.NO_DEVICE,
                act_at=None,
            )
        )
    world.ids.update({"reminder_id": str(reminder_id), "occurrence_id": str(occurrence_id)})
    world.objects["reminder_of_doses"] = str(of_doses)
