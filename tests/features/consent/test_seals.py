"""Who can write to the main database alone opens nothing by it, and `audit verify` says that somebody tried."""

from __future__ import annotations

import io
import json
import uuid
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import text

from patient_app.consent import seals, service
from patient_app.consent.categories import Category, Level
from patient_app.consent.decisions import grants_of
from patient_app.consent.models import Consent
from patient_app.core import installation, migrate
from patient_app.core.config import Config
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.reading.service import reader_of
from patient_app.set_up import bring_up_to_date
from tests import factories
from tests.factories import Made


@pytest.fixture
def people(store: Store) -> tuple[Made, Made, Made]:
    """A patient who shares the mood with the prescriber, that prescriber, and a therapist; both on the team."""
    practice = factories.make_practice(store)
    administrator = factories.make_administrator(store, practice)
    patient = factories.make_patient(store, practice, name="Robin Vale")
    team = [factories.make_clinician(store, practice, one) for one in (Discipline.PRESCRIBER, Discipline.THERAPIST)]
    for clinician in team:
        factories.assign_team(store, patient, clinician, administrator)
    return patient, team[0], team[1]


@pytest.fixture
def consent(store: Store, people: tuple[Made, Made, Made], app: Flask) -> uuid.UUID:
    """The consent, as the patient gave it."""
    patient = people[0].viewer
    terms = service.Terms({Category.MOOD: Level.SUMMARY}, datetime(2999, 1, 1, tzinfo=UTC), None)
    with app.app_context(), store.work(writes=True):
        recipient = service.find_recipient(patient, "team:prescriber")
        return service.give_consent(patient, new_id(), recipient, terms, signature="Robin Vale").id


def opened(store: Store, reader: Made, patient: Made) -> set[Category]:
    with store.work(writes=False):
        found = grants_of(reader_of(reader.viewer), [patient.id]).get(patient.id)
        return set(found.categories) if found else set()


def by_hand(store: Store, statement: str, **values: object) -> None:
    """Write as somebody does who has the main database and not the keys."""
    with store.database.engine.begin() as connection:
        connection.execute(text(statement), values)


FORGED = {
    "another category": "INSERT INTO consent_category SELECT id, 'notes', 'detail' FROM consent",
    "another level": "UPDATE consent_category SET level = 'detail'",
    "a category less": "UPDATE consent_category SET category = 'notes', level = 'detail'",
    "no end": "UPDATE consent SET ends_at = NULL",
    "another start of entries": "UPDATE consent SET entries_from = '2020-01-01'",
    "no seal": "UPDATE consent SET seal = NULL",
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_consent_that_was_changed_opens_nothing_and_is_reported(
    store: Store, people: tuple[Made, Made, Made], consent: uuid.UUID, forged: str
) -> None:
    patient, prescriber, _ = people
    assert opened(store, prescriber, patient) == {Category.MOOD}
    assert seals.verify(store) == []
    by_hand(store, FORGED[forged])
    assert opened(store, prescriber, patient) == set()
    assert seals.verify(store) == [f"Patient {patient.id}: consent {consent} is not as it was signed."]


def test_a_consent_pointed_at_somebody_else_opens_nothing(
    store: Store, people: tuple[Made, Made, Made], consent: uuid.UUID
) -> None:
    patient, prescriber, therapist = people
    by_hand(store, "UPDATE consent SET discipline = 'therapist'")
    assert opened(store, therapist, patient) == opened(store, prescriber, patient) == set()


def test_what_is_broken_is_logged_with_ids_only(
    store: Store, people: tuple[Made, Made, Made], consent: uuid.UUID, log_lines: io.StringIO
) -> None:
    patient, prescriber, _ = people
    by_hand(store, FORGED["no end"])
    opened(store, prescriber, patient)
    lines = [json.loads(line) for line in log_lines.getvalue().splitlines()]
    [line] = [line for line in lines if line["event"] == "consent seal broken"]
    assert (line["consent_id"], line["patient_id"]) == (str(consent), str(patient.id))


def test_pausing_breaks_no_seal_and_a_state_set_by_hand_is_reported(
    store: Store, people: tuple[Made, Made, Made], consent: uuid.UUID
) -> None:
    patient, prescriber, _ = people
    for act, open_then in (
        (service.pause_consent, False),
        (service.resume_consent, True),
        (service.end_consent, False),
    ):
        with store.work(writes=True):
            act(patient.viewer, consent)
        assert bool(opened(store, prescriber, patient)) is open_then
        assert seals.verify(store) == []
    by_hand(store, "UPDATE consent SET state = 'active'")
    assert seals.verify(store) == [
        f"Patient {patient.id}: consent {consent} is active, which is not what happened to it last."
    ]


def test_an_upgrade_seals_what_was_given_before_once(
    store: Store, config: Config, people: tuple[Made, Made, Made], consent: uuid.UUID
) -> None:
    patient, prescriber, _ = people
    migrate.downgrade("main", store.database, "0004")
    bring_up_to_date(config)
    fresh = installation.open_store(config)
    try:
        assert opened(fresh, prescriber, patient) == {Category.MOOD}
        assert seals.verify(fresh) == []
        by_hand(fresh, FORGED["no seal"])
        bring_up_to_date(config)
        assert opened(fresh, prescriber, patient) == set()
        with fresh.work(writes=False):
            assert db().get_one(Consent, consent).seal is None
    finally:
        fresh.close()
