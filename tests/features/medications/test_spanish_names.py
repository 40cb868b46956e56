"""Medicines by their Spanish names: found, told beside the name on the box, and as protected in own words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from patient_app.core import i18n
from patient_app.core.work import Store
from patient_app.medications import catalogue
from patient_app.medications.facts import ForSubstanceUse, Medicine
from patient_app.medications.names import plain
from patient_app.medications.said import Said
from patient_app.medications.schedule import Dose
from tests import factories
from tests.features.medications.regimens import SERTRALINE, at, daily, started
from tests.page import Client

NAMED = [medicine for medicine in catalogue.every() if medicine.names]


def test_a_name_in_another_language_is_another_word_and_of_one_medicine() -> None:
    assert len(NAMED) > 60
    every = [name for medicine in NAMED for name in medicine.names.values()]
    assert len(set(every)) == len(every)
    for medicine in NAMED:
        assert set(medicine.names) <= set(i18n.LANGUAGES), medicine.key
        assert medicine.name not in medicine.names.values()


@pytest.mark.parametrize("medicine", NAMED, ids=lambda one: one.key)
def test_each_is_found_first_by_its_spanish_name(medicine: Medicine) -> None:
    assert catalogue.find(medicine.names["es"])[0] is medicine
    assert catalogue.find(plain(medicine.names["es"]).upper())[0] is medicine


@pytest.mark.parametrize("medicine", NAMED, ids=lambda one: one.key)
def test_own_words_in_spanish_are_as_protected_as_in_english(medicine: Medicine) -> None:
    own = Said(f"{medicine.names['es'].capitalize()} 10 mg")
    assert own.always_about_use == (medicine.for_substance_use is ForSubstanceUse.ALWAYS)
    assert own.is_buprenorphine == ("buprenorphine" in medicine.ingredients)


@pytest.mark.parametrize(("language", "line"), [("es", "sertralina · 50 mg"), ("en", "50 mg")])
def test_the_list_tells_the_name_on_the_box_and_the_readers_own_beside_it(
    client: Client, store: Store, language: str, line: str
) -> None:
    patient = factories.make_patient(store, factories.make_practice(store), language=language)
    started(store, patient, daily(Dose(None, Decimal(1))), at("03-02 09:00"), SERTRALINE)
    factories.sign_in(client, patient)
    row = client.get("/medications").one("li", class_name="medicine")
    parts = [part for part in row.iter("span") if part.get("class", "").startswith("row-t")]
    title, text, *_ = ("".join(part.itertext()).strip() for part in parts)
    assert title == SERTRALINE.name
    assert text.startswith(line)


def test_looking_for_one_shows_both(client: Client, store: Store) -> None:
    patient = factories.make_patient(store, factories.make_practice(store), language="es")
    factories.sign_in(client, patient)
    page = client.get("/medications/new")
    words = client.submit(page.form(action="/medications/new"), name="metadona").main_words
    assert "methadone" in words
    assert "metadona · Dolophine, Methadose" in words
