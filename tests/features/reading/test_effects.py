"""Side effects, notes, weeks after a change and concerns through the one door: who sees what, and what is kept."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import event, select, update

from patient_app.access_log.models import AccessKind, AccessRecord
from patient_app.consent.categories import Category, Level
from patient_app.consent.models import Consent, ConsentState
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.effects import recording
from patient_app.effects.service import Said
from patient_app.effects.weekly import Answers
from patient_app.medications import changing
from patient_app.medications.models import Medicine
from patient_app.medications.said import Said as Named
from patient_app.reading import concerns, effects
from patient_app.reading.effects import SharedEffects
from tests.factories import Made, give_consent, make_check_in, make_clinician, make_practice, sign_in
from tests.features.effects.world import LAMOTRIGINE, in_question, log, note, now, takes
from tests.features.medications.plans import doses
from tests.features.medications.regimens import NALTREXONE, SERTRALINE, changed, daily
from tests.features.reading.medicines_world import DETAIL, MED, MOOD, NOTES, NOW, SUMMARY, USE, World, make_world
from tests.page import Client, text_of

ALL = {MED: DETAIL, USE: DETAIL, MOOD: DETAIL, NOTES: DETAIL}


@pytest.fixture
def world(store: Store, set_time: Callable[[datetime | str], None]) -> World:
    set_time(NOW)
    return make_world(store)


def read(store: Store, who: Made, patient: Made) -> SharedEffects:
    with store.work(writes=True):
        return effects.read_effects(who.viewer, patient.id)


def picks_seen(store: Store, who: Made, patient: Made) -> set[str]:
    return {one.said.pick for one in read(store, who, patient).effects}


def waiting(store: Store, who: Made) -> list[uuid.UUID]:
    with store.work(writes=True):
        return [one.person.id for one in concerns.waiting(who.viewer)]


def canaries(store: Store, patient: Made) -> dict[str, uuid.UUID]:
    """Have the patient log one side effect of each kind; return their medicines."""
    plain, use = takes(store, patient, SERTRALINE), takes(store, patient, NALTREXONE)
    kept = takes(store, patient, LAMOTRIGINE, private=True)
    log(store, patient, Said("nausea", plain, note="canary words"))
    log(store, patient, Said("dizzy", use, note="canary of use"))
    log(store, patient, Said("tired", kept))
    log(store, patient, Said("headache"))
    log(store, patient, Said("withdrawal"))
    log(store, patient, Said("foggy", plain, note="drank on it", note_about_use=True))
    log(store, patient, Said("sleepy", plain), private=True)
    return {"plain": plain, "use": use, "kept": kept}


@pytest.mark.parametrize(
    ("scope", "seen", "words"),
    [
        ({}, set(), set()),
        ({MOOD: DETAIL, NOTES: DETAIL, USE: DETAIL}, set(), set()),
        ({MED: SUMMARY}, set(), set()),
        ({MED: DETAIL}, {"nausea", "headache", "foggy"}, set()),
        ({MED: DETAIL, NOTES: DETAIL}, {"nausea", "headache", "foggy"}, {"canary words"}),
        ({MED: DETAIL, USE: DETAIL}, {"nausea", "dizzy", "headache", "withdrawal", "foggy"}, set()),
        (ALL, {"nausea", "dizzy", "headache", "withdrawal", "foggy"}, {"canary words", "canary of use", "drank on it"}),
    ],
)
def test_nobody_sees_what_the_patient_did_not_agree_to(
    store: Store, world: World, scope: Mapping[Category, Level], seen: set[str], words: set[str]
) -> None:
    canaries(store, world.patient)
    if scope:
        give_consent(store, world.patient, world.prescriber, scope)
    found = read(store, world.prescriber, world.patient)
    assert {one.said.pick for one in found.effects} == seen
    assert {one.note for one in found.effects} - {None} == words
    names = {one.medicine for one in found.effects} - {None}
    assert names <= {"sertraline"} | ({"naltrexone"} if USE in scope else set())


def test_a_medicine_that_is_marked_later_closes_its_side_effects_at_the_next_request(
    store: Store, world: World
) -> None:
    medicine = takes(store, world.patient, LAMOTRIGINE)
    log(store, world.patient, Said("rash", medicine))
    give_consent(store, world.patient, world.prescriber, {MED: DETAIL})
    assert picks_seen(store, world.prescriber, world.patient) == {"rash"}
    assert waiting(store, world.prescriber) == [world.patient.id]
    with store.work(writes=True):
        db().execute(update(Medicine).where(Medicine.id == medicine).values(about_use=True))
    assert picks_seen(store, world.prescriber, world.patient) == set()
    assert waiting(store, world.prescriber) == []


@pytest.mark.parametrize("ends", [ConsentState.PAUSED, ConsentState.REVOKED])
def test_what_ends_is_closed_at_the_next_request(store: Store, world: World, ends: ConsentState) -> None:
    log(store, world.patient, Said("flag:chest_pain"))
    consent = give_consent(store, world.patient, world.prescriber, ALL)
    assert waiting(store, world.prescriber) == [world.patient.id]
    with store.work(writes=True):
        db().execute(update(Consent).where(Consent.id == consent).values(state=ends))
    assert waiting(store, world.prescriber) == []
    assert picks_seen(store, world.prescriber, world.patient) == set()


def test_a_consent_that_was_tampered_with_opens_nothing(store: Store, world: World) -> None:
    log(store, world.patient, Said("flag:chest_pain"))
    consent = give_consent(store, world.patient, world.prescriber, ALL)
    with store.work(writes=True):
        db().execute(update(Consent).where(Consent.id == consent).values(starts_at=clock.now() - timedelta(days=90)))
    assert waiting(store, world.prescriber) == []
    assert picks_seen(store, world.prescriber, world.patient) == set()


def test_a_consent_from_some_day_on_opens_no_earlier_one(
    store: Store, world: World, set_time: Callable[[datetime | str], None]
) -> None:
    log(store, world.patient, Said("flag:chest_pain", note="before"))
    note(store, world.patient, Answers(1, 1))
    takes(store, world.patient, SERTRALINE)
    set_time(NOW + timedelta(days=9))
    log(store, world.patient, Said("nausea", note="after"))
    note(store, world.patient, Answers(2, 2))
    give_consent(store, world.patient, world.prescriber, ALL, entries_from=now(world.patient).day)
    found = read(store, world.prescriber, world.patient)
    assert [one.note for one in found.effects] == ["after"]
    assert [one.answers for one in found.notes] == [Answers(2, 2)]
    assert waiting(store, world.prescriber) == []


def test_use_that_is_open_from_some_day_on_opens_no_earlier_effect_of_a_medicine_for_it(
    store: Store, world: World, set_time: Callable[[datetime | str], None]
) -> None:
    medicine = takes(store, world.patient, NALTREXONE)
    log(store, world.patient, Said("flag:fainting", medicine))
    set_time(NOW + timedelta(days=9))
    today = now(world.patient).day
    changed(store, world.patient, medicine, daily(*doses("08:00 x2"), start=str(today)), now(world.patient))
    log(store, world.patient, Said("dizzy", medicine))
    give_consent(store, world.patient, world.prescriber, {MED: DETAIL})
    give_consent(store, world.patient, world.prescriber, {USE: DETAIL}, entries_from=today)
    assert picks_seen(store, world.prescriber, world.patient) == {"dizzy"}
    assert waiting(store, world.prescriber) == []


def test_what_was_taken_away_kept_to_oneself_or_written_in_question_is_read_by_nobody(
    store: Store, world: World
) -> None:
    patient = world.patient
    give_consent(store, patient, world.prescriber, ALL)
    removed, private = log(store, patient, Said("flag:seizure")), log(store, patient, Said("flag:fainting"))
    with store.work(writes=True):
        recording.remove(patient.viewer, removed)
        recording.set_private(patient.viewer, private, private=True)
        stranger = in_question(patient, clock.now() - timedelta(seconds=1))
        recording.record(stranger, new_id(), Said("flag:chest_pain"), now(patient))
    medicine = takes(store, patient, LAMOTRIGINE)
    log(store, patient, Said("rash", medicine))
    with store.work(writes=True):
        changing.remove(patient.viewer, medicine)
    assert picks_seen(store, world.prescriber, patient) == set()
    assert waiting(store, world.prescriber) == []
    with store.work(writes=True):
        recording.bring_back(patient.viewer, removed)
    assert waiting(store, world.prescriber) == [patient.id]


def test_no_concern_tells_of_a_medicine_that_is_closed(store: Store, world: World) -> None:
    """Neither one that is kept to oneself, nor one for use before who may not read of use."""
    takes(store, world.patient, Named("levomilnacipran", "levomilnacipran"))  # Known for it: no pick that names use.
    takes(store, world.patient, Named("methadone", "methadone"), about_use=True)
    takes(store, world.patient, LAMOTRIGINE, private=True)
    give_consent(store, world.patient, world.prescriber, {MED: DETAIL})
    log(store, world.patient, Said("rash", severity=1))
    log(store, world.patient, Said("fast_heart", severity=1))
    assert picks_seen(store, world.prescriber, world.patient) == {"rash", "fast_heart"}
    assert waiting(store, world.prescriber) == []
    assert read(store, world.prescriber, world.patient).concerns == ()


def test_supporters_strangers_and_other_practices_read_none_of_it(store: Store, world: World) -> None:
    log(store, world.patient, Said("flag:chest_pain"))
    give_consent(store, world.patient, world.supporter, ALL)
    elsewhere = make_clinician(store, make_practice(store, "Other"))
    give_consent(store, world.patient, elsewhere, ALL)
    for who in (world.supporter, elsewhere, make_clinician(store, world.practice)):
        with store.work(writes=True), pytest.raises(NotFound):
            effects.read_effects(who.viewer, world.patient.id)
        assert waiting(store, who) == []


def test_a_note_about_all_medicines_tells_nothing_to_who_may_see_none_of_them(store: Store, world: World) -> None:
    takes(store, world.patient, NALTREXONE)
    note(store, world.patient, Answers(3, 0, "calmer"))
    give_consent(store, world.patient, world.prescriber, {MED: DETAIL})
    give_consent(store, world.patient, world.therapist, {MED: DETAIL, USE: DETAIL})
    assert read(store, world.prescriber, world.patient).notes == ()
    assert [one.words for one in read(store, world.therapist, world.patient).notes] == [None]
    takes(store, world.patient, SERTRALINE)
    assert [one.answers for one in read(store, world.prescriber, world.patient).notes] == [Answers(3, 0)]


# --- the weeks after a change -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "mood", "craving"),
    [
        ({MED: DETAIL}, False, False),
        ({MED: DETAIL, MOOD: DETAIL}, True, False),
        ({MED: DETAIL, USE: DETAIL}, False, True),
        ({MED: DETAIL, MOOD: SUMMARY}, False, False),
        (ALL, True, True),
    ],
)
def test_the_weeks_show_only_days_that_are_open(
    store: Store, world: World, scope: Mapping[Category, Level], mood: bool, craving: bool
) -> None:
    takes(store, world.patient, SERTRALINE)
    takes(store, world.patient, NALTREXONE)
    for back in (0, 3, 8):
        make_check_in(store, world.patient, at=NOW - timedelta(days=back), mood=2, craving=6)
    make_check_in(store, world.patient, at=NOW - timedelta(days=15), mood=5, craving=9, private=True)
    give_consent(store, world.patient, world.prescriber, scope)
    found = read(store, world.prescriber, world.patient)
    assert {one.name for one in found.weeks} == {"sertraline"} | ({"naltrexone"} if USE in scope else set())
    for shown in found.weeks:
        assert {week.mood for week in shown.weeks} - {None} == ({2} if mood else set())
        assert {week.craving for week in shown.weeks} - {None} == ({6} if craving else set())
    assert all(one.proposal and one.proposal.next_week == 2 and not one.proposal.reviewed for one in found.weeks)


@pytest.mark.parametrize(("weeks", "proposed"), [(0, 2), (2, 2), (3, 4), (5, 6), (8, 8), (9, 12), (12, 12)], ids=str)
def test_the_team_is_proposed_a_questionnaire_in_some_weeks_and_a_visit(
    store: Store, world: World, set_time: Callable[[datetime | str], None], weeks: int, proposed: int
) -> None:
    takes(store, world.patient, SERTRALINE)
    since = now(world.patient).local_date
    give_consent(store, world.patient, world.therapist, {MED: DETAIL})
    set_time(NOW + timedelta(weeks=weeks))
    [shown] = read(store, world.therapist, world.patient).weeks
    proposal = shown.proposal
    assert proposal is not None
    assert (proposal.weeks, proposal.next_week) == ((2, 4, 6, 8, 12), proposed)
    assert (proposal.visit_from, proposal.visit_until) == (since + timedelta(weeks=8), since + timedelta(weeks=12))
    assert proposal.measure is not None
    assert proposal.measure.id == "low_mood"


def test_a_dose_that_was_raised_has_its_weeks_and_so_has_the_start(
    app: Flask, store: Store, world: World, set_time: Callable[[datetime | str], None]
) -> None:
    medicine = takes(store, world.patient, SERTRALINE)
    set_time(NOW + timedelta(weeks=4))
    today = now(world.patient).local_date
    changed(store, world.patient, medicine, daily(*doses("08:00 x2"), start=str(today)), now(world.patient))
    log(store, world.patient, Said("nausea", medicine))
    for back in (0, 10):
        make_check_in(store, world.patient, at=NOW + timedelta(weeks=4) - timedelta(days=back), mood=2, craving=6)
    set_time(NOW + timedelta(weeks=6))
    give_consent(store, world.patient, world.therapist, {MED: DETAIL, MOOD: DETAIL})
    dose, begun = read(store, world.therapist, world.patient).weeks
    assert [(one.change.kind, one.week, one.proposal is not None) for one in (dose, begun)] == [
        ("dose", 2, True),
        ("started", 6, False),
    ]
    # Before and after each of them: the same days, counted from another one.
    assert [week.number for week in dose.weeks if week.mood is not None] == [-2, 0]
    assert [week.number for week in begun.weeks if week.mood is not None] == [2, 4]
    assert {week.craving for week in (*dose.weeks, *begun.weeks)} == {None}
    assert [week.noticed for week in dose.weeks if week.noticed] == [("Feeling sick to my stomach",)]
    browser = Client(app)
    sign_in(browser, world.therapist)
    page = browser.get(f"/team/{world.patient.id}/effects")
    assert "Proposed now, in week 2: PHQ-9 or GAD-7." in page.main_words
    assert page.main_words.index("dose changed") < page.main_words.index("Earlier changes of it")


def test_each_drawing_of_weeks_has_a_name_of_its_own(app: Flask, store: Store, world: World) -> None:
    takes(store, world.patient, SERTRALINE)
    takes(store, world.patient, LAMOTRIGINE)
    for back in (0, 8):
        make_check_in(store, world.patient, at=NOW - timedelta(days=back), mood=2)
    give_consent(store, world.patient, world.prescriber, ALL)
    browser = Client(app)
    sign_in(browser, world.prescriber)
    page = browser.get(f"/team/{world.patient.id}/effects")
    named = [page.by_id(str(one.get("aria-labelledby"))) for one in page.all("div", role="group")]
    names = [text_of(one) for one in named if one is not None]
    assert len(names) == len(set(names)) == 2
    assert any("lamotrigine" in name for name in names)


def test_no_week_is_shown_any_more_once_they_are_over(
    store: Store, world: World, set_time: Callable[[datetime | str], None]
) -> None:
    takes(store, world.patient, SERTRALINE)
    give_consent(store, world.patient, world.prescriber, ALL)
    set_time(NOW + timedelta(days=90))
    assert [one.week for one in read(store, world.prescriber, world.patient).weeks] == [12]
    set_time(NOW + timedelta(days=91))
    assert read(store, world.prescriber, world.patient).weeks == ()


# --- what is recorded -------------------------------------------------------------------------------------------------


def test_a_reading_is_recorded_and_a_list_once_a_day(store: Store, world: World) -> None:
    log(store, world.patient, Said("flag:chest_pain"))
    give_consent(store, world.patient, world.prescriber, {MED: DETAIL, NOTES: DETAIL, Category.SAFETY_PLAN: DETAIL})
    for _ in range(3):
        waiting(store, world.prescriber)
    read(store, world.prescriber, world.patient)
    with store.work(writes=False):
        found = [(row.kind, row.categories) for row in db().scalars(select(AccessRecord).order_by(AccessRecord.seq))]
    assert found == [(AccessKind.CONCERN, ["medications"]), (AccessKind.EFFECTS, ["medications", "notes"])]


def test_a_list_without_concerns_asks_one_statement_more_and_writes_nothing(store: Store, world: World) -> None:
    give_consent(store, world.patient, world.prescriber, ALL)
    asked: list[str] = []
    engine = store.database.engine

    def hear(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", hear)
    try:
        assert waiting(store, world.prescriber) == []
    finally:
        event.remove(engine, "before_cursor_execute", hear)
    assert len([one for one in asked if one.startswith("SELECT")]) == 1


# --- concerns on the pages --------------------------------------------------------------------------------------------


def test_a_concern_comes_first_until_somebody_has_seen_it(app: Flask, store: Store, world: World) -> None:
    entry = log(store, world.patient, Said("flag:chest_pain"))
    give_consent(store, world.patient, world.prescriber, {MED: DETAIL})
    give_consent(store, world.patient, world.therapist, {MOOD: DETAIL})
    prescriber, therapist = Client(app), Client(app)
    sign_in(prescriber, world.prescriber)
    sign_in(therapist, world.therapist)
    at = f"/team/{world.patient.id}/effects"
    assert at not in therapist.get("/team").links
    page = prescriber.get("/team")
    assert at in page.links
    assert "chest" not in page.main_words.lower(), "a list does not tell what it is"
    row = next(text_of(link) for link in page.all("a") if link.get("href") == at)
    told_apart = f"Chart {world.patient.chart['chart_number']}, born 12 April 1990"
    assert told_apart in row, "two may have one name"
    assert page.main_words.count(told_apart) == 2, "as in the list below"
    page = prescriber.get(at)
    assert "Chest pain" in page.main_words
    form = next(form for form in page.forms if form.action.endswith("/seen"))
    assert therapist.post(form.action, data={}).status_code == 404
    assert at in prescriber.get("/team").links
    for _ in range(2):
        page = prescriber.follow(prescriber.submit(form))
    assert f"Seen by {world.prescriber.name}" in page.main_words
    assert at not in prescriber.get("/team").links
    patient = Client(app)
    sign_in(patient, world.patient)
    assert "one of your team said" in patient.get(f"/medications/side-effects/{entry}").main_words


def test_a_concern_of_another_patient_or_another_practice_cannot_be_seen_away(
    app: Flask, store: Store, world: World
) -> None:
    log(store, world.patient, Said("flag:chest_pain"))
    give_consent(store, world.patient, world.prescriber, {MED: DETAIL})
    other = make_clinician(store, make_practice(store, "Other"))
    concern = read(store, world.prescriber, world.patient).concerns[0].id
    for who, patient_id in (
        (other, world.patient.id),
        (world.prescriber, new_id()),
        (world.therapist, world.patient.id),
    ):
        with store.work(writes=True), pytest.raises(NotFound):
            concerns.mark_seen(who.viewer, patient_id, concern)
    assert waiting(store, world.prescriber) == [world.patient.id]
    browser = Client(app)
    sign_in(browser, world.prescriber)
    assert browser.post(f"/team/{world.patient.id}/concerns/{new_id()}/seen", data={}).status_code == 404


def test_what_waits_to_be_seen_is_on_the_page_however_old_it_is(
    store: Store, world: World, set_time: Callable[[datetime | str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else nobody could take it off the list."""
    monkeypatch.setattr(effects, "MOST_EFFECTS", 3)
    monkeypatch.setattr(effects, "_of_effects", effects._of_effects.__wrapped__)
    give_consent(store, world.patient, world.prescriber, {MED: DETAIL})
    log(store, world.patient, Said("flag:chest_pain"))
    log(store, world.patient, Said("nausea"))
    set_time(NOW + timedelta(days=effects.DAYS + 1))
    for pick in ("dizzy", "sleepy", "headache"):
        log(store, world.patient, Said(pick))
    assert waiting(store, world.prescriber) == [world.patient.id]
    found = read(store, world.prescriber, world.patient)
    assert [one.said.pick for one in found.effects] == ["headache", "sleepy", "flag:chest_pain"]
    with store.work(writes=True):
        concerns.mark_seen(world.prescriber.viewer, world.patient.id, found.concerns[0].id)
    assert waiting(store, world.prescriber) == []
    assert picks_seen(store, world.prescriber, world.patient) == {"headache", "sleepy", "dizzy"}


def test_a_correction_that_says_no_such_sign_any_more_takes_it_off_the_list(store: Store, world: World) -> None:
    entry = log(store, world.patient, Said("flag:chest_pain"))
    give_consent(store, world.patient, world.prescriber, {MED: DETAIL})
    with store.work(writes=True):
        recording.change(world.patient.viewer, entry, Said("nausea"), now(world.patient), base=1)
    assert waiting(store, world.prescriber) == []
    assert read(store, world.prescriber, world.patient).concerns == ()


def test_the_patient_sees_what_they_see_and_no_more(app: Flask, store: Store, world: World) -> None:
    canaries(store, world.patient)
    give_consent(store, world.patient, Discipline.PRESCRIBER, {MED: DETAIL})
    browser = Client(app)
    sign_in(browser, world.patient)
    preview = browser.get(next(link for link in browser.get("/sharing").links if link.startswith("/sharing/preview")))
    assert "On the page of your side effects" in preview.main_words
    assert "Feeling sick to my stomach" in preview.main_words
    assert "naltrexone" not in preview.main_words
    assert "canary" not in preview.text
    with store.work(writes=False):
        assert db().scalars(select(AccessRecord)).all() == []
