"""Whom the owner of the sweeps' world meets: the clinician with a consent, and somebody else; and what they raise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from patient_app.appointments import raising, writing
from patient_app.appointments.raising import Wishes
from patient_app.appointments.said import Said
from patient_app.appointments.when import start
from patient_app.appointments.writing import Author
from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.work import Store

if TYPE_CHECKING:
    from tests.sweeps.world import World


def appointments(store: Store, world: World, canaries: Mapping[str, str]) -> None:
    """Let the owner have one behind them and one to come with that clinician, and one with somebody else."""
    owner, doctor = world.people["owner"].viewer, world.people["c-with"].viewer
    today = clock.moment(clock.now(), owner.zone).local_date
    was, next_one, other = new_id(), new_id(), new_id()

    def at(days: int) -> Said:
        begins = start(today + timedelta(days=days), 10 * 60, owner.zone)
        return Said(begins, minutes=30, clinician_id=doctor.id, place=canaries["visit_place"])

    with store.work(writes=True):
        writing.enter(Author.patient(owner), was, at(-3))
        writing.enter(Author.clinician(doctor, owner.id, today), next_one, at(3))
        writing.enter(
            Author.patient(owner),
            other,
            Said(start(today + timedelta(days=9), 600, owner.zone), who=canaries["visit_who"]),
        )
        wishes = Wishes((canaries["to_raise"],), appointment_id=next_one, shares=True)
        raising.save(owner, new_id(), wishes, base=0)
    world.ids["appointment_id"] = str(was)
