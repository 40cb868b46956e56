"""One patient's page: what is new stands first, the drawing, and marks of having reviewed it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from patient_app.access_log import service as access_log
from patient_app.checkins import recording
from patient_app.checkins.answers import Answers, ThingSaid
from patient_app.consent.categories import Category, Level
from patient_app.consent.models import Consent, ConsentState
from patient_app.core.clock import moment, noon_of
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.profile.things import Kind, Thing
from patient_app.reading import service as reading
from patient_app.reading import team
from patient_app.reading.service import Shared
from patient_app.teamwork.models import Review
from tests import factories
from tests.factories import Made
from tests.page import Client, Page, text_of
from tests.sweeps.test_statements import counted

NOW = datetime(2026, 11, 3, 18, 0, tzinfo=UTC)
MOOD, USE, NOTES = Category.MOOD, Category.SUBSTANCE_USE, Category.NOTES
DETAIL, SUMMARY = Level.DETAIL, Level.SUMMARY
PRESCRIBER, THERAPIST = Discipline.PRESCRIBER, Discipline.THERAPIST
EVERYTHING = Answers(
    mood=1,
    craving=8,
    use=True,
    note="canary-note",
    note_about_use=True,
    anxiety=9,
    energy=2,
    sleep_hours=4,
    things=(ThingSaid(Thing("own", Kind.OTHER, "canary-thing"), 6, used=True),),
    amount="canary-amount",
    triggers=("canary-trigger", ":stress"),
    helped=("canary-helper",),
)
CANARIES = {"canary-note", "canary-thing", "canary-amount", "canary-trigger", "canary-helper"}


@dataclass(frozen=True)
class World:
    """A patient with a prescriber and a therapist on the team."""

    practice: factories.MadePractice
    administrator: Made
    patient: Made
    prescriber: Made
    therapist: Made


@pytest.fixture
def world(store: Store, set_time: Callable[[datetime], None]) -> World:
    """Make them, on an afternoon in November."""
    set_time(NOW)
    factories.make_installation(store)
    practice = factories.make_practice(store)
    administrator = factories.make_administrator(store, practice)
    patient = factories.make_patient(store, practice, name="Ada")
    prescriber = factories.make_clinician(store, practice, PRESCRIBER, name="Dr Pia")
    therapist = factories.make_clinician(store, practice, THERAPIST, name="Tom")
    for clinician in (prescriber, therapist):
        factories.assign_team(store, patient, clinician, administrator)
    return World(practice, administrator, patient, prescriber, therapist)


def write(store: Store, world: World, days: float = 0, **said: Any) -> None:
    factories.make_check_in(store, world.patient, at=NOW - timedelta(days=days), **{"mood": None, **said})


def write_everything(store: Store, world: World) -> None:
    with store.work(writes=True):
        recording.record_check_in(world.patient.viewer, new_id(), EVERYTHING, moment(NOW, world.patient.zone))


def share(store: Store, world: World, *scope: Category, to: Discipline = PRESCRIBER, **options: Any) -> Any:
    return factories.give_consent(store, world.patient, to, dict.fromkeys(scope, DETAIL), **options)


def read(store: Store, world: World, by: Made | None = None) -> Shared:
    with store.work(writes=True):
        return reading.read_patient((by or world.prescriber).viewer, world.patient.id)


def new_moods(shared: Shared) -> list[int | None]:
    assert shared.for_team is not None
    assert shared.for_team.new is not None
    return sorted((one.mood for one in shared.for_team.new), key=str)


def address(world: World) -> str:
    return f"/team/{world.patient.id}"


def canaries_in(page: Page) -> set[str]:
    return {word for word in CANARIES if word in page.html}


# --- All that a check-in can say ----------------------------------------------------------------------------------


def test_each_answer_stands_there_under_its_category_alone(client: Client, store: Store, world: World) -> None:
    write_everything(store, world)
    factories.sign_in(client, world.prescriber)
    for scope, seen, told in (
        ((MOOD,), set[str](), ["Mood: Very low", "Sleep: 4 hours", "Anxious: 9 of 10", "Energy: Low"]),
        ((NOTES,), set[str](), []),
        ((MOOD, NOTES), set[str](), ["Mood: Very low"]),
        ((USE,), CANARIES - {"canary-note"}, ["Pull: 8 of 10", "canary-thing: 6 of 10"]),
        ((USE, NOTES), CANARIES, ["Drank or used: Yes: canary-thing", "Stress"]),
    ):
        consent = share(store, world, *scope)
        page = client.get(address(world))
        assert canaries_in(page) == seen, scope
        said = said_on(page)
        assert all(line in said for line in told), (scope, said)
        assert ("Anxious" in said) == (MOOD in scope)
        assert ("42 CFR part 2" in page.words) == (USE in scope)
        with store.work(writes=True):
            db().execute(update(Consent).where(Consent.id == consent).values(state=ConsentState.REVOKED))
    page = client.get(address(world))
    assert canaries_in(page) == set()
    assert "shares nothing with you now" in page.words


def test_what_was_told_afterwards_has_a_day_and_no_time_of_day(client: Client, store: Store, world: World) -> None:
    share(store, world, Category.MOOD)
    with store.work(writes=True):
        told = noon_of(NOW.date() - timedelta(days=1), world.patient.zone)
        recording.record_check_in(world.patient.viewer, new_id(), Answers(mood=1), told)
    factories.sign_in(client, world.prescriber)
    listed, page = client.get("/team").main_words, client.get(address(world)).main_words
    assert f"{told.day:%a} {told.day.day} {told.day:%b}" in listed
    assert "Added later" in page
    assert "12:00" not in listed + page


def said_on(page: Page) -> str:
    """Return what the entries say, as "term: value"."""
    return " | ".join(
        f"{text_of(next(pair.iter('dt')))}: {text_of(next(pair.iter('dd')))}"
        for pairs in page.all("dl", class_name="pairs")
        for pair in pairs.iter("div")
    )


def test_a_summary_says_middles_and_counts_and_no_word_of_the_persons_own(
    client: Client, store: Store, world: World, set_time: Callable[[datetime], None]
) -> None:
    write_everything(store, world)
    factories.give_consent(store, world.patient, PRESCRIBER, {MOOD: SUMMARY, USE: SUMMARY})
    factories.sign_in(client, world.prescriber)
    running = client.get(address(world))
    assert "a week shows here once it is over" in running.words
    assert "Week of" not in running.words
    set_time(NOW + timedelta(days=6))
    factories.sign_in(client, world.prescriber)
    page = client.get(address(world))
    assert canaries_in(page) == set()
    said = said_on(page)
    for line in (
        "Mood, in the middle: Very low",
        "Sleep, in the middle: 4 hours",
        "Anxious, in the middle: 9 of 10",
        "Pull to drink or use, in the middle: 8 of 10",
        "Days with drinking or use noted: 1",
        "Days with a word on it: Something else (1)",
        "Made it harder: Stress (1), something in their own words (1)",
    ):
        assert line in said
    assert not page.all("figure")


@pytest.mark.parametrize("reader", ["no consent", "paused", "expired", "revoked", "unshown", "unassigned", "elsewhere"])
def test_nobody_else_sees_any_of_it(client: Client, store: Store, world: World, reader: str) -> None:
    """The new fields, the notes and the marks: each needs what every reading needs."""
    write_everything(store, world)
    share(store, world, MOOD, USE, NOTES, to=THERAPIST)
    with store.work(writes=True):
        reading.read_patient(world.therapist.viewer, world.patient.id)
        team.mark_reviewed(world.therapist.viewer, world.patient.id, new_id())
        for categories in ([MOOD], [USE], [MOOD, USE, NOTES]):
            team.leave_note(world.therapist.viewer, world.patient.id, new_id(), "canary-team-note", categories)
    options: dict[str, Any] = {
        "paused": {"state": ConsentState.PAUSED},
        "expired": {"ends_at": NOW - timedelta(minutes=1)},
        "revoked": {"state": ConsentState.REVOKED},
    }
    who, to = world.prescriber, PRESCRIBER
    if reader in {"unshown", "unassigned"}:
        who, to = factories.make_clinician(store, world.practice, Discipline.NURSE), Discipline.NURSE
    if reader == "elsewhere":
        who = factories.make_clinician(store, factories.make_practice(store, "Elsewhere"), PRESCRIBER)
    if reader == "unshown":
        factories.assign_team(store, world.patient, who, world.administrator, shown=False)
    if reader != "no consent":
        share(store, world, MOOD, USE, NOTES, to=to, **options.get(reader, {}))
    factories.sign_in(client, who)
    pages = [client.get(path) for path in ("/team", "/team?order=hard", address(world))]
    assert pages[2].status_code == (404 if reader in {"unassigned", "elsewhere"} else 200)
    for page in pages:
        assert canaries_in(page) == set()
        assert "canary-team-note" not in page.html
        assert "Reviewed" not in page.main_words
        assert "Tom" not in page.main_words
        assert "Hard check-in" not in page.main_words
        assert "Anxious" not in page.main_words
    for path in (f"{address(world)}/reviewed", f"{address(world)}/notes"):
        sent = {"id": str(new_id()), "review-id": str(new_id()), "words": "x", "about": "mood"}
        assert client.post(path, data=sent).status_code == 404


# --- Since you last looked --------------------------------------------------------------------------------------------


def test_what_is_new_stands_first_during_one_visit_and_is_seen_at_the_next(
    client: Client, store: Store, world: World, set_time: Callable[[datetime], None]
) -> None:
    share(store, world, MOOD)
    write(store, world, 1, mood=2)
    factories.sign_in(client, world.prescriber)
    page = client.get(address(world))
    assert "1 check-in is new to you." in page.words
    assert headings(page)[-1] == "New to you"
    set_time(NOW + timedelta(minutes=10))
    write(store, world, 3, mood=5)  # Filled in afterwards.
    assert "2 check-ins are new to you." in client.get(address(world)).words
    set_time(NOW + timedelta(days=1))
    factories.sign_in(client, world.prescriber)
    write(store, world, 0, mood=4)
    page = client.get(address(world))
    assert "1 new check-in since you last looked, Tue 3 Nov" in page.words
    assert "Mood was “Good”." in text_of(page.one("section", class_name="look"))
    new, drawn, seen = headings(page)[-3:]
    assert (new, drawn.endswith("November 2026"), seen) == ("New to you", True, "You have seen these")
    assert page.words.index("Mood Good") < page.words.index("Mood Low")
    set_time(NOW + timedelta(days=1, minutes=31))
    factories.sign_in(client, world.prescriber)
    assert "Nothing new since you last looked, Wed 4 Nov" in client.get(address(world)).words


def headings(page: Page) -> list[str]:
    return [text_of(one) for one in page.one("main").iter("h2")]


def test_a_correction_is_new_again(store: Store, world: World, set_time: Callable[[datetime], None]) -> None:
    share(store, world, MOOD)
    entry_id = new_id()
    when = moment(NOW, world.patient.zone)
    for minute, mood in ((0, 2), (60, 1)):
        set_time(NOW + timedelta(minutes=minute))
        with store.work(writes=True):
            recording.record_check_in(world.patient.viewer, entry_id, Answers(mood=mood), when)
        assert new_moods(read(store, world)) == [mood]
        set_time(NOW + timedelta(minutes=minute + 40))
        assert new_moods(read(store, world)) == []


def test_a_new_consent_makes_new_what_it_opens(
    store: Store, world: World, set_time: Callable[[datetime], None]
) -> None:
    share(store, world, MOOD)
    write(store, world, 0, mood=3, craving=7)
    write(store, world, 1, mood=4)
    read(store, world)
    set_time(NOW + timedelta(hours=1))
    assert new_moods(read(store, world)) == []
    share(store, world, USE, entries_from=NOW.date())
    assert new_moods(read(store, world)) == [3]


def test_earlier_days_are_not_told_apart(client: Client, store: Store, world: World) -> None:
    share(store, world, MOOD)
    write(store, world, 20, mood=2)
    factories.sign_in(client, world.prescriber)
    page = client.get(f"{address(world)}?until=2026-10-20")
    assert headings(page)[-1] == "By day"
    assert "Mark as reviewed" not in page.words


# --- Reviewed ---------------------------------------------------------------------------------------------------------


def test_a_mark_is_kept_once_and_shown_to_whom_anything_is_shared_with(
    client: Client, store: Store, world: World, set_time: Callable[[datetime], None]
) -> None:
    share(store, world, MOOD)
    write(store, world, mood=2)
    factories.sign_in(client, world.prescriber)
    form = client.get(address(world)).form(action=f"{address(world)}/reviewed")
    set_time(NOW + timedelta(minutes=1))
    done = f"{address(world)}?done=reviewed"
    assert [client.post(form.action, data=form.filled()).location for _ in range(2)] == [done, done]
    page = client.get(done)
    assert "Marked as reviewed." in page.words
    assert "You: Tue 3 Nov" in page.words
    assert "Nothing new since you last looked" in page.words  # Though the visit is not over.
    with store.work(writes=False):
        assert [(one.reviewed_seq, one.clinician_id) for one in db().scalars(select(Review))] == [
            (1, world.prescriber.id)
        ]
    assert (reviews := read(store, world, world.therapist).for_team) is not None
    assert reviews.reviews == ()
    share(store, world, NOTES, to=THERAPIST)
    client = Client(client.application)
    factories.sign_in(client, world.therapist)
    assert "Dr Pia , prescriber: Tue 3 Nov" in client.get(address(world)).words


def test_the_newest_mark_of_each_is_shown_newest_first(
    store: Store, world: World, set_time: Callable[[datetime], None]
) -> None:
    for discipline in (PRESCRIBER, THERAPIST):
        share(store, world, MOOD, to=discipline)
    for minutes, clinician in ((0, world.prescriber), (5, world.therapist), (10, world.prescriber)):
        set_time(NOW + timedelta(minutes=minutes))
        read(store, world, clinician)
        with store.work(writes=True):
            assert team.mark_reviewed(clinician.viewer, world.patient.id, new_id())
    shared = read(store, world, world.therapist).for_team
    assert shared is not None
    assert [(mark.name, mark.at - NOW, mark.is_own) for mark in shared.reviews] == [
        ("Dr Pia", timedelta(minutes=10), False),
        ("Tom", timedelta(minutes=5), True),
    ]


def test_what_was_never_shown_cannot_be_reviewed(client: Client, store: Store, world: World) -> None:
    share(store, world, MOOD)
    write(store, world, mood=2)
    factories.sign_in(client, world.prescriber)
    answer = client.post(f"{address(world)}/reviewed", data={"review-id": str(new_id())})
    assert answer.location == address(world)
    with store.work(writes=False):
        assert db().scalar(select(func.count()).select_from(Review)) == 0


def test_an_id_of_another_mark_is_answered_like_none(client: Client, store: Store, world: World) -> None:
    for discipline in (PRESCRIBER, THERAPIST):
        share(store, world, MOOD, to=discipline)
    taken = new_id()
    read(store, world, world.therapist)
    with store.work(writes=True):
        team.mark_reviewed(world.therapist.viewer, world.patient.id, taken)
    factories.sign_in(client, world.prescriber)
    client.get(address(world))
    answers = [
        client.post(f"{address(world)}/reviewed", data={"review-id": sent}) for sent in (str(taken), "nonsense", "")
    ]
    assert [one.status_code for one in answers] == [422, 422, 422]
    assert len({one.form(action=f"{address(world)}/reviewed").filled()["review-id"][0] for one in answers}) == 3
    with store.work(writes=False):
        assert db().scalars(select(Review.clinician_id)).all() == [world.therapist.id]


def test_only_for_ones_own_patients(store: Store, world: World) -> None:
    other = factories.make_patient(store, world.practice)
    with pytest.raises(NotFound), store.work(writes=True):
        team.mark_reviewed(world.prescriber.viewer, other.id, new_id())
    with pytest.raises(NotFound), store.work(writes=True):
        team.mark_reviewed(world.prescriber.viewer, world.patient.id, new_id())  # Shares nothing.


# --- The drawing ------------------------------------------------------------------------------------------------------


def test_mood_and_pull_are_drawn_on_one_axis_with_a_table(client: Client, store: Store, world: World) -> None:
    for days, mood, craving, use in ((0, 1, 9, True), (1, 4, 2, False), (2, 3, None, None)):
        write(store, world, days, mood=mood, craving=craving, use=use)
    factories.sign_in(client, world.prescriber)
    consent = share(store, world, MOOD, USE)
    page = client.get(address(world))
    assert text_of(page.one("figure")).count("10, the strongest") == 1
    assert "Mood was from “Very low” to “Good”. Pull to drink or use was 2 to 9 of 10. Drank or used on 3 Nov." in (
        page.words
    )
    rows = [[text_of(cell) for cell in row] for row in page.one("table").iter("tr")]
    assert rows == [
        ["When", "Mood", "Pull, 0 to 10", "Drank or used"],
        ["3 Nov", "Very low", "9", "Yes"],
        ["2 Nov", "Good", "2", "No"],
        ["1 Nov", "In between", "", ""],
    ]
    with store.work(writes=True):
        db().execute(update(Consent).where(Consent.id == consent).values(state=ConsentState.REVOKED))
    share(store, world, MOOD)
    page = client.get(address(world))
    assert page.one("figure") is not None
    assert "Pull" not in page.html
    assert "Drank" not in page.html
    assert "Very low" in page.words


def test_a_very_hard_check_in_is_not_hidden_by_the_others_of_its_day(
    client: Client, store: Store, world: World
) -> None:
    """Nor by what it says of another category: who reads moods alone learns of no pull from a line or a word."""
    for mood, craving in ((1, 9), (5, 3), (3, None)):
        write(store, world, 1, mood=mood, craving=craving)
    write(store, world, 2, mood=3, craving=3)
    factories.sign_in(client, world.prescriber)
    consent = share(store, world, MOOD, USE)
    page = client.get(address(world))
    assert "On days with several check-ins, mood is drawn in their middle, and pull at its strongest." in page.words
    assert "Pull to drink or use was 3 to 9 of 10." in page.words
    rows = [[text_of(cell) for cell in row] for row in page.one("tbody").iter("tr")]
    assert rows[0] == ["2 Nov", "In between (lowest “Very low”, highest “Very good”)", "lowest 3, highest 9"]
    assert rows[1] == ["1 Nov", "In between", "3"]
    drawn = [path.get("class") for path in page.one("figure").iter("{http://www.w3.org/2000/svg}path")]
    assert [one for one in drawn if one and ("ranges" in one or "hardest" in one)] == [
        "mood ranges",
        "mood hardest",
        "craving ranges",
    ]
    with store.work(writes=True):
        db().execute(update(Consent).where(Consent.id == consent).values(state=ConsentState.REVOKED))
    share(store, world, USE)
    page = client.get(address(world))
    assert "Very low" not in page.words
    assert "mood ranges" not in page.html


def test_an_entry_of_a_phone_that_is_ahead_is_drawn_today(store: Store, world: World, client: Client) -> None:
    share(store, world, MOOD)
    write(store, world, 1, mood=3)
    factories.make_check_in(store, world.patient, at=NOW + timedelta(hours=14), zone="Asia/Tokyo", mood=1)
    factories.sign_in(client, world.prescriber)
    page = client.get(address(world))
    assert [text_of(next(row.iter("th"))) for row in page.one("tbody").iter("tr")] == ["3 Nov", "2 Nov"]


# --- Cost -------------------------------------------------------------------------------------------------------------


def test_statements_do_not_grow_and_are_few(client: Client, store: Store, world: World) -> None:
    share(store, world, MOOD, USE, NOTES)
    factories.give_consent(store, world.patient, world.prescriber, {MOOD: SUMMARY})
    factories.sign_in(client, world.prescriber)

    def said() -> int:
        with counted(store.database, store.keys.database) as counter:
            assert client.get(address(world)).status_code == 200
        assert len(counter.statements) <= 12, counter.statements
        return len(counter.statements)

    write_everything(store, world)
    client.get(address(world))
    few = said()
    for number in range(12):
        write(store, world, number, mood=3, craving=2, note="words")
        with store.work(writes=True):
            team.leave_note(world.prescriber.viewer, world.patient.id, new_id(), f"note {number}", [MOOD])
            team.mark_reviewed(world.prescriber.viewer, world.patient.id, new_id())
    assert said() <= few + 1
    with store.work(writes=False):
        assert access_log.verify(store).faults == []
