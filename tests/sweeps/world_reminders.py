"""What the owner of the sweeps' world is reminded of: something in own words, which came and waits, and the doses.

And what is done when it gets quiet: a supporter and the prescribers were told, and so was one whose tie has ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import update

from patient_app.accounts.models import TeamMembership
from patient_app.consent import service as consents
from patient_app.consent.telling import Telling
from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.work import Store, db
from patient_app.follow_up import service as follow_up
from patient_app.follow_up.models import FollowUpTold
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


def quiet(store: Store, world: World, canaries: Mapping[str, str]) -> None:
    """Let the owner ask for a word after four days, and a supporter and the prescribers be told after seven."""
    owner = world.people["owner"].viewer
    told = Telling(7, canaries["asks"])
    with store.work(writes=True):
        follow_up.turn_on(owner, 4)
        for key in (f"person:{world.people['s-with'].id}", "team:prescriber"):
            consent_id, recipient = new_id(), consents.find_recipient(owner, key)
            follow_up.let_tell(owner, consent_id, recipient, told, signature=owner.name)
            row = {"id": new_id(), "practice_id": owner.practice_id, "patient_id": owner.id, "consent_id": consent_id}
            db().flush()
            when = {"days": 7, "silent_since": clock.now().date() - timedelta(days=7), "told_at": clock.now()}
            db().add(FollowUpTold(**row, **when))
            world.objects["telling"] = str(consent_id)
        # Signing names the whole discipline; here one of it stays somebody whose name was not shown.
        unshown = update(TeamMembership).where(TeamMembership.clinician_id == world.people["c-unshown"].id)
        db().execute(unshown.where(TeamMembership.patient_id == owner.id).values(shown_at=None))
