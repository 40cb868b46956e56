"""A patient with a team, two supporters, a stranger's patient, an administrator; and somebody in another practice."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import select

from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.worries.models import Worry
from tests import factories
from tests.factories import Made, MadePractice
from tests.page import Client, Page


@dataclass(frozen=True)
class World:
    """Who is there."""

    practice: MadePractice
    patient: Made
    other: Made
    therapist: Made
    colleague: Made
    administrator: Made
    mother: Made
    stranger: Made


@pytest.fixture
def world(store: Store) -> World:
    """Make them: the therapist is on the patient's team, the colleague on the other's; the stranger supports nobody."""
    factories.make_installation(store)
    practice = factories.make_practice(store)
    patient = factories.make_patient(store, practice, name="Robin Vale")
    other = factories.make_patient(store, practice, name="Otto Stern")
    administrator = factories.make_administrator(store, practice, name="Ada Park")
    therapist = factories.make_clinician(store, practice, Discipline.THERAPIST, name="Tom Birch")
    colleague = factories.make_clinician(store, practice, Discipline.NURSE, name="Nia Cole")
    mother = factories.make_supporter(store, practice, name="Kim Vale")
    stranger = factories.make_supporter(store, practice, name="Sam Stone")
    factories.assign_team(store, patient, therapist, administrator)
    factories.assign_team(store, other, colleague, administrator)
    factories.tie_supporter(store, patient, mother)
    return World(practice, patient, other, therapist, colleague, administrator, mother, stranger)


TELL = "/supporting/worried/tell"


def signed_in(app: Flask, person: Made) -> Client:
    """Return a browser in which somebody has signed in."""
    client = Client(app)
    factories.sign_in(client, person)
    return client


def send(client: Client, **answers: object) -> Page:
    """Open the form and send it with these answers."""
    return client.submit(client.get(TELL).form(action=TELL), **answers)


def stored(store: Store) -> list[Worry]:
    """Return every message that is stored, oldest first."""
    with store.work(writes=False):
        return list(db().scalars(select(Worry).order_by(Worry.sent_at, Worry.id)))


def only(store: Store) -> str:
    """Return the id of the only message."""
    (row,) = stored(store)
    return str(row.id)
