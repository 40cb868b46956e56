"""Joins what features have to say together, where neither may know the other."""

from __future__ import annotations

from patient_app.blood_tests import on_page as blood_tests
from patient_app.checkins import after
from patient_app.medications import beside, cards
from patient_app.refills import on_page as refills
from patient_app.refills import service as supplies


def join() -> None:
    """Say what stands beside what; called once, when the routes are made.

    The cards on substances and medicines stand in the offer after a check-in; what is left of a medicine, and its blood
    tests, on its page.
    """
    after.stands_beside(cards.beside_use)
    beside.register("supply", on_page=refills.on_page, on_list=supplies.own_supplies)
    beside.register("blood_tests", on_page=blood_tests.on_page)
