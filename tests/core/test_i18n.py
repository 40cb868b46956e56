"""Languages: the pseudo-language marks every string that went through gettext, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from patient_app.core.config import Config
from patient_app.core.i18n import LANGUAGES, PseudoTranslations, translated_languages
from patient_app.core.work import Store
from tests.page import Client


def test_the_pseudo_language_marks_words_and_leaves_empty_ones() -> None:
    pseudo = PseudoTranslations()
    assert pseudo.ugettext("Save") == "⟦Save⟧"
    assert pseudo.ugettext("") == ""
    assert pseudo.ungettext("one", "many", 1) == "⟦one⟧"
    assert pseudo.ungettext("one", "many", 2) == "⟦many⟧"
    assert pseudo.upgettext("menu", "Save") == "⟦Save⟧"


def test_english_is_always_there_and_every_language_has_its_own_name() -> None:
    assert "en" in translated_languages()
    assert LANGUAGES["es"] == "Español"


@pytest.fixture
def developed(config: Config, store: Store) -> Flask:
    """Make the application as developers run it."""
    from patient_app.factory import create_app  # noqa: PLC0415 - slow to import, or not needed by all tests here.

    return create_app(replace(config, development=True), store)


def test_the_pseudo_language_is_for_developers_only(app: Flask, developed: Flask) -> None:
    assert "⟦" in Client(developed, checked=False).get("/sign-in?language=xx").text
    assert "⟦" not in Client(developed, checked=False).get("/sign-in").text
    assert "⟦" not in Client(app).get("/sign-in?language=xx").text


@pytest.mark.parametrize("wanted", ["", "es", "fr;q=0.9, es", "xx", "../../etc", "*"])
def test_a_language_without_words_of_its_own_is_english(app: Flask, wanted: str) -> None:
    page = Client(app).get("/sign-in", headers={"Accept-Language": wanted})
    assert page.status_code == 200
    assert page.one("html").get("lang") in translated_languages()
