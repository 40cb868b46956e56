"""Who can see a medicine, said on its page: in each state the truth, also while a consent is in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from patient_app.accounts.models import TeamMembership
from patient_app.consent.categories import Category, Level
from patient_app.consent.models import ConsentState
from patient_app.core import clock
from patient_app.core.work import Store, db
from patient_app.medications.changing import Author
from patient_app.medications.models import Medicine
from tests.factories import give_consent, sign_in
from tests.features.medications.plans import doses
from tests.features.medications.regimens import NALTREXONE, SERTRALINE, daily, started
from tests.features.reading.medicines_world import BOTH, DETAIL, MED, MOOD, NOW, TODAY, World, make_world
from tests.page import Client

SEES, NOTHING = "Can see it, and why it changed: Dr Ana Ruiz.", "Only you. You share no medicines with anyone."


@pytest.fixture
def world(store: Store, set_time: Callable[[datetime | str], None]) -> World:
    set_time(NOW)
    return make_world(store)


def page(app: Flask, store: Store, world: World, **more: Any) -> str:
    began = clock.moment(NOW - timedelta(days=9), world.patient.zone)
    schedule = daily(*doses("08:00"), start=began.local_date.isoformat())
    medicine = started(store, world.patient, schedule, began, more.pop("said", SERTRALINE), **more)
    browser = Client(app)
    sign_in(browser, world.patient)
    return browser.get(f"/medications/{medicine}").main_words


@pytest.mark.parametrize(
    ("scope", "options", "more", "says"),
    [
        (None, {}, {}, NOTHING),
        ({MOOD: DETAIL}, {}, {}, NOTHING),
        ({MED: DETAIL}, {}, {}, SEES),
        ({MED: DETAIL}, {"state": ConsentState.PAUSED}, {}, NOTHING),
        ({MED: DETAIL}, {"starts_at": NOW + timedelta(days=1)}, {}, NOTHING),
        (
            {MED: DETAIL},
            {"entries_from": TODAY},
            {},
            "Only you. What you share starts on a later day than this was written.",
        ),
        (
            {MED: DETAIL},
            {},
            {"said": NALTREXONE},
            "Only you. You share medicines, but this one needs alcohol and drugs to be shared as well.",
        ),
        (BOTH, {}, {"said": NALTREXONE}, SEES),
        ({MED: DETAIL}, {}, {"private": True}, "Only you. You keep this one to yourself."),
    ],
)  # fmt: skip
def test_each_state_says_what_is_true(
    app: Flask,
    store: Store,
    world: World,
    scope: Mapping[Category, Level] | None,
    options: dict[str, Any],
    more: dict[str, Any],
    says: str,
) -> None:
    if scope is not None:
        give_consent(store, world.patient, world.prescriber, scope, **options)
    words = page(app, store, world, **more)
    assert says in words
    assert sum(words.count(one) for one in (SEES, NOTHING, "Only you.")) == (2 if says == NOTHING else 1)


def test_a_new_member_of_the_team_is_named_as_one_who_waits(app: Flask, store: Store, world: World) -> None:
    give_consent(store, world.patient, world.prescriber.discipline, {MED: DETAIL})  # type: ignore[arg-type]
    with store.work(writes=True):
        db().execute(update(TeamMembership).values(shown_at=None, noticed_at=clock.now()))
    words = page(app, store, world)
    assert "New on your team: Dr Ana Ruiz. They see it once you press OK beside the name." in words
    assert "Only you" not in words


def test_a_prescriber_who_wrote_it_and_cannot_see_it_is_not_passed_over(app: Flask, store: Store, world: World) -> None:
    author = Author.prescriber(world.prescriber.viewer, world.patient.id)
    words = page(app, store, world, author=author)
    assert NOTHING in words
    assert "Dr Ana Ruiz wrote some of this, and knows what they wrote." in words


def test_one_written_in_a_session_that_was_in_question_is_never_opened(app: Flask, store: Store, world: World) -> None:
    give_consent(store, world.patient, world.prescriber, {MED: DETAIL})
    page(app, store, world)
    with store.work(writes=True):
        db().execute(update(Medicine).values(while_closed=True))
    browser = Client(app)
    sign_in(browser, world.patient)
    (link,) = [
        one for one in browser.get("/medications").links if one.startswith("/medications/0") and one.count("/") == 2
    ]
    words = browser.get(link).main_words
    assert "Only you. It was written right after a new password, so nobody else ever sees it." in words
    assert "Let people I share with see it" not in words
