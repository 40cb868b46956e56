"""What a check-in says of who has read it: of the words as they are now, and of those before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from patient_app.checkins import recording
from patient_app.checkins.answers import Answers
from patient_app.consent.categories import Category, Level
from patient_app.core.clock import moment
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store
from patient_app.reading import service as reading
from tests import factories
from tests.factories import Made
from tests.page import Client

NOW = datetime(2026, 11, 3, 18, 0, tzinfo=UTC)
READ, EARLIER = "Dr Pia read it on Tuesday 3 November.", "Dr Pia may have seen it on Tuesday 3 November"
NOBODY = "Nobody else has seen it."


@dataclass(frozen=True)
class World:
    """A patient who shares with a prescriber, and the patient's browser."""

    store: Store
    patient: Made
    prescriber: Made
    browser: Client

    def write(self, entry: Any = None, **said: Any) -> Any:
        """Write a check-in, or change one."""
        with self.store.work(writes=True):
            when = moment(NOW, self.patient.zone)
            return recording.record_check_in(self.patient.viewer, entry or new_id(), Answers(**said), when)

    def share(self, *scope: Category) -> None:
        """Share some categories with the prescriber."""
        factories.give_consent(self.store, self.patient, self.prescriber, dict.fromkeys(scope, Level.DETAIL))

    def read(self) -> reading.Shared:
        """Open the patient's page as the prescriber."""
        with self.store.work(writes=True):
            return reading.read_patient(self.prescriber.viewer, self.patient.id)

    def private(self, entry: Any, said: str) -> None:
        """Keep a check-in to oneself, or share it again."""
        assert self.browser.post(f"/check-in/{entry}/private", data={"private": said}).status_code == 303

    def words(self, address: str) -> str:
        """Return what the patient reads on a page."""
        return self.browser.get(address).words


@pytest.fixture
def world(app: Flask, store: Store, set_time: Callable[[datetime], None]) -> World:
    set_time(NOW)
    factories.make_installation(store)
    practice = factories.make_practice(store)
    patient = factories.make_patient(store, practice, name="Ada")
    prescriber = factories.make_clinician(store, practice, Discipline.PRESCRIBER, name="Dr Pia")
    factories.assign_team(store, patient, prescriber, factories.make_administrator(store, practice))
    browser = Client(app)
    factories.sign_in(browser, patient)
    return World(store, patient, prescriber, browser)


def test_what_was_read_is_told_apart_from_what_was_changed_since(world: World) -> None:
    world.share(Category.MOOD)
    entry = world.write(mood=3)
    assert "Dr Pia sees your mood." in world.words(f"/check-in/{entry}")
    assert READ not in world.words(f"/check-in/{entry}")
    world.read()
    assert READ in world.words(f"/check-in/{entry}")
    world.write(entry, mood=1)
    page = world.words(f"/check-in/{entry}")
    assert READ not in page
    assert EARLIER in page
    world.read()
    page = world.words(f"/check-in/{entry}")
    assert READ in page
    assert EARLIER not in page


def test_before_deleting_it_names_who_saw_words_that_stand_there_no_more(world: World) -> None:
    world.share(Category.NOTES)
    entry = world.write(mood=3, note="my words")
    assert NOBODY in world.words(f"/check-in/{entry}/delete")
    world.read()
    world.write(entry, mood=3)
    page = world.words(f"/check-in/{entry}/delete")
    assert NOBODY not in page
    assert "People who may have seen it: Dr Pia." in page


def test_what_was_kept_to_oneself_is_not_called_read_and_is_new_when_it_is_shared(
    world: World, set_time: Callable[[datetime], None]
) -> None:
    world.share(Category.MOOD)
    entry = world.write(mood=1, private=True)
    world.write(mood=4)
    assert [one.mood for one in world.read().check_ins] == [4]
    set_time(NOW + timedelta(hours=1))
    world.private(entry, "no")
    assert READ not in world.words(f"/check-in/{entry}")
    shared = world.read()
    assert shared.for_team is not None
    assert [one.mood for one in shared.for_team.new or ()] == [1]
    assert READ in world.words(f"/check-in/{entry}")


def test_who_read_it_before_it_was_kept_to_oneself_is_still_named(world: World) -> None:
    world.share(Category.MOOD)
    entry = world.write(mood=1)
    world.read()
    world.private(entry, "yes")
    assert READ in world.words(f"/check-in/{entry}")
    world.private(entry, "no")
    world.private(entry, "no")
    assert EARLIER in world.words(f"/check-in/{entry}")
    assert "People who may have seen it: Dr Pia." in world.words(f"/check-in/{entry}/delete")
