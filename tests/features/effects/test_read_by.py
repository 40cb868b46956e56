"""Who can see a side effect or a weekly note, and who has read it: as the clinician's page and the records have it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from patient_app.consent.categories import Category, Level
from patient_app.core.ids import new_id
from patient_app.core.work import Store, db
from patient_app.effects import read_by, recording, service, weekly
from patient_app.effects.read_by import ReadBy
from patient_app.effects.service import Said
from patient_app.effects.weekly import Answers
from patient_app.medications import changing, regimen
from patient_app.medications.models import Medicine
from patient_app.medications.said import Said as Named
from patient_app.reading import concerns, effects, medicines
from tests.factories import Made, give_consent, sign_in
from tests.features.effects.world import LAMOTRIGINE, in_question, log, note, now, own, takes
from tests.features.medications.regimens import NALTREXONE, SERTRALINE
from tests.features.reading.medicines_world import DETAIL, MED, MOOD, NOTES, NOW, SUMMARY, USE, World, make_world
from tests.page import Client
from tests.sweeps.test_statements import counted

SetTime = Callable[[datetime | str], None]
CARBAMAZEPINE = Named("carbamazepine", "carbamazepine", "200 mg", "tablet")
SCOPES: tuple[Mapping[Category, Level], ...] = (
    {},
    {MED: SUMMARY},
    {MED: DETAIL},
    {MED: DETAIL, NOTES: DETAIL},
    {MED: DETAIL, USE: DETAIL},
    {MED: DETAIL, USE: DETAIL, NOTES: DETAIL, MOOD: DETAIL},
    {USE: DETAIL, NOTES: DETAIL},
)


@pytest.fixture
def world(store: Store, set_time: SetTime) -> World:
    set_time(NOW)
    return make_world(store)


def reads(store: Store, who: Made, patient: Made) -> effects.SharedEffects:
    with store.work(writes=True):
        return effects.read_effects(who.viewer, patient.id)


def of_effect(store: Store, patient: Made, entry_id: uuid.UUID) -> ReadBy:
    with store.work(writes=False):
        entry = service.own_effect(patient.viewer, entry_id)
        mine = {one.id: one for one in regimen.own_medicines(patient.viewer)}
        return read_by.of_effect(
            patient.viewer, entry, mine.get(entry.said.medicine_id) if entry.said.medicine_id else None
        )


def of_note(store: Store, patient: Made) -> ReadBy:
    with store.work(writes=False):
        week = weekly.week_of(now(patient).day)
        found = weekly.own_note(patient.viewer, week)
        assert found
        return read_by.of_notes(patient.viewer, [found], regimen.own_medicines(patient.viewer))[week]


@pytest.mark.parametrize("scope", SCOPES)
def test_what_the_patient_is_told_is_what_the_prescriber_sees(
    store: Store, world: World, scope: Mapping[Category, Level]
) -> None:
    patient = world.patient
    plain, use = takes(store, patient, SERTRALINE), takes(store, patient, NALTREXONE)
    kept = takes(store, patient, LAMOTRIGINE, private=True)
    entries = [
        log(store, patient, Said("nausea", plain, note="canary words")),
        log(store, patient, Said("foggy", plain, note="drank on it", note_about_use=True)),
        log(store, patient, Said("dizzy", use, note="more")),
        log(store, patient, Said("tired", kept)),
        log(store, patient, Said("headache")),
        log(store, patient, Said("withdrawal")),
        log(store, patient, Said("sleepy", plain), private=True),
    ]
    note(store, patient, Answers(3, 1, "words of the week"))
    if scope:
        give_consent(store, patient, world.prescriber, scope)
    shared = reads(store, world.prescriber, patient)
    seen = {one.id: 1 + (one.note is not None) for one in shared.effects}
    told = {
        entry: len(person.parts)
        for entry in entries
        for person in of_effect(store, patient, entry).seen_by
        if person.parts and not person.waits
    }
    assert told == seen
    week_seen = [1 + (one.words is not None) for one in shared.notes]
    assert [len(person.parts) for person in of_note(store, patient).seen_by if person.parts] == week_seen
    # And whoever saw it is named as having read it, nobody else.
    assert {entry for entry in entries if of_effect(store, patient, entry).has_read} == set(seen)
    assert bool(of_note(store, patient).has_read) is bool(week_seen)


def test_only_a_page_on_which_it_stood_counts_as_read(store: Store, world: World, set_time: SetTime) -> None:
    patient, doctor = world.patient, world.prescriber
    medicine = takes(store, patient, SERTRALINE)
    give_consent(store, patient, doctor, {MED: DETAIL, NOTES: DETAIL})
    before = log(store, patient, Said("nausea", medicine))
    with store.work(writes=True):
        medicines.read_medicines(doctor.viewer, patient.id)  # Another page.
    assert of_effect(store, patient, before).has_read == []
    reads(store, doctor, patient)
    after = log(store, patient, Said("headache", medicine))
    assert [one.name for one in of_effect(store, patient, before).has_read] == ["Dr Ana Ruiz"]
    assert of_effect(store, patient, after).has_read == []
    with store.work(writes=True):
        recording.change(patient.viewer, before, Said("nausea", medicine, 3), now(patient), base=1)
    (one,) = of_effect(store, patient, before).has_read
    assert one.earlier
    reads(store, doctor, patient)
    (one,) = of_effect(store, patient, before).has_read
    assert not one.earlier


@pytest.mark.parametrize("hides", ["effect", "medicine"])
def test_who_looked_while_it_was_kept_private_has_not_read_it(store: Store, world: World, hides: str) -> None:
    patient = world.patient
    medicine = takes(store, patient, SERTRALINE)
    entry = log(store, patient, Said("nausea", medicine))
    give_consent(store, patient, world.prescriber, {MED: DETAIL})

    def private(*, on: bool) -> None:
        with store.work(writes=True):
            if hides == "effect":
                recording.set_private(patient.viewer, entry, private=on)
            else:
                changing.set_private(patient.viewer, medicine, private=on)

    private(on=True)
    reads(store, world.prescriber, patient)
    private(on=False)
    assert of_effect(store, patient, entry).has_read == []
    assert [one.name for one in of_effect(store, patient, entry).seen_by] == ["Dr Ana Ruiz"]
    reads(store, world.prescriber, patient)
    assert not of_effect(store, patient, entry).has_read[0].earlier
    private(on=True)
    closed = of_effect(store, patient, entry)
    assert (list(closed.seen_by), [one.name for one in closed.has_read]) == ([], ["Dr Ana Ruiz"])


def test_the_pages_say_who_can_see_and_who_has_read(app: Flask, store: Store, world: World) -> None:
    patient = world.patient
    browser = Client(app)
    sign_in(browser, patient)
    medicine = takes(store, patient, SERTRALINE)
    entry = log(store, patient, Said("nausea", medicine))
    note(store, patient, Answers(3, 1))
    assert "Only you. You share nothing of this with anyone." in browser.get("/medications/week-note").main_words
    give_consent(store, patient, world.prescriber, {MED: DETAIL})
    page = browser.get("/medications/week-note").main_words
    assert "Dr Ana Ruiz (prescriber) sees your answers." in page
    assert "read it on" not in page
    reads(store, world.prescriber, patient)
    for address in ("/medications/week-note", f"/medications/side-effects/{entry}"):
        assert "Dr Ana Ruiz (prescriber) read it on Tuesday 3 November." in browser.get(address).main_words
    assert "read your medicines" not in browser.get("/sharing").main_words.replace("on the page of side effects", "")


def test_each_weeks_note_says_who_has_read_it(app: Flask, store: Store, world: World, set_time: SetTime) -> None:
    patient, doctor = world.patient, world.prescriber
    takes(store, patient, SERTRALINE)
    give_consent(store, patient, doctor, {MED: DETAIL})
    give_consent(store, patient, world.therapist, {MED: DETAIL})
    begun = datetime.fromisoformat(str(NOW))
    weeks = []
    for number, readers in enumerate(((doctor, world.therapist), (doctor,), ())):
        set_time(begun + timedelta(weeks=number))
        weeks.append(note(store, patient, Answers(3, number)))
        set_time(begun + timedelta(weeks=number, hours=1))
        for reader in readers:
            reads(store, reader, patient)
    with store.work(writes=False):
        notes = weekly.own_notes(patient.viewer, weeks[0], weeks[-1])
        mine = regimen.own_medicines(patient.viewer)
        with counted(store.database) as few:
            read_by.of_notes(patient.viewer, notes[:1], mine)
        with counted(store.database) as many:
            found = read_by.of_notes(patient.viewer, notes, mine)
    readers_of = [{one.name for one in found[week].has_read} for week in weeks]
    assert readers_of == [{"Dr Ana Ruiz", world.therapist.name}, {"Dr Ana Ruiz"}, set()]
    assert not any(one.earlier for week in weeks for one in found[week].has_read)
    assert len(many.statements) == len(few.statements)
    browser = Client(app)
    sign_in(browser, patient)
    page = browser.get("/medications/week-note")
    assert page.main_words.count("Dr Ana Ruiz (prescriber) read it on") == 2
    assert page.main_words.count(f"{world.therapist.name} (therapist) read it on") == 1


def test_a_session_in_question_is_told_no_names(store: Store, world: World) -> None:
    patient = world.patient
    takes(store, patient, SERTRALINE)
    give_consent(store, patient, world.prescriber, {MED: DETAIL})
    entry = own(store, patient, log(store, patient, Said("nausea")))
    stranger = in_question(patient, now(patient).occurred_at)
    with store.work(writes=False):
        assert read_by.of_effect(stranger, entry, None) == ReadBy()


def test_what_was_written_in_question_is_told_as_seen_by_nobody_and_whom_to_call(
    app: Flask, store: Store, world: World
) -> None:
    """Also once the session is trusted again: nobody is ever shown it, so nobody is named, and it says whom to call."""
    patient, doctor = world.patient, world.prescriber
    takes(store, patient, SERTRALINE)
    give_consent(store, patient, doctor, {MED: DETAIL, NOTES: DETAIL})
    stranger = in_question(patient, now(patient).occurred_at)
    with store.work(writes=True):
        entry = recording.record(stranger, new_id(), Said("flag:chest_pain"), now(patient))
    shared = reads(store, doctor, patient)
    assert (list(shared.effects), list(shared.concerns)) == ([], [])
    told = of_effect(store, patient, entry)
    assert (list(told.seen_by), list(told.has_read)) == ([], [])
    with store.work(writes=False):
        assert not service.is_raised(patient.viewer, entry)
    browser = Client(app)
    sign_in(browser, patient)
    page = browser.get(f"/medications/side-effects/{entry}")
    assert "Only you. It was written right after a new password, so nobody else ever sees it." in page.main_words
    assert "If it cannot wait, call your care team yourself." in page.main_words
    assert {"tel:911", "/help#practice"} <= set(page.links)
    assert doctor.name not in page.main_words
    assert "first in their list" not in page.main_words
    assert "Let people I share with see it" not in page.main_words


@pytest.mark.parametrize("closes", ["in question", "removed"])
def test_what_comes_from_a_medicine_that_nobody_is_shown_is_told_as_seen_by_nobody(
    app: Flask, store: Store, world: World, closes: str
) -> None:
    patient, doctor = world.patient, world.prescriber
    medicine = takes(store, patient, LAMOTRIGINE)
    give_consent(store, patient, doctor, {MED: DETAIL})
    entry = log(store, patient, Said("rash", medicine))
    with store.work(writes=True):
        if closes == "removed":
            changing.remove(patient.viewer, medicine)
        else:
            db().execute(update(Medicine).values(while_closed=True))
    assert not reads(store, doctor, patient).effects
    told = of_effect(store, patient, entry)
    assert (list(told.seen_by), list(told.has_read)) == ([], [])
    browser = Client(app)
    sign_in(browser, patient)
    page = browser.get(f"/medications/side-effects/{entry}")
    assert "Only you." in page.main_words
    assert "/help#practice" in page.links


def test_what_rests_on_several_medicines_stands_while_one_of_them_is_open(store: Store, world: World) -> None:
    """Each of them is enough by itself: that the first is kept private does not take the sign from the team."""
    patient, doctor = world.patient, world.prescriber
    both = [takes(store, patient, one) for one in (LAMOTRIGINE, CARBAMAZEPINE)]
    give_consent(store, patient, doctor, {MED: DETAIL})
    loose = log(store, patient, Said("rash", severity=2))

    def raised() -> bool:
        with store.work(writes=True):
            waits = [one.person.id for one in concerns.waiting(doctor.viewer)] == [patient.id]
        shown = {one.effect_id for one in reads(store, doctor, patient).concerns} == {loose}
        assert waits is shown
        return shown

    def private(medicine: uuid.UUID, *, on: bool) -> None:
        with store.work(writes=True):
            changing.set_private(patient.viewer, medicine, private=on)

    assert raised()
    for hidden, still in ((both[0], True), (both[1], False)):
        private(hidden, on=True)
        assert raised() is still
    private(both[0], on=False)
    assert raised()


def test_what_is_tied_to_no_medicine_any_more_rests_on_all_that_are_known_for_it(store: Store, world: World) -> None:
    patient, doctor = world.patient, world.prescriber
    first, second = (takes(store, patient, one) for one in (LAMOTRIGINE, CARBAMAZEPINE))
    give_consent(store, patient, doctor, {MED: DETAIL})
    entry = log(store, patient, Said("rash", first, 2))
    with store.work(writes=True):
        recording.change(patient.viewer, entry, Said("rash", None, 2), now(patient), base=1)
        changing.set_private(patient.viewer, first, private=True)
    assert {one.effect_id for one in reads(store, doctor, patient).concerns} == {entry}
    with store.work(writes=True):
        changing.remove(patient.viewer, second)
    assert not reads(store, doctor, patient).concerns


@pytest.mark.parametrize("closes", ["private", "removed"])
def test_what_was_raised_only_for_a_medicine_goes_when_that_is_closed(
    app: Flask, store: Store, world: World, closes: str
) -> None:
    """Nobody sees what the patient did not agree to, at the next request: the concern would tell of the medicine."""
    patient, doctor = world.patient, world.prescriber
    medicine = takes(store, patient, LAMOTRIGINE)
    give_consent(store, patient, doctor, {MED: DETAIL})
    linked, loose = log(store, patient, Said("rash", medicine)), log(store, patient, Said("rash"))
    by_itself = log(store, patient, Said("flag:chest_pain"))

    def raised() -> set[uuid.UUID]:
        shared = reads(store, doctor, patient)
        return {one.effect_id for one in shared.concerns}

    assert raised() == {linked, loose, by_itself}
    with store.work(writes=True):
        if closes == "private":
            changing.set_private(patient.viewer, medicine, private=True)
        else:
            changing.remove(patient.viewer, medicine)
    assert raised() == {by_itself}
    with store.work(writes=True):
        assert [one.person.id for one in concerns.waiting(doctor.viewer)] == [patient.id]
    browser = Client(app)
    sign_in(browser, patient)
    assert "It comes first in their list" not in browser.get(f"/medications/side-effects/{loose}").main_words
    with store.work(writes=True):
        recording.remove(patient.viewer, by_itself)
    with store.work(writes=True):
        assert concerns.waiting(doctor.viewer) == []
    with store.work(writes=True):
        if closes == "private":
            changing.set_private(patient.viewer, medicine, private=False)
        else:
            changing.bring_back(patient.viewer, medicine)
    assert raised() == {linked, loose}
