"""A new member of the team reads after notice that was given, not after time that passed; and whom a consent names."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from patient_app.accounts import mail, teams
from patient_app.accounts.models import MailMessage, MailState, Person, TeamMembership
from patient_app.consent import service as consents
from patient_app.consent.categories import OFFERED, Level
from patient_app.consent.decisions import grants_of
from patient_app.consent.service import Terms
from patient_app.core.config import Smtp
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.reading.service import reader_of
from tests import factories
from tests.features.sharing.conftest import World
from tests.page import Client

EVERYTHING = dict.fromkeys(OFFERED, Level.DETAIL)
BEGUN = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
SetTime = Callable[[object], None]


@pytest.fixture
def nurse(store: Store, world: World, set_time: SetTime) -> factories.Made:
    """A nurse who joins the team of a patient who shares everything with nurses."""
    set_time(BEGUN)
    made = factories.make_clinician(store, world.practice, Discipline.NURSE, name="Nia Cole")
    factories.give_consent(store, world.patient, Discipline.NURSE, EVERYTHING)
    return made


def join(store: Store, world: World, nurse: factories.Made) -> uuid.UUID:
    with store.work(writes=True):
        return teams.assign(world.administrator.viewer, world.patient.id, nurse.id).id


def reads(store: Store, world: World, nurse: factories.Made) -> bool:
    with store.work(writes=False):
        return world.patient.id in grants_of(reader_of(nurse.viewer), [world.patient.id])


def noticed_at(store: Store, membership: uuid.UUID) -> datetime | None:
    with store.work(writes=False):
        return db().get_one(TeamMembership, membership).noticed_at


def test_nobody_was_told_nobody_reads(store: Store, world: World, nurse: factories.Made, set_time: SetTime) -> None:
    with store.work(writes=True):
        db().get_one(Person, world.patient.id).email = None
    membership = join(store, world, nurse)
    set_time(BEGUN + timedelta(days=365))
    assert noticed_at(store, membership) is None
    assert not reads(store, world, nurse)


def test_a_message_that_was_handed_over_is_notice(
    store: Store, world: World, nurse: factories.Made, set_time: SetTime
) -> None:
    membership = join(store, world, nurse)
    mailing = Store(replace(store.config, smtp=Smtp("localhost", 25, "none")), store.database, store.vault)
    for outcome, counts in ((MailState.QUEUED, False), (MailState.FAILED, False), (MailState.SENT, True)):
        with store.work(writes=True):
            [message] = db().scalars(select(MailMessage).where(MailMessage.membership_id == membership))
            message.state = MailState.QUEUED
        letter = mail.Letter(message.id, BEGUN, 1, "", "", "")
        set_time(BEGUN + timedelta(hours=1))
        with store.work(writes=True):
            mail._mark(mailing, letter, outcome)
        assert (noticed_at(store, membership) == BEGUN + timedelta(hours=1)) is counts, outcome
    set_time(BEGUN + timedelta(hours=72, minutes=59))
    assert not reads(store, world, nurse)
    set_time(BEGUN + timedelta(hours=73))
    assert reads(store, world, nurse)


@pytest.mark.parametrize("nobodys", ["outbox", "address"])
def test_a_message_that_the_patient_cannot_have_got_is_no_notice(
    store: Store, world: World, nurse: factories.Made, nobodys: str
) -> None:
    membership = join(store, world, nurse)
    mailing = store
    if nobodys == "address":  # Set by staff, and nobody has said yet whose it is.
        mailing = Store(replace(store.config, smtp=Smtp("localhost", 25, "none")), store.database, store.vault)
        with store.work(writes=True):
            db().get_one(Person, world.patient.id).email_changed_at = BEGUN
    with store.work(writes=True):
        [message] = db().scalars(select(MailMessage).where(MailMessage.membership_id == membership))
        mail._mark(mailing, mail.Letter(message.id, BEGUN, 1, "", "", ""), MailState.SENT)
    assert noticed_at(store, membership) is None


@pytest.mark.parametrize("address", ["/today", "/sharing"])
def test_the_page_that_tells_of_it_is_notice(
    client: Client, store: Store, world: World, nurse: factories.Made, set_time: SetTime, address: str
) -> None:
    membership = join(store, world, nurse)
    set_time(BEGUN + timedelta(days=30))
    factories.sign_in(client, world.patient)
    assert "Nia Cole" in client.get(address).words
    assert noticed_at(store, membership) == BEGUN + timedelta(days=30)
    if address == "/sharing":
        assert "they can read it from" in client.get(address).words
    set_time(BEGUN + timedelta(days=33, seconds=-1))
    assert not reads(store, world, nurse)
    set_time(BEGUN + timedelta(days=33))
    assert reads(store, world, nurse)


def test_who_found_no_room_on_today_was_not_told_of(
    client: Client, store: Store, world: World, nurse: factories.Made, set_time: SetTime
) -> None:
    """Today has three lines: whoever came as the fourth is told of on the page about sharing, and only then."""
    nurses = [nurse] + [factories.make_clinician(store, world.practice, Discipline.NURSE) for _ in range(4)]
    joined = [join(store, world, one) for one in nurses]
    factories.sign_in(client, world.patient)
    words = client.get("/today").words
    told = [one.name in words for one in nurses]
    assert any(told)
    assert not all(told)
    assert [noticed_at(store, one) is not None for one in joined] == told
    set_time(BEGUN + timedelta(days=4))
    assert [reads(store, world, one) for one in nurses] == told
    factories.sign_in(client, world.patient)
    assert all(one.name in client.get("/sharing").words for one in nurses)
    assert all(noticed_at(store, one) for one in joined)


@pytest.mark.parametrize(("mode", "is_notice"), [("cors", False), ("navigate", True)])
def test_a_page_that_a_phone_fetches_by_itself_is_no_notice(
    client: Client, store: Store, world: World, nurse: factories.Made, mode: str, is_notice: bool
) -> None:
    membership = join(store, world, nurse)
    factories.sign_in(client, world.patient)
    assert "Nia Cole" in client.get("/today", headers={"Sec-Fetch-Mode": mode}).words
    assert (noticed_at(store, membership) is not None) is is_notice


def test_a_new_member_where_nothing_is_shared_is_said_so(
    client: Client, store: Store, world: World, set_time: SetTime
) -> None:
    set_time(BEGUN)
    join(store, world, factories.make_clinician(store, world.practice, Discipline.NURSE, name="Nia Cole"))
    factories.sign_in(client, world.patient)
    page = client.get("/sharing")
    assert "They see nothing: you share nothing with your nurse now." in page.words
    assert "can read" not in page.main_words


# --- Whom a consent names ---------------------------------------------------------------------------------------------


def sign(client: Client) -> int:
    page = client.get("/sharing/new", query_string={"to": "team:nurse"})
    answers = {"mood": "detail", "since": "before", "until": "open", "signature": "Robin Vale"}
    return client.submit(page.form(field="signature"), **answers).status_code


def test_who_was_named_when_it_was_signed_reads_at_once(
    client: Client, store: Store, world: World, nurse: factories.Made
) -> None:
    join(store, world, nurse)
    factories.sign_in(client, world.patient)
    picture = {"to": "team:nurse"}
    assert "Nia Cole cannot read this yet." in client.get("/sharing/preview", query_string=picture).words
    assert "Nia Cole cannot read this yet." in client.get("/sharing").words
    assert not reads(store, world, nurse)
    assert "Nia Cole" in client.get("/sharing/new", query_string=picture).words
    assert sign(client) == 303
    assert reads(store, world, nurse)
    assert "cannot read" not in client.get("/sharing/preview", query_string=picture).words
    assert "New on your care team" not in client.get("/sharing").words


def test_somebody_who_came_while_the_form_lay_open_is_not_signed_for(
    client: Client, store: Store, world: World, nurse: factories.Made
) -> None:
    join(store, world, nurse)
    factories.sign_in(client, world.patient)
    page = client.get("/sharing/new", query_string={"to": "team:nurse"})
    other = factories.make_clinician(store, world.practice, Discipline.NURSE, name="Kim Ash")
    join(store, world, other)
    answers = {"mood": "detail", "since": "before", "until": "open", "signature": "Robin Vale"}
    page = client.submit(page.form(field="signature"), **answers)
    assert page.status_code == 422
    assert "Your team has changed." in page.words
    assert "Kim Ash" in page.words
    assert not reads(store, world, other)
    assert client.submit(page.form(field="signature")).status_code == 303
    assert reads(store, world, other)


def test_somebody_who_came_while_it_was_being_signed_is_not_named(
    store: Store, world: World, nurse: factories.Made
) -> None:
    """On PostgreSQL a clinician may come to the team between the look at the names and the signature being kept."""
    join(store, world, nurse)
    other = factories.make_clinician(store, world.practice, Discipline.NURSE, name="Kim Ash")
    with store.work(writes=True):
        patient = world.patient.viewer
        recipient = consents.find_recipient(patient, "team:nurse")
        teams.assign(world.administrator.viewer, patient.id, other.id)
        terms = Terms(EVERYTHING, None, None)
        consents.give_consent(patient, new_id(), recipient, terms, signature=patient.name)
    assert reads(store, world, nurse)
    assert not reads(store, world, other)


def test_a_namesake_in_the_place_of_who_was_named_is_somebody_else(
    client: Client, store: Store, world: World, nurse: factories.Made
) -> None:
    membership = join(store, world, nurse)
    factories.sign_in(client, world.patient)
    page = client.get("/sharing/new", query_string={"to": "team:nurse"})
    with store.work(writes=True):
        teams.unassign(world.administrator.viewer, world.patient.id, membership)
    namesake = factories.make_clinician(store, world.practice, Discipline.NURSE, name="Nia Cole")
    join(store, world, namesake)
    answers = {"mood": "detail", "since": "before", "until": "open", "signature": "Robin Vale"}
    assert client.submit(page.form(field="signature"), **answers).status_code == 422
    assert not reads(store, world, namesake)
