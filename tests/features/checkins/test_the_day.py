"""The whole check-in: what it keeps, what comes after it, changing, deleting, past days, and who sees which part."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from patient_app.accounts import practice
from patient_app.accounts.models import Person
from patient_app.checkins import recording, service
from patient_app.checkins.answers import Answers, ThingSaid
from patient_app.checkins.parts import parts_of
from patient_app.consent import receipts
from patient_app.consent.categories import Category, Level
from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline, Role
from patient_app.core.work import Store, db
from patient_app.profile import service as profiles
from patient_app.profile.service import Part
from patient_app.profile.things import Kind, Thing
from tests import factories
from tests.factories import Made, make_person, make_practice, sign_in
from tests.page import Client

ALCOHOL, PILLS = Thing("alcohol", Kind.ALCOHOL), Thing("opioids", Kind.OPIOIDS)
WHOLE = Answers(
    mood=2,
    craving=7,
    use=True,
    note="my words",
    note_about_use=True,
    anxiety=8,
    energy=1,
    sleep_hours=4,
    things=(ThingSaid(ALCOHOL, 7, used=True), ThingSaid(PILLS, 2)),
    amount="two beers",
    triggers=(":stress", "my landlord"),
    helped=(":walked",),
)


@pytest.fixture
def patient(store: Store) -> Made:
    return make_person(store, make_practice(store), Role.PATIENT)


@pytest.fixture
def client(app: Flask, patient: Made) -> Client:
    browser = Client(app)
    sign_in(browser, patient)
    return browser


def record(
    store: Store, patient: Made, answers: Answers, *, entry_id: object = None, base: int | None = None
) -> object:
    with store.work(writes=True):
        when = clock.moment(clock.now(), patient.zone)
        return recording.record_check_in(patient.viewer, entry_id or new_id(), answers, when, base=base)  # type: ignore[arg-type]


def own(store: Store, patient: Made, entry_id: object) -> service.OwnCheckIn:
    with store.work(writes=False):
        return service.own_check_in(patient.viewer, entry_id)  # type: ignore[arg-type]


def tell(store: Store, patient: Made, **answers: object) -> None:
    with store.work(writes=True):
        profiles.change(patient.viewer, **answers)


def test_all_that_was_said_is_read_back_as_it_was_said(store: Store, patient: Made) -> None:
    assert own(store, patient, record(store, patient, WHOLE)).answers == WHOLE


def test_a_late_retry_of_earlier_words_changes_nothing(store: Store, patient: Made) -> None:
    entry = record(store, patient, Answers(mood=1))
    record(store, patient, Answers(mood=3), entry_id=entry)
    record(store, patient, Answers(mood=1), entry_id=entry)
    found = own(store, patient, entry)
    assert (found.version, found.answers.mood) == (2, 3)


def test_a_repeated_save_never_opens_what_was_kept_to_oneself(store: Store, patient: Made) -> None:
    entry = record(store, patient, Answers(mood=1))
    with store.work(writes=True):
        recording.set_private(patient.viewer, entry, private=True)  # type: ignore[arg-type]
    record(store, patient, Answers(mood=1), entry_id=entry)
    record(store, patient, Answers(mood=2), entry_id=entry)
    assert own(store, patient, entry).private


def test_a_change_of_a_page_that_is_out_of_date_is_refused_with_both_shown(
    store: Store, patient: Made, client: Client
) -> None:
    entry = record(store, patient, Answers(mood=1, note="first"))
    page = client.get(f"/check-in/{entry}/change")
    record(store, patient, Answers(mood=2, note="second"), entry_id=entry, base=1)
    sent = {**page.form(field="note").filled(), "mood": "5", "note": "third"}
    refused = client.post(f"/check-in/{entry}/change", data=sent)
    assert refused.status_code == 422
    assert "second" in refused.text
    assert "third" in refused.text
    assert own(store, patient, entry).answers.note == "second"
    again = {**refused.form(field="note").filled(), "mood": "5", "note": "third"}
    assert client.post(f"/check-in/{entry}/change", data=again).status_code == 303
    assert client.post(f"/check-in/{entry}/change", data=again).status_code == 303
    found = own(store, patient, entry)
    assert (found.version, found.answers.note) == (3, "third")


def test_deleting_asks_once_can_be_undone_and_is_nobody_elses(
    app: Flask, store: Store, patient: Made, client: Client
) -> None:
    entry = record(store, patient, Answers(mood=1, note="gone"))
    assert "Nobody else has seen it" in client.get(f"/check-in/{entry}/delete").text
    other = Client(app)
    sign_in(other, make_person(store, make_practice(store, "Other"), Role.PATIENT))
    assert other.post(f"/check-in/{entry}/delete").status_code == 404
    assert other.get(f"/check-in/{entry}/deleted").status_code == 404
    assert client.get(f"/check-in/{entry}/deleted").status_code == 404
    for _ in range(2):
        assert client.post(f"/check-in/{entry}/delete").status_code == 303
    for back in (
        "",
        "/delete",
        "/change",
    ):  # Where Back leads, it is said to its owner alone.
        page, stranger = client.get(f"/check-in/{entry}{back}"), other.get(f"/check-in/{entry}{back}")
        assert (page.status_code, stranger.status_code) == (404, 404)
        assert "You deleted this check-in" in page.main_words
        assert page.form(action=f"/check-in/{entry}/bring-back")
        assert "deleted" not in stranger.words
        assert stranger.html == other.get(f"/check-in/{new_id()}{back}").html
    assert "gone" not in client.get("/history").text
    with pytest.raises(recording.IdTaken):
        record(store, patient, Answers(mood=4), entry_id=entry)
    assert client.post(f"/check-in/{entry}/bring-back").status_code == 303
    assert own(store, patient, entry).answers.note == "gone"


def test_a_past_day_can_be_filled_in_and_no_other(store: Store, patient: Made, client: Client) -> None:
    today = clock.moment(clock.now(), patient.zone).day
    for days_ago, taken in ((1, True), (14, True), (15, False), (-1, False)):
        day = today - timedelta(days=days_ago)
        answer = client.post("/check-in", data={"id": str(new_id()), "mood": "3", "day": day.isoformat()})
        assert answer.status_code == (303 if taken else 422), days_ago
        if taken:
            entry = own(store, patient, uuid.UUID(answer.location.split("/")[2].split("?")[0]))
            assert (entry.day, entry.local_time.date(), entry.local_time.hour) == (day, day, 12)
    garbage = client.post("/check-in", data={"id": str(new_id()), "mood": "3", "day": "soon"})
    assert garbage.status_code == 422


def test_a_link_to_a_day_that_is_too_long_ago_says_that_this_is_for_today(patient: Made, client: Client) -> None:
    """A page that lay open for some days, or was kept on a phone, still has such links."""
    today = clock.moment(clock.now(), patient.zone).day
    for days_ago, is_said in ((0, False), (1, False), (14, False), (15, True)):
        page = client.get(f"/check-in?day={today - timedelta(days=days_ago)}")
        assert ("This would now be saved for today." in page.main_words) is is_said, days_ago
    assert "This would now be saved for today." not in client.get("/check-in").main_words


def test_no_page_tells_a_time_of_day_of_what_was_told_afterwards(store: Store, patient: Made, client: Client) -> None:
    yesterday = clock.moment(clock.now(), patient.zone).day - timedelta(days=1)
    sent = {"id": str(new_id()), "mood": "3", "day": yesterday.isoformat()}
    address = client.post("/check-in", data=sent).location.split("?")[0]
    entry = own(store, patient, uuid.UUID(sent["id"]))
    client.post(f"{address}/change", data={**sent, "base": str(entry.version), "mood": "4"})
    assert not own(store, patient, entry.id).time_known
    pages = {
        page: client.get(page).main_words for page in (address, f"{address}/change", f"{address}/delete", "/today")
    }
    for page, words in pages.items():
        assert f"{yesterday:%A} {yesterday.day} {yesterday:%B}" in words, page
    assert "You checked in" not in pages["/today"]
    pages["/history"] = client.get("/history").main_words
    assert "Added later" in pages["/history"]
    assert not [page for page, words in pages.items() if re.search(r"12:00|\bnoon\b", words, re.IGNORECASE)]
    at_noon = clock.noon_of(yesterday, patient.zone).occurred_at
    factories.make_check_in(store, patient, at=at_noon, mood=5)
    assert "Noon" in client.get("/history").main_words


def test_who_says_that_substances_play_no_part_never_reads_those_words(
    store: Store, patient: Made, client: Client
) -> None:
    tell(store, patient, part=Part.NO)
    page = client.get("/check-in").text
    assert "drink" not in page.lower().split("<main")[1].split("</main")[0]
    sent = {"id": str(new_id()), "mood": "3", "craving": "9", "use": "yes", "triggers": ":stress"}
    answer = client.post("/check-in", data=sent)
    said = own(store, patient, uuid.UUID(answer.location.split("/")[2].split("?")[0])).answers
    assert (said.craving, said.use, said.triggers, said.about_use) == (None, None, (":stress",), False)
    of_use = re.compile(r"\b(drink|drank|drugs?|alcohol|cravings?|pull|used?)\b", re.IGNORECASE)
    month = f"/history?month={clock.now():%Y-%m}"
    for address in (answer.location, answer.location.split("?")[0], "/today", "/history", month):
        assert not of_use.search(client.get(address).main_words), address


def test_a_note_beside_use_is_about_use_unless_the_person_says_not(store: Store, patient: Made, client: Client) -> None:
    for use, said, about in (("yes", "", True), ("yes", "no", False), ("no", "", False), ("no", "yes", True)):
        sent = {"id": str(new_id()), "use": use, "note": "words", "note_about_use": said}
        answer = client.post("/check-in", data=sent)
        assert (
            own(store, patient, uuid.UUID(answer.location.split("/")[2].split("?")[0])).answers.note_about_use is about
        )


def test_a_change_opens_nothing_that_was_about_use(store: Store, patient: Made, client: Client) -> None:
    """Also when the person says since then that substances play no part: what was told under that stays there."""
    entry = record(store, patient, Answers(mood=2, note="my words", note_about_use=True, triggers=(":stress",)))
    chips = record(store, patient, Answers(mood=2, triggers=(":stress",), helped=(":walked",)))
    tell(store, patient, part=Part.NO)
    for one in (entry, chips):
        sent = {**client.get(f"/check-in/{one}/change").form(field="note").filled(), "mood": "4"}
        assert client.post(f"/check-in/{one}/change", data=sent).status_code == 303
        said = own(store, patient, one).answers
        assert (said.mood, said.triggers, said.about_use) == (4, (":stress",), True)
        assert said.note_about_use is bool(said.note)


def test_use_that_is_told_in_a_change_covers_the_note_too(store: Store, patient: Made, client: Client) -> None:
    for before, said, about in (
        (Answers(note="words"), {"use": "yes"}, True),
        (Answers(note="words", use=True, note_about_use=True), {"use": ""}, True),
        (Answers(note="words", use=True), {"craving": "8"}, False),  # The person said so.
    ):
        entry = record(store, patient, before)
        sent = {**client.get(f"/check-in/{entry}/change").form(field="note").filled(), **said}
        assert client.post(f"/check-in/{entry}/change", data=sent).status_code == 303
        assert own(store, patient, entry).answers.note_about_use is about


def test_words_of_ones_own_become_chips_the_next_time(patient: Made, client: Client) -> None:
    sent = {"id": str(new_id()), "own_trigger": "my landlord", "own_helper": "the dog"}
    assert client.post("/check-in", data=sent).status_code == 303
    page = client.get("/check-in").text
    assert 'value="my landlord"' in page
    assert 'value="the dog"' in page
    again = {"id": str(new_id()), "triggers": ["my landlord", "not on the list"]}
    assert client.post("/check-in", data=again).status_code == 422


def test_things_have_a_scale_each_and_folded_ones_are_not_read(store: Store, patient: Made, client: Client) -> None:
    tell(store, patient, part=Part.YES, things=(ALCOHOL, PILLS))
    sent = {"id": str(new_id()), "craving": "6", "pulls-alcohol": "6", "pulls-opioids": "", "use": "yes"}
    answer = client.post("/check-in", data={**sent, "used_things": "alcohol", "amount": "two"})
    said = own(store, patient, uuid.UUID(answer.location.split("/")[2].split("?")[0])).answers
    assert said.things == (ThingSaid(ALCOHOL, 6, used=True),)
    none = {"id": str(new_id()), "craving": "0", "pulls-alcohol": "6", "use": "no", "amount": "two"}
    answer = client.post("/check-in", data=none)
    said = own(store, patient, uuid.UUID(answer.location.split("/")[2].split("?")[0])).answers
    assert (said.things, said.amount) == ((), "")
    assert client.post("/check-in", data={**none, "craving": "6", "pulls-alcohol": "11"}).status_code == 422


def test_the_page_after_saving_makes_at_most_one_offer(store: Store, patient: Made, client: Client) -> None:
    tell(store, patient, part=Part.YES, things=(PILLS,))
    for sent, title in (
        ({"mood": "4"}, None),
        ({"craving": "9"}, "For a strong pull"),
        ({"mood": "1"}, "That sounds like a hard moment."),
        ({"use": "yes"}, "Thank you for telling us."),
    ):
        answer = client.post("/check-in", data={"id": str(new_id()), **sent})
        page = client.get(answer.location)
        assert page.text.count('class="card offer"') == (title is not None)
        # Thanks are said once.
        assert page.text.count("Thank you for telling us.") <= 1
        assert title is None or title in page.text
        assert "offer" not in client.get(answer.location.split("?")[0]).text


def test_what_a_change_tells_anew_is_followed_too(store: Store, patient: Made, client: Client) -> None:
    tell(store, patient, part=Part.YES, things=(PILLS,))
    entry = record(store, patient, Answers(mood=4))
    sent = {**client.get(f"/check-in/{entry}/change").form(field="note").filled(), "use": "yes"}
    changed = client.get(client.post(f"/check-in/{entry}/change", data=sent).location)
    assert changed.text.count('class="card offer"') == 1
    assert "your body can take much less than before" in changed.text
    assert changed.heading == "Your check-in"


def test_a_receipt_names_nobody_where_nothing_is_shared(store: Store, patient: Made) -> None:
    entry = own(store, patient, record(store, patient, WHOLE))
    with store.work(writes=False):
        assert receipts.who_sees(patient.viewer, entry.day, parts_of(entry.answers)) == []


def test_receipts_name_each_part_for_each_person(store: Store) -> None:
    practice = make_practice(store)
    patient = factories.make_patient(store, practice)
    admin = factories.make_administrator(store, practice)
    therapist = factories.make_clinician(store, practice, discipline=Discipline.THERAPIST)
    factories.assign_team(store, patient, therapist, admin)
    supporter = factories.make_supporter(store, practice)
    factories.tie_supporter(store, patient, supporter)
    factories.give_consent(store, patient, supporter, {Category.MOOD: Level.SUMMARY})
    factories.give_consent(store, patient, therapist, {Category.MOOD: Level.DETAIL, Category.NOTES: Level.DETAIL})
    entry = own(store, patient, record(store, patient, WHOLE))
    with store.work(writes=False):
        found = receipts.who_sees(patient.viewer, entry.day, parts_of(entry.answers))
    said = {(one.discipline, one.parts, one.weekly) for one in found}
    mood = ("your mood", "sleep", "how anxious you felt", "energy")
    assert said == {(Discipline.THERAPIST, mood, ()), (None, (), mood)}


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-11-23 14:00", "Your care team is there until 5:30 PM today."),  # Monday, 9:00 in New York.
        ("2026-11-23 12:00", "Your care team is there next on Monday 23 November from 8:30 AM."),
        ("2026-11-23 22:30", "Your care team is there next on Wednesday 25 November from 8:30 AM."),
        ("2026-11-26 02:00", "Your care team is there next on Monday 30 November from 8:30 AM."),
        (
            "2026-11-24 03:00",
            "Your care team is there next on Wednesday 25 November from 8:30 AM.",
        ),  # Still Monday there.
    ],
)
def test_the_confirmation_says_when_a_person_usually_reads_it(
    store: Store, app: Flask, set_time: Callable[[object], None], moment: str, words: str
) -> None:
    set_time(moment)
    own = make_practice(store)
    patient, prescriber = (
        factories.make_patient(store, own),
        factories.make_clinician(store, own, Discipline.PRESCRIBER),
    )
    admin = factories.make_administrator(store, own)
    factories.assign_team(store, patient, prescriber, admin)
    browser = Client(app)
    sign_in(browser, patient)
    entry = f"/check-in/{factories.make_check_in(store, patient)}"
    with store.work(writes=True):
        practice.set_hours(admin.viewer, {0: (510, 1050), 2: (510, 1050)})
    assert "care team is there" not in browser.get(entry).words
    factories.give_consent(store, patient, prescriber, {Category.MOOD: Level.DETAIL})
    page = browser.get(entry).words.replace("\u202f", " ")
    assert f"{words} They may read it then, or later. Nobody watches this around the clock." in page
    with store.work(writes=True):
        practice.set_hours(admin.viewer, {})
    assert "Your care team reads when it is open. It can take some days. Nobody watches" in browser.get(entry).words


@pytest.mark.parametrize("moment", ["2026-11-23 14:00", "2026-07-06 14:00"])
@pytest.mark.parametrize(
    ("zone", "named"), [("America/Los_Angeles", True), ("America/Detroit", False), ("America/New_York", False)]
)
def test_hours_name_their_clock_where_it_shows_another_time(
    store: Store, app: Flask, set_time: Callable[[object], None], moment: str, zone: str, *, named: bool
) -> None:
    set_time(moment)
    own, clock_there = make_practice(store), "By the clock in New York (Eastern Time)."
    patient = factories.make_patient(store, own, zone=zone)
    prescriber = factories.make_clinician(store, own, Discipline.PRESCRIBER)
    supporter = factories.make_supporter(store, own)
    admin = factories.make_administrator(store, own)
    factories.assign_team(store, patient, prescriber, admin)
    factories.tie_supporter(store, patient, supporter)
    factories.give_consent(store, patient, prescriber, {Category.MOOD: Level.DETAIL})
    with store.work(writes=True):
        practice.set_hours(admin.viewer, {0: (510, 1050)})
        db().get_one(Person, supporter.id).zone = zone
    browser, friend = Client(app), Client(app)
    assert clock_there not in browser.get("/help").words
    sign_in(browser, patient)
    entry = f"/check-in/{factories.make_check_in(store, patient)}"
    assert (f"They may read it then, or later. {clock_there} Nobody" in browser.get(entry).words) is named
    assert (clock_there in browser.get("/help").words) is named
    sign_in(friend, supporter)
    for address in ("/supporting/worried/tell", "/supporting/worried/sent"):
        assert (clock_there in friend.get(address).words) is named, address
    with store.work(writes=True):
        practice.set_hours(admin.viewer, {})
    assert clock_there not in browser.get(entry).words
