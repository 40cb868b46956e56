"""An address that staff set: told at once, asked about, and never a way around what a clinic code is held to."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind
from patient_app.accounts import addresses, charts, codes, invitations, people, resets, security
from patient_app.accounts.links import LinkUnusable
from patient_app.accounts.models import Person, PersonState, SecurityNotice
from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.work import Store, db
from tests.factories import (
    PASSWORD,
    Made,
    MadePractice,
    make_administrator,
    make_check_in,
    make_patient,
    make_practice,
    sign_in_by_form,
)
from tests.features.accounts.letters import letters
from tests.features.accounts.test_chart import words_of
from tests.page import Client

SetTime = Callable[[datetime | str], None]
NEW = "another quiet harbour"
MINE = "mine@attacker.example"
THIRD = "third@attacker.example"


@pytest.fixture
def own(store: Store, backend: str) -> MadePractice:
    assert backend in {"sqlite", "postgresql"}
    return make_practice(store)


@pytest.fixture
def admin(store: Store, own: MadePractice) -> Made:
    return make_administrator(store, own)


@pytest.fixture
def patient(store: Store, own: MadePractice) -> Made:
    made = make_patient(store, own)
    make_check_in(store, made, note="by the sea")
    return made


@pytest.fixture
def phone(app: Flask, patient: Made) -> Client:
    """Return the patient's own device, signed in from before."""
    client = Client(app)
    sign_in_by_form(client, patient)
    return client


def change(store: Store, admin: Made, patient: Made, address: str) -> None:
    with store.work(writes=True):
        charts.change_chart(admin.viewer, patient.id, words_of(patient, email=address))


def ask_for_link(store: Store, patient: Made) -> tuple[str, str]:
    """Ask for a new password as anybody can; return where the link went, and its path."""
    known = letters(store)
    with store.work(writes=True):
        resets.ask(patient.sign_in_name, "203.0.113.9")
    assert resets.handle_requests(store) == 1
    (letter,) = [each for each in letters(store) if each not in known]
    found = re.search(r"http://localhost(/reset/\S+)", letter.body)
    assert found
    return letter.address, found[1]


def come_in(app: Flask, store: Store, patient: Made) -> Client:
    """Choose a new password by a link to the address that stands in the account, and go on signed in."""
    _, path = ask_for_link(store, patient)
    client = Client(app)
    assert client.post(path, data={"new_password": NEW}).status_code == 303
    assert client.get("/settings").status_code == 200
    return client


def row(store: Store, patient: Made) -> Person:
    with store.work(writes=False):
        person = db().get_one(Person, patient.id)
        assert (person.email, person.email_before) is not None  # Opened while there is a unit of work.
        return person


def emails(store: Store, patient: Made) -> tuple[str | None, str | None]:
    with store.work(writes=False):
        person = db().get_one(Person, patient.id)
        return person.email, person.email_before


def answer(client: Client, word: str) -> str | None:
    page = client.get("/email-notice")
    assert page.status_code == 200
    return client.submit(page.form(field="answer"), answer=word).location


def can_sign_in(app: Flask, patient: Made, password: str) -> bool:
    sent = {"sign_in_name": patient.sign_in_name, "password": password}
    return Client(app).post("/sign-in", data=sent).status_code == 303


# ----------------------------------------------------------------------------------------------------------- the attack
def test_an_administrator_does_not_get_to_entries_by_an_address_of_their_own(
    app: Flask, store: Store, admin: Made, patient: Made, phone: Client, set_time: SetTime
) -> None:
    begun = clock.now()
    set_time(begun)
    change(store, admin, patient, MINE)
    told = [(letter.address, letter.subject) for letter in letters(store)]
    assert sorted(told) == sorted(
        (address, "The e-mail address of your account was changed") for address in (patient.email, MINE)
    )
    assert "Is the e-mail address in your account right?" in phone.get("/today").words
    with store.work(writes=False):
        assert [record.kind for record in access_log.records_of(patient.id)] == [AccessKind.EMAIL_CHANGED]

    stranger = come_in(app, store, patient)
    person = row(store, patient)
    assert person.entries_closed_until == clock.NO_END
    history = stranger.get("/history").words
    assert "by the sea" not in history
    assert "stays closed" in history
    # The old device stays signed in, still reads, and is asked; the stranger is not.
    assert "by the sea" in phone.get("/history").words
    assert "Was it you?" in phone.get("/today").words
    assert "/security-notice" not in stranger.get("/settings").links
    assert stranger.get("/email-notice").location == "/settings"
    # The link that opens the entries goes to the old address and to no other.
    opening = [letter.address for letter in letters(store) if "/open-entries/" in letter.body]
    assert opening == [patient.email]
    assert "A new password was chosen" in [letter.subject for letter in letters(store, MINE)]

    form = phone.get("/security-notice").form(field="answer")
    assert phone.submit(form, answer="not-me").location == "/settings?done=code-undone"
    assert stranger.get("/settings").status_code == 303
    assert emails(store, patient) == (patient.email, None)
    assert can_sign_in(app, patient, PASSWORD)
    assert not can_sign_in(app, patient, NEW)
    assert ask_for_link(store, patient)[0] == patient.email


