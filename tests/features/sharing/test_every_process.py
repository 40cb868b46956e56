"""What a patient ends is ended in every process: another server asks the databases and keeps no answer of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from patient_app.consent.categories import Category, Level
from patient_app.core.config import Config
from patient_app.core.roles import Discipline
from patient_app.core.work import Store
from tests.conftest import LiveServer, serving
from tests.factories import (
    Made,
    assign_team,
    give_consent,
    make_administrator,
    make_check_in,
    make_clinician,
    make_patient,
    make_practice,
)
from tests.features.cli.program import Visitor
from tests.nursery import Nursery

pytestmark = pytest.mark.slow
NOTE = "Walked home the long way instead."


@pytest.fixture
def servers(config: Config, tmp_path: Path, nursery: Nursery) -> Iterator[tuple[LiveServer, LiveServer]]:
    """Start two production servers, each a process of its own, over the same databases."""
    with (
        serving(config, tmp_path / "one.log", nursery) as one,
        serving(config, tmp_path / "other.log", nursery) as other,
    ):
        yield one, other


def _signed_in(server: LiveServer, person: Made) -> Visitor:
    visitor = Visitor(server.url)
    status, leads_to = visitor.post("/sign-in", sign_in_name=person.sign_in_name, password=person.password)
    if person.totp_secret:
        status, leads_to = visitor.post("/sign-in/code", code=person.code)
    assert status == 303, leads_to
    return visitor


def _post(visitor: Visitor, address: str) -> None:
    status, text = visitor.post(address)
    assert status == 303, text


def test_an_end_in_one_process_holds_at_the_next_request_in_the_other(
    servers: tuple[LiveServer, LiveServer], store: Store
) -> None:
    practice = make_practice(store)
    patient, prescriber = make_patient(store, practice), make_clinician(store, practice, Discipline.PRESCRIBER)
    assign_team(store, patient, prescriber, make_administrator(store, practice))
    consent = give_consent(store, patient, Discipline.PRESCRIBER, dict.fromkeys(Category, Level.DETAIL))
    make_check_in(store, patient, note=NOTE)
    here, there = servers
    own, clinic = _signed_in(here, patient), _signed_in(there, prescriber)
    chart = f"/team/{patient.id}"

    assert NOTE in clinic.get(chart)[1]
    _post(own, f"/sharing/{consent}/pause")
    assert NOTE not in clinic.get(chart)[1]
    _post(own, f"/sharing/{consent}/resume")
    assert NOTE in clinic.get(chart)[1]
    _post(own, "/sharing/pause-all")
    assert NOTE not in clinic.get(chart)[1]
    _post(own, f"/sharing/{consent}/resume")
    assert NOTE in clinic.get(chart)[1]
    _post(own, f"/sharing/{consent}/end")
    assert NOTE not in clinic.get(chart)[1]


def test_a_device_that_is_signed_out_in_one_process_is_out_in_the_other(
    servers: tuple[LiveServer, LiveServer], store: Store
) -> None:
    patient = make_patient(store, make_practice(store))
    here, there = servers
    own, lost = _signed_in(here, patient), _signed_in(there, patient)
    assert lost.get("/today")[0] == 200
    _post(own, "/settings/devices/end-others")
    assert lost.get("/today")[0] == 303
    assert own.get("/today")[0] == 200
