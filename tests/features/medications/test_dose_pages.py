"""The pages of the dose log without scripts: one tap for a group, exceptions in the same form, undo after."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import pytest

from patient_app.consent.categories import Category, Level
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store
from patient_app.medications import changing, doses
from patient_app.medications.models import DoseState
from patient_app.medications.said import Said
from patient_app.medications.schedule import AsNeeded
from patient_app.medications.skipping import Reason, Why
from patient_app.profile import service as profiles
from tests.factories import (
    Made,
    MadePractice,
    assign_team,
    give_consent,
    make_administrator,
    make_clinician,
    make_patient,
    make_practice,
    sign_in,
)
from tests.features.medications.plans import doses as planned_doses
from tests.features.medications.regimens import at, daily, started
from tests.page import Client, FormOnPage, Page

SetTime = Callable[[datetime], None]
MONDAY = date(2026, 3, 2)
NOBODYS = "01a228bc-42e1-7372-a756-46711d6ad242"  # An id of nothing.
MEDICINES = Category.MEDICATIONS
LIST = f"/medications/days/{MONDAY}"


@pytest.fixture
def patient(store: Store, client: Client, set_time: SetTime) -> Made:
    set_time(at("03-02 08:05").occurred_at)
    made = make_patient(store, make_practice(store))
    sign_in(client, made)
    return made


@pytest.fixture
def two(store: Store, patient: Made) -> tuple[uuid.UUID, uuid.UUID]:
    """Two medicines that are due together."""
    schedule = daily(*planned_doses("08:00"))
    return tuple(started(store, patient, schedule, at("02-01 12:00"), Said(name)) for name in ("Alder", "Birch"))  # type: ignore[return-value]


@pytest.fixture
def needed(store: Store, patient: Made) -> uuid.UUID:
    return started(store, patient, daily(plan=AsNeeded(Decimal(1), 2, 240)), at("02-01 12:00"), Said("Cedar"))


def states(store: Store, patient: Made, day: date = MONDAY) -> list[tuple[DoseState, Why | None]]:
    with store.work(writes=False):
        lines = doses.on_date(patient.viewer, day, at("03-02 08:05").occurred_at).lines
    return [
        (line.state, line.logged.why if line.logged else None) for line in sorted(lines, key=lambda line: line.name)
    ]


def group_form(page: Page) -> FormOnPage:
    """Return the form of a group: what is not logged yet."""
    return page.form(field="later")


def test_all_taken_is_one_tap_and_undo_opens_all_again(
    client: Client, store: Store, patient: Made, two: tuple[uuid.UUID, uuid.UUID]
) -> None:
    page = client.submit(group_form(client.get(LIST)), do="taken")
    assert (page.status_code, page.location) == (303, f"{LIST}?done=dose-taken")
    page = client.follow(page)
    assert page.main_words.count("Taken at 8:05 AM") == 2
    assert states(store, patient) == [(DoseState.TAKEN, None)] * 2
    client.submit(page.form(field="do"), do="undo")
    assert states(store, patient) == [(DoseState.OPEN, None)] * 2
    # That form does nothing else, whatever is said to be its button.
    page = client.follow(client.submit(group_form(client.get(LIST)), do="taken"))
    assert client.submit(page.form(field="do"), do="taken").status_code == 303
    assert states(store, patient) == [(DoseState.OPEN, None)] * 2


def test_exceptions_are_marked_in_the_same_form(
    client: Client, store: Store, patient: Made, two: tuple[uuid.UUID, uuid.UUID]
) -> None:
    first, second = two
    marked = {f"state-{first}.08:00": "skipped", f"state-{second}.08:00": "later", "why": "use", "later": "120"}
    page = client.submit(group_form(client.get(LIST)), do="marked", **marked)
    assert page.status_code == 303
    assert states(store, patient) == [(DoseState.SKIPPED, Why(Reason.USE)), (DoseState.LATER, None)]
    words = client.get(LIST).main_words
    assert "Skipped: Had been drinking or using" in words
    assert "Later, at 10:05 AM" in words


@pytest.mark.parametrize("said", [{"state": "skipped"}, {"state": "later"}, {"own_words": "no water here"}])
def test_all_is_not_logged_as_taken_where_something_else_was_said(
    client: Client, store: Store, patient: Made, two: tuple[uuid.UUID, uuid.UUID], said: dict[str, str]
) -> None:
    """Enter in a field of a form presses its first button, which says that all was taken."""
    marked = {f"state-{two[0]}.08:00" if name == "state" else name: value for name, value in said.items()}
    page = client.submit(group_form(client.get(LIST)), do="taken", **marked)
    assert page.status_code == 422
    assert "You said that not all of it was taken." in page.main_words
    assert states(store, patient) == [(DoseState.OPEN, None)] * 2
    again = group_form(page).filled()
    assert {name: again[name] for name in marked} == {name: [value] for name, value in marked.items()}
    client.submit(group_form(page), do="marked", **{f"state-{one}.08:00": "skipped" for one in two})
    assert {state for state, _ in states(store, patient)} == {DoseState.SKIPPED}


def test_all_that_is_marked_as_taken_can_be_taken_at_once(
    client: Client, store: Store, patient: Made, two: tuple[uuid.UUID, uuid.UUID]
) -> None:
    page = client.submit(group_form(client.get(LIST)), do="taken", **{f"state-{two[0]}.08:00": "taken"})
    assert page.status_code == 303
    assert states(store, patient) == [(DoseState.TAKEN, None)] * 2


def test_a_form_with_nothing_marked_says_so_and_keeps_what_was_typed(
    client: Client, store: Store, patient: Made, two: tuple[uuid.UUID, uuid.UUID]
) -> None:
    page = client.submit(group_form(client.get(LIST)), do="marked", own_words="rain all day")
    assert page.status_code == 422
    assert "Nothing is marked yet." in page.main_words
    assert "rain all day" in group_form(page).filled()["own_words"]
    assert states(store, patient) == [(DoseState.OPEN, None)] * 2


def test_a_group_that_is_refused_says_why_beside_its_fields_and_keeps_what_was_picked(
    client: Client, store: Store, patient: Made, two: tuple[uuid.UUID, uuid.UUID]
) -> None:
    first, second = (f"state-{one}.08:00" for one in two)
    form = group_form(client.get(LIST))
    sent = {first: "banana", second: "skipped", "later": "x", "why": "forgot", "zone": "America/New_York"}
    page = client.submit(form, do="marked", **sent, own_words="y" * 201)
    assert page.status_code == 422
    part = form.filled()["part"][0]
    assert set(page.errors) == {first, f"later-{part}", f"own_words-{part}"}
    again, kept = group_form(page).filled(), ("id", "part")
    assert (again[second], again["why"], again["zone"]) == (["skipped"], ["forgot"], ["America/New_York"])
    assert [again[name] for name in kept] == [form.filled()[name] for name in kept]
    assert client.submit(group_form(page), do="marked", own_words="", later="").status_code == 303
    assert states(store, patient)[1] == (DoseState.SKIPPED, Why(Reason.FORGOT))


def test_an_undo_that_is_refused_keeps_its_own_form(
    client: Client, patient: Made, two: tuple[uuid.UUID, uuid.UUID]
) -> None:
    address = f"{LIST}/{two[0]}/08:00"
    client.submit(client.get(address).form(field="state"), state="taken")
    page = client.submit(client.get(address).form(action=address), do="undo", id="x", zone="Europe/Paris")
    assert (page.status_code, page.by_id("error-summary") is not None) == (422, True)
    undo, one = (form.filled() for form in page.forms if form.action == address)
    assert (undo["zone"], one["zone"]) == (["Europe/Paris"], [""])
    assert undo["id"] != one["id"]


@pytest.mark.parametrize("dose", ["", "x", f"{NOBODYS}.08:00", "08:00", "\x00.day", f"{NOBODYS}.{'9' * 100_000}"])
def test_what_names_no_dose_is_refused(client: Client, patient: Made, dose: str) -> None:
    page = client.post(LIST, data={"id": str(new_id()), "do": "taken", "dose": dose})
    assert page.status_code in {404, 422}


def test_one_dose_is_taken_at_another_time_and_amount(
    client: Client, store: Store, patient: Made, two: tuple[uuid.UUID, uuid.UUID]
) -> None:
    address = f"{LIST}/{two[0]}/08:00"
    page = client.get(address)
    assert (
        client.submit(page.form(field="state"), state="taken", when="time", time="07:15", amount="0,5").status_code
        == 303
    )
    assert "Taken at 7:15 AM, ½ tablet" in client.get(address).main_words
    page = client.submit(client.get(address).form(field="state"), state="taken", when="time", time="23:00")
    assert page.errors == {"time": "Error: That time has not come yet. Use an earlier one."}
    page = client.submit(client.get(address).form(field="state"), why="forgot")
    assert page.errors == {"state": "Error: Pick one: taken, later or skipped."}
    client.submit(client.get(address).form(action=address), do="undo")
    assert states(store, patient)[0] == (DoseState.OPEN, None)


@pytest.mark.parametrize(
    "amount", ["0", "-1", "1000000000", "1e399990", "NaN", "1" * 1_000_000, "1\x00", "٣", "0.0004"]
)
def test_an_amount_that_nobody_can_take_is_refused(
    client: Client, store: Store, patient: Made, two: tuple[uuid.UUID, uuid.UUID], amount: str
) -> None:
    address = f"{LIST}/{two[0]}/08:00"
    page = client.post(address, data={"id": str(new_id()), "state": "taken", "amount": amount})
    if amount == "1\x00":  # A hidden sign is left out.
        assert page.status_code == 303
        return
    assert (page.status_code, list(page.errors)) == (422, ["amount"])
    assert states(store, patient)[0] == (DoseState.OPEN, None)


@pytest.mark.parametrize(
    "address",
    [
        "days/2026-3-2",
        "days/0001-01-01",
        "days/9999-12-31",
        "days/2026-03-05",
        "days/x",
        f"days/{MONDAY}/{NOBODYS}/08:00",
    ],
)
def test_a_page_of_no_such_day_or_dose_is_not_there(client: Client, patient: Made, address: str) -> None:
    assert client.get(f"/medications/{address}").status_code == 404


def test_a_past_day_is_filled_in_without_a_time_and_an_old_one_is_only_read(
    client: Client, store: Store, patient: Made, two: tuple[uuid.UUID, uuid.UUID]
) -> None:
    past = "/medications/days/2026-02-20"
    client.submit(client.get(past).form(field="do"), do="taken")
    words = client.get(past).main_words
    assert words.count("Taken") == 2
    assert "Taken at" not in words
    old = client.get("/medications/days/2026-02-10")
    assert old.forms == []
    assert "too long ago" in old.main_words


def test_reasons_that_name_use_are_not_offered_where_it_plays_no_part(
    client: Client, store: Store, patient: Made, two: tuple[uuid.UUID, uuid.UUID]
) -> None:
    assert "Had been drinking or using" in client.get(LIST).main_words
    with store.work(writes=True):
        profiles.change(patient.viewer, part=profiles.Part.NO)
    for address in (LIST, f"{LIST}/{two[0]}/08:00"):
        words = client.get(address).main_words
        assert "drinking or using" not in words
        assert "mixing" not in words


def test_one_too_soon_is_told_first_and_never_forbidden(
    client: Client, store: Store, patient: Made, needed: uuid.UUID, set_time: SetTime
) -> None:
    address = f"/medications/as-needed/{needed}"
    first = client.get(address).form(field="when")
    assert client.submit(first).status_code == 303
    assert client.submit(first).status_code == 303  # A second tap: the same one, and nothing to warn of.
    set_time(at("03-02 09:00").occurred_at)
    page = client.post(address, data={"id": str(new_id())})
    assert page.status_code == 422
    assert "The plan says 4 hours between two. That is at 12:05 PM." in page.main_words
    assert "Write it down anyway" in page.main_words
    assert client.submit(page.form(field="anyway")).status_code == 303
    set_time(at("03-02 15:00").occurred_at)
    page = client.get(address)
    assert "You wrote down 2 for this day. The plan says at most 2." in page.main_words
    undo = page.form(field="undo")
    assert client.submit(undo, undo=undo.controls["undo"].get("value") or "").status_code == 303
    assert "You wrote down" not in client.get(address).main_words


@pytest.mark.parametrize("when", ["now", None])
def test_just_now_is_now_on_a_page_that_lay_open_over_night_too(
    client: Client, store: Store, patient: Made, needed: uuid.UUID, set_time: SetTime, when: str | None
) -> None:
    address = f"/medications/as-needed/{needed}"
    form = client.get(address).form(field="when")
    set_time(at("03-03 09:00").occurred_at)
    sign_in(client, patient)
    assert client.submit(form, when=when).status_code == 303
    with store.work(writes=False):
        (row,) = doses.logged_between(patient.viewer, MONDAY, date(2026, 3, 3))
    assert (row.local_time, row.time_known) == (datetime(2026, 3, 3, 9), True)  # noqa: DTZ001 - a wall clock.
    assert "The plan says 4 hours between two. That is at 1:00 PM." in client.get(address).main_words


def test_a_dose_of_yesterday_taken_just_now_was_taken_now(
    client: Client, store: Store, patient: Made, two: tuple[uuid.UUID, uuid.UUID], set_time: SetTime
) -> None:
    address = f"/medications/days/{MONDAY}/{two[0]}/08:00"
    form = client.get(address).form(action=address)
    set_time(at("03-03 09:00").occurred_at)
    sign_in(client, patient)
    assert client.submit(form, state="taken", when="now").status_code == 303
    with store.work(writes=False):
        (row,) = doses.logged_between(patient.viewer, MONDAY, date(2026, 3, 3))
    assert (row.slot, row.local_time, row.time_known) == ("08:00", datetime(2026, 3, 3, 9), True)  # noqa: DTZ001 - as above.


def test_more_at_once_than_the_plan_says_is_told_first_and_never_forbidden(
    client: Client, store: Store, patient: Made, needed: uuid.UUID
) -> None:
    address = f"/medications/as-needed/{needed}"
    form = client.get(address).form(field="when")
    page = client.submit(form, amount="2")
    assert page.status_code == 422
    assert "The plan says 1 tablet at a time." in page.main_words
    page = client.submit(form, amount="3")
    assert "it is 3 tablets for this day. The plan says 1 tablet, at most 2 times." in page.main_words
    assert client.submit(page.form(field="anyway")).status_code == 303
    with store.work(writes=False):
        (one,) = doses.today(patient.viewer, at("03-02 08:05").occurred_at).as_needed
        assert [logged.amount for logged in one.taken] == [3000]
    assert "it is 4 tablets for this day" in client.get(address).main_words


def test_a_dose_says_who_can_see_it_and_who_can_see_a_reason_that_names_use(
    client: Client, store: Store, patient: Made, two: tuple[uuid.UUID, uuid.UUID]
) -> None:
    address, needs_both = f"{LIST}/{two[0]}/08:00", "Your reason is read only by those who see your use as well"
    assert "You share nothing of this with anyone." in client.get(address).main_words
    practice = MadePractice(patient.practice_id, "Harbour Practice", patient.zone)
    administrator = make_administrator(store, practice)
    for discipline, name, opened in (
        (Discipline.PRESCRIBER, "Dr Ana Ruiz", {MEDICINES: Level.DETAIL, Category.SUBSTANCE_USE: Level.DETAIL}),
        (Discipline.THERAPIST, "Tom Birch", {MEDICINES: Level.DETAIL}),
        (Discipline.PEER_SPECIALIST, "Kim Vale", {Category.MOOD: Level.DETAIL}),
    ):
        assign_team(store, patient, make_clinician(store, practice, discipline, name=name), administrator)
        give_consent(store, patient, discipline, opened)
    for why, shown in (("forgot", "this dose, your reason"), ("use", "this dose")):
        client.submit(client.get(address).form(field="state"), state="skipped", why=why)
        page = client.get(address)
        seen = [
            " ".join("".join(line.itertext()).split()) for line in page.all("li") if "sees" in "".join(line.itertext())
        ]
        assert seen == [
            "Dr Ana Ruiz (prescriber) sees this dose, your reason.",
            f"Tom Birch (therapist) sees {shown}.",
        ]
        assert (needs_both in page.main_words) == (why == "use")
    with store.work(writes=True):
        changing.set_private(patient.viewer, two[0], private=True)
    words = client.get(address).main_words
    assert "You keep this medicine to yourself." in words
    assert "Tom Birch" not in words


def test_today_has_one_line_for_what_is_due_and_names_no_medicine(
    client: Client, patient: Made, two: tuple[uuid.UUID, uuid.UUID]
) -> None:
    page = client.get("/today")
    assert "2 doses are on your list for now." in page.main_words
    assert "Alder" not in page.words
    client.submit(group_form(client.get(LIST)), do="taken")
    assert "on your list" not in client.get("/today").main_words


def test_counts_are_three_numbers_named_self_logged(
    client: Client, patient: Made, two: tuple[uuid.UUID, uuid.UUID]
) -> None:
    client.submit(group_form(client.get(LIST)), do="taken")
    page = client.get("/medications/counts")
    cells = [[(cell.text or "") for cell in row] for table in page.all("tbody")[:1] for row in table]
    assert cells == [["7 days", "2", "0", "12"], ["30 days", "2", "0", "56"], ["90 days", "2", "0", "56"]]
    assert "self-logged" in page.main_words
    assert "%" not in page.main_words
    assert "streak" not in page.main_words
