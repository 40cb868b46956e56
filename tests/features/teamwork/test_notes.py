"""Short notes to the team: who reads them, who does not, and that they are kept once."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from patient_app.access_log import service as access_log
from patient_app.accounts.models import TeamMembership
from patient_app.consent.categories import OFFERED, Category, Level
from patient_app.consent.models import Consent, ConsentState
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline, Role
from patient_app.core.work import Store, db
from patient_app.reading import service as reading
from patient_app.reading import team
from patient_app.teamwork import service as teamwork
from patient_app.teamwork.models import TeamNote
from tests import factories
from tests.factories import Made
from tests.page import Client
from tests.sweeps.test_statements import counted

NOW = datetime(2026, 11, 3, 18, 0, tzinfo=UTC)
MOOD, USE, NOTES = Category.MOOD, Category.SUBSTANCE_USE, Category.NOTES
DETAIL, SUMMARY = Level.DETAIL, Level.SUMMARY
PRESCRIBER, THERAPIST = Discipline.PRESCRIBER, Discipline.THERAPIST
CANARY = "zanarq-team-note"


@dataclass(frozen=True)
class World:
    """A patient who shares all with the therapist, who writes the notes; and a prescriber, who reads."""

    practice: factories.MadePractice
    administrator: Made
    patient: Made
    therapist: Made
    prescriber: Made


@pytest.fixture
def world(store: Store, set_time: Callable[[datetime], None]) -> World:
    """Make them, on an afternoon in November."""
    set_time(NOW)
    factories.make_installation(store)
    practice = factories.make_practice(store)
    administrator = factories.make_administrator(store, practice)
    patient = factories.make_patient(store, practice, name="Ada")
    therapist = factories.make_clinician(store, practice, THERAPIST, name="Tom")
    prescriber = factories.make_clinician(store, practice, PRESCRIBER, name="Dr Pia")
    for clinician in (therapist, prescriber):
        factories.assign_team(store, patient, clinician, administrator)
    factories.give_consent(store, patient, THERAPIST, dict.fromkeys(OFFERED, DETAIL))
    return World(practice, administrator, patient, therapist, prescriber)


def leave(
    store: Store, world: World, categories: Iterable[Category], *, words: str = CANARY, note_id: uuid.UUID | None = None
) -> uuid.UUID:
    made = note_id or new_id()
    with store.work(writes=True):
        team.leave_note(world.therapist.viewer, world.patient.id, made, words, list(categories))
    return made


def share(store: Store, world: World, scope: dict[Category, Level], **options: Any) -> uuid.UUID:
    return factories.give_consent(store, world.patient, PRESCRIBER, scope, **options)


def end(store: Store, consent_id: uuid.UUID) -> None:
    with store.work(writes=True):
        db().execute(update(Consent).where(Consent.id == consent_id).values(state=ConsentState.REVOKED))


def read(store: Store, world: World, by: Made | None = None, until: date | None = None) -> list[str]:
    with store.work(writes=True):
        shared = reading.read_patient((by or world.prescriber).viewer, world.patient.id, until=until)
    assert shared.for_team is not None
    return [note.words for note in shared.for_team.notes]


def count(store: Store) -> int:
    with store.work(writes=False):
        return db().scalar(select(func.count()).select_from(TeamNote)) or 0


def records(store: Store, world: World) -> int:
    with store.work(writes=False):
        return len(access_log.records_of(world.patient.id))


def address(world: World) -> str:
    return f"/team/{world.patient.id}"


# --- Who reads a note -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("categories", "scope", "is_read"),
    [
        ([MOOD], {}, False),
        ([MOOD], {MOOD: DETAIL}, True),
        ([MOOD], {MOOD: SUMMARY}, False),
        ([MOOD], {USE: DETAIL, NOTES: DETAIL}, False),
        ([USE], {MOOD: DETAIL, NOTES: DETAIL}, False),
        ([USE], {USE: DETAIL}, True),
        ([MOOD, USE], {MOOD: DETAIL}, False),
        ([MOOD, USE], {USE: DETAIL}, False),
        ([MOOD, USE], {MOOD: DETAIL, USE: SUMMARY}, False),
        ([MOOD, USE], {MOOD: DETAIL, USE: DETAIL}, True),
        ([MOOD, USE, NOTES], {MOOD: DETAIL, USE: DETAIL}, False),
    ],
    ids=str,
)
def test_a_note_is_read_by_who_may_see_all_that_it_touches_on(
    store: Store, world: World, categories: list[Category], scope: dict[Category, Level], is_read: bool
) -> None:
    leave(store, world, categories)
    if scope:
        share(store, world, scope)
    assert read(store, world) == ([CANARY] if is_read else [])
    assert read(store, world, world.therapist) == [CANARY]


def test_of_two_consents_each_opens_its_part_and_the_later_day_counts(
    store: Store, world: World, set_time: Callable[[datetime], None]
) -> None:
    leave(store, world, [MOOD, USE])
    share(store, world, {MOOD: DETAIL})
    assert read(store, world) == []
    later = share(store, world, {USE: DETAIL}, entries_from=NOW.date() + timedelta(days=1))
    assert read(store, world) == []  # It was written before the first day that is open.
    set_time(NOW + timedelta(days=1))
    leave(store, world, [MOOD, USE], words="the next day")
    assert read(store, world) == ["the next day"]
    end(store, later)
    assert read(store, world) == []


NEVER = {
    "paused": {"state": ConsentState.PAUSED},
    "revoked": {"state": ConsentState.REVOKED},
    "draft": {"state": ConsentState.DRAFT},
    "over": {"ends_at": NOW - timedelta(minutes=1)},
    "not begun": {"starts_at": NOW + timedelta(days=1)},
}


@pytest.mark.parametrize("options", NEVER.values(), ids=NEVER)
def test_a_consent_that_is_not_in_force_opens_no_note(store: Store, world: World, options: dict[str, Any]) -> None:
    leave(store, world, [MOOD])
    share(store, world, dict.fromkeys(Category, DETAIL), **options)
    assert read(store, world) == []


def test_neither_categories_that_nobody_knows_nor_none_at_all_open_to_all(store: Store, world: World) -> None:
    share(store, world, dict.fromkeys(Category, DETAIL))
    ids = [leave(store, world, [MOOD]) for _ in range(2)]
    with store.work(writes=True):
        for note_id, categories in zip(ids, ([], ["mood", "something else"]), strict=True):
            db().execute(update(TeamNote).where(TeamNote.id == note_id).values(categories=categories))
    assert read(store, world) == []
    assert read(store, world, world.therapist) == [CANARY, CANARY]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    categories=st.sets(st.sampled_from(Category), min_size=1),
    agreed=st.lists(
        st.tuples(
            st.dictionaries(st.sampled_from(Category), st.sampled_from(Level), min_size=1),
            st.none() | st.integers(-3, 3),
            st.sampled_from([ConsentState.ACTIVE, ConsentState.ACTIVE, ConsentState.PAUSED]),
        ),
        max_size=3,
    ),
)
def test_any_note_under_any_consents_is_read_as_the_model_says(
    store: Store,
    world: World,
    categories: set[Category],
    agreed: list[tuple[dict[Category, Level], int | None, ConsentState]],
) -> None:
    leave(store, world, categories)
    consents = [
        share(
            store,
            world,
            scope,
            state=state,
            entries_from=None if since is None else NOW.date() + timedelta(days=since),
        )
        for scope, since, state in agreed
    ]
    opened = {
        category
        for scope, since, state in agreed
        for category, level in scope.items()
        if state is ConsentState.ACTIVE and level is DETAIL and (since or 0) <= 0
    }
    assert read(store, world) == ([CANARY] if categories <= opened else [])
    with store.work(writes=True):
        db().execute(update(Consent).where(Consent.id.in_(consents)).values(state=ConsentState.REVOKED))
        for note in db().scalars(select(TeamNote)):
            db().delete(note)


def test_the_author_reads_it_for_ever_and_sees_nothing_else(client: Client, store: Store, world: World) -> None:
    leave(store, world, [USE])
    factories.make_check_in(store, world.patient, mood=1)
    with store.work(writes=True):
        db().execute(update(Consent).values(state=ConsentState.REVOKED))
    factories.sign_in(client, world.therapist)
    page = client.get(address(world))
    assert CANARY in page.words
    assert "42 CFR part 2" in page.words
    assert "Very low" not in page.words
    assert "Write a note" not in page.words


def test_who_left_the_team_still_finds_what_they_wrote_and_nothing_else(
    client: Client, store: Store, world: World
) -> None:
    note = leave(store, world, [USE])
    leave(store, world, [MOOD], words="second")
    share(store, world, {MOOD: DETAIL, USE: DETAIL})
    factories.sign_in(client, world.therapist)
    assert "Ada" in client.get("/team/notes").main_words
    recorded = records(store, world)
    with store.work(writes=True):
        left = update(TeamMembership).where(TeamMembership.clinician_id == world.therapist.id)
        db().execute(left.values(ended_at=NOW))
    assert client.get(address(world)).status_code == 404
    assert client.get(client.get("/team").one("a", href="/team/notes").get("href") or "").status_code == 200
    page = client.get("/team/notes")
    assert "second" in page.main_words
    assert CANARY in page.main_words
    assert "42 CFR part 2" in page.words
    for known in ("Ada", world.patient.chart["chart_number"]):
        assert known not in page.html
    back = next(one for one in page.forms if str(note) in one.action)
    done = client.post(back.action)
    assert done.location == "/team/notes?done=note-taken-back"
    assert "Taken back: only you see it" in client.get(done.location).main_words
    assert read(store, world) == ["second"]
    assert records(store, world) == recorded + 1  # The prescriber's reading.
    factories.sign_in(other := Client(client.application), world.prescriber)
    assert CANARY not in other.get("/team/notes").html
    assert "second" not in other.get("/team/notes").main_words


def test_own_notes_come_in_pages(client: Client, store: Store, world: World) -> None:
    notes = [f"note {number:02}." for number in range(team.PAGE_NOTES + 1)]
    for words in notes:
        leave(store, world, [MOOD], words=words)
    factories.sign_in(client, world.therapist)
    with counted(store.database, store.keys.database) as counter:
        first = client.get("/team/notes")
    assert len(counter.statements) <= 4
    second = client.get("/team/notes?page=2")
    shown = [[note for note in notes if note in page.main_words] for page in (first, second)]
    assert [len(found) for found in shown] == [team.PAGE_NOTES, 1]
    assert sorted(shown[0] + shown[1]) == notes


def test_staff_of_another_practice_supporters_and_administrators_read_none(
    client: Client, store: Store, world: World
) -> None:
    leave(store, world, [MOOD])
    supporter = factories.make_supporter(store, world.practice)
    factories.tie_supporter(store, world.patient, supporter)
    factories.give_consent(store, world.patient, supporter, dict.fromkeys(Category, DETAIL))
    elsewhere = factories.make_administrator(store, factories.make_practice(store, "Elsewhere"))
    people = (supporter, world.administrator, elsewhere, world.patient)
    for person in people:
        browser = Client(client.application)
        factories.sign_in(browser, person)
        paths = [address(world), f"/supporting/{world.patient.id}", f"/practice/people/{world.patient.id}", "/sharing"]
        for path in [*paths, "/sharing/preview?to=team:therapist", "/history"]:
            assert CANARY not in browser.get(path).html, (person.role, path)
        answer = browser.post(f"{address(world)}/notes", data={"id": str(new_id()), "words": "x", "about": "mood"})
        assert answer.status_code == 404
    assert {Role.SUPPORTER, Role.ADMINISTRATOR, Role.PATIENT} == {person.role for person in people}
    assert count(store) == 1


def test_notes_stand_with_the_page_of_their_days_and_the_reading_is_recorded(
    store: Store, world: World, set_time: Callable[[datetime], None]
) -> None:
    leave(store, world, [USE], words="first")
    share(store, world, {USE: DETAIL})
    set_time(NOW + timedelta(days=14))
    leave(store, world, [USE], words="second")
    assert read(store, world) == ["second"]
    assert read(store, world, until=date(2026, 11, 3)) == ["first"]
    with store.work(writes=False):
        older, newer = access_log.records_of(world.patient.id)[:2]
    assert [(one.categories, one.notice_version != "") for one in (older, newer)] == [(["substance_use"], True)] * 2
    assert (newer.from_day, newer.to_day) == (date(2026, 11, 4), date(2026, 11, 17))
    assert (older.from_day, older.to_day) == (date(2026, 10, 21), date(2026, 11, 3))


# --- Writing and taking back ------------------------------------------------------------------------------------------


def test_a_note_is_written_read_and_taken_back(client: Client, store: Store, world: World) -> None:
    share(store, world, {MOOD: DETAIL})
    factories.sign_in(client, world.therapist)
    form = client.get(address(world)).form(action=f"{address(world)}/notes")
    sent = form.filled(words="  Slept badly.\r\nAsk <b>again</b>. ", about=["mood"])
    done = f"{address(world)}?done=note-kept"
    assert [client.post(form.action, data=sent).location for _ in range(2)] == [done, done]
    assert count(store) == 1
    page = client.get(done)
    assert "Saved." in page.words
    assert "Slept badly. Ask <b>again</b>." in page.words
    assert read(store, world) == ["Slept badly.\nAsk <b>again</b>."]
    back = next(one for one in page.forms if one.action.endswith("/take-back"))
    gone = f"{address(world)}?done=note-taken-back"
    assert [client.post(back.action).location for _ in range(2)] == [gone, gone]
    assert "Taken back: only you see it" in client.get(gone).words
    assert read(store, world) == []


def test_a_note_needs_words_and_what_it_is_about(client: Client, store: Store, world: World) -> None:
    factories.sign_in(client, world.therapist)
    path = f"{address(world)}/notes"
    for words, about, told in (
        ("", ["mood"], "Write a few words."),
        ("x", [], "Pick at least one"),
        ("x", ["measures"], "Pick from these answers."),
        ("x" * 1001, ["mood"], "This is too long by 1 letters."),
    ):
        page = client.post(path, data={"id": str(new_id()), "words": words, "about": about})
        assert page.status_code == 422
        assert told in page.words
        assert words in page.html
    assert count(store) == 0
    assert not [
        one for one in client.get(address(world)).all("input", type="checkbox") if one.get("checked") is not None
    ]


def test_an_id_of_another_note_is_answered_like_none_and_keeps_the_words(
    client: Client, store: Store, world: World
) -> None:
    kept = leave(store, world, [MOOD])
    share(store, world, {MOOD: DETAIL})
    browsers = [Client(client.application) for _ in range(2)]
    for browser, person in zip(browsers, (world.therapist, world.prescriber), strict=True):
        factories.sign_in(browser, person)
    for browser, sent in ((browsers[0], str(kept)), (browsers[1], str(kept)), (browsers[1], "nonsense")):
        path = f"{address(world)}/notes"
        page = browser.post(path, data={"id": sent, "words": "other words", "about": "mood"})
        assert page.status_code == 422
        assert "This page was out of date." in page.words
        form = page.form(action=path)
        assert form.filled()["words"] == ["other words"]
        assert form.filled()["id"] != [sent]
    assert count(store) == 1
    assert read(store, world) == [CANARY]


def test_only_ones_own_note_is_taken_back(store: Store, world: World) -> None:
    note_id = leave(store, world, [MOOD])
    other = factories.make_patient(store, world.practice)
    share(store, world, {MOOD: DETAIL})
    for viewer, patient_id, asked in (
        (world.prescriber.viewer, world.patient.id, note_id),
        (world.therapist.viewer, other.id, note_id),
        (world.therapist.viewer, world.patient.id, new_id()),
    ):
        with pytest.raises(NotFound), store.work(writes=True):
            teamwork.take_back(viewer, patient_id, asked)
    assert read(store, world) == [CANARY]


def test_twice_at_the_same_moment_is_kept_once(store: Store, world: World) -> None:
    note_id = new_id()
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(leave, store, world, [MOOD], note_id=note_id) for _ in range(8)]:
            done.result()
    assert count(store) == 1


def test_words_are_sealed_under_the_practices_key(store: Store, world: World) -> None:
    note_id = leave(store, world, [MOOD])
    with store.work(writes=False):
        note = db().get_one(TeamNote, note_id)
        assert note.words_sealed is not None
        assert CANARY.encode() not in note.words_sealed
        assert note.words_sealed[1:17] == store.keys.of_subject(world.practice.id).id.bytes
