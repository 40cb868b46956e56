"""Fixtures of the tests of lessons: an installation with the example beside our own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from patient_app.core.roles import Role
from patient_app.core.work import Store
from patient_app.learn import library as libraries
from patient_app.learn.library import Library
from tests.factories import Made, make_person, make_practice, sign_in
from tests.features.learn import example
from tests.page import Client


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    """Have the example's folder be that of the practice."""
    found = libraries.library_of(str(example.write(tmp_path / "lessons")))
    monkeypatch.setattr(libraries, "library", lambda: found)
    yield found
    libraries.library_of.cache_clear()


@pytest.fixture
def patient(store: Store) -> Made:
    """Return a patient."""
    return make_person(store, make_practice(store), Role.PATIENT)


@pytest.fixture
def client(app: Flask, patient: Made) -> Client:
    """Return their browser."""
    browser = Client(app)
    sign_in(browser, patient)
    return browser
