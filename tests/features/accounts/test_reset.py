"""A forgotten password, links that are used once and by a button only, and the answer to "was it you?"."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select

from patient_app.accounts import codes, links, resets
from patient_app.accounts.links import LinkUnusable
from patient_app.accounts.models import LinkPurpose, MailMessage, OneTimeLink, Person, ResetRequest
from patient_app.core import clock, times
from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import Store, db
from patient_app.profile import service as profiles
from tests.factories import (
    PASSWORD,
    Made,
    MadePractice,
    make_administrator,
    make_patient,
    make_person,
    make_practice,
    sign_in_by_form,
)
from tests.page import Client, tidy

SetTime = Callable[[datetime | str], None]
BEGIN = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
NEW = "another quiet harbour"


@pytest.fixture
def practice(store: Store) -> MadePractice:
    return make_practice(store)


@pytest.fixture
def patient(store: Store, practice: MadePractice) -> Made:
    return make_patient(store, practice)


def mails_of(store: Store, person: Made) -> list[tuple[str, str]]:
    with store.work(writes=False):
        rows = db().scalars(select(MailMessage).where(MailMessage.owner_id == person.id).order_by(MailMessage.id))
        return [(row.subject or "", row.body or "") for row in rows]


def link_for(client: Client, store: Store, person: Made) -> str:
    """Ask for a new password as a person does, and return the address from the e-mail."""
    before = set(mails_of(store, person))
    assert client.post("/forgot", data={"sign_in_name": person.sign_in_name}).status_code == 303
    assert resets.handle_requests(store) == 1
    ((_, body),) = set(mails_of(store, person)) - before
    found = re.search(r"http://localhost(/reset/\S+)", body)
    assert found
    return found[1]


def can_sign_in(app: Flask, person: Made, password: str) -> bool:
    page = Client(app).post("/sign-in", data={"sign_in_name": person.sign_in_name, "password": password})
    assert page.status_code in {303, 422}
    return page.status_code == 303


def is_signed_in(client: Client) -> bool:
    return client.get("/settings").status_code == 200


# --- asking ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/sign-in", "/forgot", "/forgot?asked=1"])
def test_who_cannot_sign_in_reads_at_once_what_to_do(app: Flask, patient: Made, address: str) -> None:
    client = Client(app)
    for page in (client.get(address), client.get(address, headers={"Accept-Language": "es"})):
        assert {"/help#practice", "/join"} <= page.shown_links  # Whom to ask for a code, and where to type it.
    assert "/forgot" in client.get("/sign-in").shown_links
    refused = client.post("/sign-in", data={"sign_in_name": patient.sign_in_name, "password": "wrong"})
    assert refused.status_code == 422
    assert {"/forgot", "/help#practice", "/join"} <= refused.shown_links


def test_asking_is_answered_alike_for_everybody(app: Flask, store: Store, patient: Made) -> None:
    answers = []
    for name in (patient.sign_in_name, "nobody@example.org"):
        client = Client(app)
        page = client.post("/forgot", data={"sign_in_name": name})
        answers.append((page.status_code, page.text, page.location, client.follow(page).text))
    assert answers[0] == answers[1]
    with store.work(writes=False):
        assert db().scalar(select(func.count()).select_from(ResetRequest)) == 2
    assert mails_of(store, patient) == [], "the request itself finds nobody out"
    assert resets.handle_requests(store) == 1
    assert [subject for subject, _ in mails_of(store, patient)] == ["Choose a new password"]
    with store.work(writes=False):
        assert db().scalar(select(func.count()).select_from(ResetRequest)) == 0


def test_a_mailbox_is_not_filled(client: Client, store: Store, patient: Made, set_time: SetTime) -> None:
    set_time(BEGIN)
    for _ in range(10):
        client.post("/forgot", data={"sign_in_name": patient.sign_in_name})
    assert resets.handle_requests(store) == 3
    set_time(BEGIN + timedelta(hours=1, seconds=1))
    client.post("/forgot", data={"sign_in_name": patient.sign_in_name})
    assert resets.handle_requests(store) == 1


def test_a_network_that_asks_for_many_is_slowed(client: Client, set_time: SetTime) -> None:
    set_time(BEGIN)
    statuses = [client.post("/forgot", data={"sign_in_name": f"n{number}"}).status_code for number in range(62)]
    assert statuses[:60] == [303] * 60
    assert 429 in statuses[60:]


def test_two_workers_answer_a_request_once(client: Client, store: Store, patient: Made) -> None:
    client.post("/forgot", data={"sign_in_name": patient.sign_in_name})
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: resets.handle_requests(store), range(4)))
    assert sum(done) == 1
    assert len(mails_of(store, patient)) == 1


# --- the link --------------------------------------------------------------------------------------------------


def test_a_link_sets_a_new_password_and_signs_out_every_device(
    app: Flask, client: Client, store: Store, patient: Made
) -> None:
    old = Client(app)
    sign_in_by_form(old, patient)
    path = link_for(client, store, patient)
    answer = client.submit(client.get(path).form(field="new_password"), new_password=NEW)
    assert answer.location == "/"
    assert is_signed_in(client)
    assert not is_signed_in(old)
    assert can_sign_in(app, patient, NEW)
    assert not can_sign_in(app, patient, PASSWORD)
    assert mails_of(store, patient)[-1][0] == "Your password was changed"


def test_looking_at_a_link_uses_nothing_up(client: Client, app: Flask, store: Store, patient: Made) -> None:
    path = link_for(client, store, patient)
    for _ in range(5):
        scanner = Client(app)
        assert scanner.get(path).status_code == 200
        assert scanner.head(path).status_code == 200
        assert scanner.get_cookie("session", domain="localhost") is None
    assert client.post(path, data={"new_password": NEW}).status_code == 303


def test_a_refused_password_leaves_the_link_as_it_was(client: Client, store: Store, patient: Made) -> None:
    path = link_for(client, store, patient)
    for bad in ("short", "1q2w3e4r5t", "", "x" * 300):
        page = client.post(path, data={"new_password": bad})
        assert page.status_code == 422
        assert page.errors["new_password"]
    assert client.post(path, data={"new_password": NEW}).status_code == 303


def test_a_used_old_or_made_up_link_is_answered_alike(
    client: Client, app: Flask, store: Store, patient: Made, set_time: SetTime
) -> None:
    set_time(BEGIN)
    used = link_for(client, store, patient)
    assert client.post(used, data={"new_password": NEW}).status_code == 303
    stranger = Client(app)
    old = link_for(stranger, store, patient)
    set_time(BEGIN + timedelta(hours=1, seconds=1))
    pages = [stranger.get(path) for path in (used, old, "/reset/" + "x" * 43)]
    pages += [stranger.post(path, data={"new_password": NEW}) for path in (used, old, "/reset/" + "x" * 43)]
    assert {page.status_code for page in pages} == {410}
    assert len({page.text for page in pages}) == 1


def test_using_one_link_ends_the_others(client: Client, store: Store, patient: Made) -> None:
    first, second = link_for(client, store, patient), link_for(client, store, patient)
    assert client.post(second, data={"new_password": NEW}).status_code == 303
    assert client.get(first).status_code == 410


def test_of_twenty_who_press_the_button_at_once_one_wins(
    app: Flask, client: Client, store: Store, patient: Made
) -> None:
    path = link_for(client, store, patient)
    together = threading.Barrier(20)

    def press(number: int) -> int:
        presser = Client(app, checked=False)
        together.wait()
        return presser.post(path, data={"new_password": f"{NEW} {number}"}).status_code

    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(press, range(20)))
    assert statuses.count(303) == 1
    assert statuses.count(410) == 19


def test_of_fifty_who_use_a_link_at_once_one_wins(store: Store, patient: Made) -> None:
    with store.work(writes=True):
        token = links.make_link(LinkPurpose.RESET, practice_id=patient.practice_id, person_id=patient.id, hours=1)
        kept = db().scalars(select(OneTimeLink.token_hash)).one()
    assert token.encode() not in kept

    def use(_number: int) -> bool:
        try:
            with store.work(writes=True):
                return links.use_link(token).person_id == patient.id
        except LinkUnusable:
            return False

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(use, range(50))) == 1


def test_staff_still_need_their_second_factor(client: Client, store: Store, practice: MadePractice) -> None:
    clinician = make_person(store, practice, Role.CLINICIAN)
    path = link_for(client, store, clinician)
    assert client.post(path, data={"new_password": "eleven char"}).status_code == 422
    answer = client.post(path, data={"new_password": NEW})
    assert answer.location == "/sign-in/code?next=/"
    assert client.get("/settings").location == "/sign-in/code"
    assert client.post("/sign-in/code", data={"code": clinician.code}).status_code == 303
    assert is_signed_in(client)


# --- a code from the clinic, and the answer of who was there before ----------------------------------------------


class CameIn:
    """A patient with a device from before, and a device that came in by a code from the clinic."""

    def __init__(self, app: Flask, store: Store, practice: MadePractice) -> None:
        self.patient = make_patient(store, practice)
        self.admin = make_administrator(store, practice)
        self.store = store
        self.before, self.after = Client(app), Client(app)
        sign_in_by_form(self.before, self.patient)

    def issue(self) -> str:
        with self.store.work(writes=True):
            issued = codes.issue(self.admin.viewer, self.patient.id, new_id())
        assert issued.text
        assert not issued.needs_second
        return issued.text

    def come_in(self) -> None:
        text = self.issue()
        with self.store.work(writes=True):
            codes.redeem(text, sign_in_name="", password=NEW)
        page = self.after.post("/sign-in", data={"sign_in_name": self.patient.sign_in_name, "password": NEW})
        assert page.status_code == 303

    def row(self) -> Person:
        with self.store.work(writes=False):
            return db().get_one(Person, self.patient.id)

    def mail_address(self) -> str:
        found = re.search(r"http://localhost(/open-entries/\S+)", mails_of(self.store, self.patient)[-1][1])
        assert found
        return found[1]


@pytest.fixture
def came_in(app: Flask, store: Store, practice: MadePractice) -> CameIn:
    return CameIn(app, store, practice)


def answer(client: Client, word: str) -> str | None:
    form = client.get("/security-notice").form(field="answer")
    return client.post(form.action, data={**form.filled(), "answer": word}).location


def test_it_was_not_me_takes_everything_back(app: Flask, came_in: CameIn) -> None:
    came_in.come_in()
    assert "sign that device out" in came_in.before.get("/security-notice").main_words
    assert answer(came_in.before, "not-me") == "/settings?done=code-undone"
    assert is_signed_in(came_in.before)
    assert not is_signed_in(came_in.after)
    assert can_sign_in(app, came_in.patient, PASSWORD)
    assert not can_sign_in(app, came_in.patient, NEW)
    row = came_in.row()
    assert (row.entries_closed_from, row.entries_closed_until, row.security_notice) == (None, None, None)
    assert row.password_hash_before_code is None
    assert mails_of(came_in.store, came_in.patient)[-1][0] == "A change to your sign-in was taken back"


def test_it_was_me_opens_the_entries(app: Flask, came_in: CameIn) -> None:
    came_in.come_in()
    assert "what you wrote before opens on" in came_in.after.get("/settings").main_words
    assert answer(came_in.before, "me") == "/settings?done=code-fine"
    assert "what you wrote before opens on" not in came_in.after.get("/settings").main_words
    assert is_signed_in(came_in.after)
    assert can_sign_in(app, came_in.patient, NEW)
    assert came_in.row().entries_closed_until is None


def test_every_page_of_the_device_from_before_tells_of_it_at_once(came_in: CameIn) -> None:
    came_in.issue()
    for path in ("/settings", "/settings/password"):
        assert "/security-notice" in came_in.before.get(path).links
    came_in.come_in()
    assert "/security-notice" in came_in.before.get("/settings").links
    assert "/security-notice" not in came_in.after.get("/settings").links


def test_who_came_in_by_the_code_is_not_asked(came_in: CameIn) -> None:
    came_in.come_in()
    assert came_in.after.get("/security-notice").location == "/settings"
    page = came_in.after.post("/security-notice", data={"about": "code_used", "answer": "me"})
    assert page.location == "/security-notice"
    assert came_in.row().entries_closed_until is not None
    assert came_in.row().security_notice == "code_used"


def test_who_came_in_by_the_code_cannot_shut_out_the_device_from_before(came_in: CameIn) -> None:
    came_in.come_in()
    assert not [form for form in came_in.after.get("/settings").forms if "devices" in form.action]
    came_in.after.post("/settings/devices/end-others")
    form = came_in.after.get("/settings/password").form(field="new_password")
    assert came_in.after.submit(form, current_password=NEW, new_password="a third harbour").status_code == 303
    came_in.after.post("/settings/second-factor", data={"code": "123456"})
    assert came_in.row().totp_secret is None
    assert is_signed_in(came_in.before)
    assert answer(came_in.before, "not-me") == "/settings?done=code-undone"
    assert not is_signed_in(came_in.after)


def test_a_step_that_renews_the_session_does_not_make_it_older_or_newer(came_in: CameIn, set_time: SetTime) -> None:
    came_in.come_in()
    for client, password in ((came_in.before, NEW), (came_in.after, NEW)):
        assert client.submit(client.get("/confirm").form(field="password"), password=password).status_code == 303
    assert came_in.after.get("/security-notice").location == "/settings"
    assert came_in.before.get("/security-notice").status_code == 200


def test_an_issued_code_that_nobody_asked_for_is_stopped(came_in: CameIn) -> None:
    text = came_in.issue()
    assert answer(came_in.before, "not-me") == "/settings?done=code-stopped"
    with pytest.raises(codes.CodeUnusable), came_in.store.work(writes=True):
        codes.redeem(text, sign_in_name="", password=NEW)
    assert came_in.before.get("/security-notice").location == "/settings"


def test_an_answer_to_an_older_question_is_not_taken(came_in: CameIn) -> None:
    """The page asked about an issued code; by the time of the answer the code was used."""
    text = came_in.issue()
    form = came_in.before.get("/security-notice").form(field="answer")
    with came_in.store.work(writes=True):
        codes.redeem(text, sign_in_name="", password=NEW)
    page = came_in.before.post(form.action, data={**form.filled(), "answer": "me"})
    assert page.location == "/security-notice"
    assert came_in.row().security_notice == "code_used"


def test_the_mail_opens_the_entries_by_its_button_only(app: Flask, came_in: CameIn) -> None:
    came_in.come_in()
    path = came_in.mail_address()
    mailbox = Client(app)
    for _ in range(3):
        assert mailbox.get(path).status_code == 200
    assert came_in.row().entries_closed_until is not None
    page = mailbox.submit(mailbox.get(path).form())
    assert page.location == "/sign-in?done=entries-open"
    assert came_in.row().entries_closed_until is None
    assert mailbox.get(path).status_code == 410
    assert mailbox.post(path).status_code == 410


def test_a_reset_by_mail_also_opens_the_entries(client: Client, came_in: CameIn) -> None:
    came_in.come_in()
    path = link_for(client, came_in.store, came_in.patient)
    assert client.post(path, data={"new_password": "a third harbour"}).status_code == 303
    row = came_in.row()
    assert (row.entries_closed_until, row.security_notice) == (None, None)
    assert not is_signed_in(came_in.after)


# --- the other devices after a code -------------------------------------------------------------------------------
def test_after_a_code_the_page_says_that_other_devices_stay_signed_in(came_in: CameIn) -> None:
    came_in.come_in()
    page = came_in.after.get("/joined")
    assert "Devices you used before stay signed in for now" in page.main_words
    assert "Devices you used before can be signed out here" in came_in.after.get("/settings").main_words
    assert not [form for form in page.forms if "devices" in form.action]


def test_what_came_in_since_is_signed_out_by_one_button(app: Flask, came_in: CameIn, set_time: SetTime) -> None:
    came_in.come_in()
    set_time(clock.now() + timedelta(minutes=1))
    third = Client(app)
    sign_in = {"sign_in_name": came_in.patient.sign_in_name, "password": NEW}
    assert third.post("/sign-in", data=sign_in).status_code == 303
    page = came_in.after.get("/joined")
    assert "Sign the other devices out" in page.main_words
    came_in.after.submit(page.form(action="/settings/devices/end-others"))
    assert not is_signed_in(third)
    assert is_signed_in(came_in.before)
    assert is_signed_in(came_in.after)


def test_once_the_mail_opened_the_entries_the_devices_from_before_are_signed_out_by_one_button(
    came_in: CameIn,
) -> None:
    came_in.come_in()
    path = came_in.mail_address()
    answer = came_in.after.submit(came_in.after.get(path).form())
    assert answer.location == "/settings?done=entries-open"
    page = came_in.after.follow(answer)
    assert "What was closed is open again." in page.main_words
    came_in.after.submit(page.form(action="/settings/devices/end-others"))
    assert not is_signed_in(came_in.before)
    assert is_signed_in(came_in.after)


def test_who_has_no_other_device_reads_nothing_of_others(client: Client, store: Store, practice: MadePractice) -> None:
    sign_in_by_form(client, make_patient(store, practice))
    assert "other devices" not in client.get("/joined").main_words


def test_the_question_says_who_made_the_code_and_when(came_in: CameIn, set_time: SetTime) -> None:
    moment = clock.now() + timedelta(minutes=1)
    set_time(moment)
    local = moment.astimezone(ZoneInfo(came_in.row().zone))
    when = f"{local.day} {local:%B %Y}, {tidy(times.in_words(local.hour * 60 + local.minute, 'en'))}"
    came_in.issue()
    assert f"{came_in.admin.name} made it on {when}." in came_in.before.get("/security-notice").main_words
    came_in.come_in()
    assert f"That was on {when}." in came_in.before.get("/security-notice").main_words


def test_who_came_in_by_the_code_reads_nothing_that_is_written_meanwhile(came_in: CameIn) -> None:
    """The owner may go on writing before they answer who it was. The new device sees its own words, and those alone."""
    came_in.come_in()
    for client, words in ((came_in.before, "the owner goes on writing"), (came_in.after, "written on the new device")):
        form = client.get("/check-in").form(field="note")
        assert client.submit(form, note=words).status_code == 303
    theirs = came_in.after.get("/history").words
    assert "written on the new device" in theirs
    assert "the owner goes on writing" not in theirs
    [owners] = [link for link in came_in.before.get("/history?period=7").links if link.startswith("/check-in/")][-1:]
    assert "the owner goes on writing" in came_in.before.get(owners).words
    for path in (owners, f"{owners}/change", f"{owners}/delete"):
        assert came_in.after.get(path).status_code == 404
    found = came_in.after.get("/history/search").form(field="words")
    assert "the owner goes" not in came_in.after.submit(found, words="owner").words
    assert answer(came_in.before, "me") == "/settings?done=code-fine"
    assert "the owner goes on writing" in came_in.after.get("/history").words


def test_what_one_told_of_oneself_is_closed_as_well(came_in: CameIn) -> None:
    """Own words for what makes it harder, and the goal, are entries too: neither read nor replaced."""
    with came_in.store.work(writes=True):
        profiles.change(came_in.patient.viewer, triggers=("my landlord",), want_words="to see my son")
    came_in.come_in()
    for path in ("/check-in", "/settings/about-me", "/welcome", "/today"):
        page = came_in.after.get(path)
        assert page.status_code == 200, path
        assert "landlord" not in page.text, path
        assert "my son" not in page.text, path
    assert came_in.after.post("/settings/about-me/words", data={}).status_code == 422
    form = came_in.after.get("/check-in").form(field="own_trigger")
    assert came_in.after.submit(form, mood="2", own_trigger="another word").status_code == 303
    with came_in.store.work(writes=False):
        assert profiles.profile_of(came_in.patient.viewer).triggers == ("my landlord",)


def test_sessions_of_before_end_with_the_day_in_which_they_could_object(came_in: CameIn, set_time: SetTime) -> None:
    came_in.come_in()
    begun = clock.now()
    set_time(begun + timedelta(hours=23, minutes=59))
    assert is_signed_in(came_in.before)
    set_time(begun + timedelta(hours=24, minutes=1))
    for path in ("/today", "/history", "/settings", "/sharing", "/check-in"):
        assert came_in.before.get(path).location == "/security-notice", path
    assert is_signed_in(came_in.after)
    # It can still object; and if it says that it was right, it ends, as the others of before do.
    assert "Was this you?" in came_in.before.get("/security-notice").words
    assert answer(came_in.before, "me") == "/settings?done=code-fine"
    assert (came_in.before.get("/settings").location or "").startswith("/sign-in")
    assert is_signed_in(came_in.after)


def test_a_session_of_before_that_said_it_was_right_goes_on(came_in: CameIn, set_time: SetTime) -> None:
    came_in.come_in()
    begun = clock.now()
    assert answer(came_in.before, "me") == "/settings?done=code-fine"
    set_time(begun + timedelta(hours=24, minutes=1))
    assert is_signed_in(came_in.before)
    assert is_signed_in(came_in.after)
