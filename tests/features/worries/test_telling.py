"""A supporter tells the practice: what they hear back never tells them anything, and nothing they wrote is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from patient_app.accounts.models import MailMessage, Person, PersonState, SupportLink, SupportState
from patient_app.accounts.registry import IdInUse
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import Store, db
from patient_app.worries import service
from patient_app.worries.service import Told
from tests import factories
from tests.features.worries.conftest import TELL, World, only, send, signed_in, stored
from tests.page import Client, Page


def answer(client: Client, page: Page) -> tuple[int, str | None, str]:
    """Return all that a sender can tell one answer from another by, with the page it leads to."""
    return page.status_code, page.location, whoever_reads(client.follow(page))


def whoever_reads(page: Page) -> str:
    """Return a page without what names its reader to their own phone."""
    return re.sub(r' data-person="[^"]+"', "", page.html)


# --- The way there ----------------------------------------------------------------------------------------------------


def test_danger_is_asked_first_and_the_ways_have_one_weight(app: Flask, world: World) -> None:
    client = signed_in(app, world.mother)
    page = client.get("/supporting/worried")
    assert "Is anyone in danger now?" in page.main_words
    assert "danger" not in page.title
    assert {"tel:911", "tel:988", "sms:988", "/supporting/worried/now#danger-overdose"} <= set(page.links)
    assert "Call 911, and give naloxone" in page.main_words
    ways = list(page.one("nav", class_name="ways").iter("a"))
    assert [link.get("href") for link in ways] == ["/supporting/worried/now", TELL, "/supporting#tonight-say"]
    assert {link.get("class") for link in ways} == {"button secondary"}
    assert not [form for form in page.forms if form.method == "post"]


def test_in_danger_everything_is_one_tap_and_nothing_is_sent(app: Flask, world: World, store: Store) -> None:
    for client in (signed_in(app, world.mother), Client(app)):  # Whoever was signed out meanwhile gets it too.
        page = client.get("/supporting/worried/now")
        assert {"tel:911", "tel:988", "sms:988", "tel:1-800-222-1222"} <= set(page.links)
        for words in ("Give naloxone", "Breathe for them", "sends nothing to anyone", "555 0100"):
            assert words in page.main_words
        assert not page.forms
    assert stored(store) == []


def test_before_sending_it_says_who_reads_when_and_what_they_cannot_say(app: Flask, world: World) -> None:
    words = signed_in(app, world.mother).get(TELL).main_words
    for said in (
        "Clinicians of Harbour Practice read it",
        "Monday to Friday9:00",
        "They cannot even say if someone is a patient there",
        "They may tell the person",
        "Nobody watches this around the clock",
    ):
        assert said in words


def test_from_a_persons_page_that_person_is_picked(app: Flask, world: World) -> None:
    client = signed_in(app, world.mother)
    page = client.get(f"/supporting/worried?about={world.patient.id}")
    (address,) = [link for link in page.links if link.startswith(TELL)]
    assert dict(client.get(address).form(action=TELL).values)["patient"] == str(world.patient.id)
    # From the tab: the only person there is.
    (address,) = [link for link in client.get("/supporting/worried").links if link.startswith(TELL)]
    assert dict(client.get(address).form(action=TELL).values)["patient"] == str(world.patient.id)
    for nobody in (world.other.id, new_id(), "nonsense"):
        values = dict(client.get(TELL, query_string={"about": nobody}).form(action=TELL).values)
        assert "patient" not in values


# --- Storing ----------------------------------------------------------------------------------------------------------


def test_what_was_written_is_stored_once_and_sealed(app: Flask, world: World, store: Store) -> None:
    client = signed_in(app, world.mother)
    form = client.get(TELL).form(action=TELL)
    said = {"patient": str(world.patient.id), "words": "She has not\nanswered for two days."}
    answers = [client.submit(form, **said) for _ in range(3)]
    assert {(page.status_code, page.location) for page in answers} == {
        (303, "/supporting/worried/sent?done=worry-sent")
    }
    (row,) = stored(store)
    assert (row.patient_id, row.sender_id, row.read_at) == (world.patient.id, world.mother.id, None)
    assert b"answered" not in (row.words_sealed or b"")
    with store.work(writes=False):
        assert (row.words, row.about) == ("She has not\nanswered for two days.", None)


def test_a_form_that_was_changed_after_sending_keeps_the_words_and_asks_again(
    app: Flask, world: World, store: Store
) -> None:
    client = signed_in(app, world.mother)
    form = client.get(TELL).form(action=TELL)
    client.submit(form, patient=str(world.patient.id), words="First words")
    page = client.submit(form, patient=str(world.patient.id), words="Second words")
    assert page.status_code == 422
    again = page.form(action=TELL)
    assert dict(again.values)["words"] == "Second words"
    assert client.submit(again).status_code == 303
    assert len(stored(store)) == 2


def test_somebody_elses_id_answers_like_one_that_is_out_of_date(app: Flask, world: World, store: Store) -> None:
    send(signed_in(app, world.mother), patient=str(world.patient.id), words="Private words")
    theirs = signed_in(app, world.stranger)
    form = theirs.get(TELL).form(action=TELL)
    taken = theirs.post(TELL, data={**form.filled(about="Lee", words="Mine"), "id": only(store)})
    assert taken.status_code == 422
    assert "out of date" in taken.words
    assert "Private words" not in taken.html
    assert len(stored(store)) == 1


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"words": "   "}, "words"),
        ({"words": "x" * 2001}, "words"),
        ({"words": "x", "about": "y" * 201}, "about"),
        ({"words": "a\x00b"}, "words"),
        ({"words": "x", "about": "", "patient": ""}, "about"),
        ({"words": "x", "patient": "no id"}, "patient"),
    ],
)
def test_what_cannot_be_taken_is_said_beside_the_field_with_the_words_kept(
    app: Flask, world: World, store: Store, answers: dict[str, str], field: str
) -> None:
    client = signed_in(app, world.mother)
    form = client.get(TELL).form(action=TELL)
    sent = {
        "id": dict(form.values)["id"],
        "patient": str(world.patient.id),
        "about": "Lee",
        "words": "Typed",
        **answers,
    }
    page = client.post(TELL, data=sent)
    assert page.status_code == 422
    assert field in page.errors
    assert page.by_id("error-summary") is not None
    assert dict(page.form(action=TELL).values)["about"] == sent["about"]
    assert stored(store) == []


def test_of_several_people_none_is_picked_and_the_choice_that_was_left_out_is_marked(
    app: Flask, world: World, store: Store
) -> None:
    factories.tie_supporter(store, world.other, world.mother)
    client = signed_in(app, world.mother)
    form = client.get(TELL).form(action=TELL)
    assert "patient" not in dict(form.values)
    refused = client.submit(form, words="Not well.")
    assert (refused.status_code, refused.errors) == (422, {"patient": "Error: Pick who it is about."})
    refused = client.submit(form, patient="", words="Not well.")
    assert (refused.status_code, set(refused.errors)) == (422, {"about"})
    assert stored(store) == []


def test_a_name_may_be_written_without_picking_somebody_else(app: Flask, world: World, store: Store) -> None:
    client = signed_in(app, world.mother)
    sent = client.get(TELL).form(action=TELL).filled(about="  My \n neighbour ", words="Shouts at night.")
    del sent["patient"]
    assert client.post(TELL, data=sent).status_code == 303
    (row,) = stored(store)
    with store.work(writes=False):
        assert (row.patient_id, row.about) == (None, "My neighbour")


# --- Who may send -----------------------------------------------------------------------------------------------------


def test_only_a_confirmed_supporter_sends_as_the_supporter_of_a_person(app: Flask, world: World, store: Store) -> None:
    for number, state in enumerate((SupportState.INVITED, SupportState.ACCEPTED, SupportState.ENDED)):
        supporter = factories.make_supporter(store, world.practice, name=f"Ended {number}")
        factories.tie_supporter(store, world.patient, supporter, state=state)
        _is_no_supporter(app, supporter, world)
    _is_no_supporter(app, world.stranger, world)
    assert stored(store) == []
    with store.work(writes=True), pytest.raises(NotFound):
        service.send(world.stranger.viewer, new_id(), Told(world.patient.id, "", "Words"))


def _is_no_supporter(app: Flask, supporter: factories.Made, world: World) -> None:
    client = signed_in(app, supporter)
    form = client.get(TELL).form(action=TELL)
    assert "patient" not in form.controls
    assert world.patient.name not in client.get(TELL).html
    page = client.post(TELL, data={**form.filled(words="Words"), "patient": str(world.patient.id)})
    assert page.status_code == 422  # The field is not there: who it is about is asked.


def test_a_tie_that_ends_while_the_form_is_open_keeps_the_words(app: Flask, world: World, store: Store) -> None:
    factories.tie_supporter(store, world.other, world.mother)
    client = signed_in(app, world.mother)
    form = client.get(TELL).form(action=TELL)
    with store.work(writes=True):
        db().execute(
            update(SupportLink).where(SupportLink.patient_id == world.patient.id).values(state=SupportState.ENDED)
        )
    page = client.submit(form, patient=str(world.patient.id), words="She is gone.")
    assert page.status_code == 422
    assert page.errors.keys() >= {"patient"}
    again = page.form(action=TELL)
    assert dict(again.values)["words"] == "She is gone."
    assert client.submit(again, patient="", about="Robin").status_code == 303


def test_a_closed_patient_cannot_be_picked(app: Flask, world: World, store: Store) -> None:
    with store.work(writes=True):
        db().get_one(Person, world.patient.id).state = PersonState.CLOSED
    assert "patient" not in signed_in(app, world.mother).get(TELL).form(action=TELL).controls


@pytest.mark.parametrize("who", ["patient", "therapist", "administrator"])
def test_nobody_but_supporters_sends(app: Flask, world: World, who: str) -> None:
    client = signed_in(app, getattr(world, who))
    for address in ("/supporting/worried", TELL, "/supporting/worried/sent"):
        assert client.get(address).status_code == 404
    assert client.post(TELL, data={"words": "Words", "about": "Lee"}).status_code == 404


def test_the_receipt_says_when_it_is_read_and_what_to_do_meanwhile(app: Flask, world: World) -> None:
    client = signed_in(app, world.mother)
    page = client.get(send(client, about="Lee", words="I worry.").location or "")
    for words in ("Monday to Friday", "next open day, or longer", "What you can do meanwhile", "Call 988", "Call 911"):
        assert words in page.main_words


# --- No oracle --------------------------------------------------------------------------------------------------------


def test_the_answer_is_the_same_bytes_whoever_it_is_about(app: Flask, world: World) -> None:
    client = signed_in(app, world.stranger)
    about = ("Robin Vale", "Tom Birch", world.patient.email, world.patient.chart["chart_number"], "Nobody Known")
    answers = {answer(client, send(client, about=name, words="I worry.")) for name in about}
    assert len(answers) == 1
    mother = signed_in(app, world.mother)
    assert answer(mother, send(mother, patient=str(world.patient.id), words="I worry.")) in answers


def test_another_patient_and_one_who_is_not_there_get_the_same_words(app: Flask, world: World) -> None:
    client = signed_in(app, world.mother)
    form = client.get(TELL).form(action=TELL).filled(words="I worry.")
    pages = [client.post(TELL, data={**form, "patient": str(one)}) for one in (world.other.id, new_id())]
    assert {page.status_code for page in pages} == {422}
    assert pages[0].html == pages[1].html


def test_a_muted_sender_gets_the_same_bytes_up_to_the_limit_and_above(
    app: Flask, world: World, store: Store, set_time: Callable[[str], None]
) -> None:
    """Two senders write side by side; one is muted after the first message. All that they get is alike."""
    set_time("2026-11-03 15:00")
    factories.tie_supporter(store, world.patient, world.stranger)
    clients = [signed_in(app, world.mother), signed_in(app, world.stranger)]
    said = {"patient": str(world.patient.id)}
    first = [answer(client, send(client, **said, words="First")) for client in clients]
    muted = next(row for row in stored(store) if row.sender_id == world.stranger.id)
    with store.work(writes=True):
        service.mute(world.therapist.viewer, muted.id, date(2026, 11, 20))
    set_time("2026-11-03 15:05")
    for number in range(service.MOST_A_DAY - 1):
        heard, kept_aside = [answer(client, send(client, **said, words=f"More {number}")) for client in clients]
        assert heard == kept_aside == first[0] == first[1]
    sent = len(stored(store))
    form_id = str(new_id())
    data = {"id": form_id, "about": "", "words": "One more", **said}
    over = [client.post(TELL, data=data) for client in clients]
    assert {page.status_code for page in over} == {422}
    assert whoever_reads(over[0]) == whoever_reads(over[1])
    assert "five messages" in over[0].words
    assert "One more" in over[0].html
    assert len(stored(store)) == sent == 2 * service.MOST_A_DAY
    assert clients[0].get("/supporting").html.count("muted") == 0


def test_the_limit_is_for_a_day_and_a_message_sent_again_does_not_count(
    app: Flask, world: World, store: Store, set_time: Callable[[str], None]
) -> None:
    set_time("2026-11-03 15:00")
    sender = world.stranger.viewer
    with store.work(writes=True):
        ids = [new_id() for _ in range(service.MOST_A_DAY)]
        for number, worry_id in enumerate(ids):
            service.send(sender, worry_id, Told(None, "Lee", f"Words {number}"))
        service.send(sender, ids[0], Told(None, "Lee", "Words 0"))
        with pytest.raises(IdInUse):
            service.send(sender, ids[0], Told(None, "Lee", "Other words"))
        with pytest.raises(service.TooManyToday):
            service.send(sender, new_id(), Told(None, "Lee", "Words"))
    set_time("2026-11-04 15:01")
    with store.work(writes=True):
        service.send(sender, new_id(), Told(None, "Lee", "Words"))
    assert len(stored(store)) == service.MOST_A_DAY + 1


# --- Word to the team -------------------------------------------------------------------------------------------------


def test_the_team_gets_word_that_tells_nothing_and_a_muted_sender_causes_none(
    app: Flask, world: World, store: Store
) -> None:
    client = signed_in(app, world.mother)
    send(client, patient=str(world.patient.id), words="zanarq words")
    assert _told(store) == [world.therapist.id]
    send(client, patient="", about="Robin Vale", words="zanarq words")
    assert _told(store) == [world.therapist.id]
    with store.work(writes=True):
        service.mute(world.therapist.viewer, stored(store)[0].id, date.today() + timedelta(days=9))  # noqa: DTZ011 - any.
    send(client, patient=str(world.patient.id), words="More zanarq words")
    assert _told(store) == [world.therapist.id]


def _told(store: Store) -> list[object]:
    """Return who has word waiting in the mail; none of it holds a word or a name."""
    with store.work(writes=False):
        letters = db().scalars(select(MailMessage).where(MailMessage.owner_id.in_(select(Person.id)))).all()
        mine = [letter for letter in letters if letter.subject == "There is something to read"]
        for letter in mine:
            assert not {"zanarq", "Robin", "Kim", "worr"} & set(f"{letter.subject} {letter.body}".split())
        assert {db().get_one(Person, letter.owner_id).role for letter in mine} <= {Role.CLINICIAN}
        return [letter.owner_id for letter in mine]