def test_no_time_opens_it_and_it_can_still_be_taken_back(
    app: Flask, store: Store, admin: Made, patient: Made, phone: Client, set_time: SetTime
) -> None:
    begun = clock.now()
    set_time(begun)
    change(store, admin, patient, MINE)
    stranger = come_in(app, store, patient)
    set_time(begun + timedelta(days=20))
    history = stranger.get("/history").words
    assert "by the sea" not in history
    assert "stays closed until you show that it was you" in history
    assert "stays closed until you show that it was you. A device you used before" in stranger.get("/settings").words
    assert "by the sea" in phone.get("/history").words
    # Who came in by the address never says that it is right: the old device would lose its answer.
    assert stranger.get("/email-notice").location == "/settings"
    form = phone.get("/security-notice").form(field="answer")
    phone.submit(form, answer="not-me")
    assert stranger.get("/settings").status_code == 303
    assert emails(store, patient) == (patient.email, None)


def test_waiting_a_month_does_not_help(
    app: Flask, store: Store, admin: Made, patient: Made, phone: Client, set_time: SetTime
) -> None:
    change(store, admin, patient, MINE)
    set_time(clock.now() + timedelta(days=29))
    assert phone.get("/today").status_code == 200
    set_time(clock.now() + timedelta(days=20))
    assert "by the sea" not in come_in(app, store, patient).get("/history").words


def test_another_link_to_that_address_opens_nothing(
    app: Flask, store: Store, admin: Made, patient: Made, phone: Client
) -> None:
    change(store, admin, patient, MINE)
    come_in(app, store, patient)
    again = come_in(app, store, patient)
    assert "by the sea" not in again.get("/history").words
    assert phone.get("/settings").status_code == 200
    assert row(store, patient).security_notice == SecurityNotice.CODE_USED


def test_a_code_and_then_another_address_do_not_open_it_either(
    app: Flask, store: Store, admin: Made, patient: Made, phone: Client
) -> None:
    with store.work(writes=True):
        issued = codes.issue(admin.viewer, patient.id, new_id())
    with store.work(writes=True):
        codes.redeem(issued.text or "", sign_in_name="", password="a third harbour")
    change(store, admin, patient, MINE)
    assert "by the sea" not in come_in(app, store, patient).get("/history").words
    assert phone.get("/security-notice").status_code == 200


def test_the_mail_of_a_code_opens_entries_from_the_old_address_only(store: Store, admin: Made, patient: Made) -> None:
    change(store, admin, patient, MINE)
    with store.work(writes=True):
        issued = codes.issue(admin.viewer, patient.id, new_id())
    with store.work(writes=True):
        codes.redeem(issued.text or "", sign_in_name="", password=NEW)
    opening = [letter.address for letter in letters(store) if "/open-entries/" in letter.body]
    assert opening == [patient.email]
    asked = [letter.address for letter in letters(store) if letter.subject == "A sign-in code was made for you"]
    assert sorted(asked) == sorted([patient.email, MINE])


def test_a_code_issued_later_does_not_take_the_question_about_a_used_one_away(
    app: Flask, store: Store, admin: Made, patient: Made, phone: Client
) -> None:
    change(store, admin, patient, MINE)
    stranger = come_in(app, store, patient)
    with store.work(writes=True):
        codes.issue(admin.viewer, patient.id, new_id())
    phone.submit(phone.get("/security-notice").form(field="answer"), answer="not-me")
    assert stranger.get("/settings").status_code == 303
    assert can_sign_in(app, patient, PASSWORD)


def test_two_changes_keep_the_address_that_was_the_persons_own(store: Store, admin: Made, patient: Made) -> None:
    change(store, admin, patient, MINE)
    change(store, admin, patient, THIRD)
    assert emails(store, patient) == (THIRD, patient.email)
    told = [letter.address for letter in letters(store)]
    assert (told.count(patient.email), told.count(MINE), told.count(THIRD)) == (2, 2, 1)
    change(store, admin, patient, "")
    assert emails(store, patient) == (None, patient.email)
    change(store, admin, patient, patient.email)
    assert emails(store, patient) == (patient.email, None)
    assert row(store, patient).email_changed_at is None


