"""What a clinician with four minutes sees of the list: hard check-ins, what is new, how people want to be called."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from typing import Any

import pytest
from sqlalchemy import update

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind
from patient_app.accounts.models import Person, TeamMembership
from patient_app.checkins import recording
from patient_app.checkins.answers import Answers
from patient_app.consent.categories import Category, Level
from patient_app.consent.models import Consent, ConsentState
from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.reading import service as reading
from patient_app.reading.caseload import Caseload, CaseloadRow, Order, caseload
from tests import factories
from tests.factories import Made
from tests.page import Client, Page, text_of
from tests.sweeps.test_statements import counted

NOW = datetime(2026, 11, 3, 18, 0, tzinfo=UTC)
MOOD, USE, NOTES = Category.MOOD, Category.SUBSTANCE_USE, Category.NOTES
DETAIL, SUMMARY = Level.DETAIL, Level.SUMMARY
PRESCRIBER = Discipline.PRESCRIBER


@dataclass(frozen=True)
class World:
    """A prescriber with three patients: Ada, Bo and Cy."""

    practice: factories.MadePractice
    administrator: Made
    prescriber: Made
    ada: Made
    bo: Made
    cy: Made


@pytest.fixture
def world(store: Store, set_time: Callable[[datetime], None]) -> World:
    """Make them, on an afternoon in November."""
    set_time(NOW)
    factories.make_installation(store)
    practice = factories.make_practice(store)
    administrator = factories.make_administrator(store, practice)
    prescriber = factories.make_clinician(store, practice, PRESCRIBER)
    patients = [factories.make_patient(store, practice, name=name) for name in ("Ada", "Bo", "Cy")]
    for patient in patients:
        factories.assign_team(store, patient, prescriber, administrator)
    return World(practice, administrator, prescriber, *patients)


def write(store: Store, patient: Made, days: float = 0, **said: Any) -> None:
    factories.make_check_in(store, patient, at=NOW - timedelta(days=days), **{"mood": None, **said})


def share(store: Store, patient: Made, *scope: Category, **options: Any) -> Any:
    return factories.give_consent(store, patient, PRESCRIBER, dict.fromkeys(scope, DETAIL), **options)


def look(store: Store, world: World, order: Order = Order.NAME, page: int = 1) -> Caseload:
    with store.work(writes=True):
        return caseload(world.prescriber.viewer, page, order)


def read(store: Store, world: World, patient: Made) -> reading.Shared:
    with store.work(writes=True):
        return reading.read_patient(world.prescriber.viewer, patient.id)


def names(found: Caseload) -> list[str]:
    return [row.person.name for row in found.rows]


def row_of(found: Caseload, patient: Made) -> CaseloadRow:
    return next(row for row in found.rows if row.person.id == patient.id)


def new(store: Store, world: World) -> list[int]:
    return [row.lately.new for row in look(store, world).rows]


# --- Hard check-ins first ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "is_hard"),
    [
        ({"mood": 1}, True),
        ({"mood": 2}, False),
        ({"craving": 7}, True),
        ({"craving": 6}, False),
        ({"mood": 5, "craving": 10}, True),
        ({"use": True}, False),
        ({"note": "a very hard day"}, False),
    ],
    ids=str,
)
def test_a_hard_check_in_is_a_very_low_mood_or_a_strong_pull(
    store: Store, world: World, said: dict[str, Any], is_hard: bool
) -> None:
    write(store, world.cy, **said)
    share(store, world.cy, MOOD, USE, NOTES)
    found = look(store, world, Order.HARD)
    assert names(found) == (["Cy", "Ada", "Bo"] if is_hard else ["Ada", "Bo", "Cy"])
    assert (row_of(found, world.cy).lately.hard_on is not None) == is_hard


def test_the_newest_hard_check_in_stands_first_and_the_rest_by_name(store: Store, world: World) -> None:
    write(store, world.bo, 2, mood=1)
    write(store, world.bo, 0, mood=5)
    write(store, world.cy, 1, craving=9)
    write(store, world.ada, 0, mood=4)
    for patient in (world.ada, world.bo, world.cy):
        share(store, patient, MOOD, USE)
    assert names(look(store, world, Order.HARD)) == ["Cy", "Bo", "Ada"]
    assert names(look(store, world)) == ["Ada", "Bo", "Cy"]


def test_after_a_week_a_check_in_is_hard_no_more(store: Store, world: World) -> None:
    share(store, world.cy, MOOD)
    write(store, world.cy, 8, mood=1)
    assert names(look(store, world, Order.HARD)) == ["Ada", "Bo", "Cy"]
    write(store, world.cy, 6, mood=1)
    assert names(look(store, world, Order.HARD)) == ["Cy", "Ada", "Bo"]


def test_what_is_not_shared_one_by_one_moves_nobody(store: Store, world: World) -> None:
    """The order is an answer too: it tells nothing that this clinician may not see."""
    write(store, world.cy, mood=1, craving=9)
    write(store, world.bo, mood=1, private=True)
    write(store, world.bo, mood=1, removed=True)
    share(store, world.bo, MOOD, USE)

    def moved() -> bool:
        found = look(store, world, Order.HARD)
        assert all(row.lately.hard_on is None for row in found.rows if row.person.name != "Cy")
        return names(found) != ["Ada", "Bo", "Cy"]

    assert not moved()
    for options in (
        {"state": ConsentState.PAUSED},
        {"state": ConsentState.REVOKED},
        {"ends_at": NOW - timedelta(minutes=1)},
        {"entries_from": NOW.date() + timedelta(days=1)},
        {"starts_at": NOW + timedelta(days=1)},
    ):
        share(store, world.cy, MOOD, USE, **options)
        assert not moved(), options
    share(store, world.cy, NOTES)
    factories.give_consent(store, world.cy, PRESCRIBER, {MOOD: SUMMARY, USE: SUMMARY})
    factories.give_consent(store, world.cy, Discipline.THERAPIST, {MOOD: DETAIL})
    assert not moved()
    consent = share(store, world.cy, MOOD)
    assert moved()
    with store.work(writes=True):
        db().execute(update(Consent).where(Consent.id == consent).values(seal=b"made up"))
    assert not moved()
    consent = share(store, world.cy, USE)
    assert moved()
    with store.work(writes=True):
        db().execute(update(Consent).where(Consent.id == consent).values(state=ConsentState.PAUSED))
    assert not moved()


def test_whoever_is_off_the_team_or_elsewhere_is_in_no_order(store: Store, world: World) -> None:
    write(store, world.cy, mood=1)
    share(store, world.cy, MOOD)
    with store.work(writes=True):
        mine = TeamMembership.patient_id == world.cy.id
        db().execute(update(TeamMembership).where(mine).values(ended_at=clock.now()))
    assert names(look(store, world, Order.HARD)) == ["Ada", "Bo"]
    other = factories.make_clinician(store, factories.make_practice(store, "Elsewhere"), PRESCRIBER)
    with store.work(writes=True):
        assert caseload(other.viewer, 1, Order.HARD).rows == ()


def test_who_is_shown_is_recorded_and_who_is_only_put_in_order_is_not(
    store: Store, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patient_app.reading.caseload.PAGE_PATIENTS", 1)
    for patient in (world.ada, world.bo, world.cy):
        write(store, patient, mood=1 if patient is world.cy else 3)
        share(store, patient, MOOD)
    assert names(look(store, world, Order.HARD)) == ["Cy"]
    with store.work(writes=False):
        made = [len(access_log.records_of(one.id)) for one in (world.ada, world.bo, world.cy)]
    assert made == [0, 0, 1]
    assert names(look(store, world, Order.HARD, 2)) == ["Ada"]


@pytest.mark.parametrize("seed", range(6))
def test_what_was_written_last_gives_the_same_pages_as_the_whole_list(
    store: Store, world: World, monkeypatch: pytest.MonkeyPatch, set_time: Callable[[datetime], None], seed: int
) -> None:
    """Whatever was written when: told afterwards, or on a phone whose clock was ahead by up to a day."""
    chance = random.Random(seed)
    for patient in (world.ada, world.bo, world.cy):
        share(store, patient, MOOD)
    for _ in range(chance.randrange(4, 24)):  # At first, two are asked for, and then ten.
        recorded = NOW - timedelta(hours=chance.uniform(0, 120))
        set_time(recorded)
        ahead = timedelta(hours=chance.choice((-60, -1, 0, 0, 0, 23)))
        who = chance.choices((world.ada, world.bo, world.cy), (8, 2, 1))[0]
        factories.make_check_in(store, who, at=recorded + ahead, mood=chance.choice((1, 1, 5)))
    set_time(NOW)
    monkeypatch.setattr("patient_app.reading.caseload.PAGE_PATIENTS", 1)
    quick = [names(look(store, world, Order.HARD, page)) for page in (1, 2, 3, 4)]
    monkeypatch.setattr("patient_app.reading.caseload._front", lambda *_, **__: None)
    assert [names(look(store, world, Order.HARD, page)) for page in (1, 2, 3, 4)] == quick


def test_check_ins_of_one_moment_are_in_one_order_however_many_are_asked_for(
    store: Store, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patient_app.reading.caseload.PAGE_PATIENTS", 1)
    for patient in (world.cy, world.bo, world.ada):
        share(store, patient, MOOD)
        write(store, patient, mood=1)
        write(store, patient, mood=1)
    by_id = sorted((world.ada, world.bo, world.cy), key=lambda one: one.id)
    assert [names(look(store, world, Order.HARD, page)) for page in (1, 2, 3)] == [[one.viewer.name] for one in by_id]


def test_what_a_check_in_says_now_moves_it_and_not_what_it_said(
    store: Store, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written and changed as the patient does it: new, over and over, and on a phone that was offline."""
    monkeypatch.setattr("patient_app.reading.caseload.PAGE_PATIENTS", 1)
    share(store, world.cy, MOOD, USE)
    entry, base = new_id(), None
    for mood, craving, is_first in ((3, 6, False), (3, 7, True), (4, None, False), (1, None, True)):
        with store.work(writes=True):
            moment = clock.moment(NOW - timedelta(hours=2), world.cy.zone)
            answers = Answers(mood=mood, craving=craving)
            recording.record_check_in(world.cy.viewer, entry, answers, moment, base=base)
        base = (base or 0) + 1
        assert names(look(store, world, Order.HARD)) == (["Cy"] if is_first else ["Ada"]), (mood, craving)
    sent = recording.Sent(NOW, device_seq=1, clock_skew=None, sent_print=b"later")
    assert base is not None
    with store.work(writes=True):
        answers = Answers(mood=1, craving=9)
        recording.record_edit(world.cy.viewer, entry, answers, base=base, sent=sent, recorded_at=NOW)
    assert names(look(store, world, Order.HARD)) == ["Cy"]


