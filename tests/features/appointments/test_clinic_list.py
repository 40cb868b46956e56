"""The clinic's list: each row read on its own, each problem named, nothing guessed, stored once."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

from patient_app.accounts.models import Person, PersonState
from patient_app.appointments import clinic_list, list_service, service, writing
from patient_app.appointments.clinic_list import MOST_BYTES, NoList, Row
from patient_app.appointments.list_service import Looked
from patient_app.appointments.models import Appointment, AppointmentVersion, State, Took
from patient_app.core.work import Store, db
from tests import factories
from tests.factories import ZONE
from tests.features.appointments.world import TODAY, World, author, enter, moved, own, said
from tests.page import Client, Page

HEAD = "id,patient_number,patient_email,clinician_email,date,time,zone,minutes,place,link,status"


def read(*rows: str, head: str = HEAD, zone: str = ZONE) -> list[Row]:
    return clinic_list.read("\n".join((head, *rows)), zone, TODAY)


def row(**cells: str) -> str:
    usual = {"id": "1", "patient_number": "C-1", "clinician_email": "x@y.z", "date": "2026-11-09", "time": "09:30"}
    return ",".join({**dict.fromkeys(HEAD.split(","), ""), **usual, **cells}.values())


# --- reading ---------------------------------------------------------------------------------------------------


def test_a_row_is_read_as_it_says() -> None:
    [one] = read(row(minutes="50", place="Room 3", link="https://meet.example.org/x", status="Cancelled"))
    assert one.problems == []
    assert one.start is not None
    assert (str(one.start.at), one.start.local_date) == ("2026-11-09 14:30:00+00:00", date(2026, 11, 9))
    assert (one.minutes, one.cancelled, one.took) == (50, True, None)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_commas_semicolons_and_tabs_and_columns_in_any_order(separator: str, newline: str) -> None:
    text = newline.join(("Time;Date;ID;Clinician Email;Patient Email;room", "9:30;2026-11-09;1;a@b.c;p@q.r;7"))
    [one] = clinic_list.read(text.replace(";", separator), ZONE, TODAY)
    assert one.problems == []
    assert (one.list_id, one.start is not None, one.cells["patient_email"]) == ("1", True, "p@q.r")


@pytest.mark.parametrize(
    ("cells", "word"),
    [
        ({"date": "11/09/2026"}, "2026-05-31"),
        ({"date": "09.11.2026"}, "2026-05-31"),
        ({"date": "2026-02-30"}, "2026-05-31"),
        ({"date": "٢٠٢٦-11-09"}, "2026-05-31"),
        ({"date": "2019-11-09"}, "too far"),
        ({"date": "2099-11-09"}, "too far"),
        ({"date": "9999-12-31"}, "too far"),
        ({"time": "25:00"}, "14:30"),
        ({"time": "9.30"}, "14:30"),
        ({"time": ""}, "14:30"),
        ({"date": "2027-03-14", "time": "02:30"}, "does not come"),
        ({"zone": "Mars/Olympus"}, "no such zone"),
        ({"zone": "../../etc/passwd"}, "no such zone"),
        ({"minutes": "0"}, "whole number"),
        ({"minutes": "-5"}, "formula"),
        ({"minutes": "1e399990"}, "whole number"),
        ({"minutes": "1000000000"}, "whole number"),
        ({"link": "http://meet.example.org"}, "https"),
        ({"link": "javascript:alert(1)"}, "https"),
        ({"link": "https://user:pw@meet.example.org"}, "https"),
        ({"place": "=HYPERLINK(1)"}, "formula"),
        ({"place": "@SUM(1)"}, "formula"),
        ({"place": "x" * 401}, "too long"),
        ({"place": "x" * 121}, "too long"),
        ({"place": "a\u0007b"}, "hidden sign"),
        ({"status": "no-show"}, "status"),
        ({"id": ""}, "id"),
        ({"patient_number": ""}, "number and e-mail"),
        ({"clinician_email": ""}, "clinician"),
    ],
)
def test_each_problem_is_named_beside_its_row(cells: dict[str, str], word: str) -> None:
    good, bad = read(row(), row(**{"id": "2", **cells}))
    assert good.problems == []
    assert any(word in str(problem) for problem in bad.problems), bad.problems


def test_an_id_that_is_there_twice_is_a_problem_of_both() -> None:
    assert [len(one.problems) for one in read(row(), row(), row(id="2"))] == [1, 1, 0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEAD,
        "id,date,time",
        f"{HEAD},id\n{row()},2",
        f'{HEAD}\n"1,2',
        "\n".join([HEAD, *(row(id=str(n)) for n in range(501))]),
        f"{HEAD}\n" + row(place="x" * 200_000),
        "x" * (MOST_BYTES + 1),
    ],
    ids=["empty", "no rows", "no columns", "twice", "open quote", "too many", "large cell", "too large"],
)
def test_what_is_no_list_is_refused_as_a_whole(text: str) -> None:
    with pytest.raises(NoList):
        clinic_list.read(text, ZONE, TODAY)


def test_files_are_read_in_the_letters_that_programs_write() -> None:
    assert clinic_list.text_of("﻿id,Größe".encode()) == "id,Größe"
    assert clinic_list.text_of("id,Größe’".encode("cp1252")) == "id,Größe’"
    for sent in ("id".encode("utf-16"), b"PK\x03\x04\x00", b"\x81\xff", b"x" * (MOST_BYTES + 1)):
        with pytest.raises(NoList):
            clinic_list.text_of(sent)


# --- matching and storing --------------------------------------------------------------------------------------


def listed(world: World, **cells: str) -> str:
    usual = {"patient_number": world.patient.chart["chart_number"], "clinician_email": world.prescriber.email}
    return row(**{**usual, **cells})


def take(store: Store, world: World, *rows: str, only_good: bool = False) -> Looked:
    with store.work(writes=True):
        return list_service.take(world.administrator.viewer, "\n".join((HEAD, *rows)), only_good=only_good)


def counts(store: Store) -> tuple[int, int]:
    with store.work(writes=False):
        tables: tuple[Any, ...] = (Appointment, AppointmentVersion)
        rows, versions = (db().scalar(select(func.count()).select_from(table)) or 0 for table in tables)
    return rows, versions


def test_the_same_list_twice_stores_once_and_what_is_new_in_it_is_a_version(store: Store, world: World) -> None:
    first = listed(world, id="a-1", place="Room 3")
    assert [one.what for one in take(store, world, first).rows] == ["new"]
    assert [one.what for one in take(store, world, first).rows] == ["same"]
    assert counts(store) == (1, 1)
    later = listed(world, id="a-1", place="Room 3", time="10:30")
    assert [one.what for one in take(store, world, later).rows] == ["changed"]
    [one] = own(store, world)
    assert (one.state, one.local_time.hour, one.name) == (State.MOVED, 10, "Dr Pia")
    take(store, world, listed(world, id="a-1", place="Room 3", time="10:30", status="cancelled"))
    assert own(store, world)[0].state is State.CANCELLED
    assert counts(store) == (1, 3)


def test_a_list_does_not_put_back_what_a_clinician_changed_since(store: Store, world: World) -> None:
    first = listed(world)
    take(store, world, first)
    [one] = own(store, world)
    with store.work(writes=True):
        writing.change(author(world, world.prescriber), one.id, moved(one.said, 660), base=1)
    assert [checked.what for checked in take(store, world, first).rows] == ["same"]
    assert own(store, world)[0].local_time.hour == 11


def test_a_list_says_what_took_place_and_the_patients_word_stays(store: Store, world: World) -> None:
    past = listed(world, date="2026-10-30")
    take(store, world, past)
    [one] = own(store, world)
    with store.work(writes=True):
        writing.say(author(world), one.id, Took.KEPT)
    take(store, world, listed(world, date="2026-10-30", status="not_kept"))
    [one] = own(store, world)
    assert (one.patient_says, one.clinic_says) == (Took.KEPT, Took.MISSED)
    assert counts(store) == (1, 1)


def test_nothing_is_stored_when_a_row_is_wrong_unless_the_good_ones_are_chosen(store: Store, world: World) -> None:
    rows = (listed(world, id="1"), listed(world, id="2", date="soon"), listed(world, id="3", patient_number="C-none"))
    found = take(store, world, *rows)
    assert [one.what for one in found.rows] == ["new", "wrong", "wrong"]
    assert counts(store) == (0, 0)
    take(store, world, *rows, only_good=True)
    assert counts(store) == (1, 1)


def test_a_patient_of_another_practice_one_closed_and_nobody_get_the_same_words(store: Store, world: World) -> None:
    elsewhere = factories.make_practice(store, "Hill Practice")
    other = factories.make_patient(store, elsewhere)
    closed = factories.make_patient(store, world.practice, state=PersonState.CLOSED)
    told = []
    for cells in (
        {"patient_number": other.chart["chart_number"]},
        {"patient_number": "", "patient_email": other.email},
        {"patient_number": closed.chart["chart_number"]},
        {"patient_number": "", "patient_email": closed.email},
        {"patient_number": "C-nobody"},
        {"patient_number": "", "patient_email": "nobody@example.org"},
    ):
        [one] = take(store, world, listed(world, **cells)).rows
        told.append((one.patient, [str(problem) for problem in one.row.problems]))
    assert told == [("", ["No patient of this practice has this number or e-mail."])] * 6


def test_number_and_email_have_to_agree_and_an_email_of_two_is_not_guessed(store: Store, world: World) -> None:
    twin = factories.make_patient(store, world.practice, sign_in_name="TWIN@example.org")
    factories.assign_team(store, twin, world.prescriber, world.administrator)
    [right] = take(store, world, listed(world, patient_number="", patient_email=world.patient.email.upper())).rows
    assert right.patient == "Ada"
    [mixed] = take(store, world, listed(world, id="2", patient_email=twin.email)).rows
    assert [str(problem) for problem in mixed.row.problems] == [
        "The number and the e-mail are not of the same patient."
    ]
    with store.work(writes=True):
        db().get_one(Person, world.patient.id).email = "twin@example.org"
    [two] = take(store, world, listed(world, id="3", patient_number="", patient_email="twin@example.org")).rows
    assert "More than one patient" in str(two.row.problems[0])


def test_a_clinician_has_to_be_on_the_team_and_of_this_practice(store: Store, world: World) -> None:
    off = factories.make_clinician(store, world.practice)
    foreign = factories.make_clinician(store, factories.make_practice(store, "Hill Practice"))
    for email, words in ((off.email, "not on the patient"), (foreign.email, "No clinician"), ("n@x.y", "No clinician")):
        [one] = take(store, world, listed(world, clinician_email=email)).rows
        assert words in str(one.row.problems[0])
    assert counts(store) == (0, 0)


def test_an_id_of_another_patients_appointment_is_refused(store: Store, world: World) -> None:
    other = factories.make_patient(store, world.practice)
    factories.assign_team(store, other, world.prescriber, world.administrator)
    take(store, world, listed(world))
    [one] = take(store, world, listed(world, patient_number=other.chart["chart_number"])).rows
    assert "used before" in str(one.row.problems[0])


def test_an_appointment_with_an_addiction_specialist_is_about_use(store: Store, world: World) -> None:
    take(store, world, listed(world, clinician_email=world.specialist.email))
    assert own(store, world)[0].said.about_use


def test_a_list_takes_no_mark_away_and_puts_none_back(store: Store, world: World) -> None:
    first, later = listed(world), listed(world, time="10:30")
    take(store, world, first)
    [one] = own(store, world)
    with store.work(writes=True):
        writing.change(author(world, world.prescriber), one.id, replace(one.said, about_use=True), base=1)
    assert [checked.what for checked in take(store, world, first).rows] == ["same"]
    assert [checked.what for checked in take(store, world, later).rows] == ["changed"]
    assert [checked.what for checked in take(store, world, later).rows] == ["same"]
    [one] = own(store, world)
    assert (one.said.about_use, one.local_time.minute) == (True, 30)
    take(store, world, listed(world, time="10:30", clinician_email=world.specialist.email))
    take(store, world, listed(world, time="11:30"))  # With the prescriber again, whom use alone does not tell of.
    [one] = own(store, world)
    assert one.said.about_use
    with store.work(writes=True):  # The patient may: it is theirs.
        writing.change(author(world), one.id, replace(one.said, about_use=False), base=5)
    assert [checked.what for checked in take(store, world, listed(world, time="11:30")).rows] == ["same"]
    assert not own(store, world)[0].said.about_use


def test_a_clinician_does_not_take_away_the_mark_of_the_patient(store: Store, world: World) -> None:
    visit = enter(store, world, said(2, clinician_id=world.prescriber.id))
    with store.work(writes=True):
        for by, mark, base in ((world.prescriber, True, 1), (world.prescriber, False, 2), (None, True, 3)):
            one = service.own_appointment(world.patient.viewer, visit)
            who = author(world, by) if by else author(world)
            writing.change(who, visit, replace(one.said, about_use=mark), base=base)
            assert service.own_appointment(world.patient.viewer, visit).said.about_use is mark
        last = service.own_appointment(world.patient.viewer, visit).said
        writing.change(author(world, world.prescriber), visit, replace(last, about_use=False, minutes=20), base=4)
        assert service.own_appointment(world.patient.viewer, visit).said.about_use


# --- the page --------------------------------------------------------------------------------------------------


def upload(client: Client, text: bytes, name: str = "list.csv") -> Page:
    return client.post("/practice/appointments", data={"file": (io.BytesIO(text), name), "text": ""})


def test_a_list_is_looked_at_first_and_taken_by_its_button(client: Client, store: Store, world: World) -> None:
    factories.sign_in(client, world.administrator)
    page = upload(client, "\n".join((HEAD, listed(world, place="Room “3”"))).encode("cp1252"))
    assert page.status_code == 200
    assert "1 new, 0 changed, 0 there already, 0 with a problem" in page.main_words
    assert counts(store) == (0, 0)
    taken = client.submit(page.form(action="/practice/appointments/take"), rows="all")
    assert taken.location is not None
    assert taken.location.endswith("?done=list-taken")
    assert own(store, world)[0].said.place == "Room “3”"
    # Sent again, as by a second tap: the same.
    client.submit(page.form(action="/practice/appointments/take"), rows="all")
    assert counts(store) == (1, 1)


def test_of_a_list_with_a_problem_only_the_good_rows_can_be_taken(client: Client, store: Store, world: World) -> None:
    factories.sign_in(client, world.administrator)
    text = "\n".join((HEAD, listed(world), listed(world, id="2", date="soon")))
    page = client.post("/practice/appointments", data={"text": text})
    assert "The date has to be written as 2026-05-31." in page.words
    refused = client.post("/practice/appointments/take", data={"text": text, "rows": "all"})
    assert (refused.status_code, counts(store)) == (422, (0, 0))
    taken = client.submit(page.form(action="/practice/appointments/take"), rows="good")
    assert (taken.location or "").endswith("?done=good-rows-taken")
    assert counts(store) == (1, 1)


@pytest.mark.parametrize(
    "sent",
    [b"", b"\x00" * 100, "id,date".encode("utf-16"), b"x" * (MOST_BYTES + 1), b"\x81"],
    ids=["empty", "zeros", "utf-16", "too large", "no letters"],
)
def test_what_is_no_list_gets_words_and_no_fault(client: Client, store: Store, world: World, sent: bytes) -> None:
    factories.sign_in(client, world.administrator)
    assert upload(client, sent).status_code == 422
    assert client.post("/practice/appointments/take", data={"text": "nothing"}).status_code == 422


def test_a_file_that_is_far_too_large_is_refused_before_it_is_read(client: Client, world: World) -> None:
    factories.sign_in(client, world.administrator)
    form = {"content_type": "multipart/form-data; boundary=x"}
    assert client.post("/practice/appointments", data=b"--x\r\n" + b"x" * 10_000_000, **form).status_code == 413
