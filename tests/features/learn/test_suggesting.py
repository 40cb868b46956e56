"""One suggestion a day at most, none twice, none that was put aside, with its reason; off when it is turned off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from patient_app.core import clock
from patient_app.core.work import Store
from patient_app.effects import prompts
from patient_app.learn import service, suggesting
from patient_app.learn.facts import Words
from patient_app.learn.library import Library
from patient_app.learn.suggesting import Known, Rule
from patient_app.medications import catalogue
from patient_app.profile import service as profiles
from patient_app.profile.things import Kind
from tests.factories import Made, make_check_in
from tests.page import Client

BECAUSE = Words({"en": "Because you noted it.", "es": "Porque lo anotó."})
LESSON = "by-the-river"


@pytest.fixture(autouse=True)
def welcomed(store: Store, patient: Made) -> None:
    """Have the patient be past the first screens, which are suggested before any lesson."""
    with store.work(writes=True):
        profiles.finish_welcome(patient.viewer)


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch, shelf: Library) -> list[Rule]:
    """Have two rules that suggest the example, and one that suggests what is not there."""
    found = [
        Rule("gone", {"craving_at_least": 1}, "not-there", BECAUSE),
        Rule("pull", {"craving_at_least": 3}, LESSON, BECAUSE),
        Rule("low", {"mood_at_most": 2}, LESSON, BECAUSE),
    ]
    monkeypatch.setattr(suggesting, "rules", lambda: tuple(found))
    return found


def test_today_suggests_with_the_reason_all_day_and_never_again(
    client: Client, store: Store, patient: Made, rules: list[Rule], set_time: Callable[[datetime | str], None]
) -> None:
    set_time("2026-11-30 15:00")
    assert "Because you noted it." not in client.get("/today").words
    make_check_in(store, patient, craving=5)
    # Fetched by the phone to have it: nobody looked at it, so it does not count as suggested.
    client.get("/today", headers={"Sec-Fetch-Mode": "cors"})
    with store.work(writes=False):
        assert service.own_learning(patient.viewer).suggested == ()
    for _ in range(2):
        page = client.get("/today")
        assert "Because you noted it. It is in Learn: A walk by the river" in page.words
        assert f"/learn/lessons/{LESSON}" in page.links
        assert page.headers["Tandem-Keep-Too"] == f"/learn/lessons/{LESSON}"  # The phone fetches it with the page.
    assert "A walk by the river" in client.get("/learn/saved").words  # So it is there without a network.
    set_time("2026-12-01 15:00")
    make_check_in(store, patient, craving=5)
    assert "Because you noted it." not in client.get("/today").words


def test_what_was_read_or_put_aside_or_turned_off_is_not_suggested(
    client: Client, store: Store, patient: Made, rules: list[Rule]
) -> None:
    make_check_in(store, patient, craving=5)
    client.post("/learn/choices", data={"not_now": ["rivers"], "suggests": "y"})
    assert "Because you noted it." not in client.get("/today").words
    client.post("/learn/choices", data={})
    assert "Because you noted it." not in client.get("/today").words
    client.post("/learn/choices", data={"suggests": "y"})
    assert "Because you noted it." in client.get("/today").words
    client.post(f"/learn/lessons/{LESSON}/mark", data={"id": "0197c3f0-0000-7000-8000-000000000001", "mark": "read"})
    assert "Because you noted it." not in client.get("/today").words


def test_where_today_has_no_room_it_stands_in_learn_and_is_the_one_of_the_day(
    client: Client, store: Store, patient: Made, rules: list[Rule], set_time: Callable[[datetime | str], None]
) -> None:
    set_time("2026-11-30 15:00")
    assert "Suggested today" not in client.get("/learn").words
    make_check_in(store, patient, craving=5)
    with store.work(writes=True):  # Two other prompts are all that this day may show.
        profiles.note_prompted(patient.viewer, date(2026, 11, 30), ["offer_reminders", "week_note"])
    assert "Because you noted it." not in client.get("/today").words
    # Fetched by the phone to have it: nobody looked at it.
    page = client.get("/learn", headers={"Sec-Fetch-Mode": "cors"})
    assert f"/learn/lessons/{LESSON}" in page.headers["Tandem-Keep-Too"].split()
    with store.work(writes=False):
        assert service.own_learning(patient.viewer).suggested == ()
    for _ in range(2):
        page = client.get("/learn")
        assert "Suggested today A walk by the river Because you noted it." in page.words
        assert f"/learn/lessons/{LESSON}" in page.links
    with store.work(writes=False):
        assert [one.rule for one in service.own_learning(patient.viewer).suggested] == ["pull"]
    # Another reason on the same day suggests nothing more, here or there; a day later it is over.
    rules.insert(0, Rule("other", {"craving_at_least": 1}, "waves", BECAUSE))
    for address in ("/today", "/learn"):
        assert "Cravings are waves" not in client.get(address).words
    set_time("2026-12-01 15:00")
    rules.pop(0)
    make_check_in(store, patient, craving=5)
    assert "Suggested today" not in client.get("/learn").words


def test_learn_suggests_nothing_once_it_was_read_put_aside_or_turned_off(
    client: Client, store: Store, patient: Made, rules: list[Rule]
) -> None:
    make_check_in(store, patient, craving=5)
    client.post("/learn/choices", data={"not_now": ["rivers"], "suggests": "y"})
    assert "Suggested today" not in client.get("/learn").words
    client.post("/learn/choices", data={})
    assert "Suggested today" not in client.get("/learn").words
    client.post("/learn/choices", data={"suggests": "y"})
    assert "Suggested today" in client.get("/learn").words
    client.post(f"/learn/lessons/{LESSON}/mark", data={"id": "0197c3f0-0000-7000-8000-000000000001", "mark": "read"})
    assert "Suggested today" not in client.get("/learn").words


def test_a_first_pull_of_any_strength_suggests_that_cravings_are_waves(
    client: Client, store: Store, patient: Made
) -> None:
    make_check_in(store, patient, craving=0)
    assert "Cravings are waves" not in client.get("/today").words
    make_check_in(store, patient, craving=1)
    assert "It is in Learn: Cravings are waves" in client.get("/today").words


def test_of_two_that_only_suggest_the_lesson_comes_before_the_note_of_the_week(
    client: Client, store: Store, patient: Made, rules: list[Rule], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompts, "wants_week_note", lambda *_: True)
    make_check_in(store, patient, craving=5)
    words = client.get("/today").words  # One of its two prompts is the offer of reminders.
    assert "Because you noted it." in words
    assert "How was this week" not in words


def known(store: Store, patient: Made, **said: Any) -> Known:
    """Return what is known after a check-in of today."""
    from patient_app.checkins import service as checkins  # noqa: PLC0415 - for this helper alone.

    make_check_in(store, patient, **said)
    with store.work(writes=False):
        newest = checkins.newest_own(patient.viewer)
    assert newest is not None
    return Known(newest.day, newest)


@pytest.mark.sqlite
def test_conditions_hold_as_the_file_says(store: Store, patient: Made) -> None:
    def holds(known: Known, **when: Any) -> bool:
        return suggesting.holds(Rule("x", when, LESSON, BECAUSE), known)

    today = known(store, patient, craving=4, mood=2, use=True)
    assert holds(today, craving_at_least=4, mood_at_most=2)
    assert not holds(today, craving_at_least=5)
    assert holds(today, used="any")
    assert not holds(today, used=[Kind.ALCOHOL])
    assert not holds(today, anxiety_at_least=0)  # What was not said is not known.
    later = Known(today.day + timedelta(days=3), today.newest)
    assert not holds(later, craving_at_least=1)
    asked: list[bool] = []

    def visit() -> date | None:
        asked.append(True)
        return today.day + timedelta(days=2)

    soon = Known(today.day, None, (), visit)
    assert not holds(soon, craving_at_least=1, visit_within=2)
    assert asked == []
    assert holds(soon, visit_within=2)
    assert not holds(soon, visit_within=1)
    assert not holds(today, new_medicine={"classes": ["ssri"], "days_at_most": 14})


def test_the_rules_of_the_house_name_only_what_is_there() -> None:
    assert suggesting.rules()
    assert {medicine.medicine_class.id for medicine in catalogue.every()} >= {"ssri"}
    assert clock.now().tzinfo is not None
