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
from patient_app.reading.caseload import caseload
from tests import factories
from tests.factories import Made
from tests.page import Client

NOW = datetime(2026, 11, 3, 18, 0, tzinfo=UTC)
READ, EARLIER = (
    "Dr Pia (prescriber) read it on Tuesday 3 November.",
    "Dr Pia (prescriber) may have seen it on Tuesday 3 November",
)
SEEN = (
    "These people may have seen it. What they read cannot be taken back. From now on nobody sees it here. "
    "Dr Pia (prescriber)"
)
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

    def share(self, *scope: Category, level: Level = Level.DETAIL) -> None:
        """Share some categories with the prescriber."""
        factories.give_consent(self.store, self.patient, self.prescriber, dict.fromkeys(scope, level))

    def read(self) -> reading.Shared:
        """Open the patient's page as the prescriber."""
        with self.store.work(writes=True):
            return reading.read_patient(self.prescriber.viewer, self.patient.id)

    def private(self, entry: Any, said: str) -> None:
        """Keep a check-in to oneself, or share it again."""
        assert self.browser.post(f"/check-in/{entry}/private", data={"private": said}).status_code == 303

    def remove(self, entry: Any) -> None:
        """Delete a check-in."""
        assert self.browser.post(f"/check-in/{entry}/delete").status_code == 303

    def bring_back(self, entry: Any) -> None:
        """Undo that."""
        assert self.browser.post(f"/check-in/{entry}/bring-back").status_code == 303

    def list(self) -> None:
        """Open the list of patients as the prescriber."""
        with self.store.work(writes=True):
            caseload(self.prescriber.viewer)

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
    assert "Dr Pia (prescriber) sees your mood." in world.words(f"/check-in/{entry}")
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
    assert SEEN in page


def test_before_deleting_it_names_who_read_a_summary_of_its_week(
    world: World, set_time: Callable[[datetime], None]
) -> None:
    """Of a week that is over, and of what a summary counts: not the running week, no note, nothing private."""
    summed = "These people read a summary of its week. It was counted there, not shown by itself. Dr Pia (prescriber)"
    world.share(Category.MOOD, level=Level.SUMMARY)
    entry, noted, private = world.write(mood=3), world.write(note="my words"), world.write(mood=2, private=True)
    world.read()
    assert NOBODY in world.words(f"/check-in/{entry}/delete")
    set_time(NOW + timedelta(days=7))
    assert [week.mood for week in world.read().weeks] == [3]
    page = world.words(f"/check-in/{entry}/delete")
    assert summed in page
    assert NOBODY not in page
    for other in (noted, private):
        page = world.words(f"/check-in/{other}/delete")
        assert summed not in page
        assert NOBODY in page
    assert READ not in world.words(f"/check-in/{entry}")


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
    assert SEEN in world.words(f"/check-in/{entry}/delete")


def test_who_looked_while_it_was_deleted_did_not_read_it_and_it_is_new_to_them(
    world: World, set_time: Callable[[datetime], None]
) -> None:
    world.share(Category.MOOD)
    entry = world.write(mood=1)
    world.write(mood=4)
    world.remove(entry)
    assert [one.mood for one in world.read().check_ins] == [4]
    set_time(NOW + timedelta(hours=1))
    world.bring_back(entry)
    page = world.words(f"/check-in/{entry}")
    assert READ not in page
    assert EARLIER not in page
    assert NOBODY in world.words(f"/check-in/{entry}/delete")
    shared = world.read()
    assert shared.for_team is not None
    assert [one.mood for one in shared.for_team.new or ()] == [1]
    assert READ in world.words(f"/check-in/{entry}")


def test_who_read_it_before_it_was_deleted_is_still_named_once_it_is_back(world: World) -> None:
    world.share(Category.MOOD)
    entry = world.write(mood=1)
    world.read()
    world.remove(entry)
    world.remove(entry)
    world.bring_back(entry)
    world.bring_back(entry)
    assert EARLIER in world.words(f"/check-in/{entry}")
    assert SEEN in world.words(f"/check-in/{entry}/delete")


@pytest.mark.parametrize("became_private", ["from the start", "later", "by a change"])
def test_who_looked_while_it_was_private_is_never_named(world: World, became_private: str) -> None:
    world.share(Category.MOOD)
    entry = world.write(mood=1, private=became_private == "from the start")
    if became_private == "later":
        world.private(entry, "yes")
    elif became_private == "by a change":
        world.write(entry, mood=2, private=True)
    world.read()
    for said in ("yes", "no"):
        world.private(entry, said)
        page = world.words(f"/check-in/{entry}")
        assert READ not in page
        assert EARLIER not in page
        assert NOBODY in world.words(f"/check-in/{entry}/delete")
    world.write(entry, mood=3)
    assert EARLIER not in world.words(f"/check-in/{entry}")
    world.read()
    assert READ in world.words(f"/check-in/{entry}")


def test_private_and_deleted_at_once_is_open_only_when_it_is_neither(world: World) -> None:
    world.share(Category.MOOD)
    entry = world.write(mood=1, private=True)
    world.remove(entry)
    world.read()
    world.bring_back(entry)
    world.read()
    world.private(entry, "no")
    assert NOBODY in world.words(f"/check-in/{entry}/delete")


def test_a_list_opened_on_the_day_on_which_it_was_brought_back_may_have_shown_it(
    world: World, set_time: Callable[[datetime], None]
) -> None:
    world.share(Category.MOOD)
    same, other = world.write(mood=1), world.write(mood=1)
    world.remove(same)
    world.remove(other)
    world.list()  # Recorded once a day: that it was opened again after this hour leaves no record of its own.
    world.bring_back(same)
    set_time(NOW + timedelta(days=1))
    world.bring_back(other)
    assert SEEN in world.words(f"/check-in/{same}/delete")
    assert NOBODY in world.words(f"/check-in/{other}/delete")


def test_a_list_opened_before_on_that_day_may_have_shown_it_later(
    world: World, set_time: Callable[[datetime], None]
) -> None:
    world.share(Category.MOOD)
    world.write(mood=4)
    world.list()
    later = world.write(mood=1)
    assert SEEN in world.words(f"/check-in/{later}/delete")
    set_time(NOW + timedelta(days=1))
    assert NOBODY in world.words(f"/check-in/{world.write(mood=1)}/delete")


def test_a_list_opened_before_on_that_day_never_shows_what_was_private_from_the_start(
    world: World, set_time: Callable[[datetime], None]
) -> None:
    world.share(Category.MOOD)
    world.write(mood=4)
    world.list()
    entry, shared_today = world.write(mood=1, private=True), world.write(mood=1, private=True)
    assert NOBODY in world.words(f"/check-in/{entry}/delete")
    world.private(shared_today, "no")  # And the list may have been opened again after it.
    assert SEEN in world.words(f"/check-in/{shared_today}/delete")
    set_time(NOW + timedelta(days=1))
    world.private(entry, "no")
    assert NOBODY in world.words(f"/check-in/{entry}/delete")


def test_a_reader_whose_key_is_gone_takes_no_page_away(world: World) -> None:
    world.share(Category.MOOD)
    entry = world.write(mood=3)
    world.read()
    world.store.keys.destroy(world.prescriber.id)
    said = "Somebody whose account is gone (prescriber)"
    assert f"{said} read it on" in world.words(f"/check-in/{entry}")
    assert said in world.words(f"/check-in/{entry}/delete")
