"""A clinician's list: its pages, and that looking again keeps no writer waiting and still shows nothing that ended."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from threading import Event

import pytest
from sqlalchemy import event, select, update

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessChain, AccessKind, AccessRecord
from patient_app.accounts.models import Person, TeamMembership
from patient_app.consent.categories import Category, Level
from patient_app.consent.models import Consent, ConsentState
from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.installation import open_store
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.reading import people
from patient_app.reading import service as reading
from patient_app.reading.caseload import Caseload, caseload
from tests import factories
from tests.factories import Made
from tests.page import Client, Page, text_of

NOW = datetime(2026, 11, 3, 18, 0, tzinfo=UTC)
MOOD, USE, NOTES = Category.MOOD, Category.SUBSTANCE_USE, Category.NOTES
DETAIL = Level.DETAIL
PRESCRIBER = Discipline.PRESCRIBER


@dataclass(frozen=True)
class World:
    """A prescriber with two patients who share their mood: Ada and Zoe."""

    practice: factories.MadePractice
    administrator: Made
    prescriber: Made
    ada: Made
    zoe: Made


@pytest.fixture
def world(store: Store, set_time: Callable[[datetime], None]) -> World:
    """Make them, on an afternoon in November; each has checked in."""
    set_time(NOW)
    factories.make_installation(store)
    practice = factories.make_practice(store)
    administrator = factories.make_administrator(store, practice)
    prescriber = factories.make_clinician(store, practice, PRESCRIBER)
    found = World(practice, administrator, prescriber, *(_named(store, practice, name) for name in ("Ada", "Zoe")))
    for patient, mood in ((found.zoe, 5), (found.ada, 1)):
        factories.assign_team(store, patient, prescriber, administrator)
        factories.make_check_in(store, patient, at=NOW - timedelta(hours=2), mood=mood, craving=7)
    return found


def _named(store: Store, practice: factories.MadePractice, name: str) -> Made:
    return factories.make_patient(store, practice, name=name)


def share(store: Store, patient: Made, scope: tuple[Category, ...] = (MOOD,)) -> uuid.UUID:
    return factories.give_consent(store, patient, PRESCRIBER, dict.fromkeys(scope, DETAIL))


def look(store: Store, world: World, page: int = 1) -> Caseload:
    with store.work(writes=True):
        return caseload(world.prescriber.viewer, page)


def moods(found: Caseload) -> dict[str, int | None]:
    return {row.person.name: row.newest.mood if row.newest else None for row in found.rows}


def recorded(store: Store, *patients: Made) -> list[int]:
    """Return how many records of lists each patient has."""
    with store.work(writes=False):
        return [
            len([one for one in access_log.records_of(patient.id) if one.kind == AccessKind.CASELOAD])
            for patient in patients
        ]


def end(store: Store, consent_id: uuid.UUID) -> None:
    with store.work(writes=True):
        db().execute(update(Consent).where(Consent.id == consent_id).values(state=ConsentState.REVOKED))


@contextmanager
def writers_wait(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let somebody else hold what every writer of records needs; whoever waits for it gives up soon."""
    monkeypatch.setattr("patient_app.core.db.LOCK_SECONDS", 0.05)
    store.database.close()  # PostgreSQL hears of the limit when a connection is made.
    with store.work(writes=True):
        db().scalars(select(AccessChain.seq).with_for_update()).all()
        yield


# --- Once a day -----------------------------------------------------------------------------------------------------


