"""Today: what concerns who reads a person's words comes first, in one line, and never more than three lines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from patient_app.accounts import codes
from patient_app.accounts.models import SupportState
from patient_app.accounts.names import Address
from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.pages import render_page
from patient_app.core.roles import Discipline
from patient_app.core.work import Store
from patient_app.home import views
from patient_app.home.attention import Line, chosen
from patient_app.profile import service as profiles
from tests import factories
from tests.factories import Made, MadePractice
from tests.page import Client, Page, text_of

NEW = "a new quiet harbour"


@pytest.fixture
def practice(store: Store) -> MadePractice:
    return factories.make_practice(store)


@pytest.fixture
def patient(store: Store, practice: MadePractice) -> Made:
    return factories.make_patient(store, practice)


def accepted(store: Store, practice: MadePractice, patient: Made, name: str) -> None:
    supporter = factories.make_supporter(store, practice)
    factories.tie_supporter(store, patient, supporter, state=SupportState.ACCEPTED, name=name)


def lines(page: Page) -> list[str]:
    return [text_of(line) for part in page.all("ul", class_name="today-lines") for line in part.findall("li")]


def test_a_supporter_who_accepted_is_one_line_that_leads_to_sharing(
    store: Store, practice: MadePractice, patient: Made, client: Client
) -> None:
    factories.tie_supporter(store, patient, None, state=SupportState.INVITED, name="Not yet")
    factories.tie_supporter(store, patient, factories.make_supporter(store, practice), name="Long since")
    accepted(store, practice, patient, "My sister")
    factories.sign_in(client, patient)
    page = client.get("/today")
    assert "My sister said yes to your invitation." in lines(page)[0]
    assert "/sharing" in page.links
    assert "Not yet" not in page.main_words
    assert "Long since" not in page.main_words


def test_several_are_still_one_line_and_leave_room_for_the_rest(
    store: Store, practice: MadePractice, patient: Made, client: Client
) -> None:
    for number in range(4):
        accepted(store, practice, patient, f"Friend {number}")
    factories.sign_in(client, patient)
    found = lines(client.get("/today"))
    assert "4 people said yes to your invitations." in found[0]
    assert "Three short screens" in found[1]
    assert len(found) == 2


def test_a_device_that_came_in_by_a_code_is_told_no_name(
    store: Store, practice: MadePractice, patient: Made, client: Client, set_time: Callable[[object], None]
) -> None:
    accepted(store, practice, patient, "My sister")
    with store.work(writes=True):
        text = codes.issue(factories.make_administrator(store, practice).viewer, patient.id, new_id()).text
    assert text
    set_time(clock.now() + timedelta(seconds=1))
    assert client.post("/join", data={"code": text, "password": NEW}).status_code == 303
    assert "My sister" not in client.get("/today").main_words
    specialist = factories.make_clinician(store, practice, Discipline.ADDICTION_SPECIALIST, name="Ines Cole")
    factories.assign_team(store, patient, specialist, factories.make_administrator(store, practice), shown=False)
    words = client.get("/today").main_words
    assert [told for told in ("Ines Cole", "specialist", "New on your team") if told in words] == []


def test_the_last_check_in_is_one_of_the_three_lines(
    store: Store, practice: MadePractice, patient: Made, client: Client
) -> None:
    factories.make_check_in(store, patient)
    factories.sign_in(client, patient)
    assert "Last check-in:" in client.get("/today").main_words
    accepted(store, practice, patient, "My sister")
    administrator = factories.make_administrator(store, practice)
    for _ in range(2):
        factories.assign_team(store, patient, factories.make_clinician(store, practice), administrator, shown=False)
    page = client.get("/today")
    assert len(lines(page)) == 3
    assert "Last check-in:" not in page.main_words


def test_who_shares_nothing_is_not_asked_again_after_the_first_screens(
    store: Store, patient: Made, client: Client
) -> None:
    with store.work(writes=True):
        profiles.finish_welcome(patient.viewer)
    factories.sign_in(client, patient)
    assert lines(client.get("/today")) == []


def test_there_are_never_more_than_three_lines_nor_two_prompts() -> None:
    prompts = [Line(f"p{number}", is_prompt=True) for number in range(3)]
    told = [Line(f"t{number}") for number in range(4)]
    assert [line.kind for line in chosen([*told, *prompts])] == ["t0", "t1", "t2"]
    assert [line.kind for line in chosen([*prompts, *told])] == ["p0", "p1", "t0"]


def test_what_a_day_showed_already_takes_the_place_of_what_is_new() -> None:
    told, old, new = Line("t"), Line("old", is_prompt=True), Line("new", is_prompt=True)
    assert chosen([told, new, old], ["old", "answered"]) == [told, old]
    assert chosen([told, new, old], ["old"]) == [told, new, old]
    assert chosen([new], ["answered", "too"]) == []
    two = [Line("same", target=new_id(), is_prompt=True) for _ in range(2)]
    assert chosen(two, [two[0].key, "answered"]) == [two[0]]  # One about another thing is another one.


def test_a_third_prompt_waits_for_the_next_day_also_when_the_others_are_answered(
    patient: Made,
    client: Client,
    set_time: Callable[[object], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left = [Line("a", is_prompt=True), Line("safety"), Line("b", is_prompt=True), Line("c", is_prompt=True)]
    monkeypatch.setattr(views, "_candidates", lambda *_told: list(left))

    def seen() -> list[str]:
        drawn: list[Line] = []

        def look(template: str, *, lines: list[Line], **context: object) -> str:
            drawn.extend(lines)
            return render_page(template, lines=lines, **context)

        with monkeypatch.context() as patched:
            patched.setattr(views, "render_page", look)
            assert client.get("/today").status_code == 200
        return [line.kind for line in drawn]

    factories.sign_in(client, patient)
    assert seen() == ["a", "safety", "b"]
    del left[0]  # It was answered.
    assert seen() == ["safety", "b"]
    set_time(clock.now() + timedelta(days=1))
    assert seen() == ["safety", "b", "c"]


def test_a_day_counts_what_another_phone_was_shown_and_writes_only_what_is_new(store: Store, patient: Made) -> None:
    day = clock.now().date()
    with store.work(writes=True):
        profiles.change(patient.viewer, want_words="kept")
        profiles.note_prompted(patient.viewer, day, ["a"])
    with store.work(writes=True):
        profiles.note_prompted(patient.viewer, day, ["b", "a"])
    with store.work(writes=False):
        found = profiles.profile_of(patient.viewer)
    assert found.prompted_on(day) == ("a", "b")
    assert found.prompted_on(day + timedelta(days=1)) == ()
    assert (found.want_words, found.step) == ("kept", profiles.FIRST_STEP)
    with store.work(writes=True):
        profiles.note_prompted(patient.viewer, day + timedelta(days=1), ["c"])
        assert profiles.profile_of(patient.viewer).prompted_on(day) == ()


@pytest.mark.parametrize(
    ("called", "name", "greeted"),
    [
        ("Robby", "Robin Vale", "Robby"),
        ("", "Robin Vale", "Robin"),
        ("", "Vale, Robin", "Robin"),
        ("", "Vale,", "Vale"),
    ],
)
def test_a_person_is_greeted_as_they_chose_and_a_tab_says_no_name(
    store: Store, practice: MadePractice, client: Client, called: str, name: str, greeted: str
) -> None:
    patient = factories.make_patient(store, practice, name=name)
    with store.work(writes=True):
        profiles.set_address(patient.viewer, Address(called), 240)
    factories.sign_in(client, patient)
    page = client.get("/today")
    assert text_of(page.one("h1")) == f"Hello, {greeted}"
    assert page.title == "Hello · Tandem"
