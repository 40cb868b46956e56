"""Who of the practice reads what a supporter told, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from patient_app.access_log import service as access_log
from patient_app.accounts.models import MailMessage, Person, PersonState, TeamMembership
from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.work import Store, db
from patient_app.worries import service
from patient_app.worries.models import Worry, WorryMute
from patient_app.worries.service import Told
from tests import factories
from tests.factories import Made
from tests.features.worries.conftest import World, signed_in, stored
from tests.page import Client

WORDS = "zanarqwords she sleeps all day"
INBOX = "/team/worries"


def told(store: Store, world: World, *, sender: Made | None = None, about: str = "", words: str = WORDS) -> str:
    """Store a message about the patient, or about whom the words say; return its id."""
    worry_id = new_id()
    with store.work(writes=True):
        patient_id = None if about else world.patient.id
        service.send((sender or world.mother).viewer, worry_id, Told(patient_id, about, words))
    return str(worry_id)


def titles(client: Client, **query: str) -> list[str]:
    """Return whom the messages of a list are about."""
    page = client.get(INBOX, query_string=query)
    return ["".join(element.itertext()).strip() for element in page.all("span", class_name="row-title")]


# --- Who reads --------------------------------------------------------------------------------------------------------


def test_the_patients_team_reads_it_and_for_anybody_else_it_is_not_there(
    app: Flask, world: World, store: Store
) -> None:
    worry_id = told(store, world)
    second = factories.make_practice(store, "Hill Practice")
    elsewhere = factories.make_clinician(store, second)
    therapist = signed_in(app, world.therapist)
    page = therapist.get(f"{INBOX}/{worry_id}")
    for words in (WORDS, "Robin Vale", world.patient.chart["chart_number"], "12 April 1990", "From Kim Vale"):
        assert words in page.main_words
    assert titles(therapist) == ["Robin Vale Not read yet"]
    assert WORDS not in therapist.get(INBOX).html
    for reader in (world.colleague, elsewhere, world.administrator, world.patient, world.mother):
        client = signed_in(app, reader)
        missing = client.get(f"{INBOX}/{new_id()}")
        page = client.get(f"{INBOX}/{worry_id}")
        assert (page.status_code, page.html) == (404, missing.html)
        for step in ("read", "mute", "unmute"):
            refused = client.post(f"{INBOX}/{worry_id}/{step}", data={"until": "2030-01-01"})
            assert refused.status_code == 404
            assert "zanarq" not in refused.html
        assert "zanarq" not in client.get(INBOX).html
        assert "Robin Vale" not in client.get(INBOX).main_words
    assert stored(store)[0].read_at is None


def test_without_a_picked_person_every_clinician_of_the_practice_reads_it_and_nobody_else(
    app: Flask, world: World, store: Store
) -> None:
    worry_id = told(store, world, about="My neighbour")
    second = factories.make_practice(store, "Hill Practice")
    for reader in (world.therapist, world.colleague):
        client = signed_in(app, reader)
        assert WORDS in client.get(f"{INBOX}/{worry_id}").main_words
        assert titles(client) == ["My neighbour Not read yet"]
        assert "Not checked against" in client.get(INBOX).main_words
    for reader in (factories.make_clinician(store, second), world.administrator, world.mother):
        assert signed_in(app, reader).get(f"{INBOX}/{worry_id}").status_code == 404


def test_who_left_the_team_reads_it_no_more_and_without_a_team_it_is_not_left_unread(
    app: Flask, world: World, store: Store
) -> None:
    worry_id = told(store, world)
    factories.assign_team(store, world.patient, world.colleague, world.administrator)
    therapist, colleague = signed_in(app, world.therapist), signed_in(app, world.colleague)
    assert {client.get(f"{INBOX}/{worry_id}").status_code for client in (therapist, colleague)} == {200}
    _leave(store, world.therapist)
    assert therapist.get(f"{INBOX}/{worry_id}").status_code == 404
    assert titles(therapist) == []
    assert colleague.get(f"{INBOX}/{worry_id}").status_code == 200
    _leave(store, world.colleague)  # Nobody is on the team now.
    assert therapist.get(f"{INBOX}/{worry_id}").status_code == 200


def test_the_team_reads_how_the_patient_wants_to_be_called_and_who_reads_for_want_of_a_team_does_not(
    app: Flask, world: World, store: Store
) -> None:
    worry_id = told(store, world)
    with store.work(writes=True):
        person = db().get_one(Person, world.patient.id)
        person.called, person.pronouns = "Robbie <b>", "they/them"
    therapist = signed_in(app, world.therapist)
    assert titles(therapist) == ["Robin Vale “Robbie <b>” they/them Not read yet"]
    assert "“Robbie <b>” they/them" in therapist.get(f"{INBOX}/{worry_id}").main_words
    _leave(store, world.therapist)  # Nobody is on the team now.
    for page in (therapist.get(INBOX), therapist.get(f"{INBOX}/{worry_id}")):
        assert "Robin Vale" in page.main_words
        assert "Robbie" not in page.html
        assert "they/them" not in page.html


def test_where_the_whole_team_has_not_joined_yet_a_worry_is_not_left_unread(
    app: Flask, world: World, store: Store
) -> None:
    worry_id = told(store, world)
    with store.work(writes=True):
        db().get_one(Person, world.therapist.id).state = PersonState.INVITED
    colleague = signed_in(app, world.colleague)
    assert titles(colleague) == ["Robin Vale Not read yet"]
    assert WORDS in colleague.get(f"{INBOX}/{worry_id}").main_words


def test_who_is_not_on_the_team_keeps_nothing_away_from_it(
    world: World, store: Store, set_time: Callable[[str], None]
) -> None:
    set_time("2026-11-03 15:00")
    first = new_id()
    with store.work(writes=True):
        service.send(world.mother.viewer, first, Told(None, "My neighbour", "Before"))
        service.mute(world.colleague.viewer, first, date(2026, 12, 1))
    set_time("2026-11-04 15:00")
    with store.work(writes=True):
        service.send(world.mother.viewer, new_id(), Told(None, "My neighbour", "Aside"))
        service.send(world.mother.viewer, new_id(), Told(world.patient.id, "", "She took all her pills"))
        letters = db().scalars(select(MailMessage).where(MailMessage.owner_id == world.therapist.id)).all()
        assert len(letters) == 1
    with store.work(writes=False):
        assert service.unread(world.therapist.viewer) == 2
    assert sorted(_words(store, world)) == ["Before", "She took all her pills"]
    assert _words(store, world, aside=True) == ["Aside"]
    with store.work(writes=False):  # Nor does a page say of that message that its sender is muted.
        shown = service.inbox(world.therapist.viewer).rows
        muted = {row.words: [one.by for one in service.mutes(world.therapist.viewer, row.id)] for row in shown}
    assert muted == {"Before": ["Nia Cole"], "She took all her pills": []}
    set_time("2026-11-05 15:00")
    with store.work(writes=True):  # One of the team mutes: from now on it holds for what is told of their patient too.
        service.mute(world.therapist.viewer, first, date(2026, 12, 1))
    set_time("2026-11-06 15:00")
    with store.work(writes=True):
        service.send(world.mother.viewer, new_id(), Told(world.patient.id, "", "Again"))
        assert len(db().scalars(select(MailMessage).where(MailMessage.owner_id == world.therapist.id)).all()) == 1
    assert "Again" in _words(store, world, aside=True)


def test_a_later_mute_of_somebody_else_does_not_end_the_teams_own(
    world: World, store: Store, set_time: Callable[[str], None]
) -> None:
    set_time("2026-11-03 15:00")
    first = new_id()
    with store.work(writes=True):
        service.send(world.mother.viewer, first, Told(None, "My neighbour", "Before"))
        service.mute(world.therapist.viewer, first, date(2026, 12, 1))
    set_time("2026-11-04 15:00")
    with store.work(writes=True):
        service.mute(world.colleague.viewer, first, date(2026, 11, 5))
    set_time("2026-11-05 15:00")
    with store.work(writes=True):
        service.send(world.mother.viewer, new_id(), Told(world.patient.id, "", "Again"))
        assert db().scalars(select(MailMessage).where(MailMessage.owner_id == world.therapist.id)).all() == []
    assert _words(store, world, aside=True) == ["Again"]
    with store.work(writes=True):  # Nor does it end when somebody else takes theirs back.
        service.unmute(world.colleague.viewer, first)
    assert _words(store, world, aside=True) == ["Again"]
    with store.work(writes=False):
        assert service.unread(world.therapist.viewer) == 1


def test_a_message_that_picks_nobody_is_aside_while_anybodys_mute_holds_who_can_take_it_back(
    world: World, store: Store, set_time: Callable[[str], None]
) -> None:
    set_time("2026-11-03 15:00")
    first = new_id()
    with store.work(writes=True):
        service.send(world.mother.viewer, first, Told(None, "My neighbour", "Before"))
        service.mute(world.therapist.viewer, first, date(2026, 11, 10))
        service.mute(world.colleague.viewer, first, date(2026, 12, 1))
    set_time("2026-11-04 15:00")
    with store.work(writes=True):
        service.send(world.mother.viewer, new_id(), Told(None, "My neighbour", "Aside"))
        assert service.unmute(world.therapist.viewer, first) is False
    assert _words(store, world, aside=True) == ["Aside"]
    with store.work(writes=True):  # They left the practice: nobody could end it.
        db().get_one(Person, world.colleague.id).state = PersonState.CLOSED
    assert _words(store, world, aside=True) == []
    with store.work(writes=False):
        assert service.unread(world.therapist.viewer) == 2


def test_the_page_says_whose_mute_holds_and_takes_back_only_ones_own(
    app: Flask, world: World, store: Store, set_time: Callable[[str], None]
) -> None:
    set_time("2026-11-03 15:00")
    worry_id = told(store, world, about="My neighbour")
    address = f"{INBOX}/{worry_id}"
    therapist, colleague = signed_in(app, world.therapist), signed_in(app, world.colleague)
    colleague.submit(colleague.get(address).form(action=f"{address}/mute"), until="2026-11-09")
    page = therapist.get(address)
    assert "Kim Vale is muted" in page.main_words
    assert "The mute of Nia Cole holds until 9 November 2026." in page.main_words
    assert "Only the person who set a mute can take it back." in page.main_words
    assert f"{address}/unmute" not in page.html
    therapist.submit(page.form(action=f"{address}/mute"), until="2026-11-20")
    page = therapist.get(address)
    assert "Your mute holds until 20 November 2026." in page.main_words
    assert "The mute of Nia Cole holds until 9 November 2026." in page.main_words
    assert f"{address}/mute" not in [form.action for form in page.forms]
    done = therapist.submit(page.form(action=f"{address}/unmute"))
    assert "Your mute is over. A colleague’s mute still keeps them aside." in therapist.follow(done).words
    done = colleague.submit(colleague.get(address).form(action=f"{address}/unmute"))
    assert "They are heard again." in colleague.follow(done).words
    assert "muted" not in therapist.get(address).main_words.replace("Mute this sender", "")


def _leave(store: Store, clinician: Made) -> None:
    with store.work(writes=True):
        mine = update(TeamMembership).where(TeamMembership.clinician_id == clinician.id)
        db().execute(mine.values(ended_at=datetime.now(UTC)))


def test_a_session_that_began_with_a_clinic_code_does_not_read_it(app: Flask, world: World, store: Store) -> None:
    worry_id = told(store, world)
    client = signed_in(app, world.therapist)
    moment = datetime.now(UTC)
    with store.work(writes=True):
        person = db().get_one(Person, world.therapist.id)
        person.entries_closed_from = moment - timedelta(hours=1)
        person.entries_closed_until = moment + timedelta(hours=23)
    for address in (INBOX, f"{INBOX}/{worry_id}"):
        page = client.get(address)
        assert (page.status_code, "zanarq" in page.html) == (303, False)


def test_the_patient_sees_nothing_of_it_anywhere(app: Flask, world: World, store: Store) -> None:
    worry_id = told(store, world)
    reader = signed_in(app, world.therapist)
    reader.get(f"{INBOX}/{worry_id}")
    reader.post(f"{INBOX}/{worry_id}/read")
    client = signed_in(app, world.patient)
    for address in ("/today", "/history", "/sharing", "/sharing/access-log", "/settings"):
        html = client.get(address).html
        assert "zanarq" not in html
        assert "worr" not in html.lower()
    with store.work(writes=False):
        assert access_log.records_of(world.patient.id) == []


# --- Read and muted ---------------------------------------------------------------------------------------------------


def test_who_read_it_first_and_when_is_kept(
    app: Flask, world: World, store: Store, set_time: Callable[[str], None]
) -> None:
    set_time("2026-11-03 15:00")
    worry_id = told(store, world)
    factories.assign_team(store, world.patient, world.colleague, world.administrator)
    therapist = signed_in(app, world.therapist)
    page = therapist.get(f"{INBOX}/{worry_id}")
    done = therapist.submit(page.form(action=f"{INBOX}/{worry_id}/read"))
    assert "Marked as read." in therapist.follow(done).words
    set_time("2026-11-03 16:00")
    colleague = signed_in(app, world.colleague)
    assert "Read by Tom Birch, 3 November, 10:00 AM" in colleague.get(INBOX).main_words
    colleague.post(f"{INBOX}/{worry_id}/read")
    assert stored(store)[0].read_by == world.therapist.id
    told(store, world, about="Later and unread")
    assert titles(colleague) == ["Later and unread Not read yet", "Robin Vale"]


def test_a_muted_sender_is_kept_aside_until_the_day_is_over_and_then_heard_again(
    app: Flask, world: World, store: Store, set_time: Callable[[str], None]
) -> None:
    set_time("2026-11-03 15:00")
    first = told(store, world, words="Before")
    therapist = signed_in(app, world.therapist)
    page = therapist.get(f"{INBOX}/{first}")
    form = page.form(action=f"{INBOX}/{first}/mute")
    done = therapist.submit(form, until="2026-11-05")
    assert "They are not told." in therapist.follow(done).words
    set_time("2026-11-03 15:10")
    told(store, world, about="Aside")
    told(store, world, sender=world.stranger, about="From another")
    assert titles(therapist) == ["From another Not read yet", "Robin Vale Not read yet"]
    assert "1 message is kept aside" in therapist.get(INBOX).main_words
    assert titles(therapist, kept="aside") == ["Aside Not read yet"]
    assert "Your mute holds until 5 November 2026." in therapist.get(f"{INBOX}/{first}").main_words
    set_time("2026-11-06 04:59")  # Still the fifth in New York.
    therapist = _again(app, world)
    assert len(titles(therapist)) == 2
    set_time("2026-11-06 05:01")
    assert len(titles(therapist)) == 3
    assert "kept aside" not in therapist.get(INBOX).main_words


def _again(app: Flask, world: World) -> Client:
    return signed_in(app, world.therapist)


def test_muted_longer_what_stands_aside_stays_there_and_unmuted_all_is_heard(
    app: Flask, world: World, store: Store, set_time: Callable[[str], None]
) -> None:
    set_time("2026-11-03 15:00")
    clinician = world.therapist.viewer
    with store.work(writes=True):
        service.send(world.mother.viewer, first := new_id(), Told(world.patient.id, "", "Before"))
        service.mute(clinician, first, date(2026, 11, 5))
    set_time("2026-11-04 15:00")
    with store.work(writes=True):
        service.send(world.mother.viewer, new_id(), Told(world.patient.id, "", "Meanwhile"))
        service.mute(clinician, first, date(2026, 12, 1))
    assert _words(store, world, aside=True) == ["Meanwhile"]
    client = signed_in(app, world.therapist)
    page = client.get(f"{INBOX}/{first}")
    assert client.submit(page.form(action=f"{INBOX}/{first}/unmute")).status_code == 303
    assert sorted(_words(store, world)) == ["Before", "Meanwhile"]
    set_time("2026-11-10 15:00")
    with store.work(writes=True):  # A mute that is over, and a new one: what came between stays in the list.
        service.mute(clinician, first, date(2026, 11, 10))
    set_time("2026-11-12 15:00")
    with store.work(writes=True):
        service.send(world.mother.viewer, new_id(), Told(world.patient.id, "", "Between"))
        service.mute(clinician, first, date(2026, 11, 20))
        assert db().get_one(WorryMute, (world.mother.id, world.therapist.id)).muted_at == clock.now()
    assert "Between" in _words(store, world)
    assert _words(store, world, aside=True) == []


def _words(store: Store, world: World, *, aside: bool = False) -> list[str]:
    with store.work(writes=False):
        return [row.words for row in service.inbox(world.therapist.viewer, aside=aside).rows]


@pytest.mark.parametrize("until", ["", "soon", "2026-11-02", "2027-05-03", "2026-02-31"])
def test_a_mute_needs_a_day_that_can_be(
    app: Flask, world: World, store: Store, set_time: Callable[[str], None], until: str
) -> None:
    set_time("2026-11-03 15:00")
    worry_id = told(store, world)
    client = signed_in(app, world.therapist)
    page = client.post(f"{INBOX}/{worry_id}/mute", data={"until": until})
    assert page.status_code == 422
    assert "until" in page.errors
    assert WORDS in page.main_words
    with store.work(writes=False):
        assert db().get(WorryMute, (world.mother.id, world.therapist.id)) is None


def test_the_list_of_patients_says_that_something_waits_until_somebody_read_it(
    app: Flask, world: World, store: Store
) -> None:
    therapist, colleague = signed_in(app, world.therapist), signed_in(app, world.colleague)
    line = "not read yet"
    assert line not in therapist.get("/team").main_words
    first = told(store, world)
    told(store, world, about="My neighbour")
    page = therapist.get("/team")
    assert "2 messages from family or friends are not read yet" in page.main_words
    assert f'<li class="row"><a href="{INBOX}">' in page.html
    assert WORDS not in page.html
    assert "Kim Vale" not in page.html
    assert "1 message from family or friends is not read yet" in colleague.get("/team").main_words
    # Of a sender who is muted, nothing is said.
    until = (clock.now() + timedelta(days=3)).date().isoformat()
    assert therapist.post(f"{INBOX}/{first}/mute", data={"until": until}).status_code == 303
    told(store, world, words="more")
    assert "2 messages" in therapist.get("/team").main_words
    assert therapist.post(f"{INBOX}/{first}/read").status_code == 303
    assert "1 message" in therapist.get("/team").main_words
    with store.work(writes=True):
        for row in db().scalars(select(Worry)):
            service.mark_read(world.therapist.viewer, row.id)
    assert line not in therapist.get("/team").main_words
    assert line not in colleague.get("/team").main_words


def test_a_long_list_comes_in_pages_with_few_statements(app: Flask, world: World, store: Store) -> None:
    senders = [factories.make_supporter(store, world.practice) for _ in range(6)]
    for sender in senders:
        for number in range(service.MOST_A_DAY):
            told(store, world, sender=sender, about=f"Lee {number}")
    client = signed_in(app, world.therapist)
    assert len(titles(client)) == service.PAGE_WORRIES
    assert len(titles(client, page="2")) == 5
    for odd in ("0", "-3", "99999999999999999999", "x"):
        assert client.get(INBOX, query_string={"page": odd}).status_code == 200
