"""Fills, counts and running out: kept once, counted by the plan, shown to the person in time, and taken back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select

from patient_app.accounts.models import Person
from patient_app.core import clock
from patient_app.core.clock import Moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import Store, db
from patient_app.medications import changing, regimen
from patient_app.medications.changing import Author
from patient_app.medications.models import Source
from patient_app.medications.regimen import OwnMedicine
from patient_app.medications.said import Said
from patient_app.medications.schedule import AsNeeded, Schedule
from patient_app.refills import service
from patient_app.refills.forms import amount_of
from patient_app.refills.models import Kind, SupplyEntry
from patient_app.refills.service import IdTaken, Low, New, OtherWords, Supply
from patient_app.reminders.sources import Whose, low_on
from tests.factories import ZONE, Made, make_person, make_practice, sign_in
from tests.features.medications.plans import doses
from tests.features.medications.regimens import SERTRALINE, at, changed, daily, own, started
from tests.features.offline.phone import Phone, fields_of
from tests.page import Client, Page
from tests.sweeps.test_statements import counted

ONE = doses("08:00")


@pytest.fixture(autouse=True)
def march(set_time: Callable[[datetime | str], None]) -> None:
    set_time("2026-03-02 15:00")


@pytest.fixture
def patient(store: Store) -> Made:
    return make_person(store, make_practice(store), Role.PATIENT)


@pytest.fixture
def medicine(store: Store, patient: Made) -> OwnMedicine:
    return own(store, patient, started(store, patient, daily(*ONE), early()))


def early() -> Moment:
    """When the plans of these tests begin: a month ago."""
    return at("02-01 07:00")


def now() -> Moment:
    return clock.moment(clock.now(), ZONE)


def new(
    kind: Kind = Kind.FILLED, amount: int = 30, *, ago: int = 0, id_: uuid.UUID | None = None, note: str = ""
) -> New:
    return New(id_ or new_id(), kind, now().local_date - timedelta(days=ago), Decimal(amount), note)


def keep(store: Store, viewer: Viewer, medicine: OwnMedicine, entry: New, source: Source = Source.FORM) -> uuid.UUID:
    with store.work(writes=True):
        service.record(viewer, medicine, entry, now(), source=source)
    return entry.id


def there(store: Store, viewer: Viewer, medicine: OwnMedicine) -> Supply:
    with store.work(writes=False):
        return service.own_supply(viewer, medicine, now().local_date)


def runs_low(store: Store, viewer: Viewer) -> list[Low]:
    with store.work(writes=False):
        return service.low(viewer, now().local_date, regimen.own_medicines(viewer))


def rows(store: Store) -> int:
    with store.work(writes=False):
        return db().scalar(select(func.count()).select_from(SupplyEntry)) or 0


# --- kept once -------------------------------------------------------------------------------------------------


def test_the_same_sent_again_is_stored_once_and_other_words_correct_it(
    store: Store, patient: Made, medicine: OwnMedicine
) -> None:
    first = new()
    for entry in (first, first, replace(first, amount=Decimal(20)), replace(first, amount=Decimal(20))):
        keep(store, patient.viewer, medicine, entry)
    supply = there(store, patient.viewer, medicine)
    assert [(one.id, one.amount) for one in supply.entries] == [(first.id, Decimal(20))]
    assert supply.units == 20
    assert (supply.days, rows(store)) == (20, 2)


def test_from_a_phone_nothing_is_corrected(store: Store, patient: Made, medicine: OwnMedicine) -> None:
    first = new()
    keep(store, patient.viewer, medicine, first, Source.OUTBOX)
    keep(store, patient.viewer, medicine, first, Source.OUTBOX)
    with pytest.raises(OtherWords):
        keep(store, patient.viewer, medicine, replace(first, amount=Decimal(20)), Source.OUTBOX)
    assert rows(store) == 1


def test_an_id_of_anybody_elses_or_of_what_was_taken_back_is_refused(
    store: Store, patient: Made, medicine: OwnMedicine
) -> None:
    first = new()
    keep(store, patient.viewer, medicine, first)
    other = make_person(store, make_practice(store, "Other"), Role.PATIENT)
    theirs = own(store, other, started(store, other, daily(*ONE), early()))
    second = own(store, patient, started(store, patient, daily(*ONE), early(), Said("lithium", "lithium")))
    for viewer, of in ((other.viewer, theirs), (patient.viewer, second)):
        with pytest.raises(IdTaken):
            keep(store, viewer, of, first)
        with pytest.raises(NotFound), store.work(writes=True):
            service.take_back(viewer, of, first.id, now().local_date)
    for _ in range(2):
        with store.work(writes=True):
            service.take_back(patient.viewer, medicine, first.id, now().local_date)
    with pytest.raises(IdTaken):
        keep(store, patient.viewer, medicine, first)
    assert there(store, patient.viewer, medicine).entries == ()


def test_a_session_in_question_sees_only_what_it_wrote(store: Store, patient: Made, medicine: OwnMedicine) -> None:
    keep(store, patient.viewer, medicine, new())
    closed = replace(patient.viewer, entries_closed_from=clock.now() - timedelta(hours=1))
    assert there(store, closed, medicine).entries == ()
    with store.work(writes=True):
        author = Author.patient(closed)
        id_ = new_id()
        changing.start(author, id_, id_, SERTRALINE, daily(*ONE), about_use=False, moment=now())
    theirs = own(store, patient, id_)
    keep(store, closed, theirs, new(amount=3))
    assert [low.medicine_id for low in runs_low(store, closed)] == [id_]


# --- counted ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "days", "remind_in", "is_low"),
    [
        ([], None, None, False),
        ([(Kind.FILLED, 30, 0)], 30, 23, False),
        ([(Kind.FILLED, 30, 22)], 8, 1, False),
        ([(Kind.FILLED, 30, 23)], 7, 0, True),
        ([(Kind.FILLED, 30, 60)], 0, -7, True),
        ([(Kind.FILLED, 30, 23), (Kind.COUNTED, 20, 0)], 20, 13, False),
        ([(Kind.FILLED, 90, 1), (Kind.RAN_OUT, 0, 0)], 0, None, True),
    ],
)
def test_when_it_is_time_to_get_more(
    store: Store,
    patient: Made,
    entries: list[tuple[Kind, int, int]],
    days: int | None,
    remind_in: int | None,
    is_low: bool,
) -> None:
    # The plan is older than what was filled.
    before = clock.moment(clock.now() - timedelta(days=90), ZONE)
    medicine = own(store, patient, started(store, patient, daily(*ONE, start="2025-11-01"), before))
    for kind, amount, ago in entries:
        keep(store, patient.viewer, medicine, new(kind, amount, ago=ago))
    supply = there(store, patient.viewer, medicine)
    today = now().local_date
    assert (supply.days, supply.is_low) == (days, is_low)
    assert supply.remind_on == (None if remind_in is None else today + timedelta(days=remind_in))
    assert [low.medicine_id for low in runs_low(store, patient.viewer)] == ([medicine.id] if is_low else [])


def test_what_cannot_be_counted_is_no_number(store: Store, patient: Made) -> None:
    as_needed = daily(plan=AsNeeded(Decimal(1)))
    medicine = own(store, patient, started(store, patient, as_needed, early()))
    keep(store, patient.viewer, medicine, new(ago=1))
    supply = there(store, patient.viewer, medicine)
    assert (supply.units, supply.days, supply.remind_on, supply.is_low) == (None, None, None, False)


def test_entries_in_another_unit_than_the_plans_do_not_count(
    store: Store, patient: Made, medicine: OwnMedicine
) -> None:
    keep(store, patient.viewer, medicine, new())
    changed(store, patient, medicine.id, daily(*ONE, unit="mg"), now())
    supply = there(store, patient.viewer, own(store, patient, medicine.id))
    assert (supply.units, len(supply.entries)) == (None, 1)


def test_today_counts_nothing_until_it_can_be_low_and_sees_a_plan_that_doubled(
    store: Store, patient: Made, medicine: OwnMedicine, set_time: Callable[[datetime | str], None]
) -> None:
    keep(store, patient.viewer, medicine, new(amount=60))
    with store.work(writes=False), counted(store.database) as statements:
        service.low(patient.viewer, now().local_date, [medicine])
    assert len(statements.statements) == 1
    changed(store, patient, medicine.id, daily(*doses("08:00", "20:00")), now())
    set_time("2026-03-29 15:00")  # Of 60 there are 6 left; by the old plan it would be 33.
    assert [low.days for low in runs_low(store, patient.viewer)] == [3]
    with store.work(writes=True):
        changing.stop(Author.patient(patient.viewer), medicine.id, new_id(), moment=now())
    assert runs_low(store, patient.viewer) == []


@pytest.mark.parametrize(
    ("before", "amount"),
    [
        (daily(*ONE), 60),  # Half-way to when it is low is nearly a month away.
        (replace(daily(*ONE), end=date(2026, 3, 20)), 60),  # More than enough for the plan: never low.
    ],
)
def test_once_the_plan_uses_more_both_today_and_the_reminder_say_it_in_time(
    store: Store, patient: Made, set_time: Callable[[datetime | str], None], before: Schedule, amount: int
) -> None:
    id_ = started(store, patient, before, early())
    keep(store, patient.viewer, own(store, patient, id_), new(amount=amount))
    changed(store, patient, id_, daily(*doses("08:00", "12:00", "18:00", "22:00")), now())
    begun, said = clock.now(), []
    for days in range(1, 16):
        set_time(begun + timedelta(days=days))
        is_low = there(store, patient.viewer, own(store, patient, id_)).is_low
        with store.work(writes=False):
            whose = Whose(patient.id, patient.viewer.practice_id, ZoneInfo(ZONE))
            reminded = low_on(whose, now().local_date)
        assert bool(runs_low(store, patient.viewer)) is bool(reminded) is is_low
        said.append(is_low)
    assert said[-1]


def test_of_a_strength_that_a_planned_change_needs_it_is_said_once_that_begins(
    store: Store, patient: Made, set_time: Callable[[datetime | str], None]
) -> None:
    """What there is of the strength in use now outlasts its plan, so that nothing seemed worth counting."""
    id_ = started(store, patient, daily(*ONE), early())
    changed(store, patient, id_, daily(*ONE, start="2026-03-12"), now(), said=replace(SERTRALINE, strength="100 mg"))
    for strength, amount in ((SERTRALINE.strength, 60), ("100 mg", 5)):
        keep(store, patient.viewer, own(store, patient, id_), replace(new(amount=amount), strength=strength))
    assert runs_low(store, patient.viewer) == []
    set_time("2026-03-12 15:00")
    assert [one.days for one in runs_low(store, patient.viewer)] == [5]


# --- the page --------------------------------------------------------------------------------------------------


@pytest.fixture
def browser(app: Flask, patient: Made) -> Client:
    client = Client(app)
    sign_in(client, patient)
    return client


def fill(browser: Client, medicine: OwnMedicine, **said: Any) -> Page:
    address = f"/medications/{medicine.id}/supply"
    return browser.submit(browser.get(address).form(action=address), **said)


def test_filled_read_back_and_taken_back(browser: Client, medicine: OwnMedicine) -> None:
    saved = browser.follow(fill(browser, medicine, amount="12,5", note="Corner pharmacy, Mondays"))
    assert "By the plan, 12½ tablets may be left. That is enough for 12 days." in saved.main_words
    assert "Time to get more: from Saturday 7 March on." in saved.main_words
    assert "Corner pharmacy, Mondays" in saved.main_words
    form = next(form for form in saved.forms if form.action.endswith("/take-back"))
    assert "Write down what you get" in browser.follow(browser.submit(form)).main_words


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"amount": ""}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"amount": "-3"}, "amount"),
        ({"amount": "1000000000"}, "amount"),
        ({"amount": "1e399990"}, "amount"),
        ({"amount": "٣٠"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": "9" * 1_000_000}, "amount"),
        ({"amount": "1.2345"}, "amount"),
        ({"amount": "30", "on": "2026-03-03"}, "on"),
        ({"amount": "30", "on": "0001-01-01"}, "on"),
        ({"amount": "30", "on": "9999-12-31"}, "on"),
        ({"amount": "30", "on": "soon"}, "on"),
        ({"amount": "30", "kind": "ran_out"}, "kind"),
        ({"amount": "30", "note": "x" * 201}, "note"),
        ({"amount": "30", "note": "a\0b"}, "note"),
    ],
)
@pytest.mark.sqlite
def test_what_is_no_supply_is_told_beside_its_field_and_nothing_is_stored(
    browser: Client, store: Store, medicine: OwnMedicine, said: dict[str, str], field: str
) -> None:
    page = fill(browser, medicine, **said)
    assert page.status_code == 422
    assert set(page.errors) == {field}
    assert rows(store) == 0


@pytest.mark.parametrize(
    ("typed", "is_"), [("30", "30"), (" 1½ ", "1.5"), ("1 1/2", "1.5"), ("2,25", "2.25"), ("1/0", None), ("½½", None)]
)
def test_amounts_as_people_type_them(typed: str, is_: str | None) -> None:
    assert amount_of(typed) == (None if is_ is None else Decimal(is_))


def test_running_out_is_one_tap_and_says_who_can_help(browser: Client, store: Store, patient: Made) -> None:
    medicine = own(store, patient, started(store, patient, daily(*ONE), early(), Said("lorazepam", "lorazepam")))
    address = f"/medications/{medicine.id}"
    page = browser.get(f"{address}/supply")
    form = page.form(action=f"{address}/ran-out")
    for _ in range(2):  # A double tap is one.
        page = browser.submit(form)
    told = browser.follow(page).main_words
    assert rows(store) == 1
    assert "Call your prescriber or your pharmacy today." in told
    assert "Please do not stop this one all at once" in told
    assert "Only you can see that it ran out. Nobody is told." in told
    today = browser.get("/today").main_words
    assert "lorazepam: you said that nothing is left." in today
    fill(browser, medicine, amount="30")
    assert "lorazepam" not in browser.get("/today").main_words


def test_what_was_written_in_question_says_that_nobody_else_sees_it_then_and_later(
    browser: Client, store: Store, patient: Made
) -> None:
    """A team that is never told must not be hoped for, in that session or when it was the person after all."""
    since, id_ = clock.now() - timedelta(minutes=5), new_id()
    closed = replace(patient.viewer, entries_closed_from=since)
    with store.work(writes=True):
        changing.start(Author.patient(closed), id_, id_, SERTRALINE, daily(*ONE), about_use=False, moment=early())
        person = db().get_one(Person, patient.id)
        person.entries_closed_from, person.entries_closed_until = since, since + timedelta(hours=24)
    supply, hint = f"/medications/{id_}/supply", "Your team can see this"
    dose = f"/medications/days/{now().local_date}/{id_}/08:00"
    before = browser.get(supply)
    browser.submit(before.form(action=f"/medications/{id_}/ran-out"))
    in_question = browser.get(supply).main_words
    assert "Only you, in this session. Nobody else ever sees what is written now." in in_question
    assert "People you share with may read it" not in in_question
    with store.work(writes=True):
        person = db().get_one(Person, patient.id)
        person.entries_closed_from = person.entries_closed_until = None
    assert "Only you can see that it ran out. Nobody is told." in browser.get(supply).main_words
    assert "It was written right after a new password, so nobody else ever sees it." in browser.get(dose).main_words
    fill(browser, own(store, patient, id_), amount="30")
    for page in (before, browser.get(supply)):
        assert "I ran out" in page.main_words
        assert hint not in page.main_words


def test_another_persons_medicine_is_not_there(browser: Client, store: Store) -> None:
    other = make_person(store, make_practice(store, "Other"), Role.PATIENT)
    theirs = started(store, other, daily(*ONE), early())
    assert browser.get(f"/medications/{theirs}/supply").status_code == 404
    for path in ("supply", "ran-out", f"supply/{new_id()}/take-back"):
        assert browser.post(f"/medications/{theirs}/{path}", data={"id": str(new_id())}).status_code == 404
    assert rows(store) == 0


# --- what waited on a phone ------------------------------------------------------------------------------------


def test_what_waited_on_a_phone_is_stored_once_on_the_day_of_the_tap(
    app: Flask, store: Store, patient: Made, medicine: OwnMedicine, set_time: Callable[[datetime | str], None]
) -> None:
    phone = Phone(app, store, patient, zone=ZONE)
    address = f"/medications/{medicine.id}"
    ran_out, got = (
        phone.letter(f"{address}/ran-out", []),
        phone.letter(f"{address}/supply", fields_of({"kind": "filled", "amount": "30", "on": "2026-03-02"})),
    )
    set_time("2026-03-02 23:00")  # Still that day there; the answer was lost, and it comes again.
    ids = new_id(), new_id()
    for _ in range(2):
        for letter, id_ in zip((ran_out, got), ids, strict=True):
            assert phone.send(letter, id_)["result"] == "stored"
    supply = there(store, patient.viewer, medicine)
    assert [(one.kind, one.on.day) for one in supply.entries] == [(Kind.RAN_OUT, 2), (Kind.FILLED, 2)]
    assert supply.ran_out_on is None
    other = phone.letter(f"{address}/supply", fields_of({"kind": "filled", "amount": "31", "on": "2026-03-02"}))
    assert phone.send(other, ids[1])["result"] == "refused"
    wrong = phone.letter(f"{address}/supply", fields_of({"kind": "filled", "amount": "none", "on": "2026-03-02"}))
    assert phone.send(wrong, new_id())["result"] == "refused"