def test_an_address_changed_and_put_back_does_not_open_what_was_closed(
    app: Flask, store: Store, admin: Made, patient: Made, phone: Client
) -> None:
    change(store, admin, patient, MINE)
    stranger = come_in(app, store, patient)
    change(store, admin, patient, patient.email)
    assert "by the sea" not in stranger.get("/history").words
    assert phone.get("/security-notice").status_code == 200


def test_links_to_an_address_die_with_it(
    app: Flask, store: Store, admin: Made, patient: Made, phone: Client, set_time: SetTime
) -> None:
    _, first = ask_for_link(store, patient)
    change(store, admin, patient, MINE)
    assert Client(app).post(first, data={"new_password": NEW}).status_code == 410
    _, second = ask_for_link(store, patient)
    assert answer(phone, "wrong") == "/settings?done=email-taken-back"
    assert Client(app).post(second, data={"new_password": NEW}).status_code == 410
    with store.work(writes=True), pytest.raises(LinkUnusable):
        resets.role_of_link(second.rpartition("/")[2])
    assert can_sign_in(app, patient, PASSWORD)


def opening_link(store: Store, patient: Made) -> str:
    """Return the path of the newest link that opens entries; it came to the address that is their own."""
    letter = next(each for each in reversed(letters(store)) if "/open-entries/" in each.body)
    assert letter.address == patient.email
    return f"/open-entries/{letter.token}"


def test_one_administrator_who_signs_out_every_device_of_the_owner_reads_nothing_however_late(
    app: Flask, store: Store, admin: Made, patient: Made, phone: Client, set_time: SetTime
) -> None:
    begun = clock.now()
    set_time(begun)
    change(store, admin, patient, MINE)
    with store.work(writes=True):
        people.close_account(admin.viewer, patient.id)
    with store.work(writes=True):
        people.reopen_account(admin.viewer, patient.id)
    assert phone.get("/settings").status_code == 303
    stranger = come_in(app, store, patient)
    set_time(begun + timedelta(hours=25))
    again = come_in(app, store, patient)
    set_time(begun + timedelta(days=25))
    for client in (stranger, again):
        assert "by the sea" not in client.get("/history").words
        assert client.get("/security-notice").location == "/settings"
        assert client.get("/email-notice").location == "/settings"

    # The owner has no device, and the mail at the address from before is enough: once, and without signing in.
    link, mailbox = opening_link(store, patient), Client(app)
    assert "It was not me" in mailbox.get(link).main_words
    for sent in ({}, {"answer": "maybe"}):
        assert mailbox.post(link, data=sent).location == link
    assert mailbox.post(link, data={"answer": "not-me"}).location == "/sign-in?done=link-undone"
    assert mailbox.post(link, data={"answer": "not-me"}).status_code == 410
    assert [client.get("/settings").status_code for client in (stranger, again)] == [303, 303]
    assert not can_sign_in(app, patient, NEW)
    # Which address is right, is said on a device: that mailbox alone moves no address.
    assert emails(store, patient) == (MINE, patient.email)
    sign_in_by_form(phone, patient)
    assert "by the sea" in phone.get("/history").words
    assert answer(phone, "wrong") == "/settings?done=email-taken-back"


def test_the_address_from_before_can_say_that_it_was_the_owner(
    app: Flask, store: Store, admin: Made, patient: Made, phone: Client
) -> None:
    change(store, admin, patient, "new@elsewhere.example")
    newer = come_in(app, store, patient)
    assert newer.post(opening_link(store, patient), data={"answer": "me"}).location == "/settings?done=entries-open"
    assert "by the sea" in newer.get("/history").words


def test_a_code_opens_it_after_its_day_and_ends_what_came_in_by_the_link(
    app: Flask, store: Store, admin: Made, patient: Made, set_time: SetTime
) -> None:
    begun = clock.now()
    set_time(begun)
    change(store, admin, patient, MINE)
    stranger = come_in(app, store, patient)
    set_time(begun + timedelta(hours=1))
    with store.work(writes=True):
        issued = codes.issue(admin.viewer, patient.id, new_id())
    owner = Client(app)
    assert owner.post("/join", data={"code": issued.text, "password": "a third harbour"}).status_code == 303
    assert stranger.get("/settings").status_code == 303
    assert "by the sea" not in owner.get("/history").words
    # The link from before opens, and does not take back what a second person had a part in.
    with store.work(writes=True), pytest.raises(LinkUnusable):
        security.take_back_by_mail(opening_link(store, patient).rpartition("/")[2])
    set_time(begun + timedelta(hours=25, minutes=1))
    assert "by the sea" in owner.get("/history").words


