"""The pages: off by default, signed to tell somebody, read by who was told and by nobody else, seen by the patient."""

from __future__ import annotations

import json
from datetime import date

import pytest
from sqlalchemy import select

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind
from patient_app.accounts import seen_as
from patient_app.accounts.models import SupportLink
from patient_app.accounts.names import Address
from patient_app.accounts.seen_as import Way
from patient_app.consent import service as consents
from patient_app.core import letterbox
from patient_app.core.ids import new_id
from patient_app.core.work import db
from patient_app.follow_up.models import FollowUp
from patient_app.profile import service as profiles
from tests import factories
from tests.features.follow_up.conftest import ASKS, World
from tests.features.reminders.made import occurrences
from tests.features.sharing.conftest import show_it_is_you
from tests.page import Client, text_of

PAGE = "/settings/quiet"
SIGNED = {"days": "5", "asks": ASKS, "until": "open", "signature": "Robin Vale"}


def told_world(world: World, recipient: str) -> None:
    world.on(3)
    world.lets_tell(recipient, 5)
    world.comes("03-05 11:00")
    assert world.comes("03-07 11:00") == 1


def test_it_is_off_and_says_so(client: Client, world: World) -> None:
    factories.sign_in(client, world.patient)
    page = client.get(PAGE)
    assert "It is off until you turn it on" in page.text
    assert not [box for box in page.all("input", type="radio") if box.get("checked") is not None]
    assert client.get(PAGE).status_code == 200
    assert client.post(PAGE, data={}).status_code == 422
    for days in ("0", "-1", "1", "1e9", "banana", "3" * 1000):
        assert client.post(PAGE, data={"days": days}).status_code == 422
    assert client.post(PAGE, data={"days": "3"}).location == f"{PAGE}?done=quiet-on"
    assert "After 3 days without a word" in client.get(PAGE).text
    assert "When it is quiet" in client.get("/settings/reminders").text
    assert client.post(f"{PAGE}/off").location == f"{PAGE}?done=quiet-off"
    with world.store.work(writes=False):
        assert db().get_one(FollowUp, world.patient.id).days is None


def test_away_has_an_end_and_is_ended(client: Client, world: World) -> None:
    world.on(3)
    factories.sign_in(client, world.patient)
    for day in ("", "2026-03-02", "2026-12-01", "banana", "9999-12-31"):
        assert client.post(f"{PAGE}/away", data={"back_on": day}).status_code == 422
    assert client.post(f"{PAGE}/away", data={"back_on": "2026-03-09"}).status_code == 303
    assert "You are away" in client.get(PAGE).text
    assert client.post(f"{PAGE}/back").status_code == 303
    assert "You are away" not in client.get(PAGE).text


def test_telling_is_signed_like_a_consent_and_stored_once(client: Client, world: World) -> None:
    world.on(3)
    factories.sign_in(client, world.patient)
    show_it_is_you(client, world.patient, PAGE)
    address = f"{PAGE}/tell?to={world.to_supporter}"
    page = client.get(address)
    assert "Consent to tell someone when I go quiet" in page.text
    form = page.form(field="signature")
    assert not [value for name, value in form.values if name not in {"id", "recipient_id"} and value]
    wrongs = [{"days": ""}, {"asks": ""}, {"until": ""}, {"signature": "Somebody"}, {"days": "3"}, {"asks": "x" * 501}]
    for wrong in wrongs:
        refused = client.submit(form, **{**SIGNED, **wrong})
        assert refused.status_code == 422, wrong
    for _twice in range(2):
        assert client.submit(form, **SIGNED).location == f"{PAGE}?done=will-tell"
    text = client.get(PAGE).text
    assert "Told after 5 days" in text
    assert ASKS in text
    assert "Told if you do not check in: My sister" in client.get("/sharing").text
    with world.store.work(writes=False):
        recipient = consents.find_recipient(world.patient.viewer, world.to_supporter)
        (one,) = consents.live(world.patient.id, recipient, telling=True)
        consent_id = one.id
    assert ASKS in client.get(f"/sharing/consents/{consent_id}").text
    assert client.post(f"{PAGE}/tell/{consent_id}/pause").status_code == 303
    assert "Paused: not told" in client.get(PAGE).text
    assert client.post(f"{PAGE}/tell/{consent_id}/resume").status_code == 303
    assert client.post(f"{PAGE}/tell/{consent_id}/end").status_code == 303
    assert ASKS not in client.get(PAGE).text
    assert client.post(f"{PAGE}/tell/{new_id()}/end").status_code == 404
    assert client.get(f"{PAGE}/tell?to=team:nurse").status_code == 404


def test_pausing_all_sharing_stops_it_and_resuming_all_does_not_start_it(client: Client, world: World) -> None:
    world.on(3)
    world.lets_tell(world.to_supporter)
    with world.store.work(writes=True):
        assert consents.pause_everything(world.patient.viewer) == 1
        assert consents.resume_everything(world.patient.viewer) == 0
    factories.sign_in(client, world.patient)
    assert "Nobody is told when you do not check in" in client.get("/sharing").text


