"""A patient and a supporter whom they confirmed."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from patient_app.core.work import Store
from tests import factories
from tests.factories import Made, MadePractice


@dataclass(frozen=True)
class World:
    """Who is there."""

    practice: MadePractice
    patient: Made
    mother: Made


@pytest.fixture
def world(store: Store) -> World:
    """Make them; nothing is shared."""
    factories.make_installation(store)
    practice = factories.make_practice(store)
    patient = factories.make_patient(store, practice, name="Robin Vale")
    mother = factories.make_supporter(store, practice, name="Kim Vale")
    factories.tie_supporter(store, patient, mother, instructions="Call me, do not text.")
    return World(practice, patient, mother)
