"""A small world: a patient with a team of two, a supporter, and somebody in another practice."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import pytest

from patient_app.core.roles import Discipline
from patient_app.core.work import Store
from tests import factories
from tests.factories import Made, MadePractice
from tests.page import Client


@dataclass(frozen=True)
class World:
    """Who is there."""

    practice: MadePractice
    patient: Made
    prescriber: Made
    therapist: Made
    supporter: Made
    administrator: Made
    tie: str

    @property
    def tie_id(self) -> uuid.UUID:
        """The tie to the supporter."""
        return uuid.UUID(self.tie)


@pytest.fixture
def world(store: Store) -> World:
    """Make them; the supporter is confirmed, the team was shown, nothing is shared."""
    factories.make_installation(store)
    practice = factories.make_practice(store)
    patient = factories.make_patient(store, practice, name="Robin Vale")
    administrator = factories.make_administrator(store, practice)
    prescriber = factories.make_clinician(store, practice, Discipline.PRESCRIBER, name="Dr Ana Ruiz")
    therapist = factories.make_clinician(store, practice, Discipline.THERAPIST, name="Tom Birch")
    supporter = factories.make_supporter(store, practice, name="Alex Vale")
    for clinician in (prescriber, therapist):
        factories.assign_team(store, patient, clinician, administrator)
    tie = factories.tie_supporter(store, patient, supporter, name="My sister", instructions="Call me, do not text.")
    return World(practice, patient, prescriber, therapist, supporter, administrator, str(tie))


def show_it_is_you(client: Client, person: Made, then: str = "/sharing") -> None:
    """Give the password again, as a person does before something that matters; lead on to a page."""
    page = client.get("/confirm", query_string={"next": then})
    answer = client.submit(page.form(field="password"), password=person.password)
    assert (answer.status_code, answer.location) == (303, then), answer.main_words