# ----------------------------------------------------------------------------------------------------------- the answer
def test_an_address_that_is_right_is_the_persons_own(
    app: Flask, store: Store, admin: Made, patient: Made, phone: Client
) -> None:
    change(store, admin, patient, "new@elsewhere.example")
    assert phone.get("/security-notice").location == "/email-notice"
    assert "new@elsewhere.example" in phone.get("/email-notice").main_words
    assert answer(phone, "right") == "/settings?done=email-right"
    assert emails(store, patient) == ("new@elsewhere.example", None)
    assert "/security-notice" not in phone.get("/settings").links
    newer = come_in(app, store, patient)
    assert "by the sea" in newer.get("/history").words
    assert phone.get("/settings").status_code == 303  # A link to one's own address signs out all others.


def test_an_address_that_is_wrong_is_taken_back_and_said_so(
    store: Store, admin: Made, patient: Made, phone: Client
) -> None:
    change(store, admin, patient, MINE)
    assert answer(phone, "wrong") == "/settings?done=email-taken-back"
    assert emails(store, patient) == (patient.email, None)
    told = [letter.address for letter in letters(store) if letter.subject == "A new e-mail address was taken back"]
    assert sorted(told) == sorted([patient.email, MINE])
    assert phone.get("/email-notice").location == "/settings"


def test_an_answer_about_an_earlier_address_is_not_taken(
    store: Store, admin: Made, patient: Made, phone: Client, set_time: SetTime
) -> None:
    change(store, admin, patient, "new@elsewhere.example")
    form = phone.get("/email-notice").form(field="answer")
    set_time(clock.now() + timedelta(seconds=5))
    change(store, admin, patient, MINE)
    for word in ("right", "wrong"):
        assert phone.submit(form, answer=word).location == "/email-notice"
    assert emails(store, patient) == (MINE, patient.email)


@pytest.mark.parametrize("sent", [{}, {"answer": "right"}, {"about": "x", "answer": "wrong"}, {"answer": "maybe"}])
def test_what_is_no_answer_changes_nothing(
    store: Store, admin: Made, patient: Made, phone: Client, sent: dict[str, str]
) -> None:
    change(store, admin, patient, MINE)
    assert phone.post("/email-notice", data=sent).location == "/email-notice"
    assert emails(store, patient) == (MINE, patient.email)


def test_an_address_that_was_removed_is_asked_about_too(
    store: Store, admin: Made, patient: Made, phone: Client
) -> None:
    change(store, admin, patient, "")
    assert "took the e-mail address out" in phone.get("/email-notice").main_words
    with store.work(writes=True):
        codes.issue(admin.viewer, patient.id, new_id())
    assert [letter.subject for letter in letters(store, patient.email)][-1] == "A sign-in code was made for you"
    phone.submit(phone.get("/security-notice").form(field="answer"), answer="not-me")
    answer(phone, "wrong")
    assert emails(store, patient) == (patient.email, None)


# -------------------------------------------------------------------------------------------------- joining, reopening
def test_who_joined_by_the_mail_has_shown_that_the_address_is_theirs(
    store: Store, own: MadePractice, admin: Made
) -> None:
    invited = make_patient(store, own, state=PersonState.INVITED)
    change(store, admin, invited, "new@elsewhere.example")
    with store.work(writes=True):
        invitations.join(letters(store, "new@elsewhere.example")[0].token, sign_in_name="", password=PASSWORD)
    assert row(store, invited).email_changed_at is None
    assert letters(store, invited.email) == []  # It may have been anybody's: they have not joined.


def test_who_joined_by_a_code_is_asked_and_a_link_to_what_staff_typed_opens_nothing(
    app: Flask, store: Store, own: MadePractice, admin: Made
) -> None:
    invited = make_patient(store, own, state=PersonState.INVITED, sign_in_name=MINE)
    with store.work(writes=True):
        issued = codes.issue(admin.viewer, invited.id, new_id())
    phone = Client(app)
    assert phone.post("/join", data={"code": issued.text, "password": PASSWORD}).status_code == 303
    make_check_in(store, invited, note="by the sea")
    stranger = come_in(app, store, invited)
    assert "by the sea" not in stranger.get("/history").words
    phone.submit(phone.get("/security-notice").form(field="answer"), answer="not-me")
    assert stranger.get("/settings").status_code == 303
    assert emails(store, invited) == (None, None)


def test_closing_and_opening_the_account_does_not_prove_an_address(
    app: Flask, store: Store, admin: Made, patient: Made
) -> None:
    change(store, admin, patient, MINE)
    for act in (people.close_account, people.reopen_account):
        with store.work(writes=True):
            act(admin.viewer, patient.id)
    stranger = come_in(app, store, patient)
    assert "by the sea" not in stranger.get("/history").words
    assert [letter.address for letter in letters(store) if "/open-entries/" in letter.body] == [patient.email]


def test_staff_are_not_asked(store: Store, own: MadePractice, admin: Made) -> None:
    with store.work(writes=True):
        person = db().get_one(Person, admin.id)
        addresses.joined_by_code(person)
        assert person.email_changed_at is None
