"""A prescriber enters and changes medicines: only what is open to them, with a reason, shown to the patient at once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select, text

from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.medications import regimen
from patient_app.medications.models import Change, Medicine, MedicineVersion
from patient_app.medications.regimen import OwnMedicine
from patient_app.medications.said import Said
from patient_app.medications.schedule import Dose, EveryDays, Step, Stepwise
from tests import factories
from tests.features.medications.regimens import NALTREXONE, daily, started
from tests.features.reading.medicines_world import (
    BOTH,
    DETAIL,
    LITHIUM,
    MED,
    NOW,
    TODAY,
    World,
    ago,
    change,
    make_world,
    mark,
    names,
    read,
    share,
    start,
)
from tests.page import Client, Page
from tests.sweeps.test_statements import counted

REASON = "Sleep is still poor"
TWICE = {"time_1": "8:00", "amount_1": "1", "time_2": "20:00", "amount_2": "1", "unit": "tablet"}


@pytest.fixture
def world(store: Store, set_time: Callable[[datetime], None]) -> World:
    set_time(NOW)
    return make_world(store)


def own(store: Store, world: World) -> list[OwnMedicine]:
    with store.work(writes=False):
        return regimen.own_medicines(world.patient.viewer)


def stored(store: Store) -> int:
    with store.work(writes=False):
        return db().scalar(select(func.count()).select_from(MedicineVersion)) or 0


def asked(client: Client, world: World, **said: str) -> Page:
    """Look for a medicine and choose one."""
    page = client.get(f"/team/{world.patient.id}/medications/new")
    page = client.submit(page.form(action=f"/team/{world.patient.id}/medications/new"), name=said["name"])
    assert page.status_code == 200
    return client.submit(page.form(action=f"/team/{world.patient.id}/medications/new"), **said)


def test_a_prescriber_enters_one_and_the_patient_has_it_with_the_reason(
    client: Client, world: World, store: Store
) -> None:
    share(store, world, {MED: DETAIL})
    share(store, world, {MED: DETAIL}, to=Discipline.THERAPIST)
    factories.sign_in(client, world.prescriber)
    page = asked(client, world, name="sertralin", pick="sertraline", kind="times")
    form = page.form(action=f"/team/{world.patient.id}/medications/new/times")
    refused = client.submit(form, about_use="no", **TWICE)
    assert refused.status_code == 422
    assert "Write why. The patient reads it with the change." in refused.words
    assert stored(store) == 0
    form = refused.form(action=f"/team/{world.patient.id}/medications/new/times")
    answer = client.submit(form, reason=REASON)
    assert answer.status_code == 303, answer.main_words
    page = client.follow(answer)
    assert "Entered. The patient sees it at once, with your reason." in page.words
    assert "Not answered yet" in page.words
    again = client.submit(form, reason=REASON)  # Sent twice it is stored once.
    assert (again.status_code, again.location, stored(store)) == (303, answer.location, 1)
    [one] = own(store, world)
    assert (one.name, one.newest.reason, one.newest.by_prescriber, one.newest.waits_for_answer) == (
        "sertraline",
        REASON,
        True,
        True,
    )
    assert names(read(store, world, world.therapist)) == ["sertraline"]


def test_in_own_words_the_name_stands_in_no_address(client: Client, world: World, store: Store) -> None:
    share(store, world, {MED: DETAIL})
    factories.sign_in(client, world.prescriber)
    page = asked(client, world, name="My own drops", pick="own", kind="once")
    form = page.form(action=f"/team/{world.patient.id}/medications/new/once")
    assert "drops" not in form.action
    answer = client.submit(form, amount="2", unit="drop", about_use="no", reason=REASON)
    assert answer.status_code == 303
    assert [one.name for one in own(store, world)] == ["My own drops"]


def test_who_reads_spanish_picks_by_either_name(client: Client, world: World, store: Store) -> None:
    share(store, world, {MED: DETAIL})
    with store.work(writes=True):
        db().execute(text("UPDATE person SET language = 'es'"))
    factories.sign_in(client, world.prescriber)
    page = client.get(f"/team/{world.patient.id}/medications/new")
    page = client.submit(page.form(action=f"/team/{world.patient.id}/medications/new"), name="sertralina")
    assert "sertraline · sertralina" in page.main_words


@pytest.mark.parametrize("name", ["naltrexone", "Vivitrol", "Metadona"])
def test_one_for_alcohol_or_drugs_needs_both_and_says_so_before_anything_is_typed(
    client: Client, world: World, store: Store, name: str
) -> None:
    share(store, world, {MED: DETAIL})
    factories.sign_in(client, world.prescriber)
    new = f"/team/{world.patient.id}/medications/new"
    told = "does not share alcohol and drugs with you"
    assert told in client.get(new).main_words
    pick = "naltrexone" if name == "naltrexone" else "own"
    refused = asked(client, world, name=name, pick=pick, kind="once")
    assert refused.status_code == 422
    assert told in refused.words
    assert "What it is for" not in refused.words, "the long form was not opened"
    # Nor is it taken from who sends the long form all the same.
    data = {"id": str(new_id()), "amount": "1", "unit": "tablet", "made_as": "tablet", "reason": REASON}
    named = {"catalogue": "naltrexone"} if pick == "naltrexone" else {"name": name}
    answer = client.post(f"{new}/once", data={**data, **named, "about_use": "no"})
    assert (answer.status_code, stored(store)) == (422, 0)
    assert told in answer.words
    share(store, world, BOTH)
    assert told not in client.get(new).main_words
    page = asked(client, world, name=name, pick=pick, kind="once")
    said = {"amount": "1", "unit": "tablet", "reason": REASON}
    if pick == "own":
        said["about_use"] = "no"
    assert client.submit(page.form(action=f"{new}/once"), **said).status_code == 303
    [one] = own(store, world)
    assert one.about_use


def test_what_is_told_of_it_is_the_same_whatever_the_patient_takes_or_keeps(
    client: Client, world: World, store: Store
) -> None:
    share(store, world, {MED: DETAIL})
    factories.sign_in(client, world.prescriber)
    answers = []
    for takes in (False, True):
        if takes:
            start(store, world, NALTREXONE)
            start(store, world, LITHIUM, private=True, about_use=True)
        with counted(store.database, store.keys.database) as counter:
            first = client.get(f"/team/{world.patient.id}/medications/new").main_words
            picked = asked(client, world, name="naltrexone", pick="naltrexone", kind="once").main_words
        answers.append((first, picked, len(counter.statements)))
    assert answers[0] == answers[1]


def test_nobody_else_may(client: Client, world: World, store: Store) -> None:
    medicine_id = start(store, world)
    share(store, world, BOTH)
    share(store, world, BOTH, to=Discipline.THERAPIST)
    share(store, world, BOTH, to=Discipline.NURSE)
    nurse = factories.make_clinician(store, world.practice, Discipline.NURSE)
    factories.assign_team(store, world.patient, nurse, world.administrator)
    unassigned = factories.make_clinician(store, world.practice, Discipline.PRESCRIBER)
    other = factories.make_clinician(store, factories.make_practice(store, "Hill Practice"), Discipline.PRESCRIBER)
    for who in (world.therapist, nurse, unassigned, other, world.administrator, world.supporter, world.patient):
        browser = Client(client.application)
        factories.sign_in(browser, who)
        assert statuses(browser, world, medicine_id) == {404}, who.name
        if who in (nurse, world.therapist):
            assert "Enter a medicine" not in browser.get(f"/team/{world.patient.id}/medications").words
    assert stored(store) == 1


def statuses(browser: Client, world: World, medicine_id: uuid.UUID) -> set[int]:
    """Return what every address of writing answers."""
    base = f"/team/{world.patient.id}/medications"
    said = {"id": str(new_id()), "base": "1", "about_use": "no", "reason": "x", "amount": "1", "unit": "tablet"}
    answers = [browser.get(f"{base}/new"), browser.post(f"{base}/new", data={"name": "sertraline"})]
    answers += [browser.post(f"{base}/new/once", data={**said, "catalogue": "sertraline"})]
    for rest in ("change", "change/once", "stop", "pause", "go-on"):
        answers.append(browser.get(f"{base}/{medicine_id}/{rest}"))
        if rest != "change":
            answers.append(browser.post(f"{base}/{medicine_id}/{rest}", data=said))
    return {answer.status_code for answer in answers}


@pytest.mark.parametrize("why", ["private", "no consent", "about use", "removed", "another's"])
def test_what_is_not_open_cannot_be_changed_and_answers_as_if_it_were_not_there(
    client: Client, world: World, store: Store, why: str
) -> None:
    medicine_id = start(store, world)
    if why != "no consent":
        share(store, world, {MED: DETAIL})
    if why == "another's":
        medicine_id = new_id()
    values: dict[str, dict[str, Any]] = {
        "private": {"private": True},
        "about use": {"about_use": True},
        "removed": {"removed_at": NOW},
    }
    if why in values:
        mark(store, medicine_id, **values[why])
    factories.sign_in(client, world.prescriber)
    base = f"/team/{world.patient.id}/medications/{medicine_id}"
    data = {"id": str(new_id()), "base": "1", "about_use": "no", "reason": "x", "amount": "1", "unit": "tablet"}
    for answer in (
        client.get(base),
        client.get(f"{base}/change"),
        client.post(f"{base}/change/once", data=data),
        client.post(f"{base}/stop", data=data),
    ):
        assert answer.status_code == 404
    assert stored(store) == 1


def test_the_id_of_a_hidden_one_tells_nothing(client: Client, world: World, store: Store) -> None:
    """Who knew a medicine before it was hidden can write nothing into it by its id, and is answered as for any id."""
    hidden = start(store, world, private=True)
    theirs = start(store, world, NALTREXONE)
    share(store, world, {MED: DETAIL})
    factories.sign_in(client, world.prescriber)
    data = {
        "catalogue": "sertraline",
        "about_use": "no",
        "reason": "x",
        "amount": "1",
        "unit": "tablet",
        "made_as": "tablet",
    }
    address = f"/team/{world.patient.id}/medications/new/once"
    for taken in (hidden, theirs):
        answer = client.post(address, data={**data, "id": str(taken)})
        assert answer.status_code == 422
        assert "This page was out of date" in answer.words, answer.main_words
    assert stored(store) == 2


@pytest.mark.parametrize("kept", [{"about_use": True}, {"private": True}, {"removed_at": NOW}])
def test_what_was_entered_and_is_closed_since_cannot_be_sent_again(
    client: Client, world: World, store: Store, kept: dict[str, Any]
) -> None:
    share(store, world, {MED: DETAIL})
    factories.sign_in(client, world.prescriber)
    page = asked(client, world, name="sertralin", pick="sertraline", kind="times")
    form = page.form(action=f"/team/{world.patient.id}/medications/new/times")
    said = {"about_use": "no", "reason": REASON, **TWICE}
    assert client.submit(form, **said).status_code == 303
    assert client.submit(form, **said).status_code == 303
    with store.work(writes=False):
        medicine_id = db().scalars(select(Medicine.id)).one()
    mark(store, medicine_id, **kept)
    for words in (said, {**said, "amount_1": "2"}):  # The same words and others are answered alike.
        answer = client.submit(form, **words)
        assert answer.status_code == 422
        assert "This page was out of date" in answer.words, answer.main_words
    assert stored(store) == 1


def test_a_change_needs_a_reason_and_the_newest_version(client: Client, world: World, store: Store) -> None:
    medicine_id = start(store, world)
    share(store, world, {MED: DETAIL})
    factories.sign_in(client, world.prescriber)
    address = f"/team/{world.patient.id}/medications/{medicine_id}/change"
    page = client.get(address)
    assert "8:00 AM: 1 tablet" in page.words
    form = page.form(action=f"{address}/times")
    assert client.submit(form, reason=" ").status_code == 422
    change(store, world, medicine_id, times=("09:00",))  # The patient, meanwhile.
    refused = client.submit(form, reason=REASON, amount_1="2")
    assert refused.status_code == 422
    assert "This was changed meanwhile" in refused.words
    assert "9:00 AM: 1 tablet" in refused.words
    form = refused.form(action=f"{address}/times")
    assert form.controls["amount_1"].get("value") == "2"
    assert client.submit(form).status_code == 303
    [one] = own(store, world)
    assert (one.newest.change, one.newest.number, one.newest.reason) == (Change.CHANGED, 3, REASON)


def test_a_change_that_is_still_to_come_keeps_its_day_when_it_is_edited(
    client: Client, world: World, store: Store
) -> None:
    medicine_id = start(store, world)
    later = TODAY + timedelta(days=7)
    change(store, world, medicine_id, times=("21:00",), days=5, since=later)
    share(store, world, {MED: DETAIL})
    factories.sign_in(client, world.prescriber)
    address = f"/team/{world.patient.id}/medications/{medicine_id}"
    page = client.get(f"{address}/change")
    for words in (page.main_words, client.get(f"{address}/pause").main_words):
        assert words.index("As it is now") < words.index("8:00 AM: 1 tablet") < words.index("9:00 PM: 1 tablet")
    form = page.form(action=f"{address}/change/times")
    assert form.controls["since"].get("value") == later.isoformat()
    assert client.submit(form, reason=REASON, amount_1="2").status_code == 303
    [one] = own(store, world)
    assert (one.newest.number, one.newest.since, one.on(TODAY)) == (3, later, one.versions[0])


def test_it_is_stopped_and_taken_again_with_a_reason(client: Client, world: World, store: Store) -> None:
    medicine_id = start(store, world)
    share(store, world, {MED: DETAIL})
    factories.sign_in(client, world.prescriber)
    base = f"/team/{world.patient.id}/medications/{medicine_id}"
    for how, expected in (("stop", Change.STOPPED), ("go-on", Change.RESUMED), ("pause", Change.PAUSED)):
        form = client.get(f"{base}/{how}").form(action=f"{base}/{how}")
        assert client.submit(form).status_code == 422
        assert client.submit(form, reason=REASON).status_code == 303
        [one] = own(store, world)
        assert (one.newest.change, one.newest.reason) == (expected, REASON)
    assert client.get(f"{base}/change").status_code == 404  # First it is taken again.
    assert "Take it again" in client.get(base).words


def test_steps_are_entered_anew_and_not_taken_up_again(client: Client, world: World, store: Store) -> None:
    said = Said("clonidine", "clonidine", "0.1 mg", "tablet")
    doses = (Dose(time(8), Decimal(1)),)
    steps = Stepwise((Step(TODAY, EveryDays(), doses),))
    medicine_id = started(store, world.patient, daily(plan=steps, start=str(TODAY)), ago(0), said)
    share(store, world, {MED: DETAIL})
    factories.sign_in(client, world.prescriber)
    base = f"/team/{world.patient.id}/medications/{medicine_id}"
    assert client.submit(client.get(f"{base}/pause").form(field="reason"), reason=REASON).status_code == 303
    page = client.submit(client.get(f"{base}/go-on").form(field="reason"), reason=REASON)
    assert (page.status_code, stored(store)) == (422, 2)
    assert "Enter it again with your new steps" in page.words


def test_marking_it_for_drugs_is_refused_to_who_could_not_read_it_again(
    client: Client, world: World, store: Store
) -> None:
    medicine_id = start(store, world)
    share(store, world, {MED: DETAIL})
    factories.sign_in(client, world.prescriber)
    address = f"/team/{world.patient.id}/medications/{medicine_id}/change"
    form = client.get(address).form(action=f"{address}/times")
    assert client.submit(form, reason=REASON, about_use="yes").status_code == 422
    with store.work(writes=False):
        assert db().scalar(select(Medicine.about_use)) is False


@pytest.mark.parametrize("amount", ["0", "-1", "1000000000", "1e399990", "1" * 5000, "one\x00"])
def test_amounts_that_cannot_be(client: Client, world: World, store: Store, amount: str) -> None:
    share(store, world, {MED: DETAIL})
    factories.sign_in(client, world.prescriber)
    data = {
        "id": str(new_id()),
        "catalogue": "sertraline",
        "about_use": "no",
        "reason": "x",
        "unit": "tablet",
        "made_as": "tablet",
    }
    answer = client.post(f"/team/{world.patient.id}/medications/new/once", data={**data, "amount": amount})
    assert answer.status_code == 422
    assert stored(store) == 0


def test_entering_one_is_answered_alike_whatever_is_hidden(client: Client, world: World, store: Store) -> None:
    """As many statements, and the same page: what goes badly with it is worked out when the patient reads."""
    share(store, world, {MED: DETAIL})
    factories.sign_in(client, world.prescriber)
    address = f"/team/{world.patient.id}/medications/new/once"
    data = {"catalogue": "sertraline", "about_use": "no", "reason": "x", "amount": "1", "unit": "tablet"}
    answers = []
    for hidden in (False, True):
        if hidden:
            start(store, world, LITHIUM, private=True)
        with counted(store.database, store.keys.database) as counter:
            answer = client.post(address, data={**data, "made_as": "tablet", "id": str(new_id())})
        page = client.follow(answer)
        answers.append((answer.status_code, len(counter.statements), page.main_words))
    assert answers[0] == answers[1]
