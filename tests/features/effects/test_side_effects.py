"""Side effects: stored once, corrected by new versions, nobody else's; what cannot wait is told at once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import Store, db
from patient_app.effects import advice, picks, recording, service
from patient_app.effects.models import Concern, SideEffect, SideEffectVersion
from patient_app.effects.service import Said
from patient_app.medications import catalogue, changing, regimen
from patient_app.medications.changing import Author
from patient_app.medications.said import Said as Named
from tests.factories import Made, make_person, make_practice, sign_in
from tests.features.effects.world import LAMOTRIGINE, in_question, log, now, own, takes
from tests.features.medications.plans import doses
from tests.features.medications.regimens import NALTREXONE, SERTRALINE, daily
from tests.page import Client

METHADONE, CITALOPRAM = Named("methadone", "methadone"), Named("citalopram", "citalopram")
LITHIUM, HALOPERIDOL = Named("lithium", "lithium"), Named("haloperidol", "haloperidol")
CLOZAPINE, PHENELZINE = Named("clozapine", "clozapine"), Named("phenelzine", "phenelzine")
NEW = "/medications/side-effects/new"


@pytest.fixture
def patient(store: Store) -> Made:
    return make_person(store, make_practice(store), Role.PATIENT)


def counted(store: Store) -> tuple[int, int, int]:
    """Return how many entries, versions and concerns there are."""
    with store.work(writes=False):
        found = [db().scalar(select(func.count()).select_from(of)) for of in (SideEffect, SideEffectVersion, Concern)]
    return int(found[0] or 0), int(found[1] or 0), int(found[2] or 0)


def test_the_same_words_are_stored_once_and_other_words_are_a_correction(store: Store, patient: Made) -> None:
    medicine, entry_id = takes(store, patient, SERTRALINE), new_id()
    nausea = Said("nausea", medicine, 2, 3)
    for _ in range(3):
        log(store, patient, nausea, entry_id=entry_id)
    assert counted(store) == (1, 1, 0)
    log(store, patient, Said("nausea", medicine, 1, 1, going_on=False), entry_id=entry_id)
    log(store, patient, nausea, entry_id=entry_id)  # The first, once more and late: it is known, and changes nothing.
    assert counted(store) == (1, 2, 0)
    entry = own(store, patient, entry_id)
    assert (entry.said.severity, entry.said.going_on, entry.over_on) == (1, False, now(patient).day)


def test_an_id_of_somebody_else_cannot_be_used_and_nothing_of_theirs_is_seen(store: Store, patient: Made) -> None:
    other = make_person(store, make_practice(store, "Other"), Role.PATIENT)
    entry_id = log(store, patient, Said("nausea"))
    with pytest.raises(recording.IdTaken):
        log(store, other, Said("dizzy"), entry_id=entry_id)
    with pytest.raises(NotFound):
        own(store, other, entry_id)
    with store.work(writes=True), pytest.raises(NotFound):
        recording.change(other.viewer, entry_id, Said("dizzy"), now(other), base=1)
    with store.work(writes=True), pytest.raises(NotFound):
        recording.remove(other.viewer, entry_id)
    assert own(store, patient, entry_id).said.pick == "nausea"


def test_a_medicine_of_somebody_else_is_not_taken(store: Store, patient: Made) -> None:
    other = make_person(store, make_practice(store, "Other"), Role.PATIENT)
    theirs = takes(store, other, SERTRALINE)
    with pytest.raises(recording.NoSuchMedicine):
        log(store, patient, Said("nausea", theirs))
    assert counted(store) == (0, 0, 0)


def test_nothing_said_is_not_stored_and_words_alone_are_something_else(store: Store, patient: Made) -> None:
    with pytest.raises(recording.NothingSaid):
        log(store, patient, Said(""))
    assert own(store, patient, log(store, patient, Said("", note="my ears ring"))).said.pick == picks.OTHER


def test_a_stale_change_is_refused_and_saying_over_twice_is_one_version(store: Store, patient: Made) -> None:
    entry_id = log(store, patient, Said("nausea"))
    with store.work(writes=True):
        recording.change(patient.viewer, entry_id, Said("dizzy"), now(patient), base=1)
    with store.work(writes=True), pytest.raises(recording.Stale):
        recording.change(patient.viewer, entry_id, Said("sleepy"), now(patient), base=1)
    for _ in range(2):
        with store.work(writes=True):
            recording.say_over(patient.viewer, entry_id, now(patient))
    assert counted(store) == (1, 3, 0)


def test_what_was_taken_away_is_gone_until_it_is_brought_back(store: Store, patient: Made) -> None:
    entry_id = log(store, patient, Said("nausea"))
    for _ in range(2):
        with store.work(writes=True):
            recording.remove(patient.viewer, entry_id)
    with pytest.raises(NotFound):
        own(store, patient, entry_id)
    with pytest.raises(recording.IdTaken):
        log(store, patient, Said("nausea"), entry_id=entry_id)
    with store.work(writes=True):
        recording.bring_back(patient.viewer, entry_id)
    assert own(store, patient, entry_id).said.pick == "nausea"


def test_a_session_in_question_sees_only_what_it_wrote_itself(store: Store, patient: Made) -> None:
    before = log(store, patient, Said("nausea"))
    stranger = in_question(patient, clock.now() - timedelta(seconds=1))
    with pytest.raises(NotFound):
        own(store, stranger, before)
    with store.work(writes=True), pytest.raises(recording.IdTaken):
        recording.record(stranger, before, Said("dizzy"), now(patient))
    with store.work(writes=True):
        theirs = recording.record(stranger, new_id(), Said("sleepy"), now(patient))
    with store.work(writes=False):
        assert [one.id for one in service.own_effects(stranger)] == [theirs]
        assert db().get_one(SideEffect, theirs).while_closed


@pytest.mark.parametrize(
    ("said", "named", "raised"),
    [
        (Said("rash", severity=1), LAMOTRIGINE, True),  # The medicine is known for it.
        (Said("rash", severity=1), SERTRALINE, False),
        (Said("rash", severity=3), SERTRALINE, True),  # It is strong.
        (Said("flag:chest_pain"), SERTRALINE, True),  # The sign itself.
        (Said("nausea", severity=3), SERTRALINE, False),
        (Said("constipation", severity=3), SERTRALINE, False),  # A sign of other medicines alone.
        # Each rule of side_effects.yaml, below its step and from it on; and with nothing said of how strong.
        (Said("shaky", severity=1), LITHIUM, False),  # A fine tremor is an everyday effect.
        (Said("shaky", severity=2), LITHIUM, False),
        (Said("shaky", severity=3), LITHIUM, True),
        (Said("shaky"), LITHIUM, True),
        (Said("shaky", severity=3), HALOPERIDOL, False),
        (Said("unsteady", severity=1), LITHIUM, True),
        (Said("loose_stools", severity=1), LITHIUM, False),
        (Said("loose_stools", severity=2), LITHIUM, True),
        (Said("loose_stools", severity=3), SERTRALINE, False),
        (Said("stiff", severity=2), HALOPERIDOL, False),
        (Said("stiff", severity=3), HALOPERIDOL, True),
        (Said("constipation", severity=1), CLOZAPINE, False),
        (Said("constipation", severity=2), CLOZAPINE, True),
        (Said("fast_heart", severity=1), CITALOPRAM, True),
        (Said("headache", severity=2), PHENELZINE, False),
        (Said("headache", severity=3), PHENELZINE, True),
        (Said("headache", severity=3), SERTRALINE, False),
    ],
)
def test_what_cannot_wait_is_raised_once(store: Store, patient: Made, said: Said, named: object, raised: bool) -> None:
    medicine = takes(store, patient, named)  # type: ignore[arg-type]
    linked = Said(said.pick, medicine, said.severity)
    entry_id = log(store, patient, linked)
    log(store, patient, linked, entry_id=entry_id)
    assert own(store, patient, entry_id).flagged is raised
    assert counted(store)[2] == int(raised)


@pytest.mark.parametrize(
    ("said", "named", "kept", "raised"),
    [
        (Said("rash"), LAMOTRIGINE, {}, True),
        (Said("rash"), LAMOTRIGINE, {"private": True}, False),
        (Said("rash", severity=3), LAMOTRIGINE, {"private": True}, True),  # It is strong, with whatever medicine.
        (Said("fast_heart", severity=3), METHADONE, {"about_use": True}, False),
        (Said("fast_heart", severity=3), CITALOPRAM, {}, True),
        (Said("fast_heart", severity=3), CITALOPRAM, {"private": True}, False),
    ],
)
def test_a_medicine_that_not_all_may_see_raises_nothing_that_is_tied_to_none(
    store: Store, patient: Made, said: Said, named: Named, kept: dict[str, bool], raised: bool
) -> None:
    """The concern itself would tell of it. The patient is told of the sign all the same."""
    takes(store, patient, SERTRALINE)
    medicine = takes(store, patient, named, **kept)
    entry_id = log(store, patient, said)
    assert own(store, patient, entry_id).flagged is raised
    assert counted(store)[2] == int(raised)
    with store.work(writes=False):
        assert advice.sign_of(said, regimen.own_medicines(patient.viewer))
    linked = log(store, patient, replace(said, medicine_id=medicine))
    assert own(store, patient, linked).flagged  # Then the medicine closes it to who may not see that.


def test_a_medicine_entered_in_a_session_in_question_raises_nothing_that_is_tied_to_none(
    store: Store, patient: Made
) -> None:
    stranger = in_question(patient, clock.now() - timedelta(seconds=1))
    with store.work(writes=True):
        moment, medicine_id = now(patient), new_id()
        schedule = daily(*doses("08:00"), start=moment.local_date.isoformat())
        author = Author.patient(stranger)
        changing.start(author, medicine_id, medicine_id, LAMOTRIGINE, schedule, moment=moment, about_use=False)
    assert not own(store, patient, log(store, patient, Said("rash"))).flagged


def test_a_correction_raises_anew_only_what_is_new(store: Store, patient: Made) -> None:
    entry_id = log(store, patient, Said("flag:fainting", severity=1))
    with store.work(writes=True):
        recording.change(patient.viewer, entry_id, Said("flag:fainting", severity=2), now(patient), base=1)
    assert counted(store)[2] == 1
    with store.work(writes=True):
        recording.change(patient.viewer, entry_id, Said("flag:chest_pain"), now(patient), base=2)
    assert counted(store)[2] == 2


def test_it_is_raised_once_it_gets_as_strong_as_its_rule_asks(store: Store, patient: Made) -> None:
    medicine = takes(store, patient, LITHIUM)
    entry_id = log(store, patient, Said("shaky", medicine, 1))
    with store.work(writes=False):
        sign = advice.sign_of(Said("shaky", medicine, 1), regimen.own_medicines(patient.viewer))
    assert sign is not None, "the person is told of the sign however mild it is"
    assert counted(store)[2] == 0
    with store.work(writes=True):
        recording.change(patient.viewer, entry_id, Said("shaky", medicine, 3), now(patient), base=1)
    assert counted(store)[2] == 1


def test_every_rule_of_when_it_is_raised_is_in_the_table_above() -> None:
    rules = {
        one.id: one.raised.severity
        for key in catalogue.every()
        for one in catalogue.side_effects(key.key)
        if one.raised
    }
    assert rules == {
        "constipation": 2,
        "fast_heart": 1,
        "headache": 3,
        "loose_stools": 2,
        "rash": 1,
        "shaky": 3,
        "stiff": 3,
        "unsteady": 1,
    }


@pytest.mark.parametrize(
    ("pick", "linked", "about_use"),
    [
        ("withdrawal", False, True),
        ("nausea", False, False),
        ("flag:alcohol_reaction", False, True),
        ("sore_spot", False, True),
    ],
)
def test_what_only_a_medicine_for_use_is_known_for_tells_of_use(
    store: Store, patient: Made, pick: str, linked: bool, about_use: bool
) -> None:
    takes(store, patient, SERTRALINE)
    takes(store, patient, NALTREXONE)
    assert own(store, patient, log(store, patient, Said(pick))).about_use is about_use


# --- pages ------------------------------------------------------------------------------------------------------------


def test_the_form_stores_what_was_said_and_tells_at_once_what_cannot_wait(
    app: Flask, store: Store, patient: Made
) -> None:
    medicine = takes(store, patient, LAMOTRIGINE)
    browser = Client(app)
    sign_in(browser, patient)
    page = browser.get(f"{NEW}?medicine={medicine}")
    form = page.form(action=NEW)
    assert "A rash with blisters" in page.main_words
    done = browser.follow(browser.submit(form, effect="rash", severity="2", bother="1"))
    assert "If what you notice is like this, do not wait" in done.main_words
    assert "lamotrigine" in done.main_words
    assert done.all("a", href="tel:911")
    assert "Nobody watches this around the clock" in done.words
    assert counted(store) == (1, 1, 1)


def test_the_static_list_of_signs_stands_on_the_form_with_help_beside_it(app: Flask, patient: Made) -> None:
    browser = Client(app)
    sign_in(browser, patient)
    page = browser.get(NEW)
    for sign in ("Trouble breathing", "Chest pain", "New or darker thoughts"):
        assert sign in page.main_words
    assert page.all("a", href="tel:988")


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"effect": "no such thing"},
        {"medicine": "no id"},
        {"medicine": str(uuid.uuid4())},
        {"effect": "nausea", "severity": "4"},
        {"effect": "nausea", "severity": "-1"},
        {"effect": "nausea", "bother": "1e399990"},
        {"effect": "nausea", "going_on": "maybe"},
        {"effect": "nausea", "began": "0001-01-01"},
        {"effect": "nausea", "began": "9999-12-31"},
        {"effect": "nausea", "began": "yesterday"},
        {"effect": "nausea", "note": "x" * 1001},
        {"effect": "nausea", "note": "a\x00b"},
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_stored(
    app: Flask, store: Store, patient: Made, answers: dict[str, str]
) -> None:
    browser = Client(app)
    sign_in(browser, patient)
    page = browser.post(NEW, data={"id": str(new_id()), **answers})
    assert page.status_code == 422
    assert page.errors
    assert counted(store) == (0, 0, 0)


def test_a_change_keeps_the_typed_words_where_it_is_stale(app: Flask, store: Store, patient: Made) -> None:
    entry_id = log(store, patient, Said("nausea", note="before lunch"))
    browser = Client(app)
    sign_in(browser, patient)
    address = f"/medications/side-effects/{entry_id}/change"
    form = browser.get(address).form(action=address)
    with store.work(writes=True):
        recording.change(patient.viewer, entry_id, Said("nausea", note="elsewhere"), now(patient), base=1)
    page = browser.submit(form, note="after lunch")
    assert page.status_code == 422
    assert "after lunch" in page.text
    assert own(store, patient, entry_id).said.note == "elsewhere"


def test_the_pages_of_another_patient_answer_as_if_there_were_none(app: Flask, store: Store, patient: Made) -> None:
    entry_id = log(store, patient, Said("nausea"))
    browser = Client(app)
    sign_in(browser, make_person(store, make_practice(store, "Other"), Role.PATIENT))
    for end in ("", "/change"):
        assert browser.get(f"/medications/side-effects/{entry_id}{end}").status_code == 404
    for end in ("/over", "/remove", "/bring-back", "/change"):
        assert browser.post(f"/medications/side-effects/{entry_id}{end}", data={}).status_code == 404
    assert browser.post(f"/medications/side-effects/{entry_id}/private", data={"private": "yes"}).status_code == 404


def test_over_private_and_deleted_by_the_buttons_of_the_page(
    app: Flask, store: Store, patient: Made, set_time: Callable[[datetime | str], None]
) -> None:
    set_time("2026-03-02 15:00")
    entry_id = log(store, patient, Said("nausea", bother=4))
    browser = Client(app)
    sign_in(browser, patient)
    at = f"/medications/side-effects/{entry_id}"
    page = browser.get(at)
    assert "You do not have to put up with this alone" in page.main_words
    page = browser.follow(browser.submit(page.form(action=f"{at}/over")))
    assert "Over since 2 March" in page.main_words
    page = browser.follow(browser.post(f"{at}/private", data={"private": "yes"}))
    assert "You keep this one to yourself" in page.main_words
    page = browser.follow(browser.submit(page.form(action=f"{at}/remove")))
    page = browser.follow(browser.submit(page.form(action=f"{at}/bring-back")))
    assert "It is back" in page.words
