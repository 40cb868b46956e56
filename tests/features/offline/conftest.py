"""People with phones."""

from __future__ import annotations

import pytest
from flask import Flask

from patient_app.core.roles import Role
from patient_app.core.work import Store
from tests.factories import Made, MadePractice, make_person, make_practice
from tests.features.offline.phone import Phone


@pytest.fixture
def practice(store: Store) -> MadePractice:
    """A practice."""
    return make_practice(store)


@pytest.fixture
def patient(store: Store, practice: MadePractice) -> Made:
    """Somebody who checks in."""
    return make_person(store, practice, Role.PATIENT)


@pytest.fixture
def phone(app: Flask, store: Store, patient: Made) -> Phone:
    """Their phone."""
    return Phone(app, store, patient)