def test_who_wrote_on_a_phone_whose_clock_was_ahead_stands_first_though_others_wrote_later(
    store: Store, world: World, monkeypatch: pytest.MonkeyPatch, set_time: Callable[[datetime], None]
) -> None:
    monkeypatch.setattr("patient_app.reading.caseload.PAGE_PATIENTS", 1)
    for patient in (world.ada, world.cy):
        share(store, patient, MOOD)
    set_time(NOW - timedelta(hours=10))
    factories.make_check_in(store, world.cy, at=NOW + timedelta(hours=13), mood=1)
    for hours in range(9, 2, -1):
        set_time(NOW - timedelta(hours=hours))
        factories.make_check_in(store, world.ada, mood=1)
    set_time(NOW)
    assert [names(look(store, world, Order.HARD, page)) for page in (1, 2)] == [["Cy"], ["Ada"]]


@pytest.mark.parametrize("page", [0, -1, 51, 10**6, 10**20])
def test_a_page_that_is_not_there_is_the_first_or_the_last(
    store: Store, world: World, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    """A number that no database can take is none that is asked of it."""
    monkeypatch.setattr("patient_app.reading.caseload.PAGE_PATIENTS", 1)
    for patient in (world.ada, world.bo, world.cy):
        share(store, patient, MOOD)
    write(store, world.cy, mood=1)
    assert names(look(store, world, Order.HARD, page)) == (["Cy"] if page < 1 else ["Bo"])


def test_a_page_full_of_hard_check_ins_opens_no_other_names(
    store: Store, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patient_app.reading.caseload.PAGE_PATIENTS", 1)
    monkeypatch.setattr("patient_app.reading.caseload._by_name", lambda *_: pytest.fail("opens all names"))
    share(store, world.cy, MOOD)
    write(store, world.cy, mood=1)
    found = look(store, world, Order.HARD)
    assert (names(found), found.first, found.total, found.has_more, found.unread) == (["Cy"], 1, 3, True, 0)


def test_the_page_offers_both_orders_and_says_what_they_mean(client: Client, store: Store, world: World) -> None:
    write(store, world.cy, 0.1, mood=1)
    share(store, world.cy, MOOD)
    page = factories.sign_in(client, world.prescriber)
    assert "Hard check-in on Tue 3 Nov" in page.words
    assert page.words.index("Cy") < page.words.index("Ada")
    assert {"/team?order=name", "/team?order=hard"} <= set(page.links)
    page = client.get("/team?order=name")
    assert page.words.index("Ada") < page.words.index("Cy")
    page = client.get("/team?order=hard")
    assert page.words.index("Cy") < page.words.index("Ada")
    assert "very low mood, or a pull of 7 or more" in page.words
    assert [text_of(link) for link in page.all("a", aria_current="true")] == ["Hardest check-ins first"]
    assert client.get("/team?order=nonsense").main_words == client.get("/team").main_words
    for word in ("risk", "score", "severe", "worst"):
        assert word not in page.words.lower()


def test_below_a_hard_check_in_the_answers_of_the_newest_say_whose_they_are(
    client: Client, store: Store, world: World
) -> None:
    """A good mood right below "Hard check-in" would read as that of the hard one."""
    share(store, world.cy, MOOD)
    share(store, world.ada, MOOD)
    write(store, world.cy, 0.2, mood=1)
    write(store, world.cy, 0.1, mood=4)
    write(store, world.ada, 0.1, mood=4)
    page = factories.sign_in(client, world.prescriber)
    said = [text_of(one) for one in page.all("span", class_name="case-said")]
    assert "Hard check-in on Tue 3 Nov" in said[0]
    assert "Newest: Mood: Good" in said[0]
    assert "Mood: Good" in said[1]
    assert not [one for one in said[1:] if "Newest" in one]


def test_below_a_list_of_people_the_line_speaks_of_each(client: Client, world: World) -> None:
    page = factories.sign_in(client, world.prescriber)
    assert "You see only what each person chose to share. It is not a complete list" in page.words
    assert "this person" not in page.words
    assert "each person chose" in client.get("/team/notes").words


def test_pages_keep_the_order(client: Client, store: Store, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patient_app.reading.caseload.PAGE_PATIENTS", 2)
    factories.sign_in(client, world.prescriber)
    for order in ("hard", "name"):
        links = client.get(f"/team?order={order}").links
        assert [one for one in links if "page=" in one] == [f"/team?page=2&order={order}"]


def order_shown(page: Page) -> str:
    return text_of(page.one("a", aria_current="true"))


def test_the_list_opens_in_the_order_that_was_chosen_last_until_somebody_signs_out(
    client: Client, store: Store, world: World, set_time: Callable[[datetime], None]
) -> None:
    factories.sign_in(client, world.prescriber)
    page = client.get("/team")
    assert order_shown(page) == "Hardest check-ins first"
    assert page.headers.getlist("Set-Cookie") == []
    client.get("/team?order=name")
    assert order_shown(client.get("/team")) == "By name"
    client.get("/team?order=hard")
    assert order_shown(client.get("/team")) == "Hardest check-ins first"
    client.get("/team?order=name")
    client.get("/team?order=nonsense")
    assert order_shown(client.get("/team")) == "By name"
    client.post("/sign-out")
    assert client.get_cookie("list-order") is None
    set_time(NOW + timedelta(minutes=1))  # A code is taken once.
    assert order_shown(factories.sign_in(client, world.prescriber)) == "Hardest check-ins first"


def test_what_a_device_keeps_of_the_order_is_one_word(secure_client: Client, store: Store, world: World) -> None:
    factories.sign_in(secure_client, world.prescriber)
    (header,) = secure_client.get("/team?order=name").headers.getlist("Set-Cookie")
    (cookie,) = SimpleCookie(header).values()
    assert (cookie.key, cookie.value) == ("__Host-list-order", "name")
    assert (cookie["path"], cookie["samesite"], cookie["domain"]) == ("/", "Lax", "")
    assert cookie["httponly"]
    assert cookie["secure"]
    secure_client.set_cookie("__Host-list-order", "<b>name</b>", domain="care.example", secure=True)
    assert order_shown(secure_client.get("/team")) == "Hardest check-ins first"


# --- Since you last looked --------------------------------------------------------------------------------------------


def test_new_is_what_this_clinician_did_not_open_yet(
    store: Store, world: World, set_time: Callable[[datetime], None]
) -> None:
    share(store, world.ada, MOOD, USE)
    for days in (0, 1, 8):
        write(store, world.ada, days, mood=3)
    assert new(store, world) == [2, 0, 0]
    assert new(store, world) == [2, 0, 0]  # A look at the list opens nothing.
    read(store, world, world.ada)
    assert new(store, world) == [0, 0, 0]
    set_time(NOW + timedelta(minutes=5))
    write(store, world.ada, 3, craving=2)  # Filled in afterwards.
    assert new(store, world) == [1, 0, 0]


def test_what_a_colleague_read_is_still_new(store: Store, world: World) -> None:
    colleague = factories.make_clinician(store, world.practice, PRESCRIBER)
    factories.assign_team(store, world.ada, colleague, world.administrator)
    share(store, world.ada, MOOD)
    write(store, world.ada, mood=3)
    with store.work(writes=True):
        reading.read_patient(colleague.viewer, world.ada.id)
    assert new(store, world) == [1, 0, 0]


def test_only_what_is_open_counts_and_what_opens_later_is_new(store: Store, world: World) -> None:
    write(store, world.ada, mood=3)
    write(store, world.ada, 1, craving=4)
    write(store, world.ada, 1, mood=2, private=True)
    write(store, world.ada, 1, note="words")
    assert new(store, world) == [0, 0, 0]
    read(store, world, world.ada)  # Nothing was shared: nothing was read.
    share(store, world.ada, MOOD)
    assert new(store, world) == [1, 0, 0]
    read(store, world, world.ada)
    assert new(store, world) == [0, 0, 0]
    consent = share(store, world.ada, USE)
    assert new(store, world) == [2, 0, 0]  # Of each, more can be seen now.
    with store.work(writes=True):
        db().execute(update(Consent).where(Consent.id == consent).values(state=ConsentState.PAUSED))
    assert new(store, world) == [0, 0, 0]


def test_older_days_that_were_opened_alone_leave_newer_ones_new(store: Store, world: World) -> None:
    share(store, world.ada, MOOD)
    write(store, world.ada, mood=3)
    with store.work(writes=True):
        reading.read_patient(world.prescriber.viewer, world.ada.id, until=NOW.date() - timedelta(days=20))
    assert new(store, world) == [1, 0, 0]


# --- Names ------------------------------------------------------------------------------------------------------------


def test_people_are_named_as_they_want_to_be(client: Client, store: Store, world: World) -> None:
    with store.work(writes=True):
        person = db().get_one(Person, world.ada.id)
        person.called, person.pronouns = "Addie <b>", "she/her"
    page = factories.sign_in(client, world.prescriber)
    assert "Ada “Addie <b>” she/her Chart" in page.words
    page = client.get(f"/team/{world.ada.id}")
    assert "Called Addie <b> · she/her · Chart" in page.words
    assert world.ada.name not in page.title


# --- Cost -------------------------------------------------------------------------------------------------------------


def test_statements_do_not_grow_and_are_few(client: Client, store: Store, world: World) -> None:
    def said(address: str) -> int:
        with counted(store.database, store.keys.database) as counter:
            assert client.get(address).status_code == 200
        return len(counter.statements)

    def fill(patients: Sequence[Made], days: int) -> None:
        for patient in patients:
            for day in range(days):
                write(store, patient, day / 3, mood=1 + day % 5, craving=day % 11)

    share(store, world.ada, MOOD, USE)
    write(store, world.ada, mood=1)
    factories.sign_in(client, world.prescriber)
    client.get("/team")
    few = [said("/team?order=name"), said("/team?order=hard")]
    assert said("/team") == few[1]  # In the order that was chosen last.
    client.get("/team?order=name")
    assert said("/team") == few[0]
    for patient in (world.bo, world.cy):
        share(store, patient, MOOD, USE)
    fill((world.ada, world.bo, world.cy), 40)
    first = said("/team")  # Some of the rows have their record, some do not.
    assert first <= 12
    assert [said("/team?order=name"), said("/team?order=hard")] == few
    assert few[0] <= 7
    assert few[1] <= 9
    with store.work(writes=False):
        kinds = {one.kind for one in access_log.records_of(world.bo.id)}
    assert kinds == {AccessKind.CASELOAD}
