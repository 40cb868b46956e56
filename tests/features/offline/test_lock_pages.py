"""The pages of a phone's lock: who gets them, and that no form on them could send a PIN."""

from __future__ import annotations

from pathlib import Path

import pytest

from patient_app.core.work import Store
from patient_app.offline.worker_script import joined
from tests.factories import make_clinician, make_patient, make_practice, make_supporter, sign_in
from tests.page import Client, Page

ROOT = Path(__file__).resolve().parents[3]


def _no_pin_can_leave(page: Page) -> bool:
    """Whether each field for a PIN has no name, and stands in a form that sends nothing."""
    fields = [field for form in page.all("form", method="dialog") for field in form.iter("input")]
    pins = [field for field in fields if field.get("type") == "password"]
    everywhere = page.all("input", type="password")
    return bool(pins) and len(pins) == len(everywhere) and not any(field.get("name") for field in pins)


def test_a_patient_sets_the_lock_on_a_page_that_the_phone_keeps(client: Client, store: Store) -> None:
    sign_in(client, make_patient(store, make_practice(store)))
    page = client.get("/settings/lock")
    assert page.headers["Tandem-Keep"] == "yes"
    assert _no_pin_can_leave(page)
    assert "Without scripts there is no lock" in page.html
    assert "/settings/lock" in client.get("/settings").links
    assert "/settings/lock" in client.get("/settings/phone").links


def test_a_shared_phone_keeps_nothing_and_has_nothing_to_lock(client: Client, store: Store) -> None:
    sign_in(client, make_patient(store, make_practice(store)))
    client.submit(client.get("/settings/phone").form(field="shared"), shared="yes")
    page = client.get("/settings/lock")
    assert "there is nothing to lock" in page.main_words
    assert page.all("input", type="password") == []
    assert "/settings/lock" not in client.get("/settings/phone").links


def test_nobody_else_has_such_a_page(client: Client, store: Store) -> None:
    practice = make_practice(store)
    assert client.get("/settings/lock").status_code == 303
    for person in (make_supporter(store, practice), make_clinician(store, practice)):
        sign_in(client, person)
        assert client.get("/settings/lock").status_code == 404
        assert "/settings/lock" not in client.get("/settings").links
        client.delete_cookie("session")


@pytest.mark.sqlite
def test_the_page_that_unlocks_is_everybodys_and_the_same_for_all(client: Client) -> None:
    page = client.get("/locked")
    assert page.status_code == 200
    assert "Tandem-Person" not in page.headers
    assert _no_pin_can_leave(page)


def test_the_worker_holds_the_gate_and_stays_small() -> None:
    settings = {"release": "0" * 12, "public": ["/help", "/locked", "/offline"]}
    script = joined("main.js", (ROOT / "service_worker", ROOT / "patient_app/static/js/phone"), settings)
    assert "const from_gate" in script
    assert "PBKDF2" not in script, "what unlocks is for pages; the worker has no use for it"
