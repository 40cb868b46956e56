"""Which cards stand beside what somebody takes: by what they take now or stopped lately, most careful first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from flask import Flask

from patient_app.checkins import after
from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import Store
from patient_app.medications import cards, catalogue, changing, dose_log
from patient_app.medications.changing import Author
from patient_app.medications.dose_log import Slot, Told
from patient_app.medications.models import DoseState
from patient_app.medications.regimen import OwnMedicine
from patient_app.medications.said import Said
from patient_app.profile.things import Kind
from tests.factories import Made, make_person, make_practice, sign_in
from tests.features.medications.plans import doses
from tests.features.medications.regimens import at, daily, own, started
from tests.page import Client, Page

TODAY = date(2026, 3, 2)
ONE = doses("08:00")


@pytest.fixture
def patient(store: Store) -> Made:
    return make_person(store, make_practice(store), Role.PATIENT)


def take(store: Store, patient: Made, key: str, name: str | None = None, *, when: str = "02-01 09:00") -> OwnMedicine:
    medicine_id = started(store, patient, daily(*ONE), at(when), Said(name or key, key))
    return own(store, patient, medicine_id)


def stop(store: Store, patient: Made, medicine: OwnMedicine, when: str) -> OwnMedicine:
    with store.work(writes=True):
        changing.stop(Author.patient(patient.viewer), medicine.id, new_id(), moment=at(when))
    return own(store, patient, medicine.id)


def ids(found: tuple[cards.Shown, ...]) -> list[str]:
    return [card.id for card in found]


def test_a_medicine_is_told_with_what_else_is_taken_in_the_persons_own_names(store: Store, patient: Made) -> None:
    lorazepam, methadone = take(store, patient, "lorazepam", "my calm pill"), take(store, patient, "methadone")
    found = cards.of_medicine(lorazepam, [lorazepam, methadone], TODAY, "en")
    assert ids(found.together) == ["opioid_sedative_pair"]
    assert set(found.together[0].names) == {"my calm pill", "methadone"}
    assert {"alcohol_breathing", "opioids_breathing"} <= set(ids(found.substances))
    assert found.stopping.id == "never_suddenly"
    assert all(card.severity != "know" for card in found.pressing)
    # The most careful first; and not one of them was reviewed, so that the notice stands beside them.
    severities = [card.severity for card in found.substances]
    assert severities == sorted(severities, key=["stop_and_call", "ask_first", "know"].index)
    assert not any(card.reviewed for card in found.pressing)


def test_what_was_stopped_lately_still_counts_beside_others(store: Store, patient: Made) -> None:
    """Fourteen days: our own proposal, which a clinician is to confirm."""
    methadone = take(store, patient, "methadone")
    stopped = stop(store, patient, methadone, "03-02 09:00")
    lorazepam = take(store, patient, "lorazepam")
    both = [stopped, lorazepam]
    for days, pairs in ((0, ["opioid_sedative_pair"]), (14, ["opioid_sedative_pair"]), (15, [])):
        found = cards.of_medicine(lorazepam, both, TODAY + timedelta(days=days), "en")
        assert ids(found.together) == pairs, days
    assert cards.rules_file()["stopped_lately"]["status"] == "proposal"


@pytest.mark.parametrize(("key", "lasts"), [("fluoxetine", 35), ("sertraline", 14)])
def test_fluoxetine_counts_for_five_weeks(store: Store, patient: Made, key: str, lasts: int) -> None:
    stopped = stop(store, patient, take(store, patient, key), "03-02 09:00")
    phenelzine = take(store, patient, "phenelzine")
    for days, pairs in ((lasts, ["maoi_pair"]), (lasts + 1, [])):
        found = cards.of_medicine(phenelzine, [stopped, phenelzine], TODAY + timedelta(days=days), "en")
        assert ids(found.together) == pairs, days


def test_what_begins_next_week_is_met_in_the_plan_already(store: Store, patient: Made) -> None:
    lorazepam = take(store, patient, "lorazepam")
    later = started(store, patient, daily(*ONE, start="2026-03-09"), at("03-02 09:00"), Said("methadone", "methadone"))
    found = cards.of_medicine(lorazepam, [lorazepam, own(store, patient, later)], TODAY, "en")
    assert ids(found.together) == ["opioid_sedative_pair"]


def test_a_medicine_in_own_words_has_none_but_to_ask_first(store: Store, patient: Made) -> None:
    medicine_id = started(store, patient, daily(*ONE), at("02-01 09:00"), Said("Grandma's drops"))
    medicine = own(store, patient, medicine_id)
    found = cards.of_medicine(medicine, [medicine, take(store, patient, "methadone")], TODAY, "en")
    assert (found.together, found.substances, found.alone, found.stopping.id) == ((), (), (), "ask")


@pytest.mark.parametrize(
    ("key", "kinds", "first"),
    [
        ("disulfiram", {"alcohol"}, "alcohol_disulfiram"),
        ("lorazepam", {"opioids"}, "opioids_breathing"),
        ("sertraline", {"alcohol"}, "alcohol_any"),
        ("clozapine", {"nicotine"}, "nicotine_smoke"),
        ("sertraline", {"nicotine", "gambling"}, None),
        ("sertraline", {"gambling"}, None),
        ("sertraline", {"unnamed"}, None),
        ("melatonin", set(), None),
    ],
)
def test_beside_what_was_used(store: Store, patient: Made, key: str, kinds: set[str], first: str | None) -> None:
    take(store, patient, key)
    with store.work(writes=False):
        found = cards.beside_use(patient.viewer, kinds, "en")
    told = None if found is None else found.cards[0].id
    smoke = {told.entry.id for told in catalogue.cards_for(["clozapine"], Kind.NICOTINE)}
    assert told in smoke if first == "nicotine_smoke" else told == first


@pytest.mark.parametrize(("now", "is_told"), [("2026-03-06 15:00", True), ("2026-03-07 15:00", False)])
def test_what_was_stopped_stands_beside_use_for_fourteen_days_more(
    store: Store, patient: Made, set_time: Callable[[datetime | str], None], now: str, is_told: bool
) -> None:
    """Alcohol reacts with disulfiram for that long after the last of it."""
    stop(store, patient, take(store, patient, "disulfiram"), "02-20 09:00")
    set_time(now)
    with store.work(writes=False):
        found = cards.beside_use(patient.viewer, {"alcohol"}, "en")
    assert ([] if found is None else ids(found.cards)) == (["alcohol_disulfiram"] if is_told else [])


# --- in the offer after a check-in -----------------------------------------------------------------------------


def check_in(client: Client, **said: str) -> str:
    page = client.submit(client.get("/check-in").form(action="/check-in"), **said)
    return client.follow(page).main_words


def test_use_that_is_told_comes_with_the_cards_of_what_is_taken(app: Flask, store: Store, patient: Made) -> None:
    """One offer: thanks first, then what is good to know, with the numbers once; nothing to who takes nothing."""
    client = Client(app)
    sign_in(client, patient)
    form = client.get("/settings/about-me").form(action="/settings/about-me")
    client.submit(form, kinds=["alcohol"])
    assert "With what you take" not in check_in(client, use="yes")
    take(store, patient, "disulfiram", when="01-05 09:00")
    told = check_in(client, use="yes")
    assert told.index("Thank you for telling us") < told.index("Drinking with disulfiram")
    assert "Your clinic has not reviewed it yet" in told
    assert "Your pharmacist can check all that you take" in told
    assert "Drinking with disulfiram" not in check_in(client, use="no", mood="4")


def test_the_cards_are_joined_to_check_ins_from_above(app: Flask) -> None:
    assert app
    assert after._beside == [cards.beside_use]


def levels(page: Page) -> list[int]:
    """Return the levels of the headings of a page, those that a script may show too, in their order."""
    return [int(one.tag[1]) for one in page.document.iter() if str(one.tag) in {"h1", "h2", "h3", "h4", "h5", "h6"}]


def test_no_heading_of_a_page_with_doses_or_cards_leaves_a_level_out(app: Flask, store: Store, patient: Made) -> None:
    now = clock.moment(clock.now() - timedelta(days=9), patient.zone)
    schedule = daily(*ONE, start=now.local_date.isoformat())
    medicine = started(store, patient, schedule, now, Said("methadone", "methadone"))
    today = clock.moment(clock.now(), patient.zone)
    slot = Slot(medicine, today.local_date - timedelta(days=1), "08:00")
    with store.work(writes=True):
        dose_log.log_due(patient.viewer, new_id(), {slot: Told(DoseState.SKIPPED, today)}, today)
    client = Client(app)
    sign_in(client, patient)
    day = f"/medications/days/{slot.plan_date}"
    for path in (
        "/medications",
        f"/medications/{medicine}",
        f"/medications/{medicine}?done=medicine-added",
        f"/medications/{medicine}/supply",
        f"/medications/{medicine}/weeks",
        day,
        f"{day}/{medicine}/08:00",
        "/medications/counts",
        "/medications/side-effects",
        "/medications/side-effects/new",
        "/settings/reminders",
    ):
        page = client.get(path)
        found = levels(page)
        assert page.status_code == 200, path
        assert found[0] == 1, path
        assert all(after - before <= 1 for before, after in pairwise(found)), (path, found)


# --- on the page of a medicine ---------------------------------------------------------------------------------


def test_added_the_page_opens_with_what_asks_to_call_or_to_ask_first(app: Flask, store: Store, patient: Made) -> None:
    """Readable by who shares nothing at all; looked at later, it stands a tap away."""
    client = Client(app)
    sign_in(client, patient)
    take(store, patient, "methadone", when="01-05 09:00")
    lorazepam = take(store, patient, "lorazepam", when="01-05 09:00")
    added = client.get(f"/medications/{lorazepam.id}?done=medicine-added").main_words
    assert "Good to know with what you take" in added
    assert "Both at once can slow your breathing" in added
    assert "Please do not stop this one all at once" in added
    assert "Your clinic has not reviewed it yet" in added
    later = client.get(f"/medications/{lorazepam.id}").main_words
    assert "Good to know with what you take" not in later
    assert "Both at once can slow your breathing" in later
    assert "If a dose was left out" in later