def test_removing_a_supporter_ends_it(client: Client, world: World) -> None:
    world.on(3)
    world.lets_tell(world.to_supporter)
    factories.sign_in(client, world.patient)
    with world.store.work(writes=False):
        tie = db().scalars(select(SupportLink.id)).one()
    assert client.post(f"/sharing/supporters/{tie}/end").status_code == 303
    assert ASKS not in client.get(PAGE).text


def test_the_supporter_reads_what_was_agreed_and_nothing_else(client: Client, world: World) -> None:
    told_world(world, world.to_supporter)
    factories.sign_in(client, world.supporter)
    assert "There is something for you to read" in client.get("/supporting").text
    page = client.get("/supporting/told")
    words = text_of(page.one("section", class_name="card"))
    assert "Robin Vale" in words
    assert "No check-in for 5 days." in words
    assert ASKS in words
    assert "988" in words
    assert "Nothing is shared right now" in client.get(f"/supporting/{world.patient.id}").text
    with world.store.work(writes=False):
        kinds = [record.kind for record in access_log.records_of(world.patient.id)]
    assert kinds.count(AccessKind.SILENCE) == 1
    # What the patient sees of it.
    factories.sign_in(client, world.patient)
    assert "We told My sister" in client.get(PAGE).text
    assert "read that you had not checked in" in client.get("/sharing/access-log").text


def test_the_supporter_reads_it_under_the_name_that_was_chosen_for_them(client: Client, world: World) -> None:
    told_world(world, world.to_supporter)
    with world.store.work(writes=True):
        profiles.set_address(world.patient.viewer, Address("Alexa", "she/zer"), 240)
        tie = db().scalars(select(SupportLink.id)).one()
    factories.sign_in(client, world.supporter)
    for way, name, pronouns in (
        (Way.CHART, "Robin Vale", False),
        (Way.CALLED, "Alexa", False),
        (Way.CALLED_AND_PRONOUNS, "Alexa", True),
    ):
        with world.store.work(writes=True):
            seen_as.choose(world.patient.viewer, tie, way)
        words = client.get("/supporting/told").words
        assert [one for one in ("Robin Vale", "Alexa") if one in words] == [name]
        assert ("she/zer" in words) == pronouns


def test_once_it_is_ended_or_long_ago_nobody_reads_it(client: Client, world: World) -> None:
    told_world(world, world.to_supporter)
    with world.store.work(writes=True):
        consents.pause_everything(world.patient.viewer)
    factories.sign_in(client, world.supporter)
    assert "something for you to read" not in client.get("/supporting").text
    assert ASKS not in client.get("/supporting/told").text


def test_only_those_of_the_team_who_were_named_read_it(client: Client, world: World) -> None:
    told_world(world, "team:prescriber")
    factories.sign_in(client, world.prescriber)
    assert "asked that you are told something" in client.get("/team").text
    assert ASKS in client.get("/team/told").text
    other = factories.make_clinician(world.store, world.practice, name="Kim Oak")
    factories.sign_in(client, other)
    assert "asked that you are told something" not in client.get("/team").text
    assert ASKS not in client.get("/team/told").text
    factories.sign_in(client, world.supporter)
    assert ASKS not in client.get("/supporting/told").text
    assert client.get("/team/told").status_code == 404


def test_the_word_stands_on_today_until_it_is_answered(client: Client, world: World) -> None:
    world.on(3)
    world.comes("03-05 11:00")
    factories.sign_in(client, world.patient)
    page = client.get("/today")
    assert "It has been quiet here for a while" in page.text
    assert client.post(f"{PAGE}/here").location == "/today?done=here"
    assert "It has been quiet here for a while" not in client.get("/today").text
    assert occurrences(world.store)[0].handled_at is not None
    assert occurrences(world.store)[0].local_day == date(2026, 3, 5)


@pytest.mark.parametrize("path", ["", "/end", "/pause"])
def test_the_word_is_not_changed_by_the_pages_of_other_reminders(client: Client, world: World, path: str) -> None:
    world.on(3)
    world.comes("03-05 11:00")
    factories.sign_in(client, world.patient)
    reminder = occurrences(world.store)[0].reminder_id
    assert client.post(f"/settings/reminders/{reminder}{path}", data={"until": "2026-03-20"}).status_code == 404
    assert client.get("/settings/reminders/new?kind=follow_up").status_code == 404


@pytest.mark.parametrize("signed_in", [False, True])
def test_a_phone_that_sends_what_is_not_taken_tells_that_entries_wait(
    client: Client, world: World, signed_in: bool
) -> None:
    world.on(3)
    with world.store.work(writes=False):
        tag = letterbox.person_tag(world.patient.id)
    if signed_in:
        factories.sign_in(client, world.patient)
    item = {"v": 1, "person": tag, "sent_at": "2026-03-02T17:00:00.000Z", "id": str(new_id()), "letter": "AAAA"}
    answer = client.post("/outbox", json=item)
    result = json.loads(answer.text)["result"]
    assert (answer.status_code, result) == ((200, "unreadable") if signed_in else (401, "signed-out"))
    for nobody in ({**item, "person": "x"}, {**item, "person": None}, {**item, "v": 2}):
        client.post("/outbox", json=nobody)
    with world.store.work(writes=False):
        assert db().get_one(FollowUp, world.patient.id).waiting_at is not None