def test_looking_again_the_same_day_waits_for_no_writer(
    client: Client, store: Store, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    share(store, world.ada)
    factories.sign_in(client, world.prescriber)
    client.get("/team")
    factories.make_check_in(store, world.ada, mood=4)
    with writers_wait(store, monkeypatch):
        page = client.get("/team")
    assert page.status_code == 200
    assert "Mood: Good" in page.words  # And what it shows is new.
    assert recorded(store, world.ada) == [1]


def test_the_first_look_of_a_day_shows_nothing_that_could_not_be_recorded(
    client: Client, store: Store, world: World, monkeypatch: pytest.MonkeyPatch, set_time: Callable[[datetime], None]
) -> None:
    share(store, world.ada)
    factories.sign_in(client, world.prescriber)
    client.get("/team")
    set_time(NOW + timedelta(minutes=14))
    share(store, world.zoe)
    with writers_wait(store, monkeypatch):
        page = client.get("/team")
    assert page.status_code == 503
    assert "Very" not in page.words
    assert recorded(store, world.ada, world.zoe) == [1, 0]


def test_what_was_ended_meanwhile_is_gone_at_the_next_look_though_nothing_is_recorded_any_more(
    client: Client, store: Store, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    consents = [share(store, patient) for patient in (world.ada, world.zoe)]
    factories.sign_in(client, world.prescriber)
    page = client.get("/team")
    assert ("Mood: Very low" in page.words, "Mood: Very good" in page.words) == (True, True)
    other = open_store(store.config)  # Another process.
    try:
        end(other, consents[0])
    finally:
        other.close()
    with writers_wait(store, monkeypatch):
        page = client.get("/team")
    assert page.status_code == 200
    assert ("Mood: Very low" in page.words, "Mood: Very good" in page.words) == (False, True)
    assert "Shares nothing with you now" in page.words


def test_off_the_team_is_off_the_list_at_the_next_look(store: Store, world: World) -> None:
    share(store, world.ada)
    assert set(moods(look(store, world))) == {"Ada", "Zoe"}
    with store.work(writes=True):
        mine = TeamMembership.patient_id == world.ada.id
        db().execute(update(TeamMembership).where(mine).values(ended_at=clock.now()))
    assert set(moods(look(store, world))) == {"Zoe"}


def test_only_what_is_new_is_recorded(store: Store, world: World) -> None:
    share(store, world.ada)
    assert moods(look(store, world)) == {"Ada": 1, "Zoe": None}
    assert recorded(store, world.ada, world.zoe) == [1, 0]
    share(store, world.zoe)
    assert moods(look(store, world)) == {"Ada": 1, "Zoe": 5}
    assert recorded(store, world.ada, world.zoe) == [1, 1]
    share(store, world.ada, (USE,))
    found = {row.person.name: row.newest for row in look(store, world).rows}
    assert found["Ada"] is not None
    assert (found["Ada"].mood, found["Ada"].craving) == (1, 7)
    assert recorded(store, world.ada, world.zoe) == [2, 1]
    with store.work(writes=False):
        newest, first = access_log.records_of(world.ada.id)
    assert [(one.categories, one.highest_seq) for one in (first, newest)] == [(["mood"], 1), (["substance_use"], 1)]
    assert (newest.from_day, newest.to_day) == (date(2026, 10, 4), date(2026, 11, 4))


def test_notes_alone_are_nothing_for_a_list(store: Store, world: World) -> None:
    share(store, world.ada, (NOTES,))
    assert moods(look(store, world)) == {"Ada": None, "Zoe": None}
    assert recorded(store, world.ada) == [0]


def test_two_at_the_same_moment_record_once(store: Store, world: World) -> None:
    share(store, world.ada)
    share(store, world.zoe)
    with ThreadPoolExecutor(6) as pool:
        found = [done.result() for done in [pool.submit(look, store, world) for _ in range(12)]]
    assert all(moods(one) == {"Ada": 1, "Zoe": 5} for one in found)
    assert recorded(store, world.ada, world.zoe) == [1, 1]
    assert access_log.verify(store).faults == []


@contextmanager
def looked_for_records(store: Store) -> Iterator[Event]:
    """Tell when somebody has asked which records there are, which is after what they decided by."""
    asked = Event()

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "FROM access_record" in statement:
            asked.set()

    event.listen(store.database.engine, "after_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(store.database.engine, "after_cursor_execute", note)


def test_a_consent_that_ends_between_the_look_and_the_record_opens_nothing(store: Store, world: World) -> None:
    """Whoever waits for the record decides anew when the wait is over."""
    consent_id = share(store, world.ada)
    share(store, world.zoe)
    waiting: Future[Caseload]
    with ThreadPoolExecutor(1) as pool:
        with looked_for_records(store) as asked, store.work(writes=True):
            db().scalars(select(AccessChain.seq).with_for_update()).all()
            db().execute(update(Consent).where(Consent.id == consent_id).values(state=ConsentState.REVOKED))
            waiting = pool.submit(look, store, world)
            assert asked.wait(5)
        found = waiting.result()
    assert moods(found) == {"Ada": None, "Zoe": 5}
    assert [bool(row.grants.items) for row in found.rows] == [False, True]
    assert recorded(store, world.ada, world.zoe) == [0, 1]


def test_the_same_holds_for_a_patients_page(store: Store, world: World) -> None:
    consent_id = share(store, world.ada)

    def read() -> reading.Shared:
        with store.work(writes=True):
            return reading.read_patient(world.prescriber.viewer, world.ada.id)

    with ThreadPoolExecutor(1) as pool:
        with store.work(writes=True):
            db().scalars(select(AccessChain.seq).with_for_update()).all()
            waiting = pool.submit(read)
            db().execute(update(Consent).where(Consent.id == consent_id).values(state=ConsentState.REVOKED))
        found = waiting.result()
    assert (found.grants.items, found.check_ins) == ((), ())
    with store.work(writes=False):
        [made] = access_log.records_of(world.ada.id)
    assert (made.consent_id, made.categories) == (None, [])


# --- Pages ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def many(store: Store, world: World) -> list[Made]:
    """Put 28 more patients on the list, who share everything, in no order; return them."""
    patients = [_named(store, world.practice, f"Pat {number * 11 % 28:02}") for number in range(28)]
    for patient in patients:
        factories.assign_team(store, patient, world.prescriber, world.administrator)
        factories.make_check_in(store, patient, mood=3)
        share(store, patient, (MOOD, USE))
    return patients


def test_a_page_is_20_patients_by_name_and_only_those_are_read(store: Store, world: World, many: list[Made]) -> None:
    first = look(store, world)
    assert [row.person.name for row in first.rows] == ["Ada", *(f"Pat {number:02}" for number in range(19))]
    assert (first.page, first.first, first.total, first.has_more) == (1, 1, 30, True)
    shown = {row.person.id for row in first.rows}
    assert recorded(store, *many) == [1 if patient.id in shown else 0 for patient in many]
    second = look(store, world, 2)
    assert [row.person.name for row in second.rows] == [*(f"Pat {number:02}" for number in range(19, 28)), "Zoe"]
    assert (second.page, second.first, second.total, second.has_more) == (2, 21, 30, False)
    assert recorded(store, *many) == [1] * 28


@pytest.mark.parametrize(("asked", "page"), [(-1, 1), (0, 1), (3, 2), (10**9, 2)])
def test_there_is_no_page_beyond_the_first_and_the_last(
    store: Store, world: World, many: list[Made], asked: int, page: int
) -> None:
    assert look(store, world, asked).page == page


def test_an_empty_list_is_one_page(store: Store, world: World) -> None:
    nobody = factories.make_clinician(store, world.practice)
    with store.work(writes=True):
        found = caseload(nobody.viewer, 7)
    assert (found.rows, found.page, found.total, found.has_more) == ((), 1, 0, False)


def test_a_new_name_is_sorted_anew(store: Store, world: World) -> None:
    assert list(moods(look(store, world))) == ["Ada", "Zoe"]
    with store.work(writes=True):
        db().get_one(Person, world.ada.id).name = "zz Ada"
    assert list(moods(look(store, world))) == ["Zoe", "zz Ada"]


def test_the_pages_are_links(client: Client, store: Store, world: World, many: list[Made]) -> None:
    page = factories.sign_in(client, world.prescriber)
    assert "1 to 20 of 30" in page.words
    assert _paging(page) == ["/team?page=2&order=hard"]
    page = client.get("/team?page=2")
    assert "21 to 30 of 30" in page.words
    assert _paging(page) == ["/team?page=1&order=hard"]
    assert len({link for link in page.links if re.fullmatch(r"/team/[0-9a-f-]{36}", link)}) == 10
    assert client.get("/team?page=x").words == client.get("/team").words


def _paging(page: Page) -> list[str]:
    return [link for link in page.links if "page=" in link]


def test_the_first_look_at_a_full_page_says_few_statements(
    client: Client, store: Store, world: World, many: list[Made]
) -> None:
    factories.sign_in(client, world.prescriber)  # Leads to the first page.
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            said.append(statement)

    event.listen(store.database.engine, "before_cursor_execute", note)
    event.listen(store.keys.database.engine, "before_cursor_execute", note)
    client.get("/team?page=2")
    assert len(said) <= 12, said
    said.clear()
    client.get("/team?page=2")
    assert len(said) <= 7, said  # One of them asks whether a sign waits that cannot.


# --- The notice -----------------------------------------------------------------------------------------------------


def test_the_notice_names_together_who_agreed_to_the_same(client: Client, store: Store, world: World) -> None:
    for patient in (world.ada, world.zoe):
        share(store, patient, (USE,))
    third, fourth = (_named(store, world.practice, name) for name in ("Bo", "Cy"))
    for patient in (third, fourth):
        factories.assign_team(store, patient, world.prescriber, world.administrator)
    share(store, third, (MOOD,))
    factories.give_consent(store, fourth, PRESCRIBER, {USE: DETAIL}, ends_at=NOW + timedelta(days=9))
    rows = look(store, world).rows
    numbers = {row.person.name: row.person.chart_number for row in rows}
    [text] = [text_of(one) for one in factories.sign_in(client, world.prescriber).all("aside", class_name="legal")]
    assert text.count("until they end it") == 1
    both = ", ".join(f"{name} ({numbers[name]})" for name in numbers if name in {"Ada", "Zoe"})
    assert f"{both}: " in text
    assert f"Cy ({numbers['Cy']}): " in text
    assert "until 12 November 2026" in text
    assert "Bo" not in text


# --- The days of a patient's page -----------------------------------------------------------------------------------


def days_of(page: Page) -> list[str]:
    return [text_of(heading) for day in page.all("section", class_name="read-day") for heading in day.iter("h3")]


def test_a_patients_page_is_14_days_and_the_others_are_links(client: Client, store: Store, world: World) -> None:
    share(store, world.ada)
    for days in (13, 14, 27, 28):
        factories.make_check_in(store, world.ada, at=NOW - timedelta(days=days), mood=2)
    factories.sign_in(client, world.prescriber)
    address = f"/team/{world.ada.id}"
    page = client.get(address)
    assert days_of(page) == ["Tue 3 Nov", "Wed 21 Oct"]
    [older] = [link for link in page.links if "until=" in link]
    assert older == f"{address}?until=2026-10-20"
    page = client.get(older)
    assert days_of(page) == ["Tue 20 Oct", "Wed 7 Oct"]
    assert [link for link in page.links if "until=" in link] == [
        f"{address}?until=2026-11-03",
        f"{address}?until=2026-10-06",
    ]
    with store.work(writes=False):
        made = [one for one in access_log.records_of(world.ada.id) if one.kind == AccessKind.DETAIL]
    assert [(one.from_day, one.to_day) for one in made] == [
        (date(2026, 10, 7), date(2026, 10, 20)),
        (date(2026, 10, 21), date(2026, 11, 3)),
    ]


@pytest.mark.parametrize("until", ["2026-11-04", "9999-12-31", "no day", ""])
def test_what_is_no_day_yet_is_today(client: Client, store: Store, world: World, until: str) -> None:
    share(store, world.ada)
    factories.sign_in(client, world.prescriber)
    address = f"/team/{world.ada.id}"
    assert client.get(address, query_string={"until": until}).main_words == client.get(address).main_words


def test_the_first_of_all_days_is_a_page_too(client: Client, store: Store, world: World) -> None:
    share(store, world.ada)
    factories.sign_in(client, world.prescriber)
    assert client.get(f"/team/{world.ada.id}?until=0001-01-01").status_code == 200


def test_a_week_is_summed_up_whole_and_on_one_page(store: Store, world: World) -> None:
    """The pages cut weeks: each is shown where its Monday is, with all of its days, and recorded with them."""
    factories.give_consent(store, world.ada, PRESCRIBER, {MOOD: Level.SUMMARY})
    for days in range(1, 29):
        factories.make_check_in(store, world.ada, at=NOW - timedelta(days=days), mood=3)
    seen: list[tuple[date, int]] = []
    for until in (None, date(2026, 10, 20)):
        with store.work(writes=True):
            found = reading.read_patient(world.prescriber.viewer, world.ada.id, until=until)
        seen += [(week.monday, week.mood_days) for week in found.weeks]
    assert seen == [
        (date(2026, 10, 26), 7),  # That of 2 November is not over.
        (date(2026, 10, 19), 7),
        (date(2026, 10, 12), 7),
    ]
    with store.work(writes=False):
        second, first = access_log.records_of(world.ada.id)
    assert (first.from_day, first.to_day) == (date(2026, 10, 21), date(2026, 11, 3))
    assert (second.from_day, second.to_day) == (date(2026, 10, 7), date(2026, 10, 25))


def test_a_record_holds_the_highest_number_that_was_read(store: Store, world: World) -> None:
    """Entries that are saved while somebody reads are either in the reading and its record, or in neither."""
    share(store, world.ada)

    def write() -> None:
        for _ in range(15):
            factories.make_check_in(store, world.ada, mood=3)

    def read() -> tuple[int, int]:
        with store.work(writes=True):
            shared = reading.read_patient(world.prescriber.viewer, world.ada.id)
            made = db().scalars(
                select(AccessRecord).where(AccessRecord.patient_id == world.ada.id).order_by(AccessRecord.seq.desc())
            )
            return len(shared.check_ins), next(iter(made)).highest_seq

    with ThreadPoolExecutor(4) as pool:
        writing = pool.submit(write)
        readings = [pool.submit(read) for _ in range(20)]
        writing.result()
        for one in readings:
            entries, highest = one.result()
            assert entries == highest


@pytest.mark.sqlite
def test_a_list_goes_through_nobody_else_of_the_practice(store: Store, world: World) -> None:
    """SQLite takes no index of a whole practice: a clinician of few waits as briefly in a large one."""
    share(store, world.ada)
    asked: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, text: str, values: object, *_rest: object) -> None:
        asked.append((text, values))

    event.listen(store.database.engine, "before_cursor_execute", note)
    look(store, world)
    with store.work(writes=True):  # As a list is asked that fills a page.
        people.some_listed(world.prescriber.viewer, [world.ada.id, *(new_id() for _ in range(19))])
    event.remove(store.database.engine, "before_cursor_execute", note)
    with store.database.engine.connect() as connection:
        plans = [
            (text, str(row[3]))
            for text, values in asked
            if text.lstrip().upper().startswith(("SELECT", "WITH"))
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)  # type: ignore[arg-type]
        ]
    assert len(plans) > len(asked)
    wide = [found for found in plans if "ix_person_practice_id" in found[1] or found[1].startswith("SCAN person")]
    assert not wide, wide
